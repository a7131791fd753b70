import { confirm, openDialog } from './dialog.js';
import { reason } from './reason.js';
import { Conversation } from './conversation.js';
import { h } from './html.js';
import { addShortcuts } from './keyboard.js';
import { Notifier } from './notifier.js';
import { ROOM } from './join.js';
import { RoomPanel } from './room-panel.js';
import { Sidebar } from './sidebar.js';

const PHONE = matchMedia('(max-width: 48rem)');
const ARRIVAL = 5000; // ms that a room of the address may take to be told of

/** The whole chat of a logged-in user: the rooms, the conversation, and the details of the room. */
export class Chat {
  /** @type {(() => void)[]} */
  #offs = [];

  /** @param {import('./app.js').App} app @param {(why?: string) => void} leave */
  constructor(app, leave) {
    this.app = app;
    this.leave = leave;
    const { store } = app;
    this.sidebar = new Sidebar(app, () => this.#logOut());
    this.conversation = new Conversation(app);
    this.panel = new RoomPanel(app);
    this.conversation.element.prepend(this.sidebar.connection.bar);
    this.notifier = new Notifier(app);
    this.element = h('div', { id: 'chat', class: 'chat' }, h('header', { class: 'sr' }, h('h1', {}, 'confab')),
      this.sidebar.element, this.conversation.element, this.panel.element);
    PHONE.addEventListener('change', this.#mark);
    this.#mark();
    this.#offs.push(addShortcuts(app, this), app.on('show', (id) => this.#turn(!!id)),
      app.on('search', () => {
        this.#turn(false);
        this.sidebar.search.focus();
      }), () => PHONE.removeEventListener('change', this.#mark),
      app.on('panel', (wanted) => this.#showPanel(wanted)),
      store.on('rooms', () => { if (app.open && !app.room) this.#vanished(); }));
  }

  /** On a phone: switches to the room or to the list. @param {boolean} inRoom */
  #turn(inRoom) {
    this.element.classList.toggle('in-room', inRoom);
    this.#mark();
  }

  /** Marks the main part of the page: on a phone the list while only the list is shown. */
  #mark = () => {
    const isAll = PHONE.matches && !this.element.classList.contains('in-room');
    this.sidebar.element.setAttribute('role', isAll ? 'main' : 'presentation');
  };

  /** The room that the address names, which is requested first. */
  get wanted() {
    const [room, which] = location.hash.slice(1).split('/');
    return ROOM.test(room) && !which ? room : undefined;
  }

  /** Goes to the place that the address names: #ROOM, #join/ROOM of a public channel, #invite/SECRET. */
  async route() {
    const { app } = this;
    const [what, which] = location.hash.slice(1).split('/');
    if (!what) return app.show('');
    if (app.store.room(what)) return app.show(what);
    app.show('');
    if (which) return this.join(what, which);
    if (!ROOM.test(what)) return;
    // Somebody may have been added a moment ago.
    await Promise.race([app.arrival(what), new Promise((resolve) => setTimeout(resolve, ARRIVAL))]);
    if (!app.open && app.store.room(what)) app.show(what);
  }

  /** @param {string} what 'join' or 'invite' @param {string} which the room, or the secret */
  async join(what, which) {
    const { app } = this, { client, t } = app;
    if (what === 'join' && app.store.room(which)) return app.show(which);
    try {
      const data = await (what === 'invite' ? client.joinByInvite(which) : client.joinRoom(which));
      if (!data?.room?.type)
        return openDialog(app, { title: t('requested'), content: [h('p', {}, t('requestedMore'))] });
      await app.arrival(data.room.id);
      app.show(data.room.id);
    } catch (error) {
      openDialog(app, { title: t('cannotJoin'), content: [h('p', { class: 'error' }, reason(app, error))] });
    }
  }

  close() {
    for (const off of this.#offs) off();
    this.sidebar.close();
    this.conversation.close();
    this.panel.close();
    this.notifier.close();
    for (const dialog of document.querySelectorAll('dialog')) dialog.remove();
    this.element.remove();
  }

  /** @param {boolean} wanted */
  #showPanel(wanted) {
    this.element.classList.toggle('with-panel', wanted);
  }

  /** The shown room has gone: the person left it or was removed, or it was deleted. */
  #vanished() {
    this.app.announcer.say(this.app.t('roomGone'));
    this.app.show('');
    this.app.emit('panel', false);
  }

  #logOut() {
    const { app } = this, unsent = app.store.outbox.items.size;
    const go = async () => {
      await app.client.logOut().catch(() => {});
      app.drafts.clear();
      this.leave();
    };
    if (!unsent) return void go();
    confirm(app, app.t('logOut'), app.t('logOutUnsent', { count: unsent }), app.t('logOut'), go);
  }
}
