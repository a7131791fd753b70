// Fakes of browser features that a test controls.
// Pages load these modules when needed, once; here they are loaded from the start, for clocks that stand still.
import '../../../htdocs/confab/leases.js';
import '../../../htdocs/confab/poll.js';
import '../../../htdocs/confab/sse.js';


/** WebSockets that the test opens, feeds and closes. */
export class FakeSocket {
  static OPEN = 1;
  /** @type {FakeSocket[]} */
  static all = [];
  static get last() { return FakeSocket.all.at(-1); }

  readyState = 0;
  sent = [];
  isHalfOpen = false; // sent data is lost

  constructor(url) {
    this.url = new URL(url);
    FakeSocket.all.push(this);
  }

  send(text) {
    const frame = JSON.parse(text);
    this.sent.push(frame);
    if (frame.id === 'h' && !this.isHalfOpen) queueMicrotask(() => this.says({ status: 'success', id: 'h' }));
  }

  /** The number of heartbeats that were sent. */
  get heartbeats() { return this.sent.filter(({ id }) => id === 'h').length; }

  close() { this.readyState = 3; }

  /** The server's side. */
  opens({ seq = 1, session_id = 's1', user = { id: 1, username: 'ann' } } = {}) {
    this.readyState = FakeSocket.OPEN;
    this.says({ eventType: 'session.ready', data: { session_id, user, seq, epoch: 'e', heartbeat: 25 } });
  }

  says(frame) { this.onmessage?.({ data: JSON.stringify(frame) }); }

  ends(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

export const dispatch = (seq, data = {}) => ({ eventType: 'message.dispatch', seq, data });

/** An HTTP answer. */
export function answer(status, body, headers = {}) {
  return { ok: status < 300, status, headers: new Headers(headers), text: async () => JSON.stringify(body),
    json: async () => body };
}

export class FakeStorage {
  #items = new Map();
  get length() { return this.#items.size; }
  key(i) { return [...this.#items.keys()][i] ?? null; }
  getItem(key) { return this.#items.get(key) ?? null; }
  setItem(key, value) { this.#items.set(key, value); }
  removeItem(key) { this.#items.delete(key); }
}

/** The events of a window: online, offline, storage, pagehide. Call `off` at the end of the test. */
export function fakeWindow() {
  const target = new EventTarget();
  globalThis.addEventListener = target.addEventListener.bind(target);
  globalThis.location = new URL('http://chat.test/chat/');
  return {
    tell: (type, more = {}) => target.dispatchEvent(Object.assign(new Event(type), more)),
    off() {
      delete globalThis.addEventListener;
      delete globalThis.location;
    },
  };
}

/** Runs everything that is due now. */
export async function settle() {
  for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Web Locks and BroadcastChannel of one browser, with tabs that can be closed. */
export class FakeBrowser {
  #queues = new Map();
  #channels = new Set();

  get locks() { return this.#locksOf(null); }

  #locksOf(tab) {
    return { request: (name, options, work) => this.#request(name, options, work ?? options, tab) };
  }

  get BroadcastChannel() { return this.#channelOf(null); }

  /** The view of one tab; close() ends the tab. */
  tab() {
    const tab = {};
    return { locks: this.#locksOf(tab), BroadcastChannel: this.#channelOf(tab), close: () => this.#close(tab) };
  }

  #close(tab) {
    for (const channel of [...this.#channels]) if (channel.tab === tab) channel.close();
    for (const queue of this.#queues.values()) {
      const isHeld = queue[0]?.tab === tab && queue[0].held;
      queue.splice(0, Infinity, ...queue.filter((one) => one.tab !== tab));
      if (isHeld) this.#next(queue);
    }
  }

  #channelOf(tab) {
    const channels = this.#channels;
    return class {
      constructor(name) {
        this.name = name;
        this.tab = tab;
        channels.add(this);
      }

      postMessage(data) {
        const copy = structuredClone(data);
        for (const other of channels)
          if (other !== this && other.name === this.name)
            queueMicrotask(() => channels.has(other) && other.onmessage?.({ data: copy }));
      }

      close() { channels.delete(this); }
    };
  }

  #request(name, { signal, steal } = {}, work, tab) {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return new Promise((resolve, reject) => {
      const one = { work, resolve, reject, tab, held: false };
      signal?.addEventListener('abort', () => {
        if (one.held) return;
        queue.splice(queue.indexOf(one), 1);
        reject(new DOMException('aborted', 'AbortError'));
      });
      if (steal) {
        if (queue[0]?.held) queue.shift().reject(new DOMException('stolen', 'AbortError'));
        queue.unshift(one);
      } else {
        queue.push(one);
      }
      queueMicrotask(() => this.#next(queue));
    });
  }

  async #next(queue) {
    const [one] = queue;
    if (!one || one.held) return;
    one.held = true;
    try {
      one.resolve(await one.work());
    } catch (error) {
      one.reject(error);
    }
    if (queue[0] !== one) return;
    queue.shift();
    this.#next(queue);
  }
}
