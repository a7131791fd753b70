/** @type {WeakMap<Element, HTMLElement>} what was drawn in an element's place */
const successors = new WeakMap();

/**
 * An element is drawn anew: the focus that wants to go back to the old one, or into it, comes to this one.
 * @param {Element} old @param {HTMLElement} now
 */
export function succeed(old, now) {
  successors.set(old, now);
}

/**
 * The element of a set that stands in the place of this one, or is it.
 * @param {HTMLElement | undefined} element @param {Set<HTMLElement>} among
 */
export function standIn(element, among) {
  while (element && !among.has(element)) element = successors.get(element);
  return element;
}

/**
 * Puts the focus on an element, or on what stands in its place now.
 * @param {Element | null} element
 * @returns {boolean} false: neither is there any more
 */
export function focusAgain(element) {
  while (element && !element.isConnected) element = successors.get(element) ?? element.parentElement;
  if (!(element instanceof HTMLElement)) return false;
  element.focus({ preventScroll: true });
  return true;
}
