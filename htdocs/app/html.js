/** Building the page. HTML that the server has cleaned goes in by setSanitisedHtml() alone; everything else is text. */
import { textOf } from '../ui/html.js';

export * from '../ui/html.js';

/**
 * An element: attributes, listeners (`onclick` and the like, functions only) and children. What is null, undefined or
 * false is left out; strings are text.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false)
    node.append(child instanceof Node ? child : String(child));
  return node;
}

const LINK = /\bhttps?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}»”]/g;

/**
 * What somebody typed, as rich text: as it stands, with its web addresses as links.
 * @param {string} text
 */
export function htmlOfTyped(text) {
  const escape = (/** @type {string} */ part) =>
    part.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  let html = '', from = 0;
  for (const { 0: link, index } of text.matchAll(LINK)) {
    html += `${escape(text.slice(from, index))}<a href="${escape(link)}" target="_blank">${escape(link)}</a>`;
    from = index + link.length;
  }
  return html + escape(text.slice(from)).replace(/&quot;/g, '"');
}

/** Rich text as somebody could have typed it. @param {string} html */
export function typedOf(html) {
  return textOf(html.replace(/<br[^>]*>/g, '\n').replace(/<\/(p|li|ul|ol)>/g, '\n')).trim();
}
