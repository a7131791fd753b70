import { RoomType } from '../confab.js';
import { confirm, openDialog } from './dialog.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { openRights } from './member-rights.js';
import { blockEntry } from './blocked.js';
import { openMenu } from './menu.js';
import { personRow } from './message-dialogs.js';
import { PeoplePicker } from './people-picker.js';

const PAUSE = 200; // ms after a key
const FIRST = 60; // members shown until the person asks for all

/** The members of a room; for administrators also their rights. */
export class MemberList {
  #shown = '';
  #all = false;
  /**
   * The members found in a large room.
   * @type {{room: string, search: string, total: number, users: import('../confab/types.js').User[]} | null}
   */
  #found = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    this.title = h('h3', {});
    this.add = h('button', { class: 'plain', onclick: () => this.#add() }, icon('plus'), app.t('addPeople'));
    this.list = h('ul', { class: 'people' });
    this.find = h('input', { type: 'search', hidden: true, 'aria-label': app.t('findPeople'), dir: 'auto',
      placeholder: app.t('findPeople'), autocomplete: 'off', oninput: () => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#look(app.open), PAUSE);
      } });
    this.more = h('button', { class: 'plain', hidden: true, onclick: () => {
      this.#all = true;
      this.draw(app.open);
    } }, app.t('showAll'));
    this.element = h('section', { class: 'members' }, h('header', {}, this.title, this.add), this.find, this.list,
      this.more);
  }

  /** @param {string} id */
  draw(id) {
    const { app } = this, { store, t, formats } = app;
    const rank = (/** @type {{id: number}} */ user) =>
      ['creator', 'admin', 'member'].indexOf(store.role(id, user.id) ?? 'member');
    const isCrowd = store.hasMoreMembers(id), found = this.#found?.room === id ? this.#found : null;
    this.find.hidden = !isCrowd;
    if (isCrowd && !found) this.#look(id);
    const members = [...(isCrowd && found?.search ? found.users : store.members(id))]
      .sort((a, b) => rank(a) - rank(b) || formats.order(app.personOf(a), app.personOf(b)));
    const shown = this.#all ? members : members.slice(0, FIRST);
    const key = JSON.stringify([id, app.permissions.mayAdd(id),
      shown.map((user) =>
        [user.id, rank(user), store.presence(user.id)?.status, app.permissions.rightsOf(id, user.id)]),
        members.length, found?.total]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.title.textContent = t('membersCount', { count: isCrowd && found ? found.total : members.length });
    this.add.hidden = !app.permissions.mayAdd(id);
    this.more.hidden = shown.length === members.length;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest('[data-user]'))?.dataset.user;
    const isHere = this.list.contains(document.activeElement);
    this.list.replaceChildren(...shown.map((user) => this.#row(id, user)));
    if (isHere) /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-user="${focused}"] button`))?.focus();
  }

  /**
   * The details of a large room name only some members: their number and the results of a search come from the server.
   * @param {string} id
   */
  async #look(id) {
    const { app } = this, search = this.#found?.room === id ? this.find.value.trim() : '';
    if (this.#found?.room !== id) this.find.value = '';
    const found = this.#found = { room: id, search, total: this.#found?.total ?? 0, users: this.#found?.users ?? [] };
    try {
      const { members, total } = await app.client.listMembers(id, { limit: FIRST, ...(search && { search }) });
      if (found !== this.#found || id !== app.open) return;
      this.#found = { ...found, total, users: members.map(({ user }) => user) };
      this.draw(id);
    } catch (error) {
      app.toast(error);
    }
  }

  /** @param {string} id @param {import('../confab/types.js').User} user */
  #row(id, user) {
    const { app } = this, { t } = app, role = app.store.role(id, user.id),
      isChannel = app.room?.type === RoomType.CHANNEL;
    const badge = role === 'creator' ? t('creator') : role === 'admin' ? t(isChannel ? 'moderator' : 'admin') : '';
    const menu = h('button',
      { class: 'bare', 'aria-haspopup': 'menu', 'aria-label': t('memberTools', { name: app.personOf(user) }),
        onclick: () => this.#menu(menu, id, user) }, icon('more'));
    const rights = role === 'member' ? app.permissions.rightsOf(id, user.id).map((right) => t(right)) : [];
    return personRow(app, user,
      rights.length ? h('small', { class: 'rights' }, app.formats.names.format(rights)) : null,
      badge ? h('span', { class: 'role' }, badge) : null,
      user.id === app.me.id ? h('span', { class: 'hint' }, t('you')) : menu);
  }

  /** @param {HTMLElement} anchor @param {string} id @param {import('../confab/types.js').User} user */
  #menu(anchor, id, user) {
    const { app } = this, { t, client, permissions, room } = app, name = app.personOf(user);
    const role = app.store.role(id, user.id), word = room?.type === RoomType.CHANNEL ? 'moderator' : 'admin';
    const tell = (/** @type {Promise<any>} */ work) => work.catch((error) => app.toast(error));
    const isAdmin = permissions.isAdmin(id), isOther = role !== 'creator';
    openMenu(anchor, name, [
      { icon: 'reply', label: t('writeTo'), action: () => tell(app.talkTo(user.id)) },
      isAdmin && role === 'member'
        && { icon: 'plus', label: t(`make_${word}`),
          action: () => tell(client.modifyRoom(id, `add_${word}`, { users: [user.id] })) },
      isAdmin && role === 'admin'
        && { icon: 'close', label: t(`unmake_${word}`),
          action: () => tell(client.modifyRoom(id, `remove_${word}`, { users: [user.id] })) },
      isAdmin && role === 'member'
        && { icon: 'lock', label: t('rights'), action: () => tell(openRights(app, id, user)) },
      blockEntry(app, user.id, name),
      permissions.mayRemove(id) && isOther
        && { icon: 'trash', label: t('removeMember'), danger: true,
          action: () =>
            confirm(app, t('removeMember'), t('removeSure', { name }), t('removeMember'),
              () => client.removeMembers(id, [user.id])) },
    ]);
  }

  #add() {
    const { app } = this, id = app.open,
      picker = new PeoplePicker(app, { without: new Set(app.store.members(id).map((user) => user.id)) });
    openDialog(app,
      { title: app.t('addPeople'), content: [picker.element], submit: app.t('add'),
        action: () => (picker.ids.length ? app.client.addMembers(id, picker.ids) : false) });
  }
}
