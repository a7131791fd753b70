import { Emitter } from './emitter.js';
import { ConfabError } from './error.js';
import { findLocks } from './locks.js';
import { Sender } from './sender.js';
import { Shelf } from './shelf.js';
import { escapeText, uniqueId, wellFormed } from './text.js';

/**
 * Messages being sent. Each is kept until the server has it, even over reloads, and is sent as its author, one after
 * the other; its client_id ensures that it is stored once, however often it is sent. One tab at a time sends. Events:
 * change (the id of the room).
 */
export class Outbox extends Emitter {
  /** @type {Map<string, import('./types.js').Unsent>} by client_id, in order */
  items = new Map();
  #owner = '';
  #user = 0;
  #n = 0;
  /** @type {Map<string, Shelf>} by owner; a person who logs in again finds theirs even without storage */
  #shelves = new Map();
  /** @type {BroadcastChannel | null} */
  #channel = null;

  /** @param {import('./client.js').Client} client */
  constructor(client) {
    super();
    this.client = client;
    this.sender = new Sender(client, () => ({ shelf: this.shelf, owner: this.#owner, user: this.#user }),
      (id, state, error) => this.#set(id, state, error));
    client.on('state', (state) => { if (state === 'open') this.sender.wake(); });
  }

  /** The shelf of this person. */
  get shelf() {
    const shelf = this.#shelves.get(this.#owner) ?? new Shelf(this.#owner);
    this.#shelves.set(this.#owner, shelf);
    return shelf;
  }

  /** Messages that exist only in this page, because no storage took them; also of people who have logged out. */
  get loose() {
    return [...this.#shelves.values()].flatMap((shelf) => shelf.loose);
  }

  /** Loads the unsent messages. Called when the client knows the person. */
  async open() {
    this.#become();
    const owner = this.#owner, { shelf } = this;
    for (const entry of shelf.all) if (!this.items.has(entry.client_id)) this.#show(entry);
    await shelf.load((entry) => {
      if (owner !== this.#owner) return;
      if (!this.items.has(entry.client_id)) this.#show(entry);
      this.sender.drain();
    });
    this.sender.drain();
  }

  /** Switches to the person who is logged in now. */
  #become() {
    const { user, base } = this.client;
    if (!user) throw ConfabError.loggedOut();
    const owner = `${base.href} ${user.id}`;
    if (owner === this.#owner) return;
    this.close();
    this.#owner = owner;
    this.#user = user.id;
    if (!findLocks() || typeof BroadcastChannel !== 'function') return;
    this.#channel = new BroadcastChannel(`confab outbox:${owner}`);
    this.#channel.onmessage = ({ data }) => this.#heard(data);
  }

  close() {
    this.#owner = '';
    this.#channel?.close();
    this.#channel = null;
    this.items.clear();
    this.sender.stop();
  }

  /** Plain text. @param {string} room_id @param {string} text @param {object} [extra_fields] */
  sendText(room_id, text, extra_fields) {
    return this.send(room_id, escapeText(text), extra_fields, text);
  }

  /**
   * @param {string} room_id
   * @param {string} content HTML
   * @param {object} [extra_fields] parent_message_id, forwarded_from_id, media …
   * @param {string} [text]
   * @returns {import('./types.js').Unsent}
   */
  send(room_id, content, extra_fields, text = '') {
    this.#become();
    // Setting the clock back must not change the order.
    this.#n = Math.max(this.#n + 1, Date.now(), (this.shelf.all.at(-1)?.n ?? 0) + 1);
    const entry = {
      owner: this.#owner, n: this.#n, client_id: uniqueId(), room_id, content: wellFormed(content), text, extra_fields,
      created_at: new Date().toISOString(),
    };
    const item = this.#show(entry);
    this.#put(entry);
    return item;
  }

  /** The messages of a room, in order. @param {string} room_id */
  of(room_id) {
    return [...this.items.values()].filter((item) => item.room.id === room_id);
  }

  /** A method of Follower: the dispatch of a message has come. @param {import('./types.js').Message} message */
  said({ client_id, sender }) {
    if (client_id && sender.id === this.#user) this.settle(client_id);
  }

  /** A message has arrived or was discarded. @param {string} client_id */
  settle(client_id) {
    const item = this.items.get(client_id);
    if (!item) return;
    this.items.delete(client_id);
    this.shelf.remove(client_id);
    this.sender.settled(client_id);
    this.emit('change', item.room.id);
  }

  /** The stream continues at another place of the log: dispatches of messages sent meanwhile do not come. */
  forgetSent() {
    for (const item of this.items.values()) if (item.state === 'sent') this.settle(item.client_id);
  }

  /** @param {import('./shelf.js').Entry} entry */
  #put(entry) {
    this.shelf.put(entry);
    queueMicrotask(() => this.sender.drain()); // first show it as waiting
    this.#channel?.postMessage({ entry });
  }

  /** @param {import('./shelf.js').Entry} entry */
  #show(entry) {
    const { client_id, room_id, content, text, extra_fields, created_at, failure } = entry;
    const discard = async () => {
      this.#channel?.postMessage({ gone: client_id });
      this.settle(client_id);
    };
    const retry = async () => {
      if (this.items.get(client_id) !== item) return;
      if (item.state === 'failed') this.#set(client_id, 'queued');
      this.#put({ ...entry, failure: undefined });
      this.sender.wake();
    };
    /** @type {import('./types.js').Unsent} */
    const item = {
      client_id, room: { id: room_id }, sender: /** @type {import('./types.js').User} */ (this.client.user), content,
      text,
      extra_fields, created_at, retry, discard, state: failure ? 'failed' : 'queued', error: errorOf(failure),
    };
    this.items.set(client_id, item);
    this.emit('change', room_id);
    return item;
  }

  /**
   * @param {string} client_id @param {import('./types.js').Unsent['state']} state @param {ConfabError} [error]
   * @param {boolean} [told] by another tab
   */
  #set(client_id, state, error, told) {
    if (!told) this.#channel?.postMessage({ set: client_id, state, failure: error && failureOf(error) });
    const item = this.items.get(client_id);
    if (!item) return;
    Object.assign(item, { state, error });
    this.emit('change', item.room.id);
  }

  /** Handles a message from another tab. @param {any} said */
  #heard({ entry, set, state, failure, gone }) {
    if (entry) {
      this.shelf.learn(entry);
      if (!this.items.has(entry.client_id)) this.#show(entry);
      this.sender.wake();
      this.sender.drain(); // in case that tab is closed before it is done
    }
    if (set) this.#told(set, state, failure);
    if (gone) this.settle(gone);
  }

  /**
   * Takes over the state of a message that another tab sends.
   * @param {string} id @param {import('./types.js').Unsent['state']} state @param {any} failure
   */
  #told(id, state, failure) {
    const entry = this.shelf.all.find(({ client_id }) => client_id === id);
    if (state === 'sent') this.shelf.remove(id);
    else if (state === 'failed' && entry) this.shelf.learn({ ...entry, failure });
    this.#set(id, state, errorOf(failure), true);
  }
}

/** An error in the form that is stored. @param {ConfabError} error */
function failureOf({ code, detail }) {
  return { code, detail };
}

/** @param {{code: number, detail: any} | undefined} failure */
function errorOf(failure) {
  return failure && new ConfabError(failure.code, failure.detail);
}
