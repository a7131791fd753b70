import { RoomType } from '../confab.js';
import { avatar } from './avatar.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { VirtualList } from './virtual-list.js';

/** @typedef {import('../confab/types.js').Room} Room */
/** @type {Record<string, (room: Room) => boolean>} */
const FILTERS = {
  all: () => true,
  unread: (room) => room.unread > 0,
  people: ({ type }) => type === RoomType.ONE_TO_ONE,
  groups: ({ type }) => type === RoomType.GROUP,
  channels: ({ type }) => type === RoomType.CHANNEL,
};

/** The rooms, most recent activity first, and buttons that filter them. */
export class RoomList {
  filter = 'all';
  #isLoaded = false;
  /** @type {(() => void)[]} */
  #offs = [];

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    const { t, store } = app;
    this.rows = new VirtualList({
      id: 'room-list', label: t('rooms'), rem: 4.5,
      keyOf: (/** @type {Room} */ room) => room.id, stateOf: (room) => JSON.stringify(this.#content(room)),
      make: (room) => this.#row(room),
    });
    this.filters = h('div', { class: 'filters', role: 'group', 'aria-label': t('filter') },
      ...Object.keys(FILTERS)
        .map((name) =>
          h('button', { class: 'chip', 'data-filter': name, onclick: () => this.#choose(name) }, t(`filter_${name}`))));
    this.empty = h('p', { class: 'hint empty', id: 'no-rooms', hidden: true });
    this.invitations = h('ul', { class: 'invitations', 'aria-label': t('invitations'), hidden: true });
    this.element = h('div', { class: 'room-list' }, this.filters, this.invitations, this.rows.element, this.empty);
    const draw = app.drawer(() => this.draw());
    this.#offs.push(store.on('notifications', () => this.#drawInvitations()));
    for (const event of ['rooms', 'typing', 'presence', 'loaded', 'messages']) this.#offs.push(store.on(event, draw));
    this.#offs.push(app.on('open', draw), app.on('day', draw), app.on('settings', draw), app.on('requests', draw),
      store.on('loaded', () => this.#loaded()));
    this.#choose('all');
  }

  close() {
    for (const off of this.#offs) off();
  }

  /** The list is loaded. */
  #loaded() {
    this.#isLoaded = true;
    this.draw();
    this.#watch();
  }

  /** Subscribes to the presence of the other sides of one-to-ones. */
  #watch() {
    const users = this.app.store.list().flatMap(({ peer }) => (peer ? [peer.id] : [])).slice(0, 300);
    if (users.length) this.app.store.watch({ users }).catch(() => {});
  }

  /** @param {string} name */
  #choose(name) {
    this.filter = name;
    for (const chip of /** @type {Iterable<HTMLElement>} */ (this.filters.children))
      chip.setAttribute('aria-pressed', String(chip.dataset.filter === name));
    this.rows.element.scrollTop = 0;
    this.draw();
  }

  draw() {
    const { app } = this, { store, t } = app;
    const keep = FILTERS[this.filter];
    this.rows.items = store.list().filter((room) => keep(room) || (this.filter === 'unread' && room.id === app.open));
    this.empty.hidden = this.rows.items.length > 0;
    this.empty.textContent = t(store.list().length ? 'noneHere' : this.#isLoaded ? 'noRoomsYet' : 'loading');
    this.empty.classList.toggle('late', !this.#isLoaded);
  }

  /** Invitations to rooms. */
  #drawInvitations() {
    const { app } = this, { store, t } = app, list = store.invitations();
    const answer = (/** @type {string} */ id, /** @type {boolean} */ accept) => () =>
      store.answer(id, accept).catch((error) => app.toast(error));
    this.invitations.hidden = !list.length;
    this.invitations.replaceChildren(...list.map(({ room, user }) => {
      const id = room?.id ?? '', name = room?.name ?? '';
      return h('li', {}, h('p', { dir: 'auto' }, t('invitesYou', { name: user?.username ?? '', room: name })),
        h('button', { class: 'primary', onclick: answer(id, true) }, t('accept')),
        h('button', { class: 'plain', onclick: answer(id, false) }, t('refuse')));
    }));
  }

  /** The rooms in the order of the list, for keys that move from one to the next. */
  get ids() {
    return this.rows.items.map(({ id }) => id);
  }

  /** What a row shows. @param {Room} room */
  #content(room) {
    const { app } = this, { store, t } = app, last = room.last_message;
    const typing = store.typing(room.id), draft = room.id === app.open ? '' : app.drafts.get(room.id);
    const unsent = store.outbox.of(room.id).filter(({ state }) => state !== 'sent').at(-1);
    const shown = unsent ?? last;
    const who = !shown ? '' : shown.sender.id === app.me.id ? t('you') : room.peer ? '' : app.personOf(shown.sender);
    return {
      ...app.faceOf(room), unread: room.unread, mentions: room.mentions, isOpen: room.id === app.open,
      requests: app.requests.of(room.id).length, quiet: app.settings.get('quiet').includes(room.id),
      when: shown ? app.formats.when(shown.created_at) : '', unsent: unsent?.state,
      kind2: typing.length ? 'typing' : draft ? 'draft' : 'last', who: typing.length || draft ? '' : who,
      line: (typing.length ? t(room.peer ? 'typingHere' : 'typing1', { name: typing[0].username, other: '' })
        : draft || (shown ? app.lineOf(shown) : t('noMessages'))).slice(0, 140),
    };
  }

  /** @param {Room} room */
  #row(room) {
    const { t, formats } = this.app, it = this.#content(room);
    const count = it.unread >= 1000 ? `${formats.numbers.format(999)}+` : formats.numbers.format(it.unread);
    return h('button',
      { 'data-room': room.id, 'aria-current': it.isOpen ? 'true' : null, class: it.unread ? 'has-unread' : '',
        onclick: () => this.app.show(room.id) },
      avatar(it),
      h('span', { class: 'name', dir: 'auto' }, it.name), h('span', { class: 'when' }, it.when),
      h('span', { class: `last ${it.kind2}` },
        it.unsent ? icon(it.unsent === 'failed' ? 'warn' : 'clock') : null,
        it.kind2 === 'draft' ? h('span', { class: 'draft' }, t('draft')) : it.who
          ? h('span', { class: 'who' }, `${it.who}: `) : null,
        h('span', { dir: 'auto' }, it.line)),
      h('span', { class: 'marks' },
        it.quiet ? icon('bellOff') : null,
        it.requests ? h('span', { class: 'badge mention', title: t('asking', { count: it.requests }) }, icon('people'),
          h('span', { class: 'sr' }, t('asking', { count: it.requests }))) : null,
        it.mentions ? h('span', { class: 'badge mention', title: t('mentions', { count: it.mentions }) }, '@') : null,
        it.unread
          ? h('span', { class: 'badge unread' }, h('span', { 'aria-hidden': 'true' }, count),
            h('span', { class: 'sr' }, t('unread', { count: it.unread }))) : null));
  }
}
