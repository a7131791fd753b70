import { element, setSanitisedHtml } from './html.js';

const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/**
 * The messages of one room on the page.
 */
export class Conversation {
  /**
   * @param {import('./store.js').Store} store
   * @param {(roomId: string) => Promise<void>} loadOlder
   * @param {(message: any) => void} retry
   */
  constructor(store, loadOlder, retry) {
    this.store = store;
    this.loadOlder = loadOlder;
    this.retry = retry;
    this.list = /** @type {HTMLElement} */ (document.getElementById('messages'));
    this.loading = false;
    /** @type {Map<string, {node: HTMLElement, message: any}>} what is drawn */
    this.drawn = new Map();
    this.list.addEventListener('scroll', () => this.#scrolled());
  }

  /** Draws the open room. @param {boolean} fresh it was opened just now */
  draw(fresh) {
    const { store, list } = this;
    const room = store.rooms.get(store.open);
    const section = /** @type {HTMLElement} */ (list.closest('.room'));
    section.classList.toggle('open', !!room);
    if (!room) return;
    /** @type {HTMLElement} */ (document.getElementById('room-name')).textContent = store.nameOf(room);
    /** @type {HTMLElement} */ (document.getElementById('room-about')).textContent = room.description ?? '';
    const atEnd = fresh || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    const fromEnd = list.scrollHeight - list.scrollTop;
    if (fresh) this.drawn.clear();
    const messages = store.messages(store.open);
    const nodes = messages.map((message) => this.#node(message));
    if (fresh || nodes.length !== list.children.length || nodes.some((node, i) => node !== list.children[i])) list.replaceChildren(...nodes);
    list.scrollTop = atEnd ? list.scrollHeight : list.scrollHeight - fromEnd;
  }

  /** A message's element; the same one as long as the message is the same. @param {any} message */
  #node(message) {
    const key = message.client_id ?? message.id;
    const known = this.drawn.get(key);
    const state = `${message.id} ${message.failed}`;
    if (known && known.message === state) return known.node;
    const node = this.#make(message);
    this.drawn.set(key, { node, message: state });
    return node;
  }

  /** @param {any} message */
  #make(message) {
    const li = element('li', '');
    li.classList.toggle('mine', message.sender.id === this.store.me.id);
    li.classList.toggle('pending', !!message.pending);
    li.classList.toggle('failed', !!message.failed);
    const content = element('div', 'content');
    if (message.pending) content.textContent = message.text;
    else setSanitisedHtml(content, message.content);
    content.dir = 'auto';
    const stamp = /** @type {HTMLTimeElement} */ (element('time', '', time.format(new Date(message.created_at))));
    stamp.dateTime = message.created_at;
    li.append(element('div', 'sender', message.sender.username), content, stamp);
    if (message.failed) {
      const again = element('button', 'retry', `${message.failed} Try again`);
      again.addEventListener('click', () => this.retry(message));
      li.append(again);
    }
    return li;
  }

  async #scrolled() {
    const { store, list } = this;
    if (this.loading || list.scrollTop > 200 || !store.open || !store.history(store.open).older) return;
    this.loading = true;
    try {
      await this.loadOlder(store.open);
    } finally {
      this.loading = false;
    }
  }
}
