import { readItem, removeItem, writeItem } from './storage.js';
import { uniqueId } from './text.js';

const LEASE = 75_000; // ms; a hidden tab may be allowed to renew it once a minute only
const RENEW = 2_000; // ms
const SETTLE = 60; // ms in which two tabs that wrote at once see who was last
const PROBE = 'confab lease probe';

/**
 * @typedef {{signal?: AbortSignal, steal?: boolean}} How
 * @typedef {{request: (name: string, how: How, work: () => any) => Promise<any>}} Locks
 */

/**
 * Web Locks, or the same by leases in localStorage where they are missing, as on plain http; undefined where neither
 * can be had, as outside of browsers.
 * @returns {Locks | undefined}
 */
export function findLocks() {
  const { locks } = globalThis.navigator ?? {};
  if (locks) return /** @type {any} */ (locks);
  if (!globalThis.location || !writeItem(PROBE, '')) return undefined;
  removeItem(PROBE);
  return { request };
}

/** @param {number} ms @param {AbortSignal | undefined} signal */
const pause = (ms, signal) => new Promise((resolve) => {
  setTimeout(resolve, ms);
  signal?.addEventListener('abort', resolve);
});

/** @param {string} key @returns {{tab: string, until: number} | null} a lease that still runs */
function leaseOf(key) {
  try {
    const lease = JSON.parse(readItem(key) ?? 'null');
    return lease?.until > Date.now() && lease.until < Date.now() + 2 * LEASE ? lease : null;
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} tab */
const write = (key, tab) => writeItem(key, JSON.stringify({ tab, until: Date.now() + LEASE }));

/** @param {string} name @param {How} how @param {() => any} work */
async function request(name, { signal, steal }, work) {
  const key = `confab lease:${name}`, tab = uniqueId();
  for (let isFirst = true; ; isFirst = false) {
    if (signal?.aborted) throw new DOMException('The request was aborted.', 'AbortError');
    if ((steal && isFirst) || !leaseOf(key)) {
      write(key, tab);
      await pause(SETTLE + Math.random() * SETTLE, undefined);
      if (leaseOf(key)?.tab === tab) break;
    }
    await pause(RENEW, signal);
  }
  return hold(key, tab, work);
}

/** @param {string} key @param {string} tab @param {() => any} work */
async function hold(key, tab, work) {
  const isMine = () => leaseOf(key)?.tab === tab, over = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const release = () => { if (isMine()) removeItem(key); };
  const stolen = new Promise((_, reject) => {
    const lost = () => reject(new DOMException('The lock was taken over.', 'AbortError'));
    const renew = () => {
      const lease = leaseOf(key);
      if (lease && lease.tab !== tab) return lost();
      write(key, tab);
      timer = setTimeout(renew, RENEW);
    };
    timer = setTimeout(renew, RENEW);
    // The page may be kept and come back: until then others go on.
    globalThis.addEventListener?.('pagehide', () => {
      clearTimeout(timer);
      release();
      lost();
    }, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([work(), stolen]);
  } finally {
    over.abort();
    clearTimeout(timer);
    release();
  }
}
