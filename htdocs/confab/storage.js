/** localStorage, if usable. It may be missing, denied or full: then nothing is stored, and nothing fails. */

/** @param {string} key @returns {string | null} */
export function readItem(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** A value stored as JSON; null if there is none or it is not JSON. @param {string} key @returns {any} */
export function readJson(key) {
  try {
    return JSON.parse(readItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value @returns {boolean} whether it is stored */
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
  } catch { /* it was not stored */ }
}

/** The keys that begin with a prefix. @param {string} prefix @returns {string[]} */
export function keysOf(prefix) {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, i) => localStorage.key(i) ?? '');
    return keys.filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
