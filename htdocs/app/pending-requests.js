import { Dispatch } from '../confab.js';

const ROOMS = 30; // that are asked about at the start

/** Requests to join that wait for an answer, by room: what was told live, and the lists that were asked for. */
export class PendingRequests {
  /** @type {Map<string, any[]>} oldest first: {user, reason} */
  #byRoom = new Map();

  /** @param {import('./app.js').App} app emits 'requests' with the room's id when its list has changed */
  constructor(app) {
    this.app = app;
    app.client.on('dispatch', ({ eventType, data }) => this.#heard(eventType, data));
    app.client.on('resync', () => this.#byRoom.clear());
    app.store.on('loaded', () => this.#loadAll());
  }

  /** Asks for the lists of the rooms that ask before anybody joins, one after the other. */
  async #loadAll() {
    const { app } = this;
    const rooms = app.store.list().filter((room) => room.join_approval_required && !room.peer).slice(0, ROOMS);
    for (const { id } of rooms) await app.permissions.ask(id).then(() => this.load(id), () => {});
  }

  /** @param {string} id */
  of(id) {
    return this.#byRoom.get(id) ?? [];
  }

  /** Asks for the list of a room, where the user may answer requests. @param {string} id */
  async load(id) {
    const { app } = this;
    if (!app.store.room(id)?.join_approval_required || !app.permissions.mayAdd(id)) return;
    const { requests } = await app.client.listRequests(id).catch(() => ({ requests: [] }));
    this.#put(id, requests);
  }

  /** @param {string} id @param {any[]} requests */
  #put(id, requests) {
    this.#byRoom.set(id, requests);
    this.app.emit('requests', id);
  }

  /** @param {string} eventType @param {any} data */
  #heard(eventType, data) {
    if (eventType === Dispatch.ROOM_REQUEST && data.user.id !== this.app.me.id) {
      const others = this.of(data.room_id).filter(({ user }) => user.id !== data.user.id);
      this.#put(data.room_id, data.status ? others : [...others, data]);
      if (!data.status) this.app.announcer.say(this.app.t('asksToJoin', { name: data.user.username }));
    } else if (eventType === Dispatch.MEMBERS_ADDED && this.#byRoom.has(data.room.id)) {
      this.#put(data.room.id, this.of(data.room.id).filter(({ user }) => !data.new_members.includes(user.username)));
    }
  }
}
