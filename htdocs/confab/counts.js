const MOST = 1000; // the server counts no further
const KNOWN = 2000; // messages kept in mind
const CLOSE = 10_000; // ms; receipts closer together can't be told apart

/**
 * The numbers of unread messages and mentions in a room. The server gives them with the list of rooms; from there on
 * dispatches are counted. Some dispatches do not say enough: one may delete a message that was never seen here, so it
 * is not known whether it had been read. Others, which come just after the list, may be counted in it already. Then the
 * counts call unsure(), and the list is requested again.
 *
 * @typedef {import('./types.js').Message} Message
 * @typedef {{seq: number, unread: boolean, mention: boolean}} Known
 */
export class Counts {
  #me;
  #listed;
  #newest;
  #unsure;
  /** @type {Map<string, Known>} by id; messages since the list was made */
  #known = new Map();

  /**
   * @param {number} me
   * @param {{unread: number, mentions: number, last_read_seq: number, last_message: Message | null}} item
   * @param {() => void} unsure
   */
  constructor(me, item, unsure) {
    this.#me = me;
    this.unread = item.unread;
    this.mentions = item.mentions;
    this.lastRead = item.last_read_seq;
    this.#listed = item.last_message?.seq ?? 0; // the list has counted everything up to here
    this.#newest = this.#listed;
    this.#unsure = unsure;
    this.isFresh = true; // dispatches that arrive now may be counted in the list
  }

  /** @param {Message} message */
  #isUnread(message) {
    return message.sender.id !== this.#me && message.seq > this.lastRead && !this.#receipt(message);
  }

  /** @param {Message} message */
  #receipt(message) {
    return message.read_receipts.find(({ reader }) => reader.id === this.#me);
  }

  /** @param {Message} message */
  #isMention(message) {
    return message.mentions.some(({ id }) => id === this.#me);
  }

  /**
   * What is known of a message before a change.
   * @param {string} id @param {Message | undefined} copy as it was shown @returns {Known | undefined}
   */
  #recall(id, copy) {
    const known = this.#known.get(id);
    if (known) return known.seq <= this.#listed && this.isFresh ? undefined : known;
    if (!copy || this.isFresh) return undefined;
    return { seq: copy.seq, unread: this.#isUnread(copy), mention: this.#isMention(copy) };
  }

  /** @param {string} id @param {Known} known */
  #learn(id, known) {
    this.#known.set(id, known);
    if (this.#known.size > KNOWN) this.#known.delete(/** @type {string} */ (this.#known.keys().next().value));
  }

  /** @param {number} unread @param {number} mentions */
  #count(unread, mentions) {
    if (this.unread >= MOST && unread < 0) this.#unsure();
    this.unread = Math.max(0, Math.min(MOST, this.unread + unread));
    this.mentions = Math.max(0, Math.min(MOST, this.mentions + mentions));
  }

  /** A new message. @param {Message} message */
  said(message) {
    if (this.#known.has(message.id)) return;
    const unread = this.#isUnread(message), mention = this.#isMention(message);
    this.#learn(message.id, { seq: message.seq, unread, mention });
    this.#newest = Math.max(this.#newest, message.seq);
    if (message.seq > this.#listed) this.#count(+unread, +(unread && mention));
    // the list has counted it, unless it was committed after a message with a higher number
    else if (this.isFresh && unread) this.#unsure();
  }

  /**
   * A message has changed: it was edited, or read by somebody.
   * @param {Message} message @param {Message | undefined} copy as it was shown
   */
  changed(message, copy) {
    if (message.sender.id === this.#me || message.seq <= this.lastRead) return;
    const known = this.#recall(message.id, copy);
    const unread = this.#isUnread(message), mention = this.#isMention(message);
    if (known) {
      this.#count(+unread - +known.unread, +(unread && mention) - +(known.unread && known.mention));
      this.#learn(message.id, { seq: message.seq, unread, mention });
    } else if (this.unread || this.isFresh) {
      this.#guess(message, mention);
    }
  }

  /** Handles a change of a message that was never seen here. @param {Message} message @param {boolean} mention */
  #guess(message, mention) {
    const receipt = this.#receipt(message);
    if (receipt) {
      const newest = message.read_receipts.reduce((latest, { read_at }) => Math.max(latest, Date.parse(read_at)), 0);
      if (newest - Date.parse(receipt.read_at) < CLOSE) this.#unsure();
    } else if (message.is_edited && (mention || this.mentions)) {
      this.#unsure();
    }
  }

  /** @param {string} id @param {Message | undefined} copy @param {number | undefined} by the person who deleted it */
  removed(id, copy, by) {
    if (by === this.#me) return;
    const known = this.#recall(id, copy);
    this.#known.delete(id);
    if (known?.unread && known.seq > this.lastRead) this.#count(-1, -known.mention);
    else if (!known && (this.unread || this.isFresh)) this.#unsure();
  }

  /**
   * The person has read everything up to seq.
   * @param {number} seq @param {Message[] | null} after all later messages, if known
   */
  read(seq, after) {
    if (seq <= this.lastRead) return;
    this.lastRead = seq;
    for (const known of this.#known.values()) if (known.seq <= seq) known.unread = false;
    const rest = seq >= this.#newest ? [] : after ?? (seq >= this.#listed ? null : undefined);
    if (rest === undefined) return this.#unsure();
    const unread = rest ? rest.filter((message) => this.#isUnread(message)).map((message) => this.#isMention(message))
      : [...this.#known.values()].filter((known) => known.unread && known.seq > seq).map(({ mention }) => mention);
    this.unread = Math.min(MOST, unread.length);
    this.mentions = Math.min(MOST, unread.filter(Boolean).length);
  }
}
