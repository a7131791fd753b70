import { Client, RoomType, Store } from '../confab.js';
import { loadLanguage } from '../ui/text.js';
import { Conversation } from './conversation.js';
import { nameOf } from './parts.js';
import { RoomList } from './room-list.js';
import { Shell } from './shell.js';
import { styleSheet } from './style.js';

/**
 * <confab-chat>: one room, or a person's list of rooms; in the flow of the page, or floating over it.
 *
 * Attributes: room, mode (inline or floating), open, heading, theme (light, dark; else the person's), lang, url,
 * token-url, login-url, contact. Properties: token (a string, or a function that gives one; before it is in the page),
 * client, store. Events: confab-unread ({unread, mentions}), confab-open, confab-close, confab-unauthenticated.
 */
export class ConfabChat extends HTMLElement {
  static observedAttributes = ['open', 'room'];
  /** The URL of the script's directory, where confab is mounted unless `url` names another place. */
  static mount = '';
  /** @type {Client | null} */
  client = null;
  /** @type {Store | null} */
  store = null;
  /** @type {import('../ui/text.js').Language | null} */
  #language = null;
  /** @type {Conversation | null} */
  #conversation = null;
  /** @type {RoomList | null} */
  #list = null;
  /** @type {Shell | null} */
  #shell = null;
  #current = '';
  #watch = new AbortController();

  constructor() {
    super();
    /**
     * @type {import('../confab/types.js').TokenSource | undefined} A page may have set it before the class existed.
     */
    this.token = /** @type {any} */ (this).token;
    this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [styleSheet()];
  }

  get isFloating() {
    return this.getAttribute('mode') === 'floating';
  }

  connectedCallback() {
    this.#start().catch(() => this.#say('unavailable'));
  }

  /** Also called when a framework moves the element: only the place in the log is lost. */
  disconnectedCallback() {
    this.#watch.abort();
    this.client?.stop();
    this.store?.clear();
    this.client = this.store = this.#conversation = this.#list = null;
  }

  /** @param {string} name @param {string | null} before @param {string | null} now */
  attributeChangedCallback(name, before, now) {
    if (before === now || !this.store) return;
    if (name === 'open') this.#opened();
    else this.show(now ?? '');
  }

  open() { this.setAttribute('open', ''); }

  close() { this.removeAttribute('open'); }

  /** After the visitor has logged in. */
  restart() {
    this.disconnectedCallback();
    this.connectedCallback();
  }

  async #start() {
    const watch = this.#watch = new AbortController();
    const language = this.#language = await loadLanguage(this.getAttribute('lang'), document.documentElement.lang);
    if (watch.signal.aborted) return;
    this.#build(language);
    const client = this.client =
      new Client({ url: this.getAttribute('url') ?? ConfabChat.mount, token: this.#tokenSource() });
    const store = this.store = new Store(client);
    this.#list = new RoomList(store, language, (id) => this.show(id), this.#begin());
    client.on('state', (state) => this.#state(state));
    store.on('rooms', (id) => this.#drawRooms(id));
    store.on('messages', (id) => { if (id === this.#current) this.#conversation?.draw(); });
    store.on('typing', (id) => { if (id === this.#current) this.#conversation?.drawTyping(); });
    const seen = () => {
      client.idle.touch();
      this.#conversation?.see();
    };
    for (const event of ['pointerdown', 'keydown', 'visibilitychange'])
      document.addEventListener(event, seen, { passive: true, signal: watch.signal });
    await client.start();
    if (watch.signal.aborted || client.state === 'unauthenticated') return;
    await store.load(this.getAttribute('room') ?? undefined);
    this.#say(client.state);
    this.show(this.getAttribute('room') ?? '', false);
  }

  /** With the attribute contact, a visitor without conversations can write to that account. */
  #begin() {
    const contact = Number(this.getAttribute('contact'));
    if (!contact) return null;
    return async () => {
      try {
        const room = await this.client?.createRoom({ type: RoomType.ONE_TO_ONE, participants: [contact] });
        if (room) this.show(room.id);
      } catch {
        this.#say('unavailable');
      }
    };
  }

  #tokenSource() {
    const url = this.getAttribute('token-url');
    if (this.token || !url) return this.token;
    return async () => {
      const response = await fetch(url,
        { method: 'POST', credentials: 'same-origin', headers: { Accept: 'text/plain' } });
      if ([204, 401, 403].includes(response.status)) return ''; // the visitor is not logged in
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      return (await response.text()).trim();
    };
  }

  /** @param {import('../ui/text.js').Language} language */
  #build(language) {
    this.#shell = new Shell(language, {
      isFloating: this.isFloating, isOpen: this.hasAttribute('open'),
      heading: this.getAttribute('heading') ?? language.t('chat'),
      back: () => this.show(''), close: () => this.close(), toggle: () => this.toggleAttribute('open'),
    });
    this.shadowRoot?.replaceChildren(this.#shell.node);
    this.#current = '';
  }

  /** Shows a room, or the list. @param {string} id @param {boolean} [focus] the person asked for it */
  show(id, focus = true) {
    if (!this.store || !this.#list || !this.#language || !this.#shell) return;
    const shell = this.#shell, only = this.getAttribute('room');
    this.#current = id || only || '';
    this.#conversation = this.#current
      ? new Conversation({ store: this.store, room: this.#current, language: this.#language,
        isSeen: () => this.#isSeen() }) : null;
    shell.body.replaceChildren((this.#conversation ?? this.#list).node);
    shell.back.hidden = !this.#current || !!only;
    this.#conversation?.open().catch((error) => { shell.status.textContent = error.message; });
    this.#drawRooms();
    if (focus) this.#focus();
  }

  /** Moves the focus within the widget only; never takes it from the page. */
  #focus() {
    if (this.isFloating ? this.hasAttribute('open') : document.activeElement === this)
      (this.#conversation ?? this.#list)?.focus();
  }

  #isSeen() {
    return document.visibilityState === 'visible' && !this.#shell?.panel.hidden;
  }

  #opened() {
    if (!this.isFloating || !this.#shell) return;
    const isOpen = this.#shell.isOpen = this.hasAttribute('open');
    if (isOpen) {
      this.#focus();
      this.#conversation?.draw();
    } else {
      this.#shell.launcher?.focus();
    }
    this.dispatchEvent(new CustomEvent(isOpen ? 'confab-open' : 'confab-close'));
  }

  /** @param {string} [id] the room that changed; else all */
  #drawRooms(id) {
    if (!this.store || !this.#language || !this.#shell) return;
    const { t } = this.#language, only = this.getAttribute('room'), room = this.store.room(this.#current);
    const totals = only ? { unread: room?.unread ?? 0, mentions: room?.mentions ?? 0 } : this.store.totals();
    if (!this.#current) this.#list?.draw();
    else if (!id || id === this.#current) this.#conversation?.see();
    this.#shell.title.textContent = room ? nameOf(room, t) : this.getAttribute('heading') ?? t('chat');
    this.#shell.count(totals.unread);
    this.dispatchEvent(new CustomEvent('confab-unread', { detail: totals }));
  }

  /** @param {import('../confab/types.js').State} state */
  #state(state) {
    this.#say(state);
    if (state === 'unauthenticated') this.dispatchEvent(new CustomEvent('confab-unauthenticated'));
  }

  /** @param {string} state */
  #say(state) {
    this.#shell?.say(state, this.getAttribute('login-url'));
  }
}
