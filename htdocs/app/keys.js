/**
 * The letter of a key, whatever the layout and Caps Lock: what it writes where that is a Latin letter or a sign, else
 * what stands at its place on a Latin keyboard. Option on a Mac writes other signs; its place counts then.
 * @param {KeyboardEvent} event @returns {string} a small letter, a sign, or the name of the key
 */
export function keyOf({ key, code, altKey }) {
  if (key.length > 1 && key !== 'Dead') return key;
  const place = /^Key([A-Z])$/.exec(code)?.[1].toLowerCase();
  const isLatin = /^[a-z]$/i.test(key);
  return place && (!isLatin || altKey) && !/^[!-@[-`{-~]$/.test(key) ? place : key.toLowerCase();
}
