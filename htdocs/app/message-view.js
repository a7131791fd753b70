import { hasText, isEmojiOnly, mediaOf } from '../ui/content.js';
import { attachmentView } from './attachment-view.js';
import { avatar, hueOf } from './avatar.js';
import { h, setSanitisedHtml, shorten } from './html.js';
import { icon } from './icons.js';
import { reason } from './reason.js';
import { openSeenBy } from './message-dialogs.js';

/**
 * The delivery state of an own message.
 * @param {import('./app.js').App} app @param {any} message
 * @returns {{name: import('./icons.js').IconName, label: string, isRead?: boolean} | null}
 */
export function markOf(app, message) {
  const { t, store, me } = app;
  if (message.state === 'failed') return { name: 'warn', label: t('failedShort') };
  if (message.state) return { name: 'clock', label: t(message.state === 'sending' ? 'sending' : 'queued') };
  const readers = new Set(message.read_receipts.map((/** @type {any} */ { reader }) => reader.id));
  for (const [user, seq] of store.reads(message.room.id)) if (user !== me.id && seq >= message.seq) readers.add(user);
  const read = Math.max(message.read_count, readers.size);
  if (read) return { name: 'checks', label: t('read', { count: read }), isRead: true };
  if (message.delivered_count) return { name: 'checks', label: t('delivered') };
  return { name: 'check', label: t('sent') };
}

/**
 * One message.
 * @param {import('./app.js').App} app @param {any} message
 * @param {{isFirst: boolean, isMine: boolean, mark: ReturnType<typeof markOf>, key: string}} how
 */
export function messageView(app, message, { isFirst, isMine, mark, key }) {
  const isNamed = message.mentions?.some((/** @type {any} */ { id }) => id === app.me.id);
  const classes = ['message', isMine && 'mine', isFirst && 'first',
    message.state && message.state !== 'failed' && 'pending', message.state === 'failed' && 'failed',
    isNamed && 'named'];
  const name = app.personOf(message.sender), isDirect = !!app.room?.peer, content = contentOf(message, key);
  return h('li',
    { class: classes.filter(Boolean).join(' '), tabindex: -1, 'data-key': key, 'data-seq': message.seq },
    isMine || isDirect ? null
      : isFirst ? avatar(app.faceOfPerson(message.sender)) : h('span', { class: 'avatar none' }),
    h('div', { class: 'body' },
      h('div', { class: 'bubble' },
        h('span', { class: isFirst && !isMine && !isDirect ? `sender ${hueOf(name)}` : 'sr', dir: 'auto' },
          isMine ? app.t('you') : name),
        quoteOf(app, message), forwardOf(app, message), content,
        ...attachmentsOf(app, message), metaOf(app, message, mark)),
      reactionsOf(app, message), failureOf(app, message)));
}

/** @param {import('./app.js').App} app @param {any} message */
function quoteOf(app, message) {
  const parent = message.parent_message
    ?? (message.extra_fields?.parent_message_id
      && app.store.messages(message.room.id)
        .find((/** @type {any} */ { id }) => id === message.extra_fields.parent_message_id));
  if (!parent && !message.parent_deleted) return null;
  if (!parent)
    return h('span', { class: 'quote gone' }, h('span', { class: 'sr' }, app.t('inReplyTo')),
      h('em', {}, app.t('deletedMessage')));
  return h('button', { class: `quote ${hueOf(app.personOf(parent.sender))}`, onclick: () => app.emit('jump', parent) },
    h('span', { class: 'sr' }, app.t('inReplyTo')), h('strong', { dir: 'auto' }, app.personOf(parent.sender)),
    h('span', { dir: 'auto' }, app.lineOf(parent)));
}

/** @param {import('./app.js').App} app @param {any} message */
function forwardOf(app, { forwarded_from: origin }) {
  if (!origin) return null;
  return h('span', { class: 'forwarded' }, icon('forward'), app.t('forwarded', { name: app.personOf(origin.sender) }));
}

