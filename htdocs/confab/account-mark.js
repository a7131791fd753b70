import { readItem, writeItem } from './storage.js';

const NOBODY = '0';

/**
 * The account of this browser's cookie, as far as its tabs know. A tab that shows another account must not send
 * anything: its requests would carry the cookie of this account.
 */
export class AccountMark {
  /** @param {URL} base @param {() => void} changed another tab has logged in or out */
  constructor(base, changed) {
    this.key = `confab account:${base.href}`;
    globalThis.addEventListener?.('storage', ({ key }) => { if (key === this.key) changed(); });
  }

  /** @param {number | undefined} user undefined: nobody is logged in */
  set(user) {
    writeItem(this.key, user === undefined ? NOBODY : String(user));
  }

  /** Whether the cookie is known to be another account's, or nobody is logged in. @param {number} user */
  isOther(user) {
    const mark = readItem(this.key);
    return mark !== null && mark !== String(user);
  }
}
