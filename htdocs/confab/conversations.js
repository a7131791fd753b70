import { Dispatch } from './codes.js';
import { History } from './history.js';
import { Loaded } from './loaded.js';
import { afterRemoval, afterRoomRemoval, afterUpdate, withParent } from './revise.js';

const OPEN = 8; // rooms whose messages are kept up to date; the least recently opened one is dropped first

/**
 * The loaded part of rooms: runs of their messages, and their pins. The part of the Store that loads and keeps it.
 * @typedef {import('./types.js').Message} Message
 */
export class Conversations {
  #client;
  #tell;
  /** @type {Map<string, History>} by room; the one opened last comes last */
  #histories = new Map();
  /** @type {Map<string, Promise<void>>} by room: the first page while it is loading */
  #opening = new Map();
  /** @type {Map<string, Loaded>} by room */
  #pins = new Map();

  /** @param {import('./client.js').Client} client @param {(event: 'messages' | 'pins', roomId: string) => void} tell */
  constructor(client, tell) {
    this.#client = client;
    this.#tell = tell;
  }

  /**
   * How much of a room is loaded.
   * @param {string} id @returns {{loaded: boolean, older: boolean, newer: boolean}}
   */
  extent(id) {
    const history = this.#histories.get(id);
    return { loaded: !!history, older: history?.older ?? true, newer: history?.newer ?? false };
  }

  /** Loads the newest messages, unless some are loaded or loading. @param {string} id */
  async openRoom(id) {
    const history = this.#histories.get(id);
    if (!history) {
      const opening = this.loadLatest(id).finally(() => this.#opening.delete(id));
      this.#opening.set(id, opening);
      return opening;
    }
    this.#histories.delete(id);
    this.#histories.set(id, history);
    await this.#opening.get(id);
  }

  /** @param {string} id */
  loadLatest(id) { return this.#page(id, 'latest', {}); }

  /** @param {string} id @param {number} seq of the message in the middle */
  loadAround(id, seq) { return this.#page(id, 'around', { around: seq }); }

  /** @param {string} id */
  async loadOlder(id) {
    const history = this.#histories.get(id), first = history?.messages[0];
    if (history?.older && first) await this.#page(id, 'before', { before: first.seq });
  }

  /** @param {string} id */
  async loadNewer(id) {
    const history = this.#histories.get(id), last = history?.messages.at(-1);
    if (history?.newer && last) await this.#page(id, 'after', { after: last.seq });
  }

  /** @param {string} id @param {import('./history.js').Place} place @param {object} where */
  async #page(id, place, where) {
    const history = this.#histories.get(id) ?? new History();
    this.#histories.set(id, history);
    try {
      await history.load(place, () => this.#client.page(id, where));
    } catch (error) {
      if (!history.messages.length && history.older) this.#histories.delete(id);
      throw error;
    }
    for (const old of [...this.#histories.keys()].slice(0, -OPEN)) this.#histories.delete(old);
    this.#tell('messages', id);
  }

  /** Newest pin first; [] until loadPins() was called. @param {string} id @returns {Message[]} */
  pins(id) {
    return this.#pins.get(id)?.messages ?? [];
  }

  /** @param {string} id */
  async loadPins(id) {
    const pins = this.#pins.get(id) ?? new Loaded();
    this.#pins.set(id, pins);
    await pins.receive(() => this.#client.listPins(id), (list) => { pins.messages = list; });
    this.#tell('pins', id);
  }

  /** Reloads all loaded rooms. Drops rooms that the person has left: the dispatch will come, or was missed. */
  reload() {
    const gone = (/** @type {string} */ id) => (/** @type {any} */ error) => {
      if (error.retryable) throw error;
      this.drop(id);
    };
    return Promise.all([...[...this.#histories.keys()].map((id) => this.loadLatest(id).catch(gone(id))),
      ...[...this.#pins.keys()].map((id) => this.loadPins(id).catch(gone(id)))]);
  }

  /** Drops one room, or all of them. @param {string} [id] */
  drop(id) {
    for (const map of [this.#histories, this.#pins]) id ? map.delete(id) : map.clear();
  }

  /** @param {string} id */
  history(id) {
    return this.#histories.get(id);
  }

  /** A message of a dispatch with its parent in the current state. @param {Message} message */
  complete(message) {
    return withParent(message,
      message.parent_message ? this.history(message.room.id)?.get(message.parent_message.id) : undefined);
  }

  /** A method of Follower, like those below. @param {Message} message */
  said(message) {
    this.#histories.get(message.room.id)?.add(message);
    this.#tell('messages', message.room.id);
  }

  /** @param {Message} updated @param {string} eventType */
  changed(updated, eventType) {
    this.#revise((message) => afterUpdate(message, updated));
    if (eventType === Dispatch.PIN) this.#pinned(updated);
  }

  /** @param {Set<string>} ids */
  removed(ids) {
    this.#revise((message) => afterRemoval(message, ids));
  }

  /** @param {string} id @param {boolean} erased */
  left(id, erased) {
    this.drop(id);
    if (erased) this.#revise((message) => afterRoomRemoval(message, id));
    this.#tell('messages', id);
  }

  /** A message was pinned or unpinned. @param {Message} message */
  #pinned(message) {
    const pins = this.#pins.get(message.room.id);
    if (!pins) return;
    pins.rewrite((all) => {
      const others = all.filter(({ id }) => id !== message.id);
      return message.pinned ? [message, ...others] : others;
    });
    this.#tell('pins', message.room.id);
  }

  /** @param {(message: Message) => Message | null} change */
  #revise(change) {
    for (const [id, history] of this.#histories) if (history.revise(change)) this.#tell('messages', id);
    for (const [id, pins] of this.#pins) if (pins.revise(change)) this.#tell('pins', id);
  }
}
