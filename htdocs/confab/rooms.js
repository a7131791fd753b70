import { backoff } from './backoff.js';
import { RoomType } from './codes.js';
import { Counts } from './counts.js';
import { tell } from './interpret.js';
import { afterRemoval, afterRoomRemoval, afterUpdate } from './revise.js';

const FRESH = 3_000; // ms in which a dispatch may be older than the list
const MEMBERSHIP = ['property', 'participants', 'admins', 'subscribers', 'moderators'];

/**
 * The current list of rooms, derived from the last list of the server and the dispatches since; and the details of
 * rooms that dispatches have brought.
 *
 * @typedef {import('./types.js').Room} Room
 * @typedef {import('./types.js').RoomDetail} RoomDetail
 * @typedef {import('./types.js').Message} Message
 */
export class Rooms {
  #view;
  /** @type {Map<string, Room>} */
  items = new Map();
  /** @type {Map<string, RoomDetail>} */
  details = new Map();
  /** @type {Map<string, Counts>} */
  #counts = new Map();
  /** @type {import('./interpret.js').Happening[] | null} the events during the loading of the list */
  #meanwhile = null;
  #refreshes = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #fresh;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {object} view
   * @param {() => number} view.me
   * @param {() => Promise<Room[]>} view.list
   * @param {(roomId: string) => import('./history.js').History | undefined} view.history
   * @param {(roomId: string) => void} view.changed called when a room of the list has changed
   * @param {() => void} view.listed called when the whole list has changed
   * @param {(detail: RoomDetail, by: {id?: number, username: string}) => void} [view.joined] called after joining
   */
  constructor(view) {
    this.#view = view;
  }

  /** Whether the list is exact: nothing is in doubt and no list is loading. */
  get isSettled() {
    return !this.#meanwhile && !this.#timer && !this.#fresh;
  }

  async load() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const meanwhile = this.#meanwhile = /** @type {import('./interpret.js').Happening[]} */ ([]);
    try {
      const list = await this.#view.list();
      if (meanwhile !== this.#meanwhile) return;
      this.#replace(list);
    } finally {
      if (meanwhile === this.#meanwhile) this.#meanwhile = null;
    }
    for (const happening of meanwhile) tell(happening, this);
    this.#view.listed();
  }

  clear() {
    clearTimeout(this.#timer);
    clearTimeout(this.#fresh);
    this.#timer = this.#fresh = undefined;
    this.#meanwhile = null;
    for (const map of [this.items, this.details, this.#counts]) map.clear();
  }

  /** @param {Room[]} list */
  #replace(list) {
    this.items = new Map(list.map((room) => [room.id, room]));
    this.#counts = new Map(list.map((room) => [room.id, this.#newCounts(room)]));
    for (const id of this.details.keys()) if (!this.items.has(id)) this.details.delete(id);
    clearTimeout(this.#fresh);
    this.#fresh = setTimeout(() => {
      this.#fresh = undefined;
      for (const counts of this.#counts.values()) counts.isFresh = false;
      if (!this.#timer) this.#refreshes = 0;
    }, FRESH);
  }

  /** @param {Room} room */
  #newCounts(room) {
    return new Counts(this.#view.me(), room, () => this.#unsure());
  }

  /** Something is not known here: requests the list again, soon at first, later if it happens repeatedly. */
  #unsure() {
    this.#timer ??= setTimeout(() => this.load().catch(() => {
      this.#timer = undefined;
      this.#unsure();
    }), FRESH + backoff(++this.#refreshes, { base: 1000, cap: 60_000 }));
  }

  /** @param {import('./interpret.js').Happening} happening */
  take(happening) {
    this.#meanwhile?.push(happening);
    tell(happening, this);
  }

  /** A method of Follower, like those below. @param {Message} message */
  said(message) {
    const { id } = message.room, room = this.items.get(id);
    if (!room) return this.#unsure(); // a hidden one-to-one is listed again
    this.#counts.get(id)?.said(message);
    const isNewer = message.seq > (room.last_message?.seq ?? 0);
    this.#set(id, isNewer ? { last_message: message } : {});
  }

  /** @param {Message} message */
  changed(message) {
    const { id } = message.room;
    this.#counts.get(id)?.changed(message, this.#copy(id, message.id));
    this.#revise((last) => afterUpdate(last, message));
    this.#set(id, {});
  }

  /** The message before the change. @param {string} roomId @param {string} id */
  #copy(roomId, id) {
    const last = this.items.get(roomId)?.last_message;
    return this.#view.history(roomId)?.get(id) ?? (last?.id === id ? last : undefined);
  }

  /** @param {Set<string>} ids @param {string} roomId @param {number} by */
  removed(ids, roomId, by) {
    for (const id of ids) this.#counts.get(roomId)?.removed(id, this.#copy(roomId, id), by);
    const room = this.items.get(roomId);
    if (room?.last_message && ids.has(room.last_message.id))
      this.#set(roomId, { last_message: this.#newest(roomId, ids) });
    this.#revise((message) => afterRemoval(message, ids));
    this.#set(roomId, {});
  }

  /** The last remaining message, as far as known. @param {string} roomId @param {Set<string>} ids */
  #newest(roomId, ids) {
    const history = this.#view.history(roomId);
    const last = history && !history.newer ? history.messages.findLast(({ id }) => !ids.has(id)) : undefined;
    if (!last && (!history || history.newer || history.older)) this.#unsure();
    return last ?? null;
  }

  /** @param {(message: Message) => Message | null} revise */
  #revise(revise) {
    for (const { id, last_message } of this.items.values()) {
      const revised = last_message && revise(last_message);
      if (revised !== last_message) this.#set(id, { last_message: revised });
    }
  }

