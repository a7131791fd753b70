import { hasText, htmlOfTyped, typedOf } from '../ui/content.js';
import { Completion } from './completion.js';
import { pickEmoji } from './emoji-picker.js';
import { h } from './html.js';
import { isComposing } from '../ui/keys.js';
import { icon } from './icons.js';
import { openMenu } from './menu.js';
import { Uploads } from './uploads.js';

/** The composer: text, a reply, an edit, files. Unsent text stays as a draft. */
export class Composer {
  /** @type {{edit?: any, reply?: any}} */
  #context = {};
  #room = '';
  #isWaiting = false; // for files
  #offs;

  /** @param {import('./app.js').App} app @param {import('./timeline.js').Timeline} timeline */
  constructor(app, timeline) {
    this.app = app;
    this.timeline = timeline;
    const { t } = app;
    this.text = h('textarea',
      { id: 'text', rows: 1, placeholder: t('writeMessage'), enterkeyhint: 'send', dir: 'auto',
        'aria-label': t('message') });
    this.uploads = new Uploads(app, this.text);
    this.completion = new Completion(app, this.text);
    this.context = h('div', { class: 'context', hidden: true });
    const attach = h('button',
      { type: 'button', class: 'bare', 'aria-label': t('attach'), title: t('attach'), 'aria-haspopup': 'menu',
        onclick: () => this.#attach(attach) }, icon('attach'));
    const face = h('button',
      { type: 'button', class: 'bare emoji-button', 'aria-label': t('emoji'), title: t('emoji'),
        onclick: () => pickEmoji(app, face, (sign) => this.#insert(sign)) }, icon('face'));
    this.send = h('button', { class: 'primary send', 'aria-label': t('send'), title: t('send') }, icon('send'));
    this.form = h('form', { id: 'composer', autocomplete: 'off' }, this.context, this.uploads.element,
      this.completion.element,
      h('div', { class: 'write' }, attach, this.text, face, this.send));
    this.closed = h('p', { class: 'hint closed', hidden: true });
    this.element = h('div', { class: 'composer' }, this.form, this.closed);
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener('input', () => this.#typed());
    this.text.addEventListener('keydown', (event) => this.#pressed(event));
    this.text.addEventListener('blur', () => { if (app.open) app.client.typing(app.open, false); });
    this.#offs = [app.on('open', () => this.#opened()), app.on('context', (context) => this.#take(context)),
      app.on('compose', () => this.focus()),
      app.on('blocked', () => this.draw())];
  }

  close() {
    for (const off of this.#offs) off();
    this.uploads.close();
  }

  focus() {
    if (!this.form.hidden) this.text.focus();
  }

  draw() {
    const { app } = this, { room } = app, isBlocked = app.blocked.has(room?.peer?.id);
    const may = !room || (!isBlocked && app.permissions.maySend(room.id) !== false);
    this.form.hidden = !may;
    this.closed.hidden = may;
    const why = isBlocked ? 'youBlocked' : room?.type === 'Channel' ? 'onlyModerators' : 'locked';
    this.closed.textContent = may ? '' : app.t(why);
  }

  #opened() {
    const { app } = this;
    if (this.#context.edit) this.text.value = '';
    else if (this.#room) app.drafts.set(this.#room, this.text.value);
    if (this.#room) app.client.typing(this.#room, false);
    this.#context = {};
    this.#room = app.open;
    this.uploads.show(app.open);
    this.text.value = app.drafts.get(app.open);
    this.#drawContext();
    this.#grow();
  }

  /** @param {{edit?: any, reply?: any}} context */
  #take(context) {
    const { app } = this;
    if (context.edit) this.text.value = typedOf(context.edit.content);
    else if (this.#context.edit) this.text.value = app.drafts.get(app.open);
    this.#context = context;
    this.#drawContext();
    this.#grow();
    this.text.focus();
    this.text.setSelectionRange(this.text.value.length, this.text.value.length);
  }

  #drawContext() {
    const { app } = this, { t } = app, { edit, reply } = this.#context, message = edit ?? reply;
    this.context.hidden = !message;
    this.context.replaceChildren(...(message ? [icon(edit ? 'edit' : 'reply'),
      h('p', {}, h('strong', {}, edit ? t('editing') : t('replyTo', { name: app.personOf(message.sender) })),
        h('span', { dir: 'auto' }, app.lineOf(message))),
      h('button', { type: 'button', class: 'bare', 'aria-label': t('cancel'), onclick: () => this.#take({}) },
        icon('close'))] : []));
    this.text.setAttribute('aria-label', edit ? t('editMessage') : t('message'));
  }

  #typed() {
    const { app } = this;
    this.#grow();
    this.completion.look();
    if (this.#context.edit) return;
    app.drafts.set(app.open, this.text.value);
    app.client.typing(app.open, !!this.text.value.trim());
  }

  /** Makes the field as tall as its text; the style sheet sets the limit. */
  #grow() {
    this.text.style.height = 'auto';
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
    this.text.style.overflowY = this.text.scrollHeight > this.text.clientHeight + 2 ? 'auto' : 'hidden';
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (isComposing(event) || this.completion.pressed(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) this.#submit();
    else if (event.key === 'Escape' && (this.#context.edit || this.#context.reply)) this.#take({});
    else if (event.key === 'ArrowUp' && !this.text.value) this.#editLast();
    else return;
    event.preventDefault();
  }

  #editLast() {
    const { app, timeline } = this;
    const last = timeline.messages
      .findLast((/** @type {any} */ message) =>
        !message.state && message.sender.id === app.me.id && hasText(message));
    if (last) this.#take({ edit: last });
    else timeline.focusLast();
  }

  async #submit() {
    const { app } = this, { store, open: id } = app;
    if (!id || !await this.#areFilesThere(id)) return;
    const text = this.text.value.trim(), { edit, reply } = this.#context;
    if (edit) return text ? this.#edit(edit, text) : undefined;
    const media = this.uploads.take();
    if (!text && !media.length) return;
    store.outbox.send(id, htmlOfTyped(text), {
      ...(reply && { parent_message_id: reply.id }), ...(media.length && { media, ...(text && { with_text: true }) }),
    }, text);
    this.text.value = '';
    app.drafts.set(id, '');
    this.#take({});
    this.timeline.dropLine();
    if (store.extent(id).newer) await this.timeline.toNewest();
    this.timeline.keeper.toEnd();
    this.text.focus();
  }

  /**
   * Waits until the attachments are uploaded.
   * @param {string} id @returns {Promise<boolean>} false: the message is not sent
   */
  async #areFilesThere(id) {
    if (!this.uploads.isBusy) return true;
    if (this.#isWaiting) return false;
    this.#isWaiting = true;
    this.send.classList.add('busy');
    this.app.announcer.say(this.app.t('filesFirst'));
    await this.uploads.settled();
    this.#isWaiting = false;
    this.send.classList.remove('busy');
    return id === this.app.open && !this.uploads.hasFailed;
  }

  /** @param {any} message @param {string} text */
  async #edit(message, text) {
    const { app } = this;
    this.send.disabled = true;
    try {
      if (text !== typedOf(message.content)) await app.client.editMessage(message.id, htmlOfTyped(text));
      this.#take({});
    } catch (error) {
      app.toast(error);
    }
    this.send.disabled = false;
  }

  /** @param {string} sign */
  #insert(sign) {
    this.text.setRangeText(sign, this.text.selectionStart, this.text.selectionEnd, 'end');
    this.#typed();
    this.text.focus();
  }

  /** @param {HTMLElement} anchor */
  #attach(anchor) {
    const { t } = this.app;
    openMenu(anchor, t('attach'), [
      { icon: 'file', label: t('attachFile'), action: () => this.uploads.choose() },
      { icon: 'link', label: t('attachLink'), action: () => this.uploads.openLink() },
    ]);
  }
}
