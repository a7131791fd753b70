import { avatar } from './avatar.js';
import { Composer } from './composer.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { openPins } from './message-dialogs.js';
import { Reading } from './reading.js';
import { Timeline } from './timeline.js';

/** The middle part of the page: one room with its messages. */
export class Conversation {
  /** @type {(() => void)[]} */
  #offs = [];
  /** @type {Map<string, number>} members of crowds, by room */
  #totals = new Map();

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    const { t, store } = app;
    this.timeline = new Timeline(app);
    this.composer = new Composer(app, this.timeline);
    this.reading = new Reading(app, this.timeline);
    this.back = h('button', { id: 'back', class: 'bare', 'aria-label': t('back'), onclick: () => app.back() },
      icon('back'));
    this.face = h('span', { class: 'face' });
    this.name = h('h2', { id: 'room-name', dir: 'auto' });
    this.about = h('p', { id: 'room-about', class: 'hint' });
    this.pins = h('button', { class: 'bare', title: t('pins'), hidden: true, onclick: () => openPins(app) },
      icon('pin'), h('span', { class: 'count' }));
    this.details = h('button',
      { class: 'bare', id: 'details', 'aria-label': t('details'), title: t('details'), 'aria-expanded': 'false',
        onclick: () => app.emit('panel', this.details.getAttribute('aria-expanded') !== 'true') }, icon('info'),
      h('span', { class: 'count' }));
    this.header = h('header', {}, this.back, this.face, h('div', { class: 'title' }, this.name, this.about), this.pins,
      h('button',
        { class: 'bare', 'aria-label': t('searchHere'), title: t('searchHere'), onclick: () => this.#search() },
        icon('search')), this.details);
    this.element = h('main', { class: 'room', 'aria-labelledby': 'room-name' }, this.header, this.timeline.element,
      this.composer.element,
      h('div', { class: 'no-room' }, h('img', { src: 'icon.svg', alt: '', width: 88, height: 88 }),
        h('p', { class: 'hint' }, t('chooseRoom'))));
    this.composer.uploads.listenTo(this.element);
    const draw = app.drawer(() => this.#draw());
    const ours = (/** @type {() => void} */ then) => (/** @type {any} */ id) => {
      if (id === undefined || id === app.open) then();
    };
    this.#offs.push(app.on('open', () => this.#opened()),
      app.on('panel', (wanted) => this.details.setAttribute('aria-expanded', String(wanted))),
      store.on('rooms', ours(draw)), store.on('presence', draw), store.on('pins', ours(draw)), store.on('loaded', draw),
      store.on('typing', ours(draw)), app.on('requests', ours(draw)));
    this.#draw();
  }

  close() {
    for (const off of this.#offs) off();
    this.timeline.close();
    this.composer.close();
    this.reading.close();
  }

  async #opened() {
    const { app } = this, { store, open: id } = app;
    this.#draw();
    if (!id) return;
    store.watch({ rooms: [id] }).catch(() => {});
    store.loadPins(id).catch(() => {});
    store.loadDetail(id).then(() => this.#count(id)).then(() => app.permissions.ask(id)).then(() => {
      if (id === app.open) this.composer.draw();
      return app.requests.load(id);
    })
      .catch(() => {});
    // A room that opens by itself at the start must not take the focus from a field that is being filled in.
    const isWriting = document.activeElement instanceof HTMLInputElement;
    if (!isWriting && matchMedia('(min-width: 48rem) and (hover: hover)').matches) this.composer.focus();
  }

  /** The details of a large room name only some members; the server tells their number. @param {string} id */
  async #count(id) {
    const { client, store } = this.app;
    if (!store.hasMoreMembers(id)) return void this.#totals.delete(id);
    this.#totals.set(id, (await client.listMembers(id, { limit: 1 })).total);
    this.#draw();
  }

  #search() {
    this.app.emit('search', this.app.open);
  }

  #draw() {
    const { app } = this, { room } = app;
    this.element.classList.toggle('open', !!room);
    if (!room) return this.face.replaceChildren();
    const face = app.faceOf(room), pins = app.store.pins(room.id).length;
    const key = JSON.stringify(face);
    if (this.face.dataset.key !== key) this.face.replaceChildren(avatar(face));
    this.face.dataset.key = key;
    this.name.textContent = app.nameOf(room);
    this.about.textContent = this.#aboutOf(room);
    this.about.classList.toggle('typing', app.store.typing(room.id).length > 0);
    this.pins.hidden = !pins;
    this.#drawCount(this.pins, pins, `${app.t('pins')}: ${app.formats.numbers.format(pins)}`);
    const asking = app.requests.of(room.id).length;
    this.#drawCount(this.details, asking, asking ? `${app.t('details')}, ${app.t('asking', { count: asking })}`
      : app.t('details'));
    this.composer.draw();
  }

  /** A button's number, nothing for 0. @param {HTMLElement} button @param {number} count @param {string} label */
  #drawCount(button, count, label) {
    button.setAttribute('aria-label', label);
    /** @type {HTMLElement} */ (button.lastChild).textContent = count ? this.app.formats.numbers.format(count) : '';
  }

  /** The people typing; else those present, or the topic. @param {import('../confab/types.js').Room} room */
  #aboutOf(room) {
    const { app } = this, { store, t } = app, typing = store.typing(room.id);
    if (typing.length > 2) return t('typingMany');
    if (typing.length)
      return t(room.peer ? 'typingHere' : `typing${typing.length}`,
        { name: typing[0].username, other: typing[1]?.username ?? '' });
    if (room.peer) {
      const presence = store.presence(room.peer.id);
      if (!presence) return '';
      if (presence.status !== 'offline') return t(presence.status);
      return presence.last_seen ? t('lastSeen', { when: app.formats.ago(presence.last_seen) }) : t('offline');
    }
    const members = store.members(room.id),
      there = members.filter(({ id }) => store.presence(id)?.status === 'online').length;
    const count = members.length ? t('membersCount', { count: this.#totals.get(room.id) ?? members.length }) : '';
    return [room.description || '', count,
      members.length && there ? t('onlineCount', { count: there }) : ''].filter(Boolean).map(isolated).join(' · ');
  }
}

/** Text of any direction among others (first strong isolate). @param {string} text */
function isolated(text) {
  return `\u2068${text}\u2069`;
}
