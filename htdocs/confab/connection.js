import { backoff } from './backoff.js';
import { Code } from './codes.js';
import { ConfabError } from './error.js';
import { recallTransport, rememberTransport } from './remembered.js';
import { openReader } from './transport.js';
import { openWebSocket } from './websocket.js';

/**
 * Readers of the transports that replace a WebSocket where it does not work; they are loaded when needed.
 * @type {Record<string, () => Promise<{read: import('./transport.js').Reader}>>}
 */
const READERS = { sse: () => import('./sse.js'), poll: () => import('./poll.js') };

const FIRST_FRAME = 8_000; // ms; a proxy that buffers never lets it through
const TRIES = 2; // of a transport that brings no frame, or breaks soon
const LASTING = 5_000; // ms; a stream that ends sooner counts as failed
const SILENCE = 2.5; // heartbeats that may be missed until the stream counts as dead
const QUIET = 9_000; // ms without a frame until the server is asked for one
const PATIENCE = 5_000; // ms to wait for that frame
const OFTEN = 6; // probes; each later one doubles the time to the next
const RARELY = 15 * 60_000; // ms between probes at most

/**
 * Keeps one stream open: picks the transport that works, reconnects, resumes from the cursor. A broken connection is
 * noticed within fifteen seconds of any activity of the person; an idle stream is probed less and less often.
 *
 * States: 'stopped', 'connecting', 'open', 'waiting' (for the next attempt), 'unauthenticated'.
 */
export class Connection {
  /** @type {import('./types.js').State} */
  state = 'stopped';
  cursor = '';
  #heartbeat = 25; // seconds
  #preferred; // index into the transports
  #tries = 0; // of this transport without a frame
  #failures = 0; // in a row
  #attempt = 0; // late events of an older one are dropped
  #openedAt = 0;
  #quiet = 0; // probes in a row that were followed only by their answers
  #heardAt = 0;
  #isAsking = false;
  /** @type {string | undefined} */
  #token;
  /** @type {import('./transport.js').Transport | null} */
  #transport = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #transports;

  /**
   * @param {object} options
   * @param {URL} options.base
   * @param {import('./auth.js').Auth} options.auth
   * @param {string[]} options.transports in order of preference
   * @param {(frame: any) => void} options.frame
   * @param {() => object} options.heartbeat the data of a heartbeat
   * @param {(state: import('./types.js').State) => void} options.state
   */
  constructor(options) {
    this.options = options;
    this.#transports = options.transports.filter((name) => name !== 'ws' || globalThis.WebSocket);
    this.#preferred = recallTransport(options.base, this.#transports);
  }

  /** The transport in use: 'ws', 'sse' or 'poll'. */
  get name() {
    return this.#transports[this.#preferred];
  }

  start() {
    if (this.state === 'connecting' || this.state === 'open') return;
    this.#connect();
  }

  stop() {
    this.#drop();
    this.#setState('stopped');
  }

  /** Reconnects at once, for example when the network is back. */
  hurry() {
    if (this.state === 'waiting') this.#connect();
  }

  /** The network is gone. */
  lose() {
    if (this.state === 'connecting' || this.state === 'open') this.#ended({ code: Code.NETWORK });
  }

