import { lineOf } from '../ui/content.js';
import { element } from '../ui/html.js';
import { nameOf, textButton, when } from './parts.js';

/** The rooms of a person. */
export class RoomList {
  /**
   * @param {import('../confab/store.js').Store} store @param {import('../ui/text.js').Language} language
   * @param {(roomId: string) => void} open @param {(() => void) | null} begin writes to the site's contact
   */
  constructor(store, language, open, begin) {
    this.store = store;
    this.language = language;
    this.open = open;
    this.begin = begin;
    this.node = element('ul', 'rooms');
    this.node.setAttribute('aria-label', language.t('rooms'));
  }

  draw() {
    const rooms = this.store.list(), root = /** @type {ShadowRoot} */ (this.node.getRootNode());
    const focused = /** @type {HTMLElement | null} */ (root.activeElement)?.dataset?.room;
    this.node.replaceChildren(...rooms.map((room) => this.#item(room)));
    if (!rooms.length) this.node.append(this.#empty());
    if (focused) /** @type {HTMLElement | null} */ (this.node.querySelector(`[data-room="${focused}"]`))?.focus();
  }

  /** The empty list; with a button if the site names a contact. */
  #empty() {
    const { t } = this.language, item = element('li', 'empty', t('noRooms'));
    if (this.begin) item.append(textButton(t('beginChat'), 'solid', this.begin));
    return item;
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
    const preview = element('span', 'last', last ? `${who}: ${lineOf(last, t)}` : t('noMessages'));
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
