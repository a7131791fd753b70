import { Code } from './codes.js';
import { ConfabError } from './error.js';

/**
 * The token, if there is one. It is either given once, or obtained from a function, which is called again when the
 * server refuses a token.
 */
export class Auth {
  /** @type {Promise<string | undefined> | undefined} */
  #token;

  /** @param {import('./types.js').TokenSource | undefined} source undefined: the cookie is used */
  constructor(source) {
    this.source = source;
  }

  /** Whether the browser's cookie identifies the person. */
  get isByCookie() {
    return this.source === undefined;
  }

  /** Keeps the token of a log-in, because outside of browsers there is no cookie. @param {string | undefined} token */
  take(token) {
    this.source = token;
    this.#token = undefined;
  }

  /** Rejects with 4001 when the source has none: nobody is logged in there. @returns {Promise<string | undefined>} */
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
   * Tries to get another token after the server has refused one. Resolves to whether there is one.
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
