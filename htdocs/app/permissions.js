import { Dispatch, RoomType } from '../confab.js';

/**
 * The user's rights in a room, as the server says; until it has, as roles suggest.
 * @typedef {{may: Set<string>, grants: Map<number, string[]>}} Told may: what oneself may; grants: single rights by
 *   account, for who administers
 */
export class Permissions {
  /** @type {Map<string, Told>} by room */
  #told = new Map();
  /** @type {Map<string, Promise<void>>} what is being asked, by room */
  #asking = new Map();

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    // Somebody has changed the room: its roles and rights too, it may be.
    app.client.on('dispatch', ({ eventType, data }) => {
      if (eventType === Dispatch.ROOM_UPDATED) this.#changed(data.id);
    });
    app.client.on('resync', () => this.#told.clear());
  }

  /** @param {string} id */
  async #changed(id) {
    if (id !== this.app.open) return void this.#told.delete(id);
    await this.ask(id, true);
    this.app.store.emit('rooms', id);
  }

  /** @param {string} id @param {string} what @param {boolean | undefined} otherwise while it is not told */
  #may(id, what, otherwise) {
    return this.#told.get(id)?.may.has(what) ?? otherwise;
  }

  /** @param {string} id */
  isAdmin(id) {
    const { store } = this.app;
    return !!this.#may(id, 'administer',
      store.room(id)?.type === RoomType.ONE_TO_ONE || store.role(id) === 'creator' || store.role(id) === 'admin');
  }

  /** Whether one may write. undefined: not known yet. @param {string} id */
  maySend(id) {
    const room = this.app.store.room(id);
    if (!room) return false;
    return this.#may(id, 'send', this.isAdmin(id) || (room.type === RoomType.GROUP ? !room.group_locked : undefined));
  }

  /** @param {string} id */
  mayAdd(id) {
    return this.app.store.room(id)?.type !== RoomType.ONE_TO_ONE && !!this.#may(id, 'add_members', this.isAdmin(id));
  }

  /** @param {string} id */
  mayRemove(id) {
    return !!this.#may(id, 'remove_members', this.isAdmin(id));
  }

  /**
   * The single rights of somebody who is no administrator, as far as one is told.
   * @param {string} id @param {number} user
   */
  rightsOf(id, user) {
    return this.#told.get(id)?.grants.get(user) ?? [];
  }

  /**
   * Asks what is not known; resolves when it is, or can't be.
   * @param {string} id @param {boolean} [again] also what is known
   */
  ask(id, again = false) {
    if (!again && this.#told.has(id)) return Promise.resolve();
    const asked = this.#asking.get(id);
    if (asked && !again) return asked;
    const asking = this.#ask(id).catch(() => {}).finally(() => {
      if (this.#asking.get(id) === asking) this.#asking.delete(id);
    });
    this.#asking.set(id, asking);
    return asking;
  }

  /** @param {string} id */
  async #ask(id) {
    const { may, members } = await this.app.client.roomPermissions(id);
    this.#told.set(id,
      { may: new Set(may), grants: new Map(members.map(({ user, permission }) => [user.id, permission])) });
  }
}
