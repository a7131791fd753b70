import { readJson, removeItem, writeItem } from './storage.js';

/**
 * Remembers for the next page which transport works; otherwise each page would try the others first in vain. It is
 * forgotten after an hour, because networks change.
 */
const HOUR = 3600_000;

/** @param {URL} base */
const keyOf = (base) => `confab:transport:${base.href}`;

/**
 * @param {URL} base
 * @param {string[]} transports
 * @returns {number} the index to start with
 */
export function recallTransport(base, transports) {
  const kept = readJson(keyOf(base));
  return kept?.until > Date.now() ? Math.max(0, transports.indexOf(kept.name)) : 0;
}

/**
 * @param {URL} base @param {string} name @param {boolean} first it is the first choice, which need not be remembered
 */
export function rememberTransport(base, name, first) {
  if (first) removeItem(keyOf(base));
  else writeItem(keyOf(base), JSON.stringify({ name, until: Date.now() + HOUR }));
}
