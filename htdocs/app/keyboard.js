import { openDialog } from './dialog.js';
import { h } from './html.js';
import { keyOf } from './keys.js';

/** The entries of the dialog: keys, and the texts of their actions. */
const KEYS = [
  ['keysEverywhere',
    [['Ctrl K', 'keySearch'], ['Alt ↑ ↓', 'keyRooms'], ['Alt Shift ↓', 'keyUnread'], ['F6', 'keyParts'],
      ['Alt I', 'keyDetails'], ['?', 'keyHelp']]],
  ['keysWriting',
    [['Enter', 'keySend'], ['Shift Enter', 'keyLine'], ['↑', 'keyEditLast'], ['@', 'keyMention'],
      ['Esc', 'keyCancel']]],
  ['keysMessages',
    [['↑ ↓', 'keyMessages'], ['Enter', 'keyMenu'], ['+', 'react'], ['R', 'reply'], ['F', 'forward'], ['C', 'copy'],
      ['E', 'edit'], ['P', 'pin'], ['Delete', 'delete']]],
];

/** @param {import('./app.js').App} app */
export function openShortcuts(app) {
  const { t } = app;
  openDialog(app, {
    title: t('shortcuts'), wide: true,
    content: [h('div', { class: 'keys' },
      ...KEYS.map(([title, keys]) => h('section', {}, h('h3', {}, t(String(title))), h('dl', {},
      .../** @type {string[][]} */ (keys)
        .flatMap(([key, what]) =>
          [h('dt', {}, ...key.split(' ').map((one) => h('kbd', {}, one))), h('dd', {}, t(what))])))))],
  });
}

/**
 * The keys that work everywhere. Single letters work only outside of text fields.
 * @param {import('./app.js').App} app @param {import('./chat.js').Chat} chat
 * @returns {() => void} removes the listeners
 */
export function addShortcuts(app, chat) {
  const { sidebar, conversation } = chat;
  const step = (/** @type {number} */ by, isUnread = false) => {
    const ids = sidebar.list.ids, from = ids.indexOf(app.open);
    const order = ids.map((_, i) => ids[(from + by * (i + 1) + ids.length * 2) % ids.length]);
    const to = isUnread ? order.find((id) => app.store.room(id)?.unread) : from < 0 ? ids[0] : ids[from + by];
    if (to) app.show(to);
  };
  const nextPart = () => {
    const parts = [sidebar.search, conversation.timeline.list.querySelector('[tabindex="0"]'),
      conversation.composer.text].filter((one) => /** @type {HTMLElement | null} */ (one)?.offsetParent);
    const at = parts.findIndex((one) => one === document.activeElement);
    /** @type {HTMLElement | undefined} */ (parts[(at + 1) % parts.length])?.focus();
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    app.client.idle.touch();
    if (document.querySelector('dialog[open]')) return;
    const isTyping = /** @type {HTMLElement} */ (event.target).matches?.('input, textarea, select');
    const key = [
      (event.ctrlKey || event.metaKey) && 'Ctrl', event.altKey && 'Alt',
      event.shiftKey && event.key.length > 1 && event.key !== 'Dead' && 'Shift', keyOf(event),
    ].filter(Boolean).join(' ');
    if (key === 'Ctrl k') app.emit('search', '');
    else if (key === 'Alt ArrowDown') step(1);
    else if (key === 'Alt ArrowUp') step(-1);
    else if (key === 'Alt Shift ArrowDown') step(1, true);
    else if (key === 'Alt Shift ArrowUp') step(-1, true);
    else if (key === 'Alt i' && app.open) conversation.details.click();
    else if (key === 'F6') nextPart();
    else if (key === '?' && !isTyping) openShortcuts(app);
    else return;
    event.preventDefault();
  };
  const moved = () => app.client.idle.touch();
  addEventListener('keydown', pressed);
  addEventListener('pointerdown', moved, { passive: true });
  addEventListener('focus', moved);
  moved();
  return () => {
    removeEventListener('keydown', pressed);
    removeEventListener('pointerdown', moved);
    removeEventListener('focus', moved);
  };
}
