/** How far others have read, if they send it, and marking rooms as read by the person. */
export class Reads {
  #mark;
  #told;
  /** @type {Map<string, Map<number, number>>} by room and account */
  #reads = new Map();
  /** @type {Map<string, number>} the seq that is being marked, by room */
  #marking = new Map();

  /** @param {(id: string, seq: number) => Promise<any>} mark @param {(id: string) => void} told */
  constructor(mark, told) {
    this.#mark = mark;
    this.#told = told;
  }

  /** How far others have read: seq by account. @param {string} id @returns {Map<number, number>} */
  of(id) {
    return this.#reads.get(id) ?? new Map();
  }

  /**
   * Marks a room as read up to a message, unless it is marked already or that request is running.
   * @param {import('./types.js').Room | undefined} room @param {number | undefined} seq
   */
  async upTo(room, seq) {
    if (!room || !seq || (!room.unread && !room.mentions)
      || seq <= Math.max(room.last_read_seq, this.#marking.get(room.id) ?? 0)) return;
    this.#marking.set(room.id, seq);
    await this.#mark(room.id, seq).finally(() => this.#marking.delete(room.id));
  }

  /** @param {string} id @param {number} user @param {number} seq */
  read(id, user, seq) {
    this.#reads.set(id, new Map(this.of(id)).set(user, seq));
    this.#told(id);
  }

  /** @param {string} id */
  left(id) {
    this.#reads.delete(id);
  }

  clear() {
    this.#reads.clear();
  }
}
