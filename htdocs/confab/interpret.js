import { Dispatch } from './codes.js';

/**
 * Who follows what happens; each has the methods for what concerns it. Messages come as they are now.
 * @typedef {import('./types.js').Message} Message
 * @typedef {object} Follower
 * @property {(message: Message) => void} [said] a new one
 * @property {(message: Message, eventType: string, data: any) => void} [changed] read, got, edited, pinned, reacted to
 * @property {(ids: Set<string>, roomId: string, by: number) => void} [removed]
 * @property {(roomId: string, user: number, seq: number) => void} [read] up to there
 * @property {(detail: import('./types.js').RoomDetail, added?: number, by?: {id?: number, username: string}) => void}
 *   [formed] a room was made or changed; added: the seq of its members' change; by: the person who did that
 * @property {(invitation: any) => void} [invited] a person, by name
 * @property {(roomId: string, erased: boolean) => void} [left] oneself; erased: for everybody
 *
 * @typedef {[keyof Follower, ...any[]]} Happening a method of followers, and what it is called with
 */

/**
 * What a dispatch of the log means.
 * @param {any} dispatch @param {(message: Message) => Message} [complete] a message of a dispatch, as it is shown
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

/** An id, which everything has that something can happen to. @param {any} id */
function named(id) {
  if (typeof id !== 'string' || !id) throw new TypeError('a dispatch without an id');
  return id;
}

/** @param {any} first @param {any[]} others all have an id */
function whole(first, ...others) {
  for (const { id } of [first, ...others]) named(id);
  return first;
}

/** @param {Happening} happening @param {Follower} follower */
export function tell([what, ...about], follower) {
  /** @type {any} */ (follower)[what]?.(...about);
}
