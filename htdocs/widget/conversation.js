import { orConnected, persist } from '../confab.js';
import { element } from '../ui/html.js';
import { isComposing } from '../ui/keys.js';
import { messageItem } from './message.js';
import { iconButton, textButton } from './parts.js';

const END = 60; // px; closer positions count as the end

/** The messages of one room and the composer. */
export class Conversation {
  /** @type {Map<string, {what: any, state: string, node: HTMLElement}>} the drawn messages */
  #drawn = new Map();
  #atEnd = true;
  #loading = false;

  /**
   * @param {object} with_
   * @param {import('../confab/store.js').Store} with_.store
   * @param {string} with_.room
   * @param {import('../ui/text.js').Language} with_.language
   * @param {() => boolean} with_.isSeen whether the person sees it
   */
  constructor({ store, room, language, isSeen }) {
    this.store = store;
    this.room = room;
    this.language = language;
    this.isSeen = isSeen;
    const { t } = language;
    this.node = element('div', 'room');
    this.list = element('div', 'messages');
    this.list.tabIndex = 0;
    this.list.setAttribute('role', 'log');
    this.list.setAttribute('aria-live', 'polite');
    this.list.setAttribute('aria-label', t('messages'));
    this.list.addEventListener('scroll', () => this.#scrolled());
    this.older = element('div', 'older');
    this.older.append(textButton(t('older'), 'plain', () => this.#loadOlder()));
    this.jump = textButton(t('newMessages'), 'jump solid', () => this.#toEnd());
    this.jump.hidden = true;
    this.typing = element('p', 'typing');
    this.typing.setAttribute('aria-live', 'off'); // a screen reader would announce it all the time
    this.node.append(this.list, this.jump, this.typing, this.#form());
  }

  #form() {
    const { t } = this.language;
    const form = /** @type {HTMLFormElement} */ (element('form', ''));
    this.text = /** @type {HTMLTextAreaElement} */ (element('textarea', ''));
    this.text.rows = 1;
    this.text.dir = 'auto';
    this.text.placeholder = t('writeMessage');
    this.text.setAttribute('aria-label', t('message'));
    this.text.setAttribute('enterkeyhint', 'send');
    this.text.addEventListener('input', () => {
      this.#grow();
      this.store.client.typing(this.room);
    });
    this.text.addEventListener('keydown', (event) => {
      event.stopPropagation(); // keep it from the page's own shortcuts
      if (event.key === 'Escape') form.dispatchEvent(new CustomEvent('leave', { bubbles: true }));
      if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = this.text?.value.trim();
      if (!text || !this.text) return;
      this.text.value = '';
      this.#grow();
      this.#atEnd = true;
      this.store.send(this.room, text);
      if (this.store.extent(this.room).newer) this.#toEnd();
    });
    form.append(this.text, iconButton('send', t('send'), 'solid mirror'));
    return form;
  }

  /** Makes the field as tall as its text where the style sheet alone can't; the style sheet sets the limit. */
  #grow() {
    if (!this.text || globalThis.CSS.supports('field-sizing', 'content')) return;
    this.text.style.height = 'auto';
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }

  focus() {
    this.text?.focus();
  }

  async open() {
    await persist(() => this.store.openRoom(this.room),
      { isWanted: () => this.list.isConnected, wait: orConnected(this.store.client) });
    this.draw();
  }

  /** Draws the messages of the store. */
  draw() {
    const { list, store, room } = this;
    const messages = store.messages(room), { older, loaded, newer } = store.extent(room);
    const fromEnd = list.scrollHeight - list.scrollTop, hadNew = this.#drawn.size > 0 && !this.#atEnd;
    const nodes = messages.map((message) => this.#node(message));
    if (loaded && older) nodes.unshift(this.older);
    if (!messages.length && loaded) nodes.push(element('div', 'empty', this.language.t('noMessages')));
    const keys = new Set(messages.map(keyOf));
    const isNew = messages.length > 0 && !!this.#last && keyOf(messages[messages.length - 1]) !== this.#last;
    for (const key of this.#drawn.keys()) if (!keys.has(key)) this.#drawn.delete(key);
    arrange(list, nodes);
    if (this.#atEnd && !newer) list.scrollTop = list.scrollHeight;
    else if (!isNew) list.scrollTop = list.scrollHeight - fromEnd;
    if (hadNew && isNew) this.jump.hidden = false;
    this.#last = messages.length ? keyOf(messages[messages.length - 1]) : '';
    this.drawTyping();
    this.see();
  }

  #last = '';

  drawTyping() {
    const { t } = this.language, [one, two, ...more] = this.store.typing(this.room);
    this.typing.textContent = !one ? '' : !two ? t('typing1', { name: one.username })
      : more.length ? t('typingMany') : t('typing2', { name: one.username, other: two.username });
  }

  /** Marks the messages as read if the person sees them. */
  see() {
    if (this.#atEnd && this.isSeen()) this.store.markRead(this.room).catch(() => {}); // on an error it stays unread
  }

  /** The node of a message, reused as long as the message is the same. @param {any} message */
  #node(message) {
    const key = keyOf(message), state = `${message.state ?? ''} ${message.error?.message ?? ''}`,
      known = this.#drawn.get(key);
    if (known && known.what === message && known.state === state) return known.node;
    const isGroup = this.store.room(this.room)?.type !== 'OneToOneChat';
    const node = messageItem(message,
      { me: this.store.me?.id ?? 0, isGroup, language: this.language, client: this.store.client });
    this.#drawn.set(key, { what: message, state, node });
    return node;
  }

  #scrolled() {
    const { list } = this;
    this.#atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < END;
    if (this.#atEnd) {
      this.jump.hidden = true;
      if (this.store.extent(this.room).newer) this.store.loadNewer(this.room).catch(() => {});
      this.see();
    }
    if (list.scrollTop < END) this.#loadOlder();
  }

  async #loadOlder() {
    if (this.#loading || !this.store.extent(this.room).older) return;
    this.#loading = true;
    await this.store.loadOlder(this.room).catch(() => {}); // the button is still there for another attempt
    this.#loading = false;
  }

  async #toEnd() {
    if (this.store.extent(this.room).newer) await this.store.loadLatest(this.room).catch(() => {});
    this.#atEnd = true;
    this.jump.hidden = true;
    this.draw();
    this.focus();
  }
}

/** The key of a message, which stays the same when its dispatch comes. @param {any} message */
function keyOf(message) {
  return message.client_id ?? message.id;
}

/**
 * Puts nodes into a list and moves only those that have to move: a screen reader reads added nodes.
 * @param {HTMLElement} list @param {HTMLElement[]} nodes
 */
function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
  nodes.forEach((node, i) => {
    if (list.children[i] !== node) list.insertBefore(node, list.children[i] ?? null);
  });
}
