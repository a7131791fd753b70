import { Command } from './codes.js';
import { Conversations } from './conversations.js';
import { Emitter } from './emitter.js';
import { meaningOf, tell } from './interpret.js';
import { isCut, membersOf, roleOf } from './members.js';
import { Notifications } from './notifications.js';
import { Outbox } from './outbox.js';
import { People } from './people.js';
import { Reads } from './reads.js';
import { persist } from './retry.js';
import { Rooms } from './rooms.js';

/**
 * The state that a person sees: rooms, messages, reads and presence. It changes only by snapshots and dispatches; a
 * change by the person is requested by the client and appears when its dispatch comes. Only messages that are being
 * sent are shown earlier (states 'queued' … 'failed', at the end of their room).
 *
 * Events, each at most once for the same id in a turn of the event loop:
 *   rooms          the list, or something in it (the id of the room, or undefined for all)
 *   messages       the result of messages() (the id of the room)
 *   typing, pins, reads   (the id of the room)
 *   presence       (the id of the account)
 *   notifications  the list of notifications;  notify: a new one, at once (a Notification)
 *   loaded         everything was loaded, for the first time or again
 *
 * @typedef {import('./types.js').Room} Room
 * @typedef {import('./types.js').RoomDetail} RoomDetail
 */
export class Store extends Emitter {
  /** @type {Set<string>} events to be emitted */
  #due = new Set();
  /** @type {Map<string, {value: any, told: number}>} results of getters, reused until an event is emitted about them */
  #given = new Map();
  /** @type {Map<string, number>} how often an event was emitted */
  #told = new Map();

  /** @param {import('./client.js').Client} client */
  constructor(client) {
    super();
    this.client = client;
    const me = () => client.user?.id ?? 0,
      tellOf = (/** @type {string} */ event, /** @type {any} */ about) => this.#tell(event, about);
    this.conversations = new Conversations(client, tellOf);
    this.rooms = new Rooms({
      me, list: () => client.listRooms(), history: (id) => this.conversations.history(id),
      changed: (id) => tellOf('rooms', id), listed: () => this.#tell('rooms'),
      joined: (room, by) => this.notifications.joined(room, by),
    });
    this.notifications = new Notifications(me, (one) => this.emit('notify', one), () => this.#tell('notifications'));
    this.people = new People(me, tellOf, async (who) => (await client.command(Command.WATCH, who)).data.users);
    this.outbox = new Outbox(client);
    this.outbox.on('change', (id) => tellOf('messages', id));
    this.readers = new Reads((id, seq) => client.readRoom(id, seq), (id) => tellOf('reads', id));
    this.#listen();
  }

  #listen() {
    const { client, conversations, notifications, people } = this;
    client.pending = () => notifications.snapshot();
    // Rooms come first: they look at the messages before the change.
    const followers = [notifications, conversations, people, this.readers, this.outbox];
    client.on('dispatch', (dispatch) => {
      for (const happening of meaningOf(dispatch, (message) => conversations.complete(message))) {
        this.rooms.take(happening);
        for (const follower of followers) tell(happening, follower);
      }
    });
    client.on('signal', (signal) => people.apply(signal));
    client.on('notifications', (data) => notifications.replace(data));
    client.on('ready', () => { people.watchAgain((id) => !!this.room(id)).catch(() => {}); });
    // A gap is reported only once, so the load is retried until it succeeds.
    client.on('resync', () => persist(() => this.load(), { isWanted: () => client.state !== 'stopped' }));
  }

  /**
   * Emits an event at the end of the current turn, once for any number of calls.
   * @param {string} event @param {any} [about]
   */
  #tell(event, about) {
    const key = `${event} ${about}`;
    this.#told.set(key, this.#timesTold(key) + 1);
    if (this.#due.has(key)) return;
    this.#due.add(key);
    queueMicrotask(() => {
      this.#due.delete(key);
      this.emit(event, about);
    });
  }

  /** @param {string} key */
  #timesTold(key) { return this.#told.get(key) ?? 0; }

