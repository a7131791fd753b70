/**
 * The token, where there is one: given once, or asked for and asked for again when the server does not take it any
 * more.
 */
export class Auth {
  /** @type {Promise<string | undefined> | undefined} */
  #token;

  /** @param {import('./types.js').TokenSource | undefined} source undefined: the cookie it is */
  constructor(source) {
    this.source = source;
  }

  /** @returns {Promise<string | undefined>} */
  token() {
    this.#token ??= Promise.resolve(typeof this.source === 'function' ? this.source() : this.source);
    this.#token.catch(() => { this.#token = undefined; });
    return this.#token;
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
