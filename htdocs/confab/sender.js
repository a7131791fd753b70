import { Code, Command } from './codes.js';
import { ConfabError } from './error.js';
import { findLocks } from './locks.js';
import { persist } from './retry.js';

const LOCK_LOST = 1_000; // ms until it is requested again

/** Whether a message that failed with this error is retried automatically. @param {ConfabError} error */
const mayPass = ({ retryable, code }) => retryable || code === Code.UNAUTHENTICATED;

/**
 * Sends the messages of the shelf to the server, one after the other, retrying as long as necessary. One tab at a time
 * does. A message that the server can't take lets those of other rooms go first.
 */
export class Sender {
  #client;
  #source;
  #set;
  /** @type {AbortController | null} aborts the work in progress */
  #work = null;
  /** @type {() => void} ends the pause before a retry */
  #wake = () => {};
  /** @type {{id: string, done: () => void}} the message that is being sent */
  #current = { id: '', done: () => {} };
  /** @type {Set<string>} rooms whose first message failed, which go last */
  #aside = new Set();
  /** @type {string} the message that got no answer; retried by POST, since a WebSocket error may name no command */
  #unanswered = '';

  /**
   * @param {import('./client.js').Client} client
   * @param {() => {shelf: import('./shelf.js').Shelf, owner: string, user: number}} source owner: '' when nobody is
   *   there
   * @param {(client_id: string, state: import('./types.js').Unsent['state'], error?: ConfabError) => void} set
   */
  constructor(client, source, set) {
    this.#client = client;
    this.#source = source;
    this.#set = set;
  }

  /** The network may be there again. */
  wake() {
    this.#wake();
  }

  /** Stops sending. The next person may be another one. */
  stop() {
    this.#work?.abort();
    this.#work = null;
    this.#wake();
  }

  /** A message has arrived or was discarded: its answer is not needed any more. @param {string} id */
  settled(id) {
    if (id === this.#current.id) this.#current.done();
  }

  /** Sends everything, unless another tab does. */
  async drain() {
    if (this.#work) return;
    const { owner, shelf } = this.#source();
    if (!owner || !shelf.all.some(({ failure }) => !failure)) return;
    const { signal } = this.#work = new AbortController();
    const isWanted = () => !signal.aborted && owner === this.#source().owner;
    const work = () => this.#sendAll(owner, isWanted);
    const locks = findLocks();
    const isDone = await (locks ? locks.request(`confab outbox:${owner}`, { signal }, work) : work())
      .then(() => true, () => false);
    if (signal.aborted) return;
    this.#work = null;
    if (isDone) this.drain(); // for messages added meanwhile
    else setTimeout(() => this.drain(), LOCK_LOST);
  }

  /** @param {string} owner @param {() => boolean} isWanted */
  async #sendAll(owner, isWanted) {
    const how = {
      isWanted, mayPass, wait: (/** @type {number} */ ms, /** @type {ConfabError} */ error) => this.#pause(ms, error),
    };
    let isMore;
    do isMore = await persist(() => this.#sendNext(isWanted), how);
    while (isMore);
  }

  /** The message to send now. */
  #next() {
    const waiting = this.#source().shelf.all.filter(({ failure }) => !failure);
    const next = waiting.find(({ room_id }) => !this.#aside.has(room_id));
    if (!next) this.#aside.clear();
    return next ?? waiting[0];
  }

  /** Sends the first waiting message. @param {() => boolean} isWanted @returns {Promise<boolean>} whether one waited */
  async #sendNext(isWanted) {
    if (!isWanted()) return false;
    const { shelf, user } = this.#source(), entry = this.#next();
    if (!entry) return false;
    const { client_id, room_id, content, extra_fields } = entry;
    this.#set(client_id, 'sending');
    try {
      const gone = new Promise((resolve) => { this.#current = { id: client_id, done: () => resolve(null) }; });
      const data = { room_id, content, client_id, as_user: user, ...(extra_fields && { extra_fields }) };
      const answer = this.#client.command(Command.SEND, data, { byPost: this.#unanswered === client_id });
      answer.catch(() => {}); // it may fail after it is not needed any more
      await Promise.race([answer, gone]);
      shelf.remove(client_id);
      this.#aside.delete(room_id);
      if (isWanted()) this.#set(client_id, 'sent');
    } catch (thrown) {
      const error = thrown instanceof ConfabError ? thrown : new ConfabError(Code.UNEXPECTED, String(thrown));
      this.#failed(entry, error, shelf, isWanted());
    } finally {
      if (this.#current.id === client_id) this.#current = { id: '', done: () => {} };
    }
    return true;
  }

  /**
   * @param {import('./shelf.js').Entry} entry @param {ConfabError} error @param {import('./shelf.js').Shelf} shelf
   * @param {boolean} isShown whether its owner is still logged in
   */
  #failed(entry, error, shelf, isShown) {
    const { client_id, room_id } = entry, isOver = !mayPass(error);
    if (isOver && shelf.has(client_id)) shelf.put({ ...entry, failure: { code: error.code, detail: error.detail } });
    if (isShown) this.#set(client_id, isOver ? 'failed' : 'queued', error);
    if (isOver) return;
    this.#unanswered = error.code === Code.NETWORK ? client_id : '';
    if (error.code === Code.UNAVAILABLE) this.#aside.add(room_id);
    throw error;
  }

  /**
   * Waits as long as the server demands, or until the network is back.
   * @param {number} ms @param {ConfabError} error
   */
  #pause(ms, { code }) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      const wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
      this.#wake = () => { if (code === Code.NETWORK || code === Code.UNAUTHENTICATED || !this.#work) wake(); };
    });
  }
}
