/**
 * A Message after a change to it, or to a message nested in it. Returns the same object if nothing changes.
 * @typedef {import('./types.js').Message} Message
 */

/**
 * The parent in a reply may be a moment older than the dispatches before it; the parent that is shown is up to date.
 * @param {Message} message @param {Message | undefined} parent @returns {Message}
 */
export function withParent(message, parent) {
  if (!parent) return message;
  const { parent_deleted, ...nested } = parent;
  return { ...message, parent_message: { ...nested, parent_message: null, forwarded_from: null } };
}

/** @param {Message} message @param {Message} updated the current state of any message @returns {Message} */
export function afterUpdate(message, updated) {
  if (message.id === updated.id) return updated;
  return message.parent_message?.id === updated.id ? withParent(message, updated) : message;
}

/** @param {Message} message @param {Set<string>} ids of messages that were deleted @returns {Message | null} */
export function afterRemoval(message, ids) {
  if (ids.has(message.id)) return null;
  if (message.parent_message && ids.has(message.parent_message.id))
    return { ...message, parent_message: null, parent_deleted: true };
  if (message.forwarded_from && ids.has(message.forwarded_from.id))
    return { ...message, forwarded_from: stub(message.forwarded_from) };
  return message;
}

/**
 * A room was deleted, and with it the messages forwarded from it.
 * @param {Message} message @param {string} room_id @returns {Message}
 */
export function afterRoomRemoval(message, room_id) {
  return message.forwarded_from?.room.id === room_id ? { ...message, forwarded_from: stub(message.forwarded_from) }
    : message;
}

/** @param {any} origin */
function stub({ id, room, sender }) {
  return { id, room, sender, is_deleted: true };
}

/**
 * A list of messages after the change; the same array if nothing has changed.
 * @param {Message[]} list @param {(message: Message) => Message | null} revise
 */
export function reviseList(list, revise) {
  const revised = list.map(revise);
  return revised.every((message, i) => message === list[i]) ? list : /** @type {Message[]} */ (revised.filter(Boolean));
}
