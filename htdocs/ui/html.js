/** The one place where text becomes HTML. The server has sanitised this text into a closed grammar. */
const policy = makePolicy();

function makePolicy() {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  return trustedTypes?.createPolicy('confab', { createHTML: (/** @type {string} */ html) => html });
}

/** @param {Element} element @param {string} html */
export function setSanitisedHtml(element, html) {
  element.innerHTML = /** @type {string} */ (policy ? policy.createHTML(html) : html);
  for (const link of element.querySelectorAll('a')) settleLink(link);
}

/**
 * A link of a message opens in another tab: it must not act in the page that shows it. One that sets a password, which
 * nobody sends in a chat, is none. @param {HTMLAnchorElement} link
 */
function settleLink(link) {
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  if (/^#reset=/i.test(link.hash)) link.removeAttribute('href');
}

// Characters. The browser takes seconds to lay out very long words of some scripts, so of a longer text only the
// beginning is in the page until the reader wants all of it.
const LONG = 8000, BEGINNING = 4000;

/** Removes all but the beginning of a long text. @param {Element} element @returns {boolean} whether it was long */
export function shorten(element) {
  if ((element.textContent ?? '').length <= LONG) return false;
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), range = document.createRange();
  let left = BEGINNING, text = /** @type {Text} */ (texts.nextNode());
  for (; text.length <= left; text = /** @type {Text} */ (texts.nextNode())) left -= text.length;
  range.setStart(text, left);
  range.setEndAfter(/** @type {Node} */ (element.lastChild));
  range.deleteContents();
  return true;
}

/** The text of sanitised HTML for one-line previews: line breaks become spaces. @param {string} html */
export function textOf(html) {
  const box = document.createElement('template');
  setSanitisedHtml(box, html.replace(/<(br|p|li)\b/g, ' <$1'));
  return (box.content.textContent ?? '').replace(/\s+/g, ' ').trim();
}

/** The text of sanitised HTML, unchanged. @param {string} html */
export function plainTextOf(html) {
  const box = document.createElement('template');
  setSanitisedHtml(box, html);
  return box.content.textContent ?? '';
}

/**
 * An element with plain text in it.
 * @param {string} tag @param {string} className @param {string} [text]
 */
export function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
