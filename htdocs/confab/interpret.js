import { Dispatch } from './codes.js';

/**
 * An object with a method for each kind of event that concerns it. Messages come in their current state.
 * @typedef {import('./types.js').Message} Message
 * @typedef {object} Follower
 * @property {(message: Message) => void} [said] a new message
 * @property {(message: Message, eventType: string, data: any) => void} [changed] read, delivered, edited, pinned …
 * @property {(ids: Set<string>, roomId: string, by: number) => void} [removed]
 * @property {(roomId: string, user: number, seq: number) => void} [read] everything up to seq
 * @property {(detail: import('./types.js').RoomDetail, added?: number, by?: {id?: number, username: string}) => void}
 *   [formed] a room was made or changed; added: the seq of the change of members; by: the person who made it
 * @property {(invitation: any) => void} [invited] a person, by name
 * @property {(roomId: string, erased: boolean) => void} [left] the person left the room; erased: it was deleted
 *
 * @typedef {[keyof Follower, ...any[]]} Happening a method of followers and its arguments
 */

/**
 * The events that a dispatch of the log stands for.
 * @param {any} dispatch @param {(message: Message) => Message} [complete] prepares a message to be shown
 * @returns {Happening[]}
 */
export function meaningOf({ eventType, data, seq }, complete = (message) => message) {
  const shown = (/** @type {any} */ message) => complete(message && whole(message, message.room));
  switch (eventType) {
    case Dispatch.MESSAGE: return [['said', shown(data)]];
    case Dispatch.RECEIPT:
    case Dispatch.DELIVERED: return [data].flat().map((message) => ['changed', shown(message), eventType, data]);
    case Dispatch.REACTION:
    case Dispatch.PIN: return [['changed', shown(data.message), eventType, data]];
    case Dispatch.MODIFIED:
      return [data.message ? ['changed', shown(data.message), eventType, data]
        : ['removed', new Set(data.message_ids), named(data.room_id), data.user.id]];
    case Dispatch.ROOM_READ: return [['read', named(data.room_id), data.user.id, data.seq]];
    case Dispatch.ROOM_CREATED: return [['formed', whole(data), undefined, data.creator]];
    case Dispatch.ROOM_UPDATED: return [['formed', whole(data)]];
    case Dispatch.ROOM_INVITE: return data.user ? [['invited', { ...data, room: whole(data.room) }]] : [];
    case Dispatch.MEMBERS_ADDED: return [['formed', whole(data.room), seq, { username: data.added_by }]];
    case Dispatch.MEMBERS_REMOVED: return [['formed', whole(data.room), seq]];
    case Dispatch.ROOM_EXIT: return [['left', named(data.room.id), false]];
    case Dispatch.ROOM_DELETED: return [['left', named(data.room_id), true]];
    default: return [];
  }
}

/** Checks an id, which every object of an event has. @param {any} id */
function named(id) {
  if (typeof id !== 'string' || !id) throw new TypeError('a dispatch without an id');
  return id;
}

/** @param {any} first @param {any[]} others objects that must have an id, too */
function whole(first, ...others) {
  for (const { id } of [first, ...others]) named(id);
  return first;
}

/** @param {Happening} happening @param {Follower} follower */
export function tell([what, ...about], follower) {
  /** @type {any} */ (follower)[what]?.(...about);
}