  /**
   * A list, an object or a Map: the previous one if it holds the same and no event was emitted since.
   * @template T
   * @param {string} name @param {string} key of its event @param {T} value
   * @returns {T}
   */
  #same(name, key, value) {
    const before = this.#given.get(name), told = this.#timesTold(key);
    if (before && before.told === told && isSame(before.value, value)) return before.value;
    this.#given.set(name, { value, told });
    return value;
  }

  /**
   * Loads the list of rooms, and reloads the loaded ones. Call it once after client.start().
   * @param {string} [room] opened at the same time, if possible
   */
  async load(room) {
    await this.client.ready();
    this.outbox.forgetSent();
    await Promise.all([this.rooms.load(), this.outbox.open(), this.conversations.reload(),
      room && this.openRoom(room).catch(() => {})]);
    this.emit('loaded');
  }

  /** Forgets everything, as after logging out. */
  clear() {
    this.rooms.clear();
    this.people.clear();
    this.outbox.close();
    this.notifications.replace({});
    this.conversations.drop();
    this.readers.clear();
    this.#given.clear();
    this.#tell('rooms');
  }

  get me() {
    return this.client.user;
  }

  /** @param {string} id @returns {Room | undefined} */
  room(id) {
    return this.rooms.items.get(id);
  }

  /** All rooms, most recent activity first. */
  list() {
    const moment = (/** @type {Room} */ room) => room.last_message?.created_at ?? room.created_at;
    const list = [...this.rooms.items.values()]
      .sort((a, b) => (moment(a) === moment(b) ? (a.id < b.id ? -1 : 1) : moment(a) < moment(b) ? 1 : -1));
    return this.#same('list', '', list);
  }

  /** Unread messages and mentions in all rooms. */
  totals() {
    let unread = 0, mentions = 0;
    for (const room of this.rooms.items.values()) {
      unread += room.unread;
      mentions += room.mentions;
    }
    return this.#same('totals', '', { unread, mentions });
  }

  /** @param {string} id @returns {RoomDetail | undefined} after loadDetail() or a dispatch about it */
  detail(id) {
    return this.rooms.details.get(id);
  }

  /** @param {string} id */
  async loadDetail(id) {
    const detail = this.detail(id) ?? await this.client.roomInfo(id);
    if (!this.detail(id)) this.rooms.details.set(id, detail);
    this.#tell('rooms', id);
    return /** @type {RoomDetail} */ (this.detail(id));
  }

  /** The known members of a room. @param {string} id */
  members(id) {
    return this.#same(`members ${id}`, '', membersOf(this.detail(id)));
  }

  /** Invitations that the person has not answered; see answer(). @returns {import('./types.js').Notification[]} */
  invitations() {
    return this.#same('invitations', 'notifications', [...this.notifications.rooms.values()].flat()
      .filter(({ status }) => status === 'pending'));
  }

  /** Accepts an invitation to a room, or refuses it. @param {string} id @param {boolean} accept */
  async answer(id, accept) {
    await this.client.answerRequest(id, undefined, accept);
    this.notifications.left(id);
  }

  /** Whether there may be more members than members() has; client.listMembers() returns them all. @param {string} id */
  hasMoreMembers(id) {
    return isCut(this.detail(id));
  }

  /**
   * @param {string} id @param {number} [user] default: the person
   * @returns {'creator' | 'admin' | 'member' | null} null: not a member, or not known
   */
  role(id, user = this.me?.id) {
    return roleOf(this.detail(id), user);
  }

  /**
   * Messages of a room, oldest first; messages that are being sent come last.
   * @param {string} id @returns {(import('./types.js').Message | import('./types.js').Unsent)[]}
   */
  messages(id) {
    const history = this.conversations.history(id), messages = history?.messages ?? [];
    if (history?.newer) return messages;
    const here = new Set(messages.filter((message) => message.sender.id === this.me?.id)
      .map(({ client_id }) => client_id));
    const list = [...messages, ...this.outbox.of(id).filter((item) => !here.has(item.client_id))];
    return this.#same(`messages ${id}`, `messages ${id}`, list);
  }

  /** How much of a room is loaded. @param {string} id */
  extent(id) { return this.#same(`extent ${id}`, '', this.conversations.extent(id)); }

  /** Loads the newest messages, unless some are loaded. @param {string} id */
  openRoom(id) { return this.conversations.openRoom(id); }

  /** @param {string} id */
  loadLatest(id) { return this.conversations.loadLatest(id); }

  /** @param {string} id @param {number} seq of the message in the middle */
  loadAround(id, seq) { return this.conversations.loadAround(id, seq); }

  /** @param {string} id */
  loadOlder(id) { return this.conversations.loadOlder(id); }

  /** @param {string} id */
  loadNewer(id) { return this.conversations.loadNewer(id); }

  /** Newest pin first; [] until loadPins() was called. @param {string} id */
  pins(id) { return this.#same(`pins ${id}`, '', this.conversations.pins(id)); }

  /** @param {string} id */
  loadPins(id) { return this.conversations.loadPins(id); }

  /**
   * Sends plain text to a room.
   * @param {string} id @param {string} text @param {object} [extra] parent_message_id, forwarded_from_id, media …
   */
  send(id, text, extra) { return this.outbox.sendText(id, text, extra); }

  /**
   * Marks everything in a room, or up to a message, as read. It may be called as often as the room is seen.
   * @param {string} id @param {number} [seq]
   */
  markRead(id, seq = this.room(id)?.last_message?.seq) { return this.readers.upTo(this.room(id), seq); }

  /** How far others have read: seq by account. @param {string} id */
  reads(id) { return this.#same(`reads ${id}`, '', this.readers.of(id)); }

  /** @param {string} id */
  typing(id) { return this.#same(`typing ${id}`, '', this.people.typing(id)); }

  /** @param {number} user @returns {import('./types.js').Presence | undefined} after watch() */
  presence(user) { return this.people.presence.get(user); }

  /** Subscribes to presence, also on later streams. @param {{rooms?: string[], users?: number[]}} who */
  watch(who) { return this.people.watch(who); }
}

/** Whether two lists, objects or Maps hold the same things. @param {any} a @param {any} b @returns {boolean} */
function isSame(a, b) {
  if (a instanceof Map) return isSame([...a].flat(), [...b].flat());
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
