const PAUSE = 2_000; // ms; more often nobody needs to be told

/** Says that one is typing, now and then however often it is called; that one stopped, where the other was said. */
export class Typing {
  /** @type {Map<string, number>} when it was said last, by room */
  #said = new Map();
  #say;

  /** @param {(room_id: string, typing: boolean) => Promise<any>} say */
  constructor(say) {
    this.#say = say;
  }

  /** @param {string} room_id @param {boolean} typing */
  set(room_id, typing) {
    const now = Date.now(), last = this.#said.get(room_id);
    if (typing ? now - (last ?? 0) < PAUSE : !last) return;
    if (typing) this.#said.set(room_id, now);
    else this.#said.delete(room_id);
    this.#say(room_id, typing).catch(() => {}); // a signal may be lost
  }
}
