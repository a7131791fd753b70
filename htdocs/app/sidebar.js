import { avatar } from './avatar.js';
import { ConnectionState } from './connection-state.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { openJoin } from './join.js';
import { openMenu } from './menu.js';
import { openNewRoom } from './new-room.js';
import { RoomList } from './room-list.js';
import { SearchResults } from './search-results.js';
import { openSettings } from './settings-dialog.js';
import { openShortcuts } from './keyboard.js';

/** The left part of the page: the user, the search, the rooms, and the state of the connection. */
export class Sidebar {
  /** @param {import('./app.js').App} app @param {() => void} logOut */
  constructor(app, logOut) {
    const { t } = app;
    this.app = app;
    this.list = new RoomList(app);
    this.results = new SearchResults(app);
    this.connection = new ConnectionState(app);
    this.search = h('input',
      { type: 'search', id: 'search', placeholder: t('search'), 'aria-label': t('search'), autocomplete: 'off',
        spellcheck: 'false', dir: 'auto' });
    this.scope = h('button', { class: 'chip scope', hidden: true, onclick: () => this.#within('') });
    const me = h('button', { class: 'me', 'aria-haspopup': 'menu', onclick: () => this.#menu(me, logOut) },
      avatar(app.faceOfPerson(app.me)), h('strong', { id: 'me', dir: 'auto' }, app.personOf(app.me)));
    const start = h('button',
      { class: 'bare', id: 'new-room', title: t('newRoom'), 'aria-label': t('newRoom'), 'aria-haspopup': 'menu',
        onclick: () => this.#new(start) }, icon('plus'));
    this.element = h('div', { class: 'rooms' }, h('nav', { 'aria-label': t('rooms') },
      h('header', {}, me, start),
      h('div', { class: 'search', role: 'search' }, icon('search'), this.search, this.scope),
      this.list.element, this.results.element, h('footer', {}, this.connection.line)));
    this.search.addEventListener('input', () => this.#look());
    this.search.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#clear();
      if (event.key === 'ArrowDown' && !this.search.value) this.list.rows.focus(0);
      else if (event.key === 'ArrowDown')
        /** @type {HTMLElement | null} */ (this.results.element.querySelector('button'))?.focus();
      else return;
      event.preventDefault();
    });
    this.off = app.on('search', (room) => this.#within(room));
    this.#look();
  }

  close() {
    this.off();
    this.list.close();
    this.connection.close();
  }

  /** Opens the search in one room, or in all. @param {string} room */
  #within(room) {
    const known = this.app.store.room(room);
    this.results.room = known ? room : '';
    this.scope.hidden = !known;
    this.scope.replaceChildren(...(known ? [this.app.nameOf(known), icon('close')] : []));
    if (known) this.scope.setAttribute('aria-label', this.app.t('searchEverywhere', { name: this.app.nameOf(known) }));
    this.search.focus();
    this.#look();
  }

  #look() {
    const text = this.search.value.trim();
    const isOn = !!text || !this.scope.hidden;
    this.list.element.hidden = isOn;
    this.results.element.hidden = !isOn;
    this.results.look(text);
  }

  #clear() {
    this.search.value = '';
    this.#within('');
  }

  /** @param {HTMLElement} anchor @param {() => void} logOut */
  #menu(anchor, logOut) {
    const { app } = this, { t } = app;
    openMenu(anchor, t('account'), [
      { icon: 'gear', label: t('settings'), action: () => openSettings(app) },
      { icon: 'help', label: t('shortcuts'), key: '?', action: () => openShortcuts(app) },
      { icon: 'exit', label: t('logOut'), action: logOut },
    ]);
  }

  /** @param {HTMLElement} anchor */
  #new(anchor) {
    const { app } = this, { t } = app;
    openMenu(anchor, t('newRoom'), [
      { icon: 'people', label: t('newPerson'), action: () => openNewRoom(app, 'OneToOneChat') },
      { icon: 'group', label: t('newGroup'), action: () => openNewRoom(app, 'GroupChat') },
      { icon: 'megaphone', label: t('newChannel'), action: () => openNewRoom(app, 'Channel') },
      { icon: 'link', label: t('join'), action: () => openJoin(app) },
    ]);
  }
}
