/**
 * Which transport works here, for the next page: without it each would try in vain first. Forgotten after an hour, for
 * networks change. Where there is no localStorage, or it may not be used, nothing is remembered.
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
  try {
    const { name, until } = JSON.parse(localStorage.getItem(keyOf(base)) ?? '{}');
    return until > Date.now() ? Math.max(0, transports.indexOf(name)) : 0;
  } catch {
    return 0;
  }
}

/**
 * @param {URL} base @param {string} name @param {boolean} first it is the first choice: nothing is worth remembering
 */
export function rememberTransport(base, name, first) {
  try {
    if (first) localStorage.removeItem(keyOf(base));
    else localStorage.setItem(keyOf(base), JSON.stringify({ name, until: Date.now() + HOUR }));
  } catch { /* next time again, then */ }
}