/** @param {any} message @param {string} key */
function contentOf(message, key) {
  const content = h('div', { class: 'content', dir: 'auto' });
  fill(content, message);
  if (!unfolded.has(key)) shorten(content);
  if (!content.hasChildNodes()) content.hidden = true;
  if (isEmojiOnly(content.textContent ?? '')) content.classList.add('large');
  return content;
}

/** @param {HTMLElement} content @param {any} message */
function fill(content, message) {
  if (message.state) content.textContent = message.text;
  else if (hasText(message)) setSanitisedHtml(content, message.content);
}

/** @type {Set<string>} long messages that the person has unfolded */
const unfolded = new Set();

/**
 * Folds very tall messages, with a button that shows all of them. Call it when the elements are in the page.
 * @param {import('./app.js').App} app @param {{node: HTMLElement, key: string, message: any}[]} views
 */
export function foldTall({ t }, views) {
  const tall = views.filter(({ node, key }) => !unfolded.has(key) && contentIn(node).scrollHeight > tallest());
  for (const { node, key, message } of tall) {
    const content = contentIn(node);
    content.classList.add('folded');
    const button = h('button', { class: 'inline', onclick: () => {
      unfolded.add(key);
      fill(content, message);
      content.classList.remove('folded');
      node.focus();
      button.remove();
    } }, t('showAll'));
    content.after(button);
  }
}

/** @param {HTMLElement} node */
const contentIn = (node) => /** @type {HTMLElement} */ (node.querySelector('.content'));

/** The limit of the style sheet and a little more, so no button reveals only one line. */
const tallest = () => parseFloat(getComputedStyle(document.documentElement).fontSize) * 26;

/** @param {import('./app.js').App} app @param {any} message */
function attachmentsOf(app, message) {
  return mediaOf(message).map((one) => attachmentView(app, one));
}

/** @param {import('./app.js').App} app @param {any} message @param {ReturnType<typeof markOf>} mark */
function metaOf(app, message, mark) {
  const { t, formats } = app;
  const sign = mark && h(message.state ? 'span' : 'button', {
    class: `mark${mark.isRead ? ' read' : ''}`, title: mark.label, tabindex: message.state ? null : -1,
    ...(!message.state && { onclick: () => openSeenBy(app, message) }),
  }, icon(mark.name), h('span', { class: 'sr' }, mark.label));
  return h('span', { class: 'meta' },
    message.pinned ? h('span', { title: t('pinned') }, icon('pin'), h('span', { class: 'sr' }, t('pinned'))) : null,
    message.is_edited ? h('span', {}, t('edited')) : null,
    h('time', { datetime: message.created_at, title: formats.full.format(new Date(message.created_at)) },
      formats.time(message.created_at)), sign);
}

/** @param {import('./app.js').App} app @param {any} message */
function reactionsOf(app, message) {
  const counts = Object.entries(message.reaction_counts ?? {});
  if (!counts.length) return null;
  const own = message.reactions.find((/** @type {any} */ { user }) => user.id === app.me.id)?.reaction_content;
  return h('div', { class: 'reactions' }, ...counts.map(([sign, count]) => {
    const people = message.reactions.filter((/** @type {any} */ one) => one.reaction_content === sign)
      .map((/** @type {any} */ { user }) => app.personOf(user));
    return h('button', {
      'aria-pressed': String(sign === own), title: app.formats.names.format(people),
      'aria-label': app.t('reactionOf',
        { sign, count: app.formats.numbers.format(Number(count)), names: app.formats.names.format(people) }),
      onclick: () =>
        (sign === own ? app.client.unreact(message.id) : app.client.react(message.id, sign)).catch(() => {}),
    }, h('span', { dir: 'auto' }, sign), h('span', { class: 'count' }, app.formats.numbers.format(Number(count))));
  }));
}

/** @param {import('./app.js').App} app @param {any} message */
function failureOf(app, message) {
  if (message.state !== 'failed') return null;
  const { t } = app;
  return h('p', { class: 'error' }, t('failed', { reason: reason(app, message.error) }),
    h('button', { class: 'inline', onclick: () => message.retry() }, t('retry')),
    h('button', { class: 'inline', onclick: () => message.discard() }, t('discard')));
}
