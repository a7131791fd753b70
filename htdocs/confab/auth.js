import { Code } from './codes.js';
import { ConfabError } from './error.js';

/**
 * The token, where there is one: given once, or asked for, and asked for again when the server does not take it any
 * more.
 */
export class Auth {
  /** @type {Promise<string | undefined> | undefined} */
  #token;

  /** @param {import('./types.js').TokenSource | undefined} source undefined: the cookie it is */
  constructor(source) {
    this.source = source;
  }

  /** Whether the browser's cookie says who it is. */
  get isByCookie() {
    return this.source === undefined;
  }

  /** A log-in answered with a token, where no browser keeps its cookie. @param {string | undefined} token */
  take(token) {
    this.source = token;
    this.#token = undefined;
  }

  /** Rejects with 4001 when the source gives none: nobody is logged in there. @returns {Promise<string | undefined>} */
  token() {
    const asked = this.#token ??= this.#ask();
    asked.catch(() => { if (this.#token === asked) this.#token = undefined; });
    return asked;
  }

  async #ask() {
    if (typeof this.source !== 'function') return this.source;
    /** @type {string | null | undefined} */
    let token;
    try {
      token = await this.source();
    } catch (error) {
      if (error instanceof ConfabError) throw error;
      throw new ConfabError(Code.UNAVAILABLE, 'No token.');
    }
    if (!token) throw ConfabError.loggedOut();
    return token;
  }

  /**
   * The server did not take a token: whether another one can be had.
   * @param {string | undefined} refused
   */
  async renew(refused) {
    if (typeof this.source !== 'function') return false;
    if (await this.token().catch(() => refused) === refused) this.#token = undefined;
    return await this.token().catch(() => refused) !== refused;
  }
}

/**
 * @param {string | undefined} token
 * @returns {Record<string, string>}
 */
export function authorization(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}
