import { Loaded } from './loaded.js';

const MOST = 400; // messages

/**
 * A run of a room's messages without a gap, oldest first, of bounded length: when messages are added at one end, the
 * other end is cut.
 * @typedef {import('./types.js').Message} Message
 * @typedef {'latest' | 'around' | 'before' | 'after'} Place
 */
export class History extends Loaded {
  older = true; // there are older messages before the first
  newer = false; // there are newer messages after the last, so new ones are not shown

  /**
   * @param {Place} place
   * @param {() => Promise<{has_next: boolean, has_previous: boolean, data: {messages: Message[]}}>} load
   */
  load(place, load) {
    return this.receive(load, ({ has_next, has_previous, data }) =>
      this.#merge(place, data.messages.reverse(), has_next, has_previous));
  }

  /** @param {Place} place @param {Message[]} page oldest first @param {boolean} older @param {boolean} newer */
  #merge(place, page, older, newer) {
    if (place === 'before') {
      const first = this.messages[0]?.seq ?? Infinity;
      this.messages = [...page.filter(({ seq }) => seq < first), ...this.messages];
      this.older = older;
      this.#trim(true);
    } else if (place === 'after') {
      const last = this.messages.at(-1)?.seq ?? 0;
      this.messages = [...this.messages, ...page.filter(({ seq }) => seq > last)];
      this.newer = newer;
      this.#trim();
    } else {
      Object.assign(this, { messages: page, older, newer });
    }
  }

  /** @param {boolean} [newest] drop the newest instead of the oldest */
  #trim(newest = false) {
    if (this.messages.length <= MOST) return;
    this.messages = newest ? this.messages.slice(0, MOST) : this.messages.slice(-MOST);
    this[newest ? 'newer' : 'older'] = true;
  }

  /** Adds a message, or replaces it with its current state. @param {Message} message */
  add(message) {
    this.change(() => this.#add(message));
  }

  /** @param {Message} message */
  #add(message) {
    const at = this.messages.findLastIndex(({ seq }) => seq <= message.seq);
    if (this.messages[at]?.seq === message.seq) this.messages = this.messages.with(at, message);
    else if (at === this.messages.length - 1 ? !this.newer : at >= 0 || !this.older) {
      this.messages = this.messages.toSpliced(at + 1, 0, message);
      this.#trim();
    }
  }

  /** @param {string} id */
  get(id) {
    return this.messages.find((message) => message.id === id);
  }
}
