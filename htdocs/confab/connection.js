import { backoff } from './backoff.js';
import { openPoll } from './poll.js';
import { openSse } from './sse.js';
import { openWebSocket } from './websocket.js';

/** @type {Record<string, (where: import('./transport.js').Where, receiver: import('./transport.js').Receiver) => import('./transport.js').Transport>} */
const TRANSPORTS = { ws: openWebSocket, sse: openSse, poll: openPoll };

const FIRST_FRAME = 8_000; // ms; a proxy that buffers never lets it through
const TRIES = 2; // of a transport that has not brought a frame
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
   * @param {() => string | undefined} options.token
   * @param {string[]} options.transports in order of preference
   * @param {(frame: any) => void} options.frame
   * @param {(state: string) => void} options.state
   */
  constructor(options) {
    this.options = options;
    this.state = 'stopped';
    this.cursor = '';
    this.heartbeat = 25;
    this.preferred = 0; // index into options.transports
    this.tries = 0; // of this transport without a frame
    this.failures = 0; // in a row
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

  /**
   * Sends text upwards; false when this transport, or its state, does not allow it.
   * @param {string} text
   */
  send(text) {
    return this.state === 'open' && !!this.transport?.send(text);
  }

  /** @param {string} state */
  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.options.state(state);
  }

  #drop() {
    clearTimeout(this.timer);
    this.transport?.close();
    this.transport = null;
  }

  #connect() {
    this.#drop();
    this.#setState('connecting');
    this.#watch(FIRST_FRAME);
    const open = TRANSPORTS[this.name];
    const where = { base: this.options.base, token: this.options.token(), cursor: this.cursor };
    try {
      this.transport = open(where, {
        frame: (frame) => this.#frame(frame),
        cursor: (cursor) => { this.cursor = cursor; },
        alive: () => this.#watch(this.heartbeat * SILENCE * 1000),
        end: (why) => this.#ended(why),
      });
    } catch {
      this.#ended({ code: 0 }); // the browser does not know this transport
    }
  }

  /** @param {number} ms */
  #watch(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ended({ code: 0 }), ms);
  }

  /** @param {any} frame */
  #frame(frame) {
    this.tries = 0;
    this.failures = 0;
    if (frame.eventType === 'session.ready') this.heartbeat = frame.data.heartbeat;
    this.#setState('open');
    this.options.frame(frame);
  }

  /** @param {import('./transport.js').End} why */
  #ended(why) {
    const wasOpen = this.state === 'open';
    this.#drop();
    if (why.code === 4001) return this.#setState('unauthenticated');
    this.failures++;
    if (!wasOpen && !why.retryAfter && ++this.tries >= TRIES) {
      this.tries = 0;
      this.preferred = (this.preferred + 1) % this.options.transports.length;
    }
    this.#setState('waiting');
    this.timer = setTimeout(() => this.#connect(), backoff(this.failures, {
      retryAfter: why.retryAfter,
      base: why.code === 1012 || why.code === 1013 ? 2000 : 500,
    }));
  }
}
