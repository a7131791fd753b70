import { reviseList } from './revise.js';

/**
 * Messages that are loaded. What happens while a page is on its way is applied again once it is there: the page may be
 * older.
 * @typedef {import('./types.js').Message} Message
 */
export class Loaded {
  /** @type {Message[]} */
  messages = [];
  /** @type {Set<(() => any)[]>} */
  #waiting = new Set();

  /**
   * @template T
   * @param {() => Promise<T>} ask @param {(answer: T) => void} take
   */
  async receive(ask, take) {
    /** @type {(() => any)[]} */
    const meanwhile = [];
    this.#waiting.add(meanwhile);
    try {
      take(await ask());
    } finally {
      this.#waiting.delete(meanwhile);
    }
    for (const change of meanwhile) change();
  }

  /** @template T @param {() => T} change */
  change(change) {
    for (const meanwhile of this.#waiting) meanwhile.push(change);
    return change();
  }

  /**
   * Whether something changes.
   * @param {(messages: Message[]) => Message[]} rewrite gives back the same list where nothing does
   */
  rewrite(rewrite) {
    return this.change(() => {
      const before = this.messages;
      this.messages = rewrite(before);
      return this.messages !== before;
    });
  }

  /** @param {(message: Message) => Message | null} revise */
  revise(revise) {
    return this.rewrite((messages) => reviseList(messages, revise));
  }
}
