/**
 * Whether a key belongs to an input method that is composing a character. In Safari only the key code 229 shows this:
 * there the Enter that ends a composition comes after its end.
 * @param {KeyboardEvent} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}
