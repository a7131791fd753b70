// A browser with tabs for the real client library, each with its own globals, and all possible failures around it.
import path from 'node:path';
import vm from 'node:vm';
import esbuild from 'esbuild';
import { FakeBrowser, FakeStorage } from './fakes.mjs';
import { WalkServer } from './walk-server.mjs';

const ENTRY = path.resolve(import.meta.dirname, '../../../htdocs/confab.js');
const { outputFiles: [{ text }] } = await esbuild.build({
  entryPoints: [ENTRY], bundle: true, format: 'iife', globalName: 'confab', write: false, target: 'es2022' });
const library = new vm.Script(text, { filename: 'confab.js' });

/** A seeded random number generator (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs everything that is due now. */
async function settle() {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** localStorage that can be denied, full, or wiped. */
class WalkStorage extends FakeStorage {
  mode = 'ok';
  #check(isWrite) {
    if (this.mode === 'refused' || (isWrite && this.mode === 'full'))
      throw new DOMException(this.mode, 'SecurityError');
  }
  get length() { this.#check(false); return super.length; }
  getItem(key) { this.#check(false); return super.getItem(key); }
  setItem(key, value) { this.#check(true); super.setItem(key, String(value)); }
  removeItem(key) { this.#check(true); super.removeItem(key); }
}

/** The used part of IndexedDB, which can be missing, silent, full, or wiped. */
class WalkDatabase {
  mode = 'ok';
  rows = new Map();

  /** For one tab; requests of a closed tab never end. */
  of(later) {
    const { rows } = this, modeOf = () => this.mode;
    const database = { transaction: (_, mode) => {
      const work = [], transaction = { objectStore: () => storeOf(rows, work) };
      later(1, () => {
        if (modeOf() === 'silent') return;
        if (modeOf() === 'full' && mode === 'readwrite') return transaction.onabort?.();
        for (const one of work) one();
        transaction.oncomplete?.();
      });
      return transaction;
    } };
    return { open: () => {
      if (modeOf() === 'missing') throw new DOMException('no database', 'SecurityError');
      const request = { result: database };
      later(1, () => { if (modeOf() !== 'silent') request.onsuccess?.(); });
      return request;
    } };
  }
}

/** An object store whose changes take effect when its transaction ends. */
function storeOf(rows, work) {
  const ask = (what) => {
    const request = {};
    work.push(() => { request.result = what(); });
    return request;
  };
  return {
    put: (row) => { const copy = structuredClone(row); return ask(() => void rows.set(copy.client_id, copy)); },
    delete: (id) => ask(() => void rows.delete(id)),
    getAll: () => ask(() => [...rows.values()].map((row) => structuredClone(row))),
  };
}

export class World {
  now = Date.UTC(2026, 0, 1);
  skew = 0; // ms by which the clock of the device is wrong
  network = 'good'; // down: requests fail; mute: requests do not arrive; deaf: answers do not arrive
  cookie = '';
  tabs = new Set();
  storage = new WalkStorage();
  database = new WalkDatabase();
  #timers = [];
  #n = 0;
  #browser = new FakeBrowser();

  constructor(random) {
    this.random = random;
    this.server = new WalkServer((p) => random() < p);
  }

  /** @param {number} ms @param {() => void} run @param {object} [tab] its owner; ends with the tab */
  later(ms, run, tab) {
    const timer = { at: this.now + Math.max(0, ms || 0), n: ++this.#n, run, tab };
    this.#timers.push(timer);
    return timer.n;
  }

  cancel(n) { this.#timers = this.#timers.filter((timer) => timer.n !== n); }

  /** Advances time, and runs what becomes due, in order. */
  async advance(ms) {
    const end = this.now + ms;
    await settle();
    for (;;) {
      this.#timers.sort((a, b) => a.at - b.at || a.n - b.n);
      const next = this.#timers[0];
      if (!next || next.at > end) break;
      this.#timers.shift();
      this.now = Math.max(this.now, next.at);
      if (!next.tab?.isClosed) next.run();
      await settle();
    }
    this.now = end;
  }

  /** All tabs sleep: timers that were due meanwhile run late, all at once. */
  sleep(ms) { this.now += ms; }

  setNetwork(mode) {
    this.network = mode;
    const { sockets } = this.server;
    if (mode === 'down') for (const socket of [...sockets]) socket.ends(1006);
  }

  open() {
    const tab = new Tab(this, this.#browser);
    this.tabs.add(tab);
    return tab;
  }
}

class Tab {
  isClosed = false;
  sockets = new Set();
  listeners = new EventTarget();

  constructor(world, browser) {
    this.world = world;
    const part = this.part = browser.tab(), tab = this;
    const later = (ms, run) => world.later(ms, run, tab);
    class WalkDate extends Date {
      constructor(...args) { super(...(args.length ? args : [WalkDate.now()])); }
      static now() { return world.now + world.skew; }
    }
    const context = vm.createContext({
      console, URL, AbortController, AbortSignal, TextDecoder, DOMException, structuredClone, queueMicrotask,
      location: new URL('http://chat.test/chat/'), Date: WalkDate, navigator: { locks: part.locks },
      BroadcastChannel: part.BroadcastChannel, localStorage: world.storage, indexedDB: world.database.of(later),
      crypto: { getRandomValues: (bytes) => bytes.map(() => world.random() * 256) },
      setTimeout: (run, ms) => later(ms, run), clearTimeout: (n) => world.cancel(n),
      addEventListener: (...args) => this.listeners.addEventListener(...args),
      fetch: (url, init) => this.#fetch(new URL(url), init), WebSocket: socketOf(this),
    });
    context.globalThis = context;
    library.runInContext(context);
    vm.runInContext('Math', context).random = world.random;
    this.library = context.confab;
  }

  /** Closes the tab without notice. */
  close() {
    this.isClosed = true;
    this.part.close();
    for (const socket of this.sockets) this.world.server.sockets.delete(socket);
    this.world.tabs.delete(this);
  }

  #fetch(url, { method = 'GET', body, signal } = {}) {
    const { world } = this;
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      if (world.network === 'down') return reject(new TypeError('no network'));
      if (world.network === 'mute') return;
      const { random } = world, isLate = random() < 0.05, isLost = random() < 0.03;
      world.later(5 + random() * 50, () => { // even if the tab is closed
        const response = world.server.request(world, method, url.pathname.replace('/chat/', ''),
          body && JSON.parse(body));
        if (isLost || this.isClosed) return;
        world.later(isLate ? 40_000 : 5 + random() * 50, () => {
          if (world.network === 'down') reject(new TypeError('no network'));
          else if (world.network === 'good') resolve(response);
        }, this);
      });
    });
  }
}

function socketOf(tab) {
  const { world } = tab;
  return class WalkSocket {
    static OPEN = 1;
    readyState = 0;

    constructor(url) {
      this.since = new URL(url).searchParams.get('since');
      this.cookie = world.cookie;
      tab.sockets.add(this);
      world.later(10, () => {
        if (world.network === 'down') return this.ends(1006);
        if (world.network !== 'good' || this.readyState === 3) return;
        this.readyState = 1;
        world.server.begin(this);
      }, tab);
    }

    send(text) {
      const { event_type, data, id } = JSON.parse(text);
      if (world.network === 'mute') return;
      const { random } = world, isLost = random() < 0.03, isTwice = random() < 0.03, isLate = random() < 0.03;
      world.later(5, () => {
        if (this.account === undefined || this.readyState !== 1) return;
        const [, body] = world.server.command(this.account, event_type, data);
        if (isLost) return;
        const reply = () =>
          this.says({ ...(typeof body === 'string' ? { error: { code: 4053, detail: '' } } : body), id });
        world.later(isLate ? 20_000 : 5, reply, tab);
        if (isTwice) world.later(15, reply, tab);
      });
    }

    /** The server's side; data sent into a bad network is lost. */
    says(frame) {
      if (tab.isClosed || this.readyState !== 1 || world.network !== 'good') return;
      const data = JSON.stringify(frame);
      world.later(3, () => { if (this.readyState === 1) this.onmessage?.({ data }); }, tab);
    }

    ends(code) {
      world.server.sockets.delete(this);
      if (this.readyState === 3) return;
      this.readyState = 3;
      if (!tab.isClosed) world.later(1, () => this.onclose?.({ code }), tab);
    }

    close() {
      this.readyState = 3;
      world.server.sockets.delete(this);
    }
  };
}
