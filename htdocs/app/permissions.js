import { Dispatch, RoomType } from '../confab.js';

/**
 * The user's rights in a room, as the server reports them; before that, as roles suggest.
 * @typedef {{may: Set<string>, grants: Map<number, string[]>}} Told may: the user's rights; grants: single rights by
 *   account, for administrators
 */
export class Permissions {
  /** @type {Map<string, Told>} by room */
  #told = new Map();
  /** @type {Map<string, Promise<void>>} running requests, by room */
  #asking = new Map();

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    // The room has changed, perhaps with its roles and rights.
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

  /** @param {string} id @param {string} what @param {boolean | undefined} otherwise the result while it is not known */
  #may(id, what, otherwise) {
    return this.#told.get(id)?.may.has(what) ?? otherwise;
  }

  /** @param {string} id */
  isAdmin(id) {
    const { store } = this.app;
    return !!this.#may(id, 'administer',
      store.room(id)?.type === RoomType.ONE_TO_ONE || store.role(id) === 'creator' || store.role(id) === 'admin');
  }

  /** Whether the user may write; undefined: not known yet. @param {string} id */
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
   * The single rights of a member who is not an administrator, if known.
   * @param {string} id @param {number} user
   */
  rightsOf(id, user) {
    return this.#told.get(id)?.grants.get(user) ?? [];
  }

  /**
   * Requests the rights if they are not known; resolves when they are, or can't be.
   * @param {string} id @param {boolean} [again] even if they are known
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
