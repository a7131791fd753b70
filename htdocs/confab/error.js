import { Code } from './codes.js';

/** An error of a command or a stream, in terms of the protocol. */
export class ConfabError extends Error {
  /**
   * @param {number} code the protocol's code: 4001 … 4053; 0 for a network failure
   * @param {unknown} detail a sentence, a list of them, or lists by field
   * @param {number} [retryAfter] seconds to wait
   */
  constructor(code, detail, retryAfter) {
    super(ConfabError.sentence(detail));
    this.name = 'ConfabError';
    this.code = code;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }

  /** @param {string} [detail] */
  static loggedOut(detail = 'Nobody is logged in.') {
    return new ConfabError(Code.UNAUTHENTICATED, detail);
  }

  /** Whether a retry may succeed. A message needs a client_id to be retried safely. */
  get retryable() {
    return this.code === Code.NETWORK || this.code === Code.RATE_LIMITED || this.code === Code.UNAVAILABLE;
  }

  /**
   * The first sentence of a detail, for people.
   * @param {unknown} detail
   * @returns {string}
   */
  static sentence(detail) {
    if (typeof detail === 'string') return detail;
    const first = detail && typeof detail === 'object' ? Object.values(detail)[0] : undefined;
    return first === undefined ? 'Something went wrong.' : ConfabError.sentence(first);
  }

  /**
   * The error in an answer, or null.
   * @param {any} body
   * @param {number} [retryAfter]
   */
  static from(body, retryAfter) {
    const error = body?.error;
    if (!error) return null;
    return typeof error === 'string'
      ? new ConfabError(Code.INVALID, error, retryAfter)
      : new ConfabError(error.code, error.detail, retryAfter);
  }
}
