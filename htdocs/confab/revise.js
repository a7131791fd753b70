/**
 * A Message after a change to it, or to one that is nested in it. The same object where nothing
 * does.
 * @typedef {import('./types.js').Message} Message
 */

/**
 * What a reply says of its parent may be a moment older than the dispatches before it; what is shown of the parent is
 * not.
 * @param {Message} message @param {Message | undefined} parent @returns {Message}
 */
export function withParent(message, parent) {
  return parent ? { ...message, parent_message: { ...parent, parent_message: null, forwarded_from: null } } : message;
}

/** @param {Message} message @param {Message} updated any message as it is now @returns {Message} */
export function afterUpdate(message, updated) {
  if (message.id === updated.id) return updated;
  return message.parent_message?.id === updated.id ? withParent(message, updated) : message;
}

/** @param {Message} message @param {Set<string>} ids of messages that were deleted @returns {Message | null} */
export function afterRemoval(message, ids) {
  if (ids.has(message.id)) return null;
  if (message.parent_message && ids.has(message.parent_message.id)) return { ...message, parent_message: null };
  if (message.forwarded_from && ids.has(message.forwarded_from.id))
    return { ...message, forwarded_from: stub(message.forwarded_from) };
  return message;
}

/**
 * A room was deleted, and what was forwarded from it with it.
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
 * A list of messages after it; the same array where nothing happened.
 * @param {Message[]} list @param {(message: Message) => Message | null} revise
 */
export function reviseList(list, revise) {
  const revised = list.map(revise);
  return revised.every((message, i) => message === list[i]) ? list : /** @type {Message[]} */ (revised.filter(Boolean));
}
