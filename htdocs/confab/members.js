/**
 * The members in the details of a room.
 * @typedef {import('./types.js').RoomDetail | undefined} Detail
 */

/** The known members. @param {Detail} detail */
export function membersOf(detail) {
  return detail?.participants ?? detail?.subscribers ?? [];
}

/**
 * @param {Detail} detail @param {number | undefined} user
 * @returns {'creator' | 'admin' | 'member' | null} null: not a member, or not known
 */
export function roleOf(detail, user) {
  const has = (/** @type {any[] | undefined} */ list) => !!list?.some((one) => one.id === user);
  if (!has(membersOf(detail))) return null;
  if (detail?.creator?.id === user) return 'creator';
  return has(detail?.admins ?? detail?.moderators) ? 'admin' : 'member';
}

const MOST = 1000; // people that the details of a room name

/** Whether there may be more members than the details name. @param {Detail} detail */
export function isCut(detail) {
  return membersOf(detail).length >= MOST;
}
