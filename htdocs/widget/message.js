import { element, setSanitisedHtml, textOf } from '../ui/html.js';
import { textButton, when } from './parts.js';

/**
 * A message as a list item.
 * @param {any} message a Message or an Unsent
 * @param {{me: number, isGroup: boolean, language: import('../ui/text.js').Language}} how
 */
export function messageItem(message, { me, isGroup, language: { t, lang } }) {
  const li = element('li', 'message'), isMine = message.sender.id === me;
  if (isMine) li.classList.add('mine');
  if (message.state) li.classList.add(message.state);
  li.append(element('div', isMine || !isGroup ? 'sr' : 'sender', isMine ? t('you') : message.sender.username));
  if (message.forwarded_from)
    li.append(element('div', 'quote', t('forwarded', { name: message.forwarded_from.sender.username })));
  if (message.parent_message) {
    const quote = element('div', 'quote',
      `${message.parent_message.sender.username}: ${textOf(message.parent_message.content)}`);
    quote.dir = 'auto';
    li.append(quote);
  }
  li.append(...attachments(message, t));
  if (!message.attachments?.length) li.append(contentOf(message));
  const counts = Object.entries(message.reaction_counts ?? {});
  if (counts.length)
    li.append(element('div', 'reactions', counts.map(([content, count]) => `${content} ${count}`).join('  ')));
  li.append(message.state === 'failed' ? problem(message, t) : meta(message, isMine, t, lang));
  return li;
}

/** @param {any} message */
function contentOf(message) {
  const content = element('div', 'content');
  content.dir = 'auto';
  // What is on its way was not cleaned yet.
  if (message.state) content.textContent = message.text || textOf(message.content);
  else setSanitisedHtml(content, message.content);
  return content;
}

/** @param {any} message @param {import('../ui/text.js').Language['t']} t */
function attachments(message, t) {
  /** @type {import('../confab/types.js').Attachment[]} */
  const list = message.attachments ?? [];
  return list.filter(({ media_url }) => isWeb(media_url)).map(({ media_url, caption }) => {
    const link = /** @type {HTMLAnchorElement} */ (element('a', 'attachment',
      caption || fileName(media_url) || t('attachment')));
    link.href = media_url;
    link.target = '_blank';
    link.rel = 'noopener';
    const line = element('div', '');
    line.append(link);
    return line;
  });
}

/** The last part of an address; as it stands where its escapes mean nothing. @param {string} url */
function fileName(url) {
  const name = new URL(url, location.href).pathname.split('/').pop() ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** @param {string} url */
function isWeb(url) {
  try {
    return /^https?:$/.test(new URL(url, location.href).protocol);
  } catch {
    return false;
  }
}

/** @param {any} message @param {import('../ui/text.js').Language['t']} t */
function problem(message, t) {
  const line = element('div', 'problem', t('failed', { reason: message.error?.message ?? '' }));
  line.append(textButton(t('retry'), '', () => message.retry()), textButton(t('discard'), '', () => message.discard()));
  return line;
}

/**
 * @param {any} message @param {boolean} isMine @param {import('../ui/text.js').Language['t']} t @param {string} lang
 */
function meta(message, isMine, t, lang) {
  const line = element('div', 'meta');
  if (message.state && message.state !== 'sent') line.append(`${t(message.state)} `);
  if (message.is_edited) line.append(`${t('edited')} · `);
  if (isMine && message.read_count) line.append(`${t('read', { count: message.read_count })} · `);
  line.append(when(message.created_at, lang));
  return line;
}
