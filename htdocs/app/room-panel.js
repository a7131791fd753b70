import { RoomType } from '../confab.js';
import { avatar } from './avatar.js';
import { blockEntry } from './blocked.js';
import { confirm } from './dialog.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { InviteLinks } from './invite-links.js';
import { JoinRequests } from './join-requests.js';
import { linkTo } from './join.js';
import { MemberList } from './member-list.js';
import { openRoomSettings } from './room-settings.js';

/** The right part of the page: the details of the room, its members, and the actions on it. */
export class RoomPanel {
  #isOpen = false;
  #shown = '';

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    const { t, store } = app;
    this.body = h('div', { class: 'panel-body' });
    this.shut = h('button', { class: 'bare', 'aria-label': t('close'), onclick: () => app.emit('panel', false) },
      icon('close'));
    this.element = h('aside', { class: 'panel', 'aria-label': t('details'), hidden: true },
      h('header', {}, h('h2', {}, t('details')), this.shut), this.body);
    this.element.addEventListener('keydown', (event) => { if (event.key === 'Escape') app.emit('panel', false); });
    this.members = new MemberList(app);
    this.invites = new InviteLinks(app);
    this.requests = new JoinRequests(app);
    const draw = app.drawer(() => this.#draw());
    this.offs = [
      app.on('open', () => (app.open ? this.#load() : app.emit('panel', false))),
      app.on('panel', (wanted) => this.#toggle(wanted)),
      store.on('rooms', (id) => {
        if (id === undefined || id === app.open) draw();
      }), store.on('presence', draw), app.on('blocked', draw), app.on('settings', draw),
      app.on('requests', (id) => { if (id === app.open) this.requests.draw(id); }),
    ];
  }

  close() {
    for (const off of this.offs) off();
  }

  /** @param {boolean} wanted */
  #toggle(wanted) {
    const was = this.#isOpen;
    this.#isOpen = wanted;
    this.element.hidden = !wanted;
    if (wanted && !was) this.#load().then(() => this.shut.focus());
    else if (was && !wanted) document.getElementById('details')?.focus();
  }

  async #load() {
    const { app } = this, { store, open: id } = app;
    if (!this.#isOpen || !id) return;
    this.#draw();
    await store.loadDetail(id).catch((error) => app.toast(error));
    await app.permissions.ask(id);
    if (id !== app.open) return;
    this.#draw();
    if (!app.permissions.mayAdd(id)) return;
    this.requests.draw(id);
    await Promise.all([this.invites.load(id), app.requests.load(id)]);
    this.#draw();
  }

  #draw() {
    const { app } = this, { t, room } = app;
    if (!this.#isOpen || !room) return;
    const key = JSON.stringify([room.id, room.name, room.description, room.avatar, room.is_public,
      room.join_approval_required, app.faceOf(room), app.store.role(room.id),
      app.permissions.mayAdd(room.id), app.blocked.has(room.peer?.id), app.settings.get('quiet').includes(room.id)]);
    this.members.draw(room.id);
    if (key === this.#shown) return;
    this.#shown = key;
    const hadFocus = this.body.contains(document.activeElement);
    this.body.replaceChildren(this.#top(room), this.#actions(room), ...(room.type === RoomType.ONE_TO_ONE ? [] : [
      ...(app.permissions.mayAdd(room.id) ? [this.requests.element, this.invites.element] : []),
      this.members.element]));
    if (hadFocus) this.shut.focus();
    this.element.setAttribute('aria-label', t('detailsOf', { name: app.nameOf(room) }));
  }

  /** @param {import('../confab/types.js').Room} room */
  #top(room) {
    const { app } = this, { t } = app;
    const kind = room.peer ? `@${room.peer.username}`
      : t(room.type === RoomType.GROUP ? 'group' : room.is_public ? 'publicChannel' : 'privateChannel');
    return h('div', { class: 'panel-top' }, avatar(app.faceOf(room)), h('strong', { dir: 'auto' }, app.nameOf(room)),
      h('span', { class: 'hint' }, kind),
      room.description ? h('p', { dir: 'auto' }, room.description) : null);
  }

  /** @param {import('../confab/types.js').Room} room */
  #actions(room) {
    const { app } = this, { t, client, settings, store } = app, name = app.nameOf(room), quiet = settings.get('quiet'),
      isQuiet = quiet.includes(room.id);
    const row = (/** @type {import('./icons.js').IconName} */ sign, /** @type {string} */ label,
      /** @type {() => any} */ run, danger = false) =>
      h('button', { class: `row${danger ? ' danger' : ''}`, onclick: run }, icon(sign), label);
    const peer = room.peer, block = peer && blockEntry(app, peer.id, name);
    return h('div', { class: 'panel-actions' },
      row(isQuiet ? 'bellOff' : 'bell', t(isQuiet ? 'unmute' : 'mute'), () => {
        settings.setQuiet(room.id, !isQuiet);
      }),
      room.is_public
        ? row('link', t('copyLink'),
          () => navigator.clipboard.writeText(linkTo('join', room.id)).then(() => app.toast(t('copied')),
            (error) => app.toast(error))) : null,
      !peer && app.permissions.isAdmin(room.id) ? row('gear', t('roomSettings'), () => openRoomSettings(app, room.id))
        : null,
      block ? row(block.icon ?? 'lock', block.label, block.action, block.danger) : null,
      peer ? null
        : row('exit', t('leave'),
          () => confirm(app, t('leave'), t('leaveSure', { name }), t('leave'), () => client.leaveRoom(room.id)), true),
      peer || store.role(room.id) === 'creator'
        ? row('trash', t('deleteRoom'),
          () => confirm(app, t('deleteRoom'), t(peer ? 'deleteChatSure' : 'deleteRoomSure', { name }), t('delete'),
            () => client.deleteRoom(room.id)), true) : null);
  }
}
