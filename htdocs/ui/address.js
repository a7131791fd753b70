/**
 * Allows only addresses that are safe to follow.
 * @param {string} address @returns {string} '' for others
 */
export function safeAddress(address) {
  try {
    const url = new URL(address, location.href);
    return ['http:', 'https:'].includes(url.protocol) ? url.href : '';
  } catch {
    return '';
  }
}

/** Whether the address is on another host, which would learn who views it. @param {string} address of safeAddress() */
export function isForeign(address) {
  return new URL(address).origin !== location.origin;
}
