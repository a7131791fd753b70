import { ConfabError } from '../confab.js';
import { reason } from './reason.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { upload } from './upload.js';

const PREVIEWED = 8e6; // bytes; a larger picture is not read for its preview

/** A file being uploaded or uploaded, or a link to another site: a chip with its progress. */
export class UploadItem {
  /** @type {any} the asset for the message, once it is uploaded */
  asset = null;
  hasFailed = false;
  /** Resolves when the upload is complete or has failed. @type {Promise<void>} */
  settled = Promise.resolve();
  #stop = () => {};

  /** @param {import('./app.js').App} app @param {string} name @param {(item: UploadItem) => void} removed */
  constructor(app, name, removed) {
    this.app = app;
    this.name = name;
    const { t } = app;
    this.bar = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': t('uploading', { name }) });
    this.state = h('small', {});
    this.again = h('button', { type: 'button', class: 'inline', hidden: true }, t('retry'));
    this.chip = h('li', {}, icon('file'), h('span', { class: 'file-name', dir: 'auto' }, name), this.bar,
      h('div', { class: 'upload-state' }, this.state, this.again),
      h('button', { type: 'button', class: 'bare', 'aria-label': t('removeFile', { name }), onclick: () => {
        this.stop();
        removed(this);
      } }, icon('close')));
  }

  get isBusy() {
    return !this.asset && !this.hasFailed;
  }

  /** @param {File} file */
  start(file) {
    if (file.type.startsWith('image/') && file.size < PREVIEWED) this.#preview(file);
    this.again.addEventListener('click', () => {
      this.settled = this.#send(file);
    });
    this.settled = this.#send(file);
  }

  stop() {
    this.#stop();
  }

  /** @param {File} file */
  async #send(file) {
    const { app, bar, chip, state, again } = this;
    this.hasFailed = false;
    chip.classList.remove('failed');
    state.textContent = app.formats.size(file.size);
    bar.value = 0;
    [bar.hidden, again.hidden] = [false, true];
    const work = upload(app, file, (share) => { bar.value = share; });
    this.#stop = work.stop;
    try {
      this.asset = await work.done;
      chip.classList.add('done');
      app.announcer.say(app.t('uploaded', { name: file.name }));
    } catch (error) {
      this.hasFailed = true;
      chip.classList.add('failed');
      state.textContent = reason(app, error);
      again.hidden = error instanceof ConfabError && !error.retryable; // the server would refuse the same file again
      if (chip.isConnected) app.announcer.say(`${file.name}: ${state.textContent}`);
    }
    bar.hidden = true;
  }

  /** @param {File} file */
  #preview(file) {
    const reader = new FileReader();
    reader.addEventListener('load',
      () => this.chip.firstElementChild?.replaceWith(h('img', { src: String(reader.result), alt: '' })));
    reader.readAsDataURL(file);
  }
}
