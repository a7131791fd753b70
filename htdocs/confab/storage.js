/** localStorage where it can be used. It may be missing, refused or full: then nothing is kept, and nothing fails. */

/** @param {string} key @returns {string | null} */
export function readItem(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** What is kept as JSON; null: nothing, or something else. @param {string} key @returns {any} */
export function readJson(key) {
  try {
    return JSON.parse(readItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value @returns {boolean} whether it is kept */
export function writeItem(key, value) {
  try {
    localStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} key */
export function removeItem(key) {
  try {
    localStorage.removeItem(key);
  } catch { /* it was not kept */ }
}

/** The keys that begin so. @param {string} prefix @returns {string[]} */
export function keysOf(prefix) {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, i) => localStorage.key(i) ?? '');
    return keys.filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
