import { Dispatch } from './codes.js';

/**
 * Who follows what happens; each has the methods for what concerns it. Messages come as they are now.
 * @typedef {import('./types.js').Message} Message
 * @typedef {object} Follower
 * @property {(message: Message) => void} [said] a new one
 * @property {(message: Message, eventType: string, data: any) => void} [changed] read, got, edited, pinned, reacted to
 * @property {(ids: Set<string>, roomId: string, by: number) => void} [removed]
 * @property {(roomId: string, user: number, seq: number) => void} [read] up to there
 * @property {(detail: import('./types.js').RoomDetail, added?: number) => void} [formed] a room was made or changed;
 *   added: the seq of its members' change
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
  switch (eventType) {
    case Dispatch.MESSAGE: return [['said', complete(data)]];
    case Dispatch.RECEIPT:
    case Dispatch.DELIVERED: return [data].flat().map((message) => ['changed', complete(message), eventType, data]);
    case Dispatch.REACTION:
    case Dispatch.PIN: return [['changed', complete(data.message), eventType, data]];
    case Dispatch.MODIFIED:
      return [data.message ? ['changed', complete(data.message), eventType, data]
        : ['removed', new Set(data.message_ids), data.room_id, data.user.id]];
    case Dispatch.ROOM_READ: return [['read', data.room_id, data.user.id, data.seq]];
    case Dispatch.ROOM_CREATED:
    case Dispatch.ROOM_UPDATED: return [['formed', data]];
    case Dispatch.MEMBERS_ADDED:
    case Dispatch.MEMBERS_REMOVED: return [['formed', data.room, seq]];
    case Dispatch.ROOM_EXIT: return [['left', data.room.id, false]];
    case Dispatch.ROOM_DELETED: return [['left', data.room_id, true]];
    default: return [];
  }
}

/** @param {Happening} happening @param {Follower} follower */
export function tell([what, ...about], follower) {
  /** @type {any} */ (follower)[what]?.(...about);
}
