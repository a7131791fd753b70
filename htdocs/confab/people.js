import { Dispatch } from './codes.js';

const TYPING = 4_000; // ms for which a typing signal is valid

/** Typing and presence, from signals, which are never stored. */
export class People {
  #me;
  #told;
  #ask;
  /** @type {Map<number, import('./types.js').Presence>} by account */
  presence = new Map();
  /**
   * @type {Map<string, Map<number, {user: import('./types.js').UserRef, timer: ReturnType<typeof setTimeout>}>>} by
   *   room and account
   */
  #typing = new Map();

  #watched = { rooms: new Set(), users: new Set() };

  /**
   * @param {() => number} me @param {(event: 'typing' | 'presence', about: any) => void} told
   * @param {(who: {rooms: string[], users: number[]}) => Promise<import('./types.js').Presence[]>} [ask] subscribes,
   * and returns the current presence
   */
  constructor(me, told, ask = async () => []) {
    this.#me = me;
    this.#told = told;
    this.#ask = ask;
  }

  /** @param {{rooms?: string[], users?: number[]}} who */
  async watch({ rooms = [], users = [] }) {
    for (const room of rooms) this.#watched.rooms.add(room);
    for (const user of users) this.#watched.users.add(user);
    this.see(await this.#ask({ rooms, users }));
  }

  /** Subscribes again on a new stream. @param {(room: string) => boolean} isKnown whether a room still exists */
  async watchAgain(isKnown) {
    const rooms = [...this.#watched.rooms].filter(isKnown), users = [...this.#watched.users];
    if (rooms.length + users.length) await this.watch({ rooms, users });
  }

  /** A person who has sent the message is not typing any more. @param {import('./types.js').Message} message */
  said({ room, sender }) {
    this.stop(room.id, sender.id);
  }

  /** @param {any} signal */
  apply({ eventType, data }) {
    if (eventType === Dispatch.TYPING && data.user.id !== this.#me())
      data.typing === false ? this.stop(data.room_id, data.user.id) : this.#type(data.room_id, data.user);
    if (eventType === Dispatch.PRESENCE) this.see([data]);
  }

  /** @param {import('./types.js').Presence[]} list */
  see(list) {
    for (const one of list) {
      this.presence.set(one.user.id, one);
      this.#told('presence', one.user.id);
    }
  }

  /** @param {string} roomId @returns {import('./types.js').UserRef[]} */
  typing(roomId) {
    return [...this.#typing.get(roomId)?.values() ?? []].map(({ user }) => user);
  }

  /** @param {string} roomId @param {import('./types.js').UserRef} user */
  #type(roomId, user) {
    this.stop(roomId, user.id);
    const room = this.#typing.get(roomId) ?? new Map();
    this.#typing.set(roomId, room.set(user.id, { user, timer: setTimeout(() => this.stop(roomId, user.id), TYPING) }));
    this.#told('typing', roomId);
  }

  /** A person has stopped typing. @param {string} roomId @param {number} id */
  stop(roomId, id) {
    const room = this.#typing.get(roomId), one = room?.get(id);
    if (!room || !one) return;
    clearTimeout(one.timer);
    room.delete(id);
    this.#told('typing', roomId);
  }

  clear() {
    for (const [roomId, room] of this.#typing) for (const id of [...room.keys()]) this.stop(roomId, id);
    this.presence.clear();
    for (const set of Object.values(this.#watched)) set.clear();
  }
}
