import { Code, ConfabError } from '../confab.js';
import { field, openDialog } from './dialog.js';
import { safeAddress } from '../ui/address.js';
import { h } from './html.js';
import { UploadItem } from './upload-item.js';

const MOST = 20; // attachments of a message
const TYPES = /** @type {Record<string, [string, string]>} */ ({
  png: ['image', 'image/png'], jpg: ['image', 'image/jpeg'], jpeg: ['image', 'image/jpeg'], gif: ['image', 'image/gif'],
  webp: ['image', 'image/webp'],
  mp4: ['video', 'video/mp4'], webm: ['video', 'video/webm'], mp3: ['audio', 'audio/mpeg'], ogg: ['audio', 'audio/ogg'],
  wav: ['audio', 'audio/wav'],
  pdf: ['file', 'application/pdf'], csv: ['file', 'text/csv'], txt: ['file', 'text/plain'],
});

/**
 * Attachments of the next message of each room: local files, which are uploaded at once, and links to other sites.
 */
export class Uploads {
  /** @type {Map<string, Set<UploadItem>>} by room */
  #rooms = new Map();
  #room = '';

  /** @param {import('./app.js').App} app @param {HTMLElement} text the field in which files are pasted */
  constructor(app, text) {
    this.app = app;
    this.input = h('input',
        { type: 'file', multiple: true, hidden: true, 'aria-label': app.t('attachFile'), onchange: () => {
      this.add([...this.input.files ?? []]);
      this.input.value = '';
    } });
    this.list = h('ul', { class: 'uploads', 'aria-label': app.t('attachments') });
    this.element = h('div', {}, this.input, this.list);
    text.addEventListener('paste', (event) => {
      const files = [...event.clipboardData?.files ?? []];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
    // They are stored nowhere else, so the page asks before the user leaves.
    addEventListener('beforeunload', this.#leaving);
  }

  #leaving = (/** @type {Event} */ event) => { if (this.#rooms.size) event.preventDefault(); };

  get #items() {
    return this.#rooms.get(this.#room) ?? new Set();
  }

  /** Whether an upload is still running. */
  get isBusy() {
    return [...this.#items].some(({ isBusy }) => isBusy);
  }

  get hasFailed() {
    return [...this.#items].some(({ hasFailed }) => hasFailed);
  }

  /** Resolves when all uploads running now have ended. */
  async settled() {
    await Promise.all([...this.#items].map(({ settled }) => settled));
  }

  /** Shows the attachments of another room. @param {string} room */
  show(room) {
    this.#room = room;
    this.list.replaceChildren(...[...this.#items].map(({ chip }) => chip));
  }

  choose() {
    this.input.click();
  }

  /** Accepts files that are dropped onto an element. @param {HTMLElement} target */
  listenTo(target) {
    const isFile = (/** @type {DragEvent} */ event) => !!event.dataTransfer?.types.includes('Files') && !!this.app.open;
    target.addEventListener('dragover', (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      target.classList.add('dropping');
    });
    target.addEventListener('dragleave', (event) => {
      if (!target.contains(/** @type {Node | null} */ (event.relatedTarget))) target.classList.remove('dropping');
    });
    target.addEventListener('drop', (event) => {
      target.classList.remove('dropping');
      if (!isFile(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer?.files ?? []]);
    });
  }

  /** @param {File[]} files */
  add(files) {
    const free = MOST - this.#items.size;
    for (const file of files.slice(0, free)) this.#item(file.name).start(file);
    if (files.length > free) this.app.toast(new ConfabError(Code.INVALID, this.app.t('tooMany', { count: MOST })));
  }

  /** @param {string} name */
  #item(name) {
    const items = this.#items, item = new UploadItem(this.app, name, (one) => this.#remove(items, one));
    items.add(item);
    this.#rooms.set(this.#room, items);
    this.list.append(item.chip);
    return item;
  }

  /** @param {Set<UploadItem>} items @param {UploadItem} item */
  #remove(items, item) {
    items.delete(item);
    item.chip.remove();
    for (const [room, set] of this.#rooms) if (!set.size) this.#rooms.delete(room);
  }

  close() {
    removeEventListener('beforeunload', this.#leaving);
    for (const items of this.#rooms.values()) for (const item of items) item.stop();
    this.#rooms.clear();
  }

  /** Removes and returns the finished attachments. @returns {any[]} */
  take() {
    const items = this.#items, ready = [...items].filter(({ asset }) => asset);
    for (const item of ready) this.#remove(items, item);
    return ready.map(({ asset }) => asset);
  }

  /** Adds a link to a picture or a file on another site. */
  openLink() {
    const { t } = this.app;
    const address = h('input',
      { type: 'url', required: true, placeholder: 'https://', dir: 'ltr', autocomplete: 'off' });
    const kind = h('select', {},
      ...['image', 'video', 'audio', 'file'].map((type) => h('option', { value: type }, t(`media_${type}`))));
    address.addEventListener('input', () => { kind.value = this.#typeOf(address.value)?.[0] ?? kind.value; });
    openDialog(this.app, {
      title: t('attachLink'), content: [field(t('address'), address), field(t('kind'), kind)], submit: t('attach'),
      action: () => {
        const url = safeAddress(address.value.trim());
        if (!/^https?:\/\//.test(address.value.trim()) || !url) throw new ConfabError(Code.INVALID, t('badAddress'));
        const [type, mime] = this.#typeOf(url) ?? [kind.value, 'image/jpeg'];
        this.#item(url.split('/').pop() || url).asset = { media_url: url, media_type: kind.value,
          ...(type === kind.value && { mime_type: mime }), caption: null };
      },
    });
  }

  /** @param {string} address */
  #typeOf(address) {
    return TYPES[address.split(/[?#]/)[0].split('.').pop()?.toLowerCase() ?? ''];
  }
}
