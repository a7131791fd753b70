/**
 * The letter of a key, regardless of layout and Caps Lock: the character it produces if that is a Latin letter or a
 * sign, else the character at its place on a Latin keyboard. Option on a Mac produces other characters; then the place
 * counts.
 * @param {KeyboardEvent} event @returns {string} a small letter, a sign, or the name of the key
 */
export function keyOf({ key, code, altKey }) {
  if (key.length > 1 && key !== 'Dead') return key;
  const place = /^Key([A-Z])$/.exec(code)?.[1].toLowerCase();
  const isLatin = /^[a-z]$/i.test(key);
  return place && (!isLatin || altKey) && !/^[!-@[-`{-~]$/.test(key) ? place : key.toLowerCase();
}
