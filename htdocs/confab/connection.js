import { backoff } from './backoff.js';
import { Code } from './codes.js';
import { openPoll } from './poll.js';
import { recallTransport, rememberTransport } from './remembered.js';
import { openSse } from './sse.js';
import { openWebSocket } from './websocket.js';

/**
 * @typedef {import('./transport.js').Transport} Transport
 * @type
 *   {Record<string, (where: import('./transport.js').Where, receiver: import('./transport.js').Receiver) => Transport>}
 */
const TRANSPORTS = { ws: openWebSocket, sse: openSse, poll: openPoll };

const FIRST_FRAME = 8_000; // ms; a proxy that buffers never lets it through
const TRIES = 2; // of a transport that has not brought a frame, or not for long
const LASTING = 5_000; // ms; what ends sooner does not work
const SILENCE = 2.5; // heartbeats; then the stream is dead

/**
 * Keeps one stream open: picks the transport that works, reconnects, resumes from the cursor.
 *
 * States: 'stopped', 'connecting', 'open', 'waiting' (for the next attempt), 'unauthenticated'.
 */
export class Connection {
  /**
   * @param {object} options
   * @param {URL} options.base
   * @param {import('./auth.js').Auth} options.auth
   * @param {string[]} options.transports in order of preference
   * @param {(frame: any) => void} options.frame
   * @param {(state: import('./types.js').State) => void} options.state
   */
  constructor(options) {
    this.options = options;
    this.state = /** @type {import('./types.js').State} */ ('stopped');
    this.cursor = '';
    this.heartbeat = 25;
    this.preferred = recallTransport(options.base, options.transports); // index into options.transports
    this.tries = 0; // of this transport without a frame
    this.failures = 0; // in a row
    this.attempt = 0; // what an older one brings late is dropped
    this.openedAt = 0;
    /** @type {string | undefined} */
    this.token = undefined;
    /** @type {import('./transport.js').Transport | null} */
    this.transport = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** The transport in use: 'ws', 'sse' or 'poll'. */
  get name() {
    return this.options.transports[this.preferred];
  }

  start() {
    if (this.state === 'connecting' || this.state === 'open') return;
    this.#connect();
  }

  stop() {
    this.#drop();
    this.#setState('stopped');
  }

  /** Comes back at once, as when the network is there again. */
  hurry() {
    if (this.state === 'waiting') this.#connect();
  }

  /** Goes on over another transport, from the same place. @param {string} name */
  use(name) {
    const index = this.options.transports.indexOf(name);
    if (index < 0 || index === this.preferred) return;
    this.preferred = index;
    this.tries = 0;
    if (this.state !== 'stopped') this.#connect();
  }

  /**
   * Sends text upwards; false when this transport, or its state, does not allow it.
   * @param {string} text
   */
  send(text) {
    return this.state === 'open' && !!this.transport?.send(text);
  }

  /** @param {import('./types.js').State} state */
  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.options.state(state);
  }

  #drop() {
    this.attempt++;
    clearTimeout(this.timer);
    this.transport?.close();
    this.transport = null;
  }

  async #connect() {
    this.#drop();
    const attempt = this.attempt;
    const current = (/** @type {(value?: any) => void} */ then) => (/** @type {any} */ value = undefined) => {
      if (attempt === this.attempt) then(value);
    };
    const ended = current((why) => this.#ended(why));
    this.#setState('connecting');
    this.#watch(FIRST_FRAME);
    try {
      this.token = await this.options.auth.token();
    } catch {
      return ended({ code: Code.UNAVAILABLE }); // who gives tokens is away
    }
    if (attempt !== this.attempt) return;
    try {
      this.transport = TRANSPORTS[this.name]({ base: this.options.base, token: this.token, cursor: this.cursor }, {
        frame: current((frame) => this.#frame(frame)),
        cursor: current((cursor) => { this.cursor = cursor; }),
        alive: current(() => this.#watch(this.heartbeat * SILENCE * 1000)),
        end: ended,
      });
    } catch {
      ended({ code: Code.NETWORK }); // the browser does not know this transport
    }
  }

  /** @param {number} ms */
  #watch(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ended({ code: Code.NETWORK }), ms);
  }

  /** @param {any} frame */
  #frame(frame) {
    if (this.state !== 'open') {
      this.openedAt = Date.now();
      rememberTransport(this.options.base, this.name, this.preferred === 0);
    }
    this.failures = 0;
    if (frame.data?.heartbeat) this.heartbeat = frame.data.heartbeat;
    this.#setState('open');
    this.options.frame(frame);
  }

  /** Without a network no transport works, and none is to blame. */
  async #isServerThere() {
    const abort = AbortSignal.timeout?.(FIRST_FRAME);
    return fetch(new URL('healthz', this.options.base),
      { mode: 'no-cors', cache: 'no-store', signal: abort }).then(() => true, () => false);
  }

  /** @param {import('./transport.js').End} why */
  async #ended(why) {
    const lasted = this.state === 'open' && Date.now() - this.openedAt >= LASTING;
    this.#drop();
    const attempt = this.attempt;
    if (why.code === Code.UNAUTHENTICATED || why.code === Code.INVALID) {
      const renewed = why.code === Code.UNAUTHENTICATED && await this.options.auth.renew(this.token);
      if (attempt !== this.attempt) return;
      if (!renewed) return this.#setState('unauthenticated');
      why = { code: Code.RESTARTING };
    }
    this.failures++;
    const asked = why.retryAfter || why.code; // it said why: that is not the transport's fault
    this.tries = lasted || asked ? 0 : this.tries + 1;
    this.#setState('waiting');
    if (this.tries >= TRIES && await this.#isServerThere() && attempt === this.attempt) {
      this.tries = 0;
      this.preferred = (this.preferred + 1) % this.options.transports.length;
    }
    if (attempt !== this.attempt) return;
    this.timer = setTimeout(() => this.#connect(), backoff(this.failures, {
      retryAfter: why.retryAfter,
      base: why.code === Code.RESTARTING || why.code === Code.OVERLOADED ? 2000 : 500,
    }));
  }
}
