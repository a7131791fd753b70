import { readJson, removeItem, writeItem } from './storage.js';
import { uniqueId } from './text.js';

const PROBE = 'confab lease probe';

/**
 * @typedef {{signal?: AbortSignal, steal?: boolean}} How
 * @typedef {{request: (name: string, how: How, work: () => any) => Promise<any>}} Locks
 */

/**
 * Web Locks, or a replacement by leases in localStorage where they are missing, as on plain http; undefined where
 * neither is available, as outside of browsers.
 * @returns {Locks | undefined}
 */
export function findLocks() {
  const { locks } = globalThis.navigator ?? {};
  if (locks) return /** @type {any} */ (locks);
  if (!globalThis.location || !writeItem(PROBE, '')) return undefined;
  removeItem(PROBE);
  return { request };
}

/** A tab that can't load the leases works alone. @type {Locks['request']} */
const request = (name, how, work) => import('./leases.js').then(
  (leases) => leases.request({ readJson, removeItem, writeItem }, uniqueId(), name, how, work), work);
