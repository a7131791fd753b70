/**
 * Only addresses that can do no harm when they are followed.
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

/** Whether it lies on another host, which would learn who looks at it. @param {string} address of safeAddress() */
export function isForeign(address) {
  return new URL(address).origin !== location.origin;
}
