/**
 * confab.js: a client for confab without dependencies and without a DOM.
 *
 *   const client = new Client({ url: '/chat/' });
 *   client.on('dispatch', (dispatch) => …);
 *   await client.logIn('alice', '…');
 *   client.start();
 *   const { data: rooms } = await client.command('room.list');
 *   await client.sendMessage(rooms[0].id, 'Hello');
 *
 * Events:
 *   dispatch       a dispatch of the log, each once, in order
 *   signal         one that is not stored
 *   ready          the stream is open: {session_id, user, seq, epoch}
 *   notifications  what waits unread, by room
 *   resync         the stream could not be continued from the cursor: load the state again
 *   state          'connecting', 'open', 'waiting', 'unauthenticated', 'stopped'
 */
import { backoff } from './confab/backoff.js';
import { Connection } from './confab/connection.js';
import { ConfabError } from './confab/error.js';
import { authorization, retryAfterOf } from './confab/transport.js';

export { ConfabError };

const ANSWER = 15_000; // ms until a command over the WebSocket counts as lost
const SEND_ATTEMPTS = 12;

export class Client {
  /**
   * @param {object} [options]
   * @param {string} [options.url] the mount point, default '/chat/'
   * @param {string} [options.token] instead of the cookie
   * @param {string[]} [options.transports] of 'ws', 'sse', 'poll', in order of preference
   */
  constructor({ url = '/chat/', token, transports = ['ws', 'sse', 'poll'] } = {}) {
    this.base = new URL(url, globalThis.location?.href);
    this.token = token;
    this.epoch = '';
    this.seq = 0; // of the last dispatch
    /** @type {Map<string, Set<(value: any) => void>>} */
    this.listeners = new Map();
    /** @type {Map<string, {resolve: (answer: any) => void, reject: (error: ConfabError) => void}>} */
    this.pending = new Map();
    this.connection = new Connection({
      base: this.base, token: () => this.token, transports,
      frame: (frame) => this.#frame(frame),
      state: (state) => this.#state(state),
    });
    globalThis.addEventListener?.('online', () => this.connection.hurry());
  }

  /** @returns {string} 'ws', 'sse' or 'poll' */
  get transport() {
    return this.connection.name;
  }

  /** @returns {string} */
  get state() {
    return this.connection.state;
  }

  /**
   * @param {string} event
   * @param {(value: any) => void} listener
   * @returns {() => void} takes the listener off again
   */
  on(event, listener) {
    const set = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, set.add(listener));
    return () => set.delete(listener);
  }

  /** Opens the stream, from the last cursor when there is one. */
  start() {
    this.connection.start();
  }

  stop() {
    this.connection.stop();
  }

  /** Forgets the place in the log: the next stream starts at the head. */
  forget() {
    this.connection.cursor = '';
    this.seq = 0;
  }

  /** @param {string} username @param {string} password */
  async logIn(username, password) {
    return (await this.#request('POST', 'session', { username, password })).user;
  }

  /** @param {string} username @param {string} password */
  async register(username, password) {
    return (await this.#request('POST', 'session/register', { username, password })).user;
  }

  /** The account that is logged in. Fails with code 4001 when none is. */
  async whoAmI() {
    return (await this.#request('GET', 'session')).user;
  }

  async logOut() {
    this.stop();
    this.forget();
    await this.#request('DELETE', 'session');
  }

  /**
   * One command: over the WebSocket when it is open, else by POST.
   * @param {string} event_type
   * @param {object} [data]
   * @returns {Promise<any>} the reply; for what is stored, over the WebSocket `{seq}` alone, else the dispatch
   */
  command(event_type, data = {}) {
    const id = uniqueId();
    const text = JSON.stringify({ event_type, data, id });
    return this.connection.send(text) ? this.#answer(id) : this.#request('POST', 'command', { event_type, data });
  }

  /**
   * Sends a message, again and again while it may help; never twice, for it carries a client_id.
   * @param {string} room_id
   * @param {string} content
   * @param {string} [client_id]
   * @returns {Promise<any>} as command()
   */
  async sendMessage(room_id, content, client_id = uniqueId()) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.command('message.send', { room_id, content, client_id });
      } catch (error) {
        if (!(error instanceof ConfabError) || !error.retryable || attempt === SEND_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt, { cap: 10_000, retryAfter: error.retryAfter })));
      }
    }
  }

  /** @param {string} event @param {any} value */
  #emit(event, value) {
    for (const listener of this.listeners.get(event) ?? []) listener(value);
  }

  /** @param {string} id */
  #answer(id) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, { error: { code: 0, detail: 'No answer.' } }), ANSWER);
      const done = (/** @type {(value: any) => void} */ then) => (/** @type {any} */ value) => {
        clearTimeout(timer);
        then(value);
      };
      this.pending.set(id, { resolve: done(resolve), reject: done(reject) });
    });
  }

  /** @param {string} id @param {any} body */
  #settle(id, body) {
    const waiting = this.pending.get(id);
    if (!waiting) return;
    this.pending.delete(id);
    const error = ConfabError.from(body);
    if (error) waiting.reject(error);
    else waiting.resolve(body);
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  async #request(method, path, body) {
    let response;
    try {
      response = await fetch(new URL(path, this.base), {
        method, credentials: 'same-origin', cache: 'no-store',
        headers: { ...(body && { 'Content-Type': 'application/json' }), ...authorization(this.token) },
        body: body && JSON.stringify(body),
      });
    } catch {
      throw new ConfabError(0, 'The server could not be reached.');
    }
    const text = await response.text();
    let answer;
    try {
      answer = text ? JSON.parse(text) : {};
    } catch {
      throw new ConfabError(response.status >= 500 ? 4053 : 4006, `The server answered ${response.status}.`, retryAfterOf(response));
    }
    const error = ConfabError.from(answer, retryAfterOf(response));
    if (error) throw error;
    return answer;
  }

  /** @param {string} state */
  #state(state) {
    if (state !== 'open')
      for (const id of [...this.pending.keys()])
        this.#settle(id, { error: { code: 0, detail: 'The connection was lost.' } });
    this.#emit('state', state);
  }

  /** @param {any} frame */
  #frame(frame) {
    if (frame.id !== undefined) return this.#settle(frame.id, frame);
    switch (frame.eventType) {
      case 'session.ready':
        this.#standAt(frame.data.epoch, frame.data.seq, false);
        return this.#emit('ready', frame.data);
      case 'chat.notifications':
        this.#standAt(frame.epoch, frame.seq, false);
        return this.#emit('notifications', frame.data);
      case 'session.resync':
        this.#standAt(frame.data.epoch, frame.data.head, true);
        return this.#emit('resync', frame.data);
      default:
        return this.#dispatch(frame);
    }
  }

  /**
   * A place to continue from. The head in the first frames is one only when we came without a cursor: what lies between is still to come.
   * @param {string} epoch @param {number} seq @param {boolean} force
   */
  #standAt(epoch, seq, force) {
    this.epoch = epoch;
    if (!force && this.connection.cursor) return;
    this.seq = seq;
    this.connection.cursor = `${epoch}:${seq}`;
  }

  /** @param {any} dispatch */
  #dispatch(dispatch) {
    if (!dispatch.eventType) return;
    if (dispatch.seq === undefined) return this.#emit('signal', dispatch);
    if (dispatch.seq <= this.seq) return;
    this.seq = dispatch.seq;
    this.connection.cursor = `${this.epoch}:${dispatch.seq}`;
    this.#emit('dispatch', dispatch);
  }
}

/** Unguessable enough not to meet itself; also on plain http, where crypto.randomUUID is missing. */
export function uniqueId() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
