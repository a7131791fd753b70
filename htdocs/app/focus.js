/** @type {WeakMap<Element, HTMLElement>} the element that was drawn in place of another */
const successors = new WeakMap();

/**
 * An element was redrawn: a focus that returns to the old one, or into it, goes to the new one.
 * @param {Element} old @param {HTMLElement} now
 */
export function succeed(old, now) {
  successors.set(old, now);
}

/**
 * The element of a set that replaces this one, or is it.
 * @param {HTMLElement | undefined} element @param {Set<HTMLElement>} among
 */
export function standIn(element, among) {
  while (element && !among.has(element)) element = successors.get(element);
  return element;
}

/**
 * Focuses an element, or the one that has replaced it.
 * @param {Element | null} element
 * @returns {boolean} false: neither exists any more
 */
export function focusAgain(element) {
  while (element && !element.isConnected) element = successors.get(element) ?? element.parentElement;
  if (!(element instanceof HTMLElement)) return false;
  element.focus({ preventScroll: true });
  return true;
}
