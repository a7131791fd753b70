import { Code, Command } from './codes.js';
import { ConfabError } from './error.js';
import { persist } from './retry.js';

/** Whether a message that failed so is tried again by itself. @param {ConfabError} error */
const mayPass = ({ retryable, code }) => retryable || code === Code.UNAUTHENTICATED;

/**
 * Takes messages from the shelf to the server, one after the other, for as long as it takes. Of several tabs one does.
 */
export class Sender {
  #isBusy = false;
  /** @type {() => void} ends the waiting for the network */
  #wake = () => {};

  /**
   * @param {import('./client.js').Client} client
   * @param {() => {shelf: import('./shelf.js').Shelf, owner: string}} source owner: '' when nobody is there
   * @param {(client_id: string, state: import('./types.js').Unsent['state'], error?: ConfabError) => void} set
   */
  constructor(client, source, set) {
    this.client = client;
    this.source = source;
    this.set = set;
  }

  /** The network may be there again. */
  wake() {
    this.#wake();
  }

  /** Sends all there is, when no other tab is at it. */
  async drain() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const { owner } = this.source();
    const work = () => this.#sendAll(owner);
    const locks = globalThis.navigator?.locks;
    await (locks ? locks.request(`confab outbox:${owner}`, work) : work()).catch(() => {});
    this.#isBusy = false;
    const now = this.source();
    if (now.owner && (now.owner !== owner || (await now.shelf.all()).some(({ failure }) => !failure))) this.drain();
  }

  /** @param {string} owner */
  async #sendAll(owner) {
    const how = { isWanted: () => owner === this.source().owner, mayPass,
      wait: (/** @type {number} */ ms, /** @type {ConfabError} */ error) => this.#pause(ms, error) };
    let isMore;
    do isMore = await persist(() => this.#sendNext(owner), how);
    while (isMore);
  }

  /**
   * The first of those that wait, as it lies there now.
   * @param {string} owner @returns {Promise<boolean>} whether there was one
   */
  async #sendNext(owner) {
    const { shelf } = this.source();
    const entry = (await shelf.all()).find(({ failure }) => !failure);
    if (!entry || owner !== this.source().owner) return false;
    const { client_id, room_id, content, extra_fields } = entry;
    this.set(client_id, 'sending');
    try {
      await this.client.command(Command.SEND, { room_id, content, client_id, ...(extra_fields && { extra_fields }) });
      await shelf.remove(client_id);
      this.set(client_id, 'sent');
    } catch (thrown) {
      const error = thrown instanceof ConfabError ? thrown : new ConfabError(Code.UNEXPECTED, String(thrown));
      if (!mayPass(error)) await shelf.put({ ...entry, failure: { code: error.code, detail: error.detail } });
      this.set(client_id, mayPass(error) ? 'queued' : 'failed', error);
      if (mayPass(error)) throw error;
    }
    return true;
  }

  /** Whoever asked for time gets it; the network may be back sooner. @param {number} ms @param {ConfabError} error */
  #pause(ms, { code }) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      if (code === Code.NETWORK || code === Code.UNAUTHENTICATED)
        this.#wake = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
    });
  }
}
