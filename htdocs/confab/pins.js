/**
 * What is pinned in a room, the newest pin first.
 * @typedef {import('./types.js').Message} Message
 * @typedef {(pins: Message[]) => Message[]} Change gives back the same list where nothing changes
 */
export class Pins {
  /** @type {Message[]} */
  messages = [];
  /** @type {Set<Change[]>} what came while a list is on its way: the list may be older */
  #waiting = new Set();

  /** Loads the list, and applies to it what came meanwhile. @param {() => Promise<Message[]>} ask */
  async load(ask) {
    /** @type {Change[]} */
    const meanwhile = [];
    this.#waiting.add(meanwhile);
    try {
      const loaded = await ask();
      this.messages = meanwhile.reduce((pins, change) => change(pins), loaded);
    } finally {
      this.#waiting.delete(meanwhile);
    }
  }

  /** True: something has changed. @param {Change} change */
  revise(change) {
    for (const meanwhile of this.#waiting) meanwhile.push(change);
    const revised = change(this.messages), changed = revised !== this.messages;
    this.messages = revised;
    return changed;
  }
}
