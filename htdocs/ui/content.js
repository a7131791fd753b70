import { escapeText } from '../confab/text.js';
import { plainTextOf, textOf } from './html.js';

/**
 * Helpers for the content of a message, for all modules that show one.
 * @typedef {import('../confab/types.js').Message} Message
 * @typedef {import('../confab/types.js').Unsent} Unsent
 * @typedef {import('../confab/types.js').Attachment} Attachment
 */
const MEDIA_ONLY = 'Media Files'; // the content of messages that have attachments and no text

/** @param {Message | Unsent} message @returns {Attachment[]} */
export function mediaOf(message) {
  return ('state' in message ? message.extra_fields?.media : message.attachments) ?? [];
}

/** Whether the message has a text of its own. @param {Message | Unsent} message */
export function hasText(message) {
  if ('state' in message) return !!message.text || !mediaOf(message).length;
  return !mediaOf(message).length || message.content !== MEDIA_ONLY;
}

/** The message on one line. @param {Message | Unsent} message @param {import('./text.js').Language['t']} t */
export function lineOf(message, t) {
  if ('is_deleted' in message && message.is_deleted) return t('deletedMessage');
  const [first] = mediaOf(message);
  if (hasText(message))
    return ('state' in message && message.text.replace(/\s+/g, ' ').trim()) || textOf(message.content);
  return first.caption || t(first.media_type === 'image' ? 'picture' : 'attachment');
}

/** Rich text as plain text, with its line breaks. @param {string} html */
export function typedOf(html) {
  return plainTextOf(html.replace(/<br[^>]*>/g, '\n').replace(/<\/(p|li|ul|ol|blockquote|pre)>/g, '\n')).trim();
}

const LINK = /\bhttps?:\/\/[^\s<>"“”«»\u3000-\u303f\uff00-\uffef]+/gi;
const CLOSERS = /** @type {Record<string, string>} */ ({ ')': '(', ']': '[', '}': '{' });

/** A web address without the punctuation of the surrounding sentence. @param {string} found */
function addressIn(found) {
  let address = found;
  for (;;) {
    const last = address.at(-1) ?? '', count = (/** @type {string} */ sign) => address.split(sign).length;
    const isOutside = CLOSERS[last] ? count(last) > count(CLOSERS[last]) : /['.,;:!?…]/.test(last);
    if (!isOutside) return address;
    address = address.slice(0, -1);
  }
}

/**
 * Typed text as rich text: unchanged, with its web addresses as links.
 * @param {string} text
 */
export function htmlOfTyped(text) {
  let html = '', from = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const link = addressIn(found), href = link.replace(/^https?/i, (scheme) => scheme.toLowerCase());
    const quoted = escapeText(href).replace(/"/g, '&quot;');
    html += `${escapeText(text.slice(from, index))}<a href="${quoted}" target="_blank">${escapeText(link)}</a>`;
    from = index + link.length;
  }
  return html + escapeText(text.slice(from));
}

/** Whether a text is one to three emoji and nothing else. @param {string} text */
export function isEmojiOnly(text) {
  return EMOJI.test(text);
}

const EMOJI =
  new RegExp('^\\s*(?:(?:\\p{RGI_Emoji}|\\p{Emoji_Presentation}|\\p{Extended_Pictographic}\\ufe0f?)\\s*){1,3}$', 'v');
