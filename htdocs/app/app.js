import { Client, RoomType, Store } from '../confab.js';
import { Emitter } from '../confab/emitter.js';
import { lineOf } from '../ui/content.js';
import { loadLanguage } from '../ui/text.js';
import { Announcer } from './announcer.js';
import { Blocked } from './blocked.js';
import { reason } from './reason.js';
import { Drafts } from './drafts.js';
import { Formats } from './formats.js';
import { h } from './html.js';
import { PendingRequests } from './pending-requests.js';
import { Permissions } from './permissions.js';
import { Settings } from './settings.js';

const SHARE = 4; // after drawing, the pause is this many times as long as the drawing took
const FRAME = 16, HIDDEN = 200; // ms

/**
 * Shared by the parts of the page. Events:
 *   open      another room is shown (its id, or '')
 *   show      the person chose a room (its id, or '' for the list), perhaps the shown one
 *   settings  a setting has changed, here or in another tab
 *   day       a new day has begun
 *   requests  the requests to join a room (its id) have changed
 *   blocked   somebody was blocked or unblocked
 *   jump      to a message of the room that is shown: {id, seq}
 *   context   a reply or an edit begins: {reply} or {edit}
 *   compose   focus the composer
 *   search    open the search (in a room, by its id, or '' for all)
 *   panel     show or hide the details of the room
 */
export class App extends Emitter {
  settings = new Settings(() => this.emit('settings'));
  announcer = new Announcer();
  drafts = new Drafts();
  /** The id of the room that is shown. */
  open = '';

  /** @param {{url: string, transports?: string[]}} where */
  constructor(where) {
    super();
    this.client = new Client(where);
    this.store = new Store(this.client);
    this.permissions = new Permissions(this);
    this.requests = new PendingRequests(this);
    this.blocked = new Blocked(this);
    this.#watchDays();
  }

  /** Notices that the day has changed, even while the device slept. */
  #watchDays() {
    let today = new Date().toDateString();
    setInterval(() => {
      const now = new Date().toDateString();
      if (now !== today) this.emit('day');
      today = now;
    }, 30_000);
  }

  async loadLanguage() {
    const { t, lang, tag, dir } = await loadLanguage(this.settings.get('lang'));
    Object.assign(this, { t, lang });
    this.formats = new Formats(tag);
    Object.assign(document.documentElement, { lang, dir });
  }

  /** @type {import('../ui/text.js').Language['t']} */
  t = (key) => key;
  lang = 'en';
  formats = new Formats('en');

  get me() {
    return /** @type {import('../confab/types.js').User} */ (this.store.me ?? { id: 0, username: '' });
  }

  /** The room that is shown. */
  get room() {
    return this.store.room(this.open);
  }

  /** Shows a room, and there a message. @param {string} id @param {{id?: string, seq: number}} [message] */
  show(id, message) {
    const isOther = id !== this.open, isPhone = matchMedia('(max-width: 48rem)').matches;
    const isDeeper = isPhone && !!id && !this.open, isNext = isDeeper || (!isPhone && isOther && !!id && !!this.room);
    this.open = id;
    if (isOther) this.emit('open', id);
    this.emit('show', id);
    const hash = id ? `#${id}` : '';
    // The way back leads to the room before; on a phone to the list.
    if (location.hash !== hash)
      history[isNext ? 'pushState' : 'replaceState']({ isDeeper }, '', location.pathname + location.search + hash);
    if (message) this.emit('jump', message);
  }

  /** To the list of rooms. */
  back() {
    if (history.state?.isDeeper) history.back();
    else this.show('');
  }

  /** @param {import('../confab/types.js').Room | import('../confab/types.js').RoomDetail} room */
  nameOf(room) {
    const { name, peer, participants } = /** @type {any} */ (room);
    const other = peer ?? participants?.find((/** @type {any} */ user) => user.id !== this.me.id);
    return name ?? (other ? this.personOf(other) : '…');
  }

  /** @param {{username: string, first_name?: string, last_name?: string}} user */
  personOf({ username, first_name, last_name }) {
    return [first_name, last_name].filter(Boolean).join(' ') || username;
  }

  /**
   * The text of a message, on one line.
   * @param {import('../confab/types.js').Message | import('../confab/types.js').Unsent} message
   */
  lineOf(message) {
    return lineOf(message, this.t);
  }

  /** @param {{type: string}} room @returns {'person' | 'group' | 'channel'} */
  kindOf({ type }) {
    return type === RoomType.CHANNEL ? 'channel' : type === RoomType.GROUP ? 'group' : 'person';
  }

  /** For avatar(). @param {{username: string, first_name?: string, last_name?: string, avatar?: string}} user */
  faceOfPerson(user) {
    return { name: this.personOf(user), image: user.avatar };
  }

  /** For avatar(). @param {any} room */
  faceOf(room) {
    const status = room.peer ? this.store.presence(room.peer.id)?.status : undefined;
    return { name: this.nameOf(room), image: room.peer?.avatar ?? room.avatar, kind: this.kindOf(room),
      status: status === 'offline' ? undefined : status };
  }

  /** Shows a short message at the edge of the page for a moment. @param {unknown} what a text, or an error */
  toast(what) {
    const text = typeof what === 'string' ? what : reason(this, what);
    const note = h('p', { class: typeof what === 'string' ? '' : 'failed', role: 'status' }, text);
    document.getElementById('toasts')?.append(note);
    setTimeout(() => note.remove(), 5_000);
  }

  /**
   * Calls at most once a frame, and less often if drawing takes long, so in a busy room most of the time is left for
   * typing. In a hidden page it uses a timer.
   * @param {() => void} draw
   */
  drawer(draw) {
    let isDue = false, freeAt = 0;
    const run = () => {
      isDue = false;
      const began = performance.now();
      draw();
      const ended = performance.now();
      freeAt = ended + SHARE * (ended - began);
    };
    const atFrame = () => {
      if (document.hidden) setTimeout(run, HIDDEN);
      else requestAnimationFrame(run);
    };
    return () => {
      if (isDue) return;
      isDue = true;
      const wait = freeAt - performance.now();
      if (wait > FRAME) setTimeout(atFrame, wait);
      else atFrame();
    };
  }

  /** The one-to-one with a person, created if there is none. @param {number} user */
  async talkTo(user) {
    const known = this.store.list().find((room) => room.peer?.id === user);
    if (known) return this.show(known.id);
    const { id } = await this.client.createRoom({ type: RoomType.ONE_TO_ONE, participants: [user] });
    await this.arrival(id);
    this.show(id);
  }

  /** Resolves when a room is in the list: its dispatch may come after the answer. @param {string} id */
  arrival(id) {
    if (this.store.room(id)) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.store.on('rooms', () => {
        if (!this.store.room(id)) return;
        off();
        resolve(undefined);
      });
    });
  }
}
