/**
 * How long to wait before an attempt: full jitter, so that clients which lost the same server do not all return at the
 * same moment.
 * @param {number} attempt how many have failed, from 1
 * @param {object} [options]
 * @param {number} [options.base] ms
 * @param {number} [options.cap] ms
 * @param {number} [options.retryAfter] seconds that the server asks for; the minimum
 * @param {() => number} [options.random]
 * @returns {number} ms
 */
export function backoff(attempt, { base = 500, cap = 30_000, retryAfter = 0, random = Math.random } = {}) {
  return retryAfter * 1000 + random() * Math.min(cap, base * 2 ** (attempt - 1));
}
