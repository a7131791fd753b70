import { Emitter } from './emitter.js';
import { ConfabError } from './error.js';
import { Sender } from './sender.js';
import { Shelf } from './shelf.js';
import { escapeText, uniqueId } from './text.js';

/**
 * Messages on their way. They are kept until the server has them, over reloads too, and sent one after the other; their
 * client_id sees to it that each arrives once, however often it is sent. With several tabs, one of them sends at a
 * time.
 * Events: change (the id of the room).
 */
export class Outbox extends Emitter {
  /** @type {Map<string, import('./types.js').Unsent>} by client_id, in order */
  items = new Map();
  #owner = '';
  #n = 0;
  /** @type {BroadcastChannel | null} */
  #channel = null;

  /** @param {import('./client.js').Client} client */
  constructor(client) {
    super();
    this.client = client;
    this.shelf = new Shelf('');
    this.sender = new Sender(client, () => ({ shelf: this.shelf, owner: this.#owner }),
      (id, state, error) => this.#set(id, state, error));
    client.on('state', (state) => { if (state === 'open') this.sender.wake(); });
  }

  /** Takes up what was left. The client knows who it is by now. */
  async open() {
    const owner = `${this.client.base.href} ${this.client.user?.id}`;
    if (owner !== this.#owner) {
      this.close();
      this.#owner = owner;
      this.shelf = new Shelf(owner);
      if (globalThis.navigator?.locks && typeof BroadcastChannel === 'function') {
        this.#channel = new BroadcastChannel(`confab outbox:${owner}`);
        this.#channel.onmessage = ({ data }) => this.#heard(data);
      }
    }
    for (const entry of await this.shelf.all()) if (owner === this.#owner && !this.items.has(entry.client_id))
      this.#show(entry);
    this.sender.drain();
  }

  close() {
    this.#owner = '';
    this.#channel?.close();
    this.#channel = null;
    this.items.clear();
    this.sender.wake();
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
    // A clock that is set back must not change the order.
    this.#n = Math.max(this.#n + 1, Date.now());
    const entry = { owner: this.#owner, n: this.#n, client_id: uniqueId(), room_id, content, text, extra_fields,
      created_at: new Date().toISOString() };
    const item = this.#show(entry);
    this.#put(entry);
    return item;
  }

  /** Of a room, in order. @param {string} room_id */
  of(room_id) {
    return [...this.items.values()].filter((item) => item.room.id === room_id);
  }

  /** As of a Follower: the dispatch of a message has come. @param {import('./types.js').Message} message */
  said({ client_id, sender }) {
    if (client_id && sender.id === this.client.user?.id) this.settle(client_id);
  }

  /** A message is not on its way any more. @param {string} client_id */
  settle(client_id) {
    const item = this.items.get(client_id);
    if (!item) return;
    this.items.delete(client_id);
    this.shelf.remove(client_id);
    this.emit('change', item.room.id);
  }

  /** The log was left and taken up elsewhere: dispatches of what was sent meanwhile do not come. */
  forgetSent() {
    for (const item of this.items.values()) if (item.state === 'sent') this.settle(item.client_id);
  }

  /** @param {import('./shelf.js').Entry} entry */
  async #put(entry) {
    await this.shelf.put(entry);
    this.#channel?.postMessage({ entry });
    this.sender.drain();
  }

  /** @param {import('./shelf.js').Entry} entry */
  #show(entry) {
    const { client_id, room_id, content, text, extra_fields, created_at, failure } = entry;
    const discard = async () => {
      this.#channel?.postMessage({ gone: client_id });
      this.settle(client_id);
    };
    const retry = async () => {
      if (item.state === 'failed') this.#set(client_id, 'queued');
      await this.#put({ ...entry, failure: undefined });
      this.sender.wake();
    };
    /** @type {import('./types.js').Unsent} */
    const item = {
      client_id, room: { id: room_id }, sender: /** @type {any} */ (this.client.user), content, text, extra_fields,
      created_at, retry, discard,
      state: failure ? 'failed' : 'queued', error: errorOf(failure),
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

  /** What another tab says. @param {any} said */
  #heard({ entry, set, state, failure, gone }) {
    if (entry) {
      if (!this.items.has(entry.client_id)) this.#show(entry);
      this.sender.wake();
      this.sender.drain(); // should that tab close before it is done
    }
    if (set) this.#set(set, state, errorOf(failure), true);
    if (gone) this.settle(gone);
  }
}

/** As it can be kept. @param {ConfabError} error */
function failureOf({ code, detail }) {
  return { code, detail };
}

/** @param {{code: number, detail: any} | undefined} failure */
function errorOf(failure) {
  return failure && new ConfabError(failure.code, failure.detail);
}