  /** @param {string} id @param {number} user @param {number} seq */
  read(id, user, seq) {
    if (user !== this.#view.me()) return;
    const history = this.#view.history(id);
    const isCovered = history && !history.newer && (!history.older || history.messages[0]?.seq <= seq);
    this.#counts.get(id)?.read(seq, isCovered ? history.messages.filter((message) => message.seq > seq) : null);
    this.#set(id, {});
  }

  /**
   * @param {RoomDetail} detail @param {number} [added] the seq of the change of members
   * @param {{id?: number, username: string}} [by]
   */
  formed(detail, added, by) {
    const { id } = detail;
    const item = Object.fromEntries(Object.entries(detail).filter(([key]) => !MEMBERSHIP.includes(key)));
    const peer = detail.type === RoomType.ONE_TO_ONE
      && detail.participants?.find((user) => user.id !== this.#view.me());
    this.details.set(id, detail);
    if (this.items.has(id)) return this.#set(id, item);
    const room = /** @type {Room} */ ({ ...item, ...(peer && { peer }), last_message: null, unread: 0, mentions: 0,
      last_read_seq: 0 });
    this.items.set(id, room);
    this.#counts.set(id, this.#newCounts(room));
    if (added) this.#unsure(); // there may be messages from before the person joined
    this.#view.changed(id);
    if (by) this.#view.joined?.(detail, by);
  }

  /** @param {string} id @param {boolean} erased */
  left(id, erased) {
    for (const map of [this.items, this.details, this.#counts]) map.delete(id);
    if (erased) this.#revise((message) => afterRoomRemoval(message, id));
    this.#view.changed(id);
  }

  /** @param {string} id @param {Partial<Room>} changes */
  #set(id, changes) {
    const room = this.items.get(id), counts = this.#counts.get(id);
    if (!room || !counts) return;
    const { unread, mentions, lastRead } = counts;
    this.items.set(id, { ...room, ...changes, unread, mentions, last_read_seq: lastRead });
    this.#view.changed(id);
  }
}
