/** Unguessable enough not to meet itself; also on plain http, where crypto.randomUUID is missing. */
export function uniqueId() {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = /** @type {Crypto} */ (crypto).getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Content is rich text: what somebody types is meant as it stands.
 * @param {string} text
 */
export function escapeText(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
