import { reviseList } from './revise.js';

/**
 * Loaded messages. Changes during the loading of a page are applied to it again afterwards, because the page may be
 * older than they are.
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
   * Changes the list; returns whether it has changed.
   * @param {(messages: Message[]) => Message[]} rewrite returns the same list if nothing changes
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
