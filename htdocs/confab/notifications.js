import { Dispatch, NotificationType } from './codes.js';
import { afterUpdate } from './revise.js';

const MOST = 100; // of a room

/**
 * The person's pending notifications: those that the server lists at the start of a stream, and those that have come
 * since. They go when their message is read or deleted.
 * @typedef {import('./types.js').Notification} Notification
 */
export class Notifications {
  #me;
  #arrived;
  #told;
  /** @type {Map<string, Notification[]>} by room, newest first */
  rooms = new Map();

  /**
   * @param {() => number} me @param {(notification: Notification) => void} arrived
   * @param {() => void} told called when the list has changed
   */
  constructor(me, arrived, told) {
    this.#me = me;
    this.#arrived = arrived;
    this.#told = told;
  }

  /** @param {Record<string, Notification[]>} data */
  replace(data) {
    this.rooms = new Map(Object.entries(data));
    this.#told();
  }

  /** The list in the form of chat.notifications. */
  snapshot() {
    return Object.fromEntries(this.rooms);
  }

  /** @param {string} roomId @param {Notification[]} list */
  #set(roomId, list) {
    this.rooms = new Map(this.rooms);
    if (list.length) this.rooms.set(roomId, list);
    else this.rooms.delete(roomId);
    this.#told();
  }

  /** A method of Follower, like those below. @param {import('./types.js').Message} message */
  said(message) {
    if (message.sender.id === this.#me()) return;
    const isNamed = message.mentions.some(({ id }) => id === this.#me());
    const type = isNamed ? NotificationType.MENTION : message.parent_message ? NotificationType.REPLY
      : NotificationType.MESSAGE;
    this.#add(message.room.id, { id: message.id, notification_type: /** @type {any} */ (type), message });
  }

  /** @param {import('./types.js').Message} message @param {string} eventType @param {any} data */
  changed(message, eventType, data) {
    const roomId = message.room.id, list = this.rooms.get(roomId);
    if (list) this.#set(roomId, list.map((one) =>
      ({ ...one, message: one.message && afterUpdate(one.message, message) })));
    if (eventType === Dispatch.RECEIPT && message.read_receipts.some(({ reader }) => reader.id === this.#me()))
      this.#keep(roomId, (one) => !!one.message && (one.message.id !== message.id || !!one.reaction));
    if (eventType === Dispatch.REACTION && data.type === 'add') this.#reacted(message);
  }

  /** @param {import('./types.js').Message} message */
  #reacted(message) {
    const reaction = message.reactions.reduce((newest, one) => (newest.created_at > one.created_at ? newest : one));
    if (reaction.user.id !== this.#me())
      this.#add(message.room.id, { id: reaction.id, notification_type: 'REACTION', message, reaction });
  }

  /** @param {Set<string>} ids @param {string} roomId */
  removed(ids, roomId) {
    this.#keep(roomId, ({ message }) => !message || !ids.has(message.id));
  }

  /** @param {string} roomId @param {number} user @param {number} seq */
  read(roomId, user, seq) {
    if (user === this.#me()) this.#keep(roomId, ({ message }) => !!message && message.seq > seq);
  }

  /** @param {string} roomId */
  left(roomId) {
    this.#keep(roomId, () => false);
  }

  /**
   * The person is in a room now. Joining by an invitation is not notified.
   * @param {import('./types.js').RoomDetail} room @param {{id?: number, username: string}} by
   */
  joined(room, by) {
    const list = this.rooms.get(room.id);
    if (list) this.left(room.id);
    else if (by.id !== this.#me() && by.username !== 'self') this.#invite(room, by, 'added');
  }

  /** @param {any} invitation */
  invited({ room, user, inviter, status }) {
    if (user.id === this.#me() && status === 'pending') this.#invite(room, inviter, status);
  }

  /** @param {any} room @param {{id?: number, username: string}} user @param {'added' | 'pending'} status */
  #invite({ id, type, name }, user, status) {
    this.#add(id, { id, notification_type: 'ROOM_INVITE', message: null, room: { id, type, name }, user, status });
  }

  /** @param {string} roomId @param {Notification} added */
  #add(roomId, added) {
    const list = this.rooms.get(roomId) ?? [];
    const isKnown = list.some(({ id, message, reaction }) => id === added.id || (reaction ?? message)?.id === added.id);
    if (isKnown) return;
    this.#set(roomId, [added, ...list].slice(0, MOST));
    this.#arrived(added);
  }

  /** @param {string} roomId @param {(notification: Notification) => boolean} which */
  #keep(roomId, which) {
    const list = this.rooms.get(roomId) ?? [], kept = list.filter(which);
    if (kept.length < list.length) this.#set(roomId, kept);
  }
}
