import { Dispatch } from './codes.js';

const TYPING = 4_000; // ms that a word of somebody typing is good for

/** Who is typing where, and who is there: signals, never stored. */
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
   * @param {(who: {rooms: string[], users: number[]}) => Promise<import('./types.js').Presence[]>} [ask] who is there
   *   now, and to be told from now on
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

  /** On another stream. @param {(room: string) => boolean} isKnown rooms that there still are */
  async watchAgain(isKnown) {
    const rooms = [...this.#watched.rooms].filter(isKnown), users = [...this.#watched.users];
    if (rooms.length + users.length) await this.watch({ rooms, users });
  }

  /** Who has said it types no more. @param {import('./types.js').Message} message */
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

  /** Somebody has typed to the end, or gone away. @param {string} roomId @param {number} id */
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
