const PAUSE = 2_000; // ms; more often nobody needs to be told

/** Says that one is typing, however often it is called, only now and then. */
export class Typing {
  /** @type {Map<string, number>} when it was said last, by room */
  #said = new Map();

  /** @param {(room_id: string) => Promise<any>} say */
  constructor(say) {
    this.say = say;
  }

  /** @param {string} room_id */
  press(room_id) {
    const now = Date.now();
    if (now - (this.#said.get(room_id) ?? 0) < PAUSE) return;
    this.#said.set(room_id, now);
    this.say(room_id).catch(() => {}); // a signal may be lost
  }
}
