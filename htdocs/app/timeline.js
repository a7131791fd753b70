import { orConnected, persist } from '../confab.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { MessageNodes } from './message-nodes.js';
import { MessageTools } from './message-tools.js';
import { ScrollKeeper } from './scroll-keeper.js';

const MANY = 45; // unread messages; with more, the room opens at the first of them

/**
 * The messages of the shown room and the movement among them; at most as many as the store holds.
 */
export class Timeline {
  /** The first new message, below the line. */
  #line = '';
  /** @type {any} a message to show as soon as it is loaded */
  #wanted = null;
  #room = '';
  /** @type {Promise<boolean> | null} the page that is loading */
  #loading = null;
  #offs;

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    const { t, store } = app;
    this.list = h('ol', { id: 'messages', 'aria-label': t('messages'), tabindex: -1 });
    this.count = h('span', { class: 'badge', hidden: true });
    this.jump = h('button',
      { class: 'jump', hidden: true, 'aria-label': t('newest'), title: t('newest'), onclick: () => this.toNewest() },
      icon('down'), this.count);
    this.state = h('p', { class: 'hint empty', role: 'status' });
    this.element = h('div', { class: 'timeline' }, this.list, this.state, this.jump);
    this.keeper = new ScrollKeeper(this.list, () => this.#scrolled());
    this.tools = new MessageTools(app, this);
    this.nodes = new MessageNodes(app, this.list, (old, now) => this.tools.replaced(old, now));
    const draw = app.drawer(() => this.draw());
    const ours = (/** @type {any} */ id) => { if (id === undefined || id === app.open) draw(); };
    this.#offs = [app.on('open', (id) => this.#open(id)), app.on('jump', (message) => this.showMessage(message)),
      store.on('messages', ours), store.on('reads', ours), store.on('rooms', ours), store.on('loaded', draw),
      app.on('day', draw)];
  }

  close() {
    for (const off of this.#offs) off();
    this.keeper.close();
  }

  /** Whether the newest message is on the screen. */
  get isAtEnd() {
    return this.keeper.isAtEnd && !this.app.store.extent(this.app.open).newer;
  }

  /** The loaded messages, oldest first. */
  get messages() {
    return this.app.open ? this.app.store.messages(this.app.open) : [];
  }

  /** @param {string} id */
  async #open(id) {
    const { store } = this.app, room = store.room(id);
    this.nodes.clear();
    this.#line = '';
    this.#wanted = this.#loading = null;
    this.#room = id;
    this.keeper.toEnd();
    if (!room) return;
    this.state.textContent = '';
    const open = () => (room.unread > MANY && room.last_read_seq > 0 ? this.#loadUnread(room) : store.openRoom(id));
    await this.#load(() =>
      persist(open,
        { isWanted: () => this.#room === id, failed: () => this.#say('waiting'), wait: orConnected(this.app.client) }));
    if (this.#room !== id) return;
    if (room.unread)
      this.#line = /** @type {any} */ (this.messages.find((message) => this.isUnread(message)))?.id ?? '';
    this.draw();
    const line = this.list.querySelector('.new-line');
    if (line && !this.#wanted) this.keeper.show(/** @type {HTMLElement} */ (line), 'start');
  }

  /** Where the person stopped reading, unless it is loaded. @param {import('../confab/types.js').Room} room */
  async #loadUnread({ id, last_read_seq: seq }) {
    const { store } = this.app;
    if (store.extent(id).loaded) await store.openRoom(id);
    const first = /** @type {any} */ (store.messages(id)[0]);
    if (!first?.seq || (first.seq > seq && store.extent(id).older)) await store.loadAround(id, seq);
  }

  /** @param {any} message */
  isUnread(message) {
    const { me, room } = this.app;
    return !message.state && message.sender.id !== me.id && message.seq > (room?.last_read_seq ?? 0)
      && !message.read_receipts.some((/** @type {any} */ { reader }) => reader.id === me.id);
  }

  /** New messages begin here, because nobody is looking. @param {any} message */
  startLine(message) {
    if (!this.#line) this.#line = message.id;
  }

  dropLine() {
    this.#line = '';
    this.draw();
  }

  /** @param {() => Promise<any>} load a page of the room that is shown */
  async #load(load) {
    const room = this.#room;
    this.list.setAttribute('aria-busy', 'true');
    const work = this.#loading = load().then(() => true, () => false);
    this.#say('loading');
    const isDone = await work;
    if (this.#loading !== work) return;
    this.#loading = null;
    this.list.removeAttribute('aria-busy');
    if (room === this.#room) this.#say(isDone ? '' : 'waiting'); // the connection's bar shows the rest
  }

  /** Shows why there are no messages. @param {string} what key of a text, or '' */
  #say(what) {
    this.state.textContent = what && !this.messages.length ? this.app.t(what) : '';
    this.state.classList.toggle('late', what === 'loading');
  }

  async #scrolled() {
    const { store, open: id } = this.app, { list } = this, { loaded, older, newer } = store.extent(id);
    this.#drawJump();
    if (!id || !loaded || this.#loading) return;
    if (older && list.scrollTop < list.clientHeight) await this.#load(() => store.loadOlder(id));
    else if (newer && list.scrollHeight - list.scrollTop < 2 * list.clientHeight)
      await this.#load(() => store.loadNewer(id));
  }

  async toNewest() {
    const { store, open: id } = this.app;
    if (store.extent(id).newer) await this.#load(() => store.loadLatest(id));
    this.keeper.toEnd();
    this.draw();
    this.focusLast();
  }

  /** @param {{id?: string, seq: number}} message of the room that is shown */
  async showMessage(message) {
    const { store, open: id } = this.app;
    this.#wanted = message;
    const isThere = () => this.messages.some((/** @type {any} */ one) => one.seq === message.seq);
    await this.#loading; // opening the room may still be loading
    if (!isThere()) await this.#load(() => store.loadAround(id, message.seq));
    if (this.#wanted !== message) return;
    this.keeper.isAtEnd = false;
    this.draw();
    this.#wanted = null;
    const node = /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-seq="${message.seq}"]`));
    if (!node) return this.app.announcer.say(this.app.t('deletedMessage'));
    this.keeper.show(node, 'center');
    node.classList.add('flash');
    node.focus({ preventScroll: true });
    setTimeout(() => node.classList.remove('flash'), 2000);
  }

  draw() {
    const { app } = this, id = app.open;
    if (!id || id !== this.#room) return;
    const { loaded, older } = app.store.extent(id), messages = this.messages;
    this.keeper.keep(() => this.nodes.fill(messages, this.#line));
    if (!this.#loading || messages.length) this.#say(loaded ? 'noMessagesYet' : '');
    this.list.classList.toggle('begins', loaded && !older);
    queueMicrotask(() => this.#scrolled()); // there may be room for more
    if (!this.list.querySelector('[tabindex="0"]'))
      this.#tabTo(/** @type {HTMLElement | null} */ (this.list.querySelector('.message:last-child')));
  }

  #drawJump() {
    const unread = this.app.room?.unread ?? 0;
    this.jump.hidden = this.isAtEnd;
    this.count.hidden = !unread;
    this.jump.setAttribute('aria-label',
      this.app.t('newest') + (unread ? `, ${this.app.t('unread', { count: unread })}` : ''));
    this.count.textContent = unread ? this.app.formats.numbers.format(unread) : '';
  }

  /** @param {Element} node */
  messageOf(node) {
    return this.nodes.messageOf(node);
  }

  /** Makes a message the one that Tab reaches. @param {HTMLElement | null} node */
  #tabTo(node) {
    for (const old of /** @type {Iterable<HTMLElement>} */ (this.list.querySelectorAll('[tabindex="0"]')))
      if (old !== node) old.tabIndex = -1;
    if (node) node.tabIndex = 0;
  }

  /** Moves the focus among the messages. @param {HTMLElement | null | undefined} node */
  focus(node) {
    if (!node) return;
    this.#tabTo(node);
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: 'nearest' });
  }

  focusLast() {
    this.focus([.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll('.message'))].at(-1));
  }
}
