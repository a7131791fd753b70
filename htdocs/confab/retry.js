import { backoff } from './backoff.js';
import { ConfabError } from './error.js';

/** @param {number} ms @returns {Promise<any>} */
export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Repeats work while it fails for a temporary reason. Rejects for any other.
 * @template T
 * @param {() => Promise<T>} work
 * @param {object} [how]
 * @param {() => boolean} [how.isWanted] when it returns false, resolves to undefined
 * @param {(error: ConfabError) => boolean} [how.mayPass]
 * @param {(error: ConfabError) => void} [how.failed] called before each pause
 * @param {(ms: number, error: ConfabError) => Promise<any>} [how.wait]
 * @returns {Promise<T | undefined>}
 */
export async function persist(work, { isWanted = () => true, mayPass = ({ retryable }) => retryable, failed = () => {},
    wait = pause } = {}) {
  for (let failures = 1; isWanted(); failures++) {
    try {
      return await work();
    } catch (error) {
      if (!isWanted()) return undefined;
      if (!(error instanceof ConfabError) || !mayPass(error)) throw error;
      failed(error);
      await wait(backoff(failures, { retryAfter: error.retryAfter }), error);
    }
  }
  return undefined;
}

/**
 * A pause that ends early when the state of the connection changes.
 * @param {import('./emitter.js').Emitter} client
 * @returns {(ms: number) => Promise<any>}
 */
export function orConnected(client) {
  return (ms) => Promise.race([pause(ms), client.once('state')]);
}