  /** The person is active: checks that the stream is alive. */
  touch() {
    this.#quiet = 0;
    this.#transport?.hurry?.();
    if (this.state !== 'open' || this.#isAsking) return;
    if (Date.now() - this.#heardAt >= QUIET) this.#ask();
    else this.#watch();
  }

  /** Continues over another transport, from the same place. @param {string} name */
  use(name) {
    const index = this.#transports.indexOf(name);
    if (index < 0 || index === this.#preferred) return;
    this.#preferred = index;
    this.#tries = 0;
    if (this.state !== 'stopped') this.#connect();
  }

  /**
   * Sends text to the server; false when this transport, or its state, does not allow it.
   * @param {string} text
   */
  send(text) {
    return this.state === 'open' && !!this.#transport?.send(text);
  }

  /** @param {import('./types.js').State} state */
  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.options.state(state);
  }

  #drop() {
    this.#attempt++;
    clearTimeout(this.#timer);
    this.#transport?.close();
    this.#transport = null;
  }

  async #connect() {
    this.#drop();
    const attempt = this.#attempt;
    const current = (/** @type {(value?: any) => void} */ then) => (/** @type {any} */ value = undefined) => {
      if (attempt === this.#attempt) then(value);
    };
    const ended = current((why) => this.#ended(why));
    this.#setState('connecting');
    this.#endAfter(FIRST_FRAME);
    try {
      this.#token = await this.options.auth.token();
    } catch (error) {
      const isOut = error instanceof ConfabError && error.code === Code.UNAUTHENTICATED;
      return ended({ code: isOut ? Code.INVALID : Code.UNAVAILABLE });
    }
    if (attempt !== this.#attempt) return;
    try {
      const reader = await READERS[this.name]?.();
      if (attempt !== this.#attempt) return;
      const where = { base: this.options.base, token: this.#token, cursor: this.cursor };
      const receiver = {
        frame: current((frame) => this.#frame(frame)),
        cursor: current((cursor) => { this.cursor = cursor; }),
        alive: current((isHeartbeat) => this.#alive(isHeartbeat)),
        end: ended,
      };
      this.#transport = reader ? openReader(where, receiver, reader.read) : openWebSocket(where, receiver);
    } catch {
      ended({ code: Code.NETWORK }); // the browser does not know this transport, or can't load it
    }
  }

  /** Data has arrived. @param {boolean} [isHeartbeat] only an answer to a probe of ours */
  #alive(isHeartbeat = false) {
    this.#heardAt = Date.now();
    this.#quiet = isHeartbeat ? this.#quiet + 1 : 0;
    this.#watch();
  }

  #watch() {
    this.#isAsking = false;
    clearTimeout(this.#timer);
    const most = this.#transport?.probe ? RARELY : this.#heartbeat * 1000;
    this.#timer = setTimeout(() => this.#ask(), Math.min(QUIET * 2 ** Math.max(0, this.#quiet - OFTEN), most));
  }

  /**
   * Asks for a sign of life. A receive-only transport has heartbeats of its own; a separate request checks that the
   * server is reachable.
   */
  #ask() {
    const attempt = this.#attempt;
    this.#isAsking = true;
    this.#endAfter(PATIENCE);
    if (this.#transport?.probe?.(this.options.heartbeat())) return;
    const isSilent = Date.now() - this.#heardAt > this.#heartbeat * SILENCE * 1000;
    if (isSilent) return this.#ended({ code: Code.NETWORK });
    this.#isServerThere().then((isThere) => {
      if (attempt !== this.#attempt || !isThere) return;
      this.#quiet++;
      this.#watch();
    });
  }

  /** @param {number} ms */
  #endAfter(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ended({ code: Code.NETWORK }), ms);
  }

  /** @param {any} frame */
  #frame(frame) {
    if (this.state !== 'open') {
      this.#openedAt = Date.now();
      rememberTransport(this.options.base, this.name, this.#preferred === 0);
    }
    this.#failures = 0;
    if (frame.data?.heartbeat) this.#heartbeat = frame.data.heartbeat;
    this.#setState('open');
    this.options.frame(frame);
  }

  /** Whether the server is reachable. Without a network, a failure says nothing about the transport. */
  async #isServerThere() {
    const abort = AbortSignal.timeout?.(FIRST_FRAME);
    return fetch(new URL('healthz', this.options.base),
      { mode: 'no-cors', cache: 'no-store', signal: abort }).then(() => true, () => false);
  }

  /** @param {import('./transport.js').End} why */
  async #ended(why) {
    const lasted = this.state === 'open' && Date.now() - this.#openedAt >= LASTING;
    this.#quiet = 0;
    this.#drop();
    const attempt = this.#attempt;
    if (why.code === Code.UNAUTHENTICATED || why.code === Code.INVALID) {
      const renewed = why.code === Code.UNAUTHENTICATED && await this.options.auth.renew(this.#token);
      if (attempt !== this.#attempt) return;
      if (!renewed) return this.#setState('unauthenticated');
      why = { code: Code.RESTARTING };
    }
    this.#failures++;
    // The server gave a reason, so the transport works; but one without a place for an event stream may answer polls.
    const asked = why.code || (why.retryAfter && this.name !== 'sse');
    this.#tries = lasted || asked ? 0 : this.#tries + 1;
    this.#setState('waiting');
    if (this.#tries >= TRIES && await this.#isServerThere() && attempt === this.#attempt) {
      this.#tries = 0;
      this.#preferred = (this.#preferred + 1) % this.#transports.length;
    }
    if (attempt !== this.#attempt) return;
    this.#timer = setTimeout(() => this.#connect(), backoff(this.#failures, {
      retryAfter: why.retryAfter,
      base: why.code ? 2000 : 500,
    }));
  }
}
