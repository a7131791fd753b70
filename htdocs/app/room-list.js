import { element, textOf } from './html.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** @param {string} moment */
function when(moment) {
  const date = new Date(moment);
  return (date.toDateString() === new Date().toDateString() ? clock : day).format(date);
}

/**
 * @param {import('./store.js').Store} store
 * @param {any} room
 * @param {(roomId: string) => void} open
 */
function item(store, room, open) {
  const last = room.last_message;
  const button = element('button', '');
  button.append(
    element('span', 'name', store.nameOf(room)),
    element('span', 'when', last ? when(last.created_at) : ''),
    element('span', 'last', last ? `${last.sender.id === store.me.id ? 'You' : last.sender.username}: ${textOf(last.content)}` : 'No messages yet'),
  );
  if (room.unread) {
    const badge = element('span', 'unread', room.unread >= 1000 ? '999+' : String(room.unread));
    badge.setAttribute('aria-label', `${room.unread} unread`);
    button.append(badge);
  }
  button.setAttribute('aria-current', String(room.id === store.open));
  button.dataset.room = room.id;
  button.addEventListener('click', () => open(room.id));
  const li = document.createElement('li');
  li.append(button);
  return li;
}

/**
 * Draws the list of rooms.
 * @param {import('./store.js').Store} store
 * @param {(roomId: string) => void} open
 */
export function drawRooms(store, open) {
  const list = /** @type {HTMLElement} */ (document.getElementById('room-list'));
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.room;
  const rooms = store.sortedRooms();
  list.replaceChildren(...rooms.map((room) => item(store, room, open)));
  if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-room="${focused}"]`))?.focus();
  /** @type {HTMLElement} */ (document.getElementById('no-rooms')).hidden = rooms.length > 0;
  const unread = rooms.reduce((sum, room) => sum + (room.unread ?? 0), 0);
  document.title = unread ? `(${unread}) confab` : 'confab';
}
