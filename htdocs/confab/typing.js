const PAUSE = 2_000; // ms between typing signals

/** Sends typing signals at a limited rate, and the end of typing if its beginning was sent. */
export class Typing {
  /** @type {Map<string, number>} the time of the last signal, by room */
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
