import { element, textOf } from '../ui/html.js';
import { nameOf, when } from './parts.js';

/** The rooms of a person. */
export class RoomList {
  /**
   * @param {import('../confab/store.js').Store} store @param {import('../ui/text.js').Language} language
   * @param {(roomId: string) => void} open
   */
  constructor(store, language, open) {
    Object.assign(this, { store, language, open });
    this.store = store;
    this.language = language;
    this.open = open;
    this.node = element('ul', 'rooms');
    this.node.setAttribute('aria-label', language.t('rooms'));
  }

  draw() {
    const rooms = this.store.list(), root = /** @type {ShadowRoot} */ (this.node.getRootNode());
    const focused = /** @type {HTMLElement | null} */ (root.activeElement)?.dataset?.room;
    this.node.replaceChildren(...rooms.map((room) => this.#item(room)));
    if (!rooms.length) this.node.append(element('li', 'empty', this.language.t('noRooms')));
    if (focused) /** @type {HTMLElement | null} */ (this.node.querySelector(`[data-room="${focused}"]`))?.focus();
  }

  focus() {
    this.node.querySelector('button')?.focus();
  }

  /** @param {import('../confab/types.js').Room} room */
  #item(room) {
    const { t, lang } = this.language, last = room.last_message;
    const button = /** @type {HTMLButtonElement} */ (element('button', ''));
    button.type = 'button';
    button.dataset.room = room.id;
    button.append(element('span', 'name', nameOf(room, t)), last ? when(last.created_at, lang) : '');
    const who = last && (last.sender.id === this.store.me?.id ? t('you') : last.sender.username);
    const preview = element('span', 'last', last ? `${who}: ${textOf(last.content)}` : t('noMessages'));
    preview.dir = 'auto';
    button.append(preview);
    if (room.unread) button.append(badge(room.unread, t));
    button.addEventListener('click', () => this.open(room.id));
    const li = document.createElement('li');
    li.append(button);
    return li;
  }
}

/** @param {number} count @param {import('../ui/text.js').Language['t']} t */
export function badge(count, t) {
  const node = element('span', 'badge');
  const number = element('span', '', count > 999 ? '999+' : String(count));
  number.setAttribute('aria-hidden', 'true');
  node.append(number, element('span', 'sr', t('unread', { count })));
  return node;
}
