/**
 * Locks for a browser without Web Locks, as on plain http: leases in localStorage, which their owner renews. locks.js
 * loads this module if needed, and passes in its dependencies.
 * @typedef {Pick<typeof import('./storage.js'), 'readJson' | 'writeItem' | 'removeItem'>} Storage
 */
const LEASE = 75_000; // ms; a hidden tab may be allowed to renew it once a minute only
const RENEW = 2_000; // ms
const SETTLE = 60; // ms after which two tabs that wrote at the same time see whose write was last

/** @param {number} ms @param {AbortSignal} [signal] */
const pause = (ms, signal) => new Promise((resolve) => {
  setTimeout(resolve, ms);
  signal?.addEventListener('abort', resolve);
});

/** The lease on a name. It may have expired. */
class Lease {
  /** @param {Storage} storage @param {string} key @param {string} tab */
  constructor(storage, key, tab) {
    this.storage = storage;
    this.key = key;
    this.tab = tab;
  }

  /** @returns {string | undefined} the tab that holds it */
  get holder() {
    const lease = this.storage.readJson(this.key);
    return lease?.until > Date.now() && lease.until < Date.now() + 2 * LEASE ? lease.tab : undefined;
  }

  get isMine() { return this.holder === this.tab; }

  take() { this.storage.writeItem(this.key, JSON.stringify({ tab: this.tab, until: Date.now() + LEASE })); }

  release() { if (this.isMine) this.storage.removeItem(this.key); }
}

/**
 * As navigator.locks.request().
 * @param {Storage} storage @param {string} tab the requesting tab
 * @param {string} name @param {import('./locks.js').How} how @param {() => any} work
 */
export async function request(storage, tab, name, { signal, steal }, work) {
  const lease = new Lease(storage, `confab lease:${name}`, tab);
  for (let isFirst = true; ; isFirst = false) {
    if (signal?.aborted) throw new DOMException('The request was aborted.', 'AbortError');
    if ((steal && isFirst) || !lease.holder) {
      lease.take();
      await pause(SETTLE + Math.random() * SETTLE);
      if (lease.isMine) break;
    }
    await pause(RENEW, signal);
  }
  return hold(lease, work);
}

/** @param {Lease} lease @param {() => any} work */
async function hold(lease, work) {
  const over = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const stolen = new Promise((_, reject) => {
    const lost = () => reject(new DOMException('The lock was taken over.', 'AbortError'));
    const renew = () => {
      if (lease.holder && !lease.isMine) return lost();
      lease.take();
      timer = setTimeout(renew, RENEW);
    };
    timer = setTimeout(renew, RENEW);
    // The browser may keep the page and restore it later; other tabs can have the lease in the meantime.
    globalThis.addEventListener?.('pagehide', () => {
      clearTimeout(timer);
      lease.release();
      lost();
    }, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([work(), stolen]);
  } finally {
    over.abort();
    clearTimeout(timer);
    lease.release();
  }
}
