import { h } from './html.js';
import { openPopup } from './menu.js';

const COLUMNS = 8, RECENT = 8;
const SIGNS = [
  '👍', '❤️', '😂', '🎉', '🙏', '😮', '😢', '🔥', '😀', '😄', '😅', '🤣', '😊', '😉', '😍', '🥰', '😘', '😋', '😜', '🤔', '🤨', '😐', '🙄',
  '😏',
  '😴', '😎', '🤓', '🥳', '😭', '😡', '🤯', '😱', '🤗', '🤫', '🤝', '👏', '🙌', '👋', '👌', '✌️', '🤞', '💪', '👀', '🧠', '👎', '✋', '👉',
  '☝️',
  '✅', '❌', '❓', '❗', '💯', '⭐', '✨', '💡', '📌', '📎', '📅', '⏰', '🚀', '🐛', '🌱', '🌻', '☀️', '🌧️', '🌈', '☕', '🍵', '🍰', '🍎',
  '🏡',
];

/**
 * A picker for an emoji in a grid; those used last come first.
 * @param {import('./app.js').App} app @param {HTMLElement} anchor @param {(sign: string) => void} chosen
 */
export function pickEmoji(app, anchor, chosen) {
  const recent = app.settings.get('emoji');
  const signs = [...new Set([...recent, ...SIGNS])].slice(0, SIGNS.length);
  const box = h('div', { class: 'emoji', role: 'group', 'aria-label': app.t('emoji') });
  openPopup(anchor, box, (close) => {
    for (const sign of signs)
      box.append(h('button', { type: 'button', tabindex: -1, onclick: () => {
        app.settings.set('emoji', [sign, ...recent.filter((one) => one !== sign)].slice(0, RECENT));
        close();
        chosen(sign);
      } }, sign));
    queueMicrotask(() => /** @type {HTMLElement} */ (box.firstChild).focus());
  });
  box.addEventListener('keydown', (event) => {
    const at = [...box.children].indexOf(/** @type {Element} */ (document.activeElement));
    const forth = document.documentElement.dir === 'rtl' ? -1 : 1;
    const step = { ArrowRight: forth, ArrowLeft: -forth, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (!step) return;
    event.preventDefault();
    /** @type {HTMLElement | undefined} */ (box.children[at + step])?.focus();
  });
}
