import { authorization } from '../confab/auth.js';
import { isForeign, safeAddress } from '../ui/address.js';
import { hasText, lineOf, mediaOf } from '../ui/content.js';
import { element, setSanitisedHtml, shorten, textOf } from '../ui/html.js';
import { textButton, when } from './parts.js';

const SHORT = 20; // characters of a reaction to show

/**
 * A message.
 * @param {any} message a Message or an Unsent
 * @param {{
 *   me: number, isGroup: boolean, language: import('../ui/text.js').Language, client:
 *   import('../confab/client.js').Client
 * }} how
 */
export function messageItem(message, { me, isGroup, language: { t, lang }, client }) {
  const item = element('div', 'message'), isMine = message.sender.id === me;
  if (isMine) item.classList.add('mine');
  if (message.state) item.classList.add(message.state);
  item.append(element('div', isMine || !isGroup ? 'sr' : 'sender', isMine ? t('you') : message.sender.username));
  if (message.forwarded_from)
    item.append(element('div', 'quote', t('forwarded', { name: message.forwarded_from.sender.username })));
  if (message.parent_message) {
    const quote = element('div', 'quote',
      `${message.parent_message.sender.username}: ${lineOf(message.parent_message, t)}`);
    quote.dir = 'auto';
    item.append(quote);
  } else if (message.parent_deleted) {
    item.append(element('div', 'quote', t('deletedMessage')));
  }
  item.append(...attachments(message, t, client));
  if (hasText(message)) item.append(...contentOf(message, t));
  const counts = Object.entries(message.reaction_counts ?? {});
  if (counts.length)
    item.append(element('div', 'reactions',
      counts.map(([content, count]) => `${shortened(content)} ${count}`).join('  ')));
  item.append(message.state === 'failed' ? problem(message, t) : meta(message, isMine, t, lang));
  return item;
}

/**
 * The text, and a button for the rest if it is long.
 * @param {any} message @param {import('../ui/text.js').Language['t']} t
 */
function contentOf(message, t) {
  const content = element('div', 'content');
  content.dir = 'auto';
  const fill = () => {
    // An outgoing message is not sanitised yet.
    if (message.state) content.textContent = message.text || textOf(message.content);
    else setSanitisedHtml(content, message.content);
  };
  fill();
  if (!shorten(content)) return [content];
  const button = textButton(t('showAll'), 'rest', () => {
    fill();
    button.remove();
  });
  return [content, button];
}

/**
 * @param {any} message @param {import('../ui/text.js').Language['t']} t @param {import('../confab/client.js').Client}
 *   client
 */
function attachments(message, t, client) {
  return mediaOf(message).filter(({ media_url }) => safeAddress(media_url)).map(({ media_url, caption }) => {
    const name = fileName(media_url);
    const link = /** @type {HTMLAnchorElement} */ (element('a', 'attachment', caption || name || t('attachment')));
    link.href = media_url;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    if (!client.auth.isByCookie && !isForeign(safeAddress(media_url)))
      link.addEventListener('click', (event) => {
        event.preventDefault();
        saveWithToken(client, link.href, name).catch(() => problemBeside(link, t('cantOpen', { name })));
      });
    const line = element('div', '');
    line.append(link);
    return line;
  });
}

/**
 * A link can't carry a token, so the file is fetched with it and saved.
 * @param {import('../confab/client.js').Client} client @param {string} address @param {string} name
 */
async function saveWithToken(client, address, name) {
  const response = await fetch(address, { headers: authorization(await client.auth.token()) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {HTMLElement} link @param {string} text */
function problemBeside(link, text) {
  const line = element('div', 'problem', text);
  line.setAttribute('role', 'alert');
  link.parentElement?.querySelector('.problem')?.remove();
  link.after(line);
}

/** A reaction may be a whole sentence. @param {string} sign */
function shortened(sign) {
  const signs = [...sign];
  return `\u2068${signs.length > SHORT ? `${signs.slice(0, SHORT).join('')}…` : sign}\u2069`;
}

/** The last part of a URL, decoded if its escapes are valid. @param {string} url */
function fileName(url) {
  const name = new URL(url, location.href).pathname.split('/').pop() ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
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
