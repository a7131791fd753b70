/** An unguessable, unique id; on plain http crypto.randomUUID is missing. */
export function uniqueId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Converts plain text to HTML, the form of a message's content.
 * @param {string} text
 */
export function escapeText(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Text without NUL and without halves of characters, which the server refuses. @param {string} text */
export function wellFormed(text) {
  return text.replace(/[\0\p{Surrogate}]/gu, '');
}

/** JSON in which all texts are well formed. @param {unknown} value */
export function encode(value) {
  return JSON.stringify(value, (_, one) => (typeof one === 'string' ? wellFormed(one) : one));
}
