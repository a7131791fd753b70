import { focusAgain } from './focus.js';
import { h } from './html.js';
import { icon } from './icons.js';

/** @type {(() => void) | null} */
let closeOpen = null;

/**
 * A box beside its anchor that closes with Escape or a press elsewhere.
 * @param {HTMLElement} anchor @param {HTMLElement} box @param {(close: () => void) => void} [ready]
 */
export function openPopup(anchor, box, ready) {
  closeOpen?.();
  const host = anchor.closest('dialog, nav, main, aside') ?? document.body;
  const back = document.activeElement;
  const outside = (/** @type {Event} */ event) => { if (!box.contains(/** @type {Node} */ (event.target))) close(); };
  const close = () => {
    if (closeOpen === close) closeOpen = null;
    removeEventListener('pointerdown', outside, true);
    removeEventListener('resize', close);
    const hadFocus = box.contains(document.activeElement);
    box.remove();
    anchor.removeAttribute('aria-expanded');
    if (hadFocus && !focusAgain(back)) focusAgain(anchor);
  };
  closeOpen = close;
  box.classList.add('popup');
  host.append(box);
  anchor.setAttribute('aria-expanded', 'true');
  addEventListener('pointerdown', outside, true);
  addEventListener('resize', close);
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' && event.key !== 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  ready?.(close);
  place(anchor, box);
  return close;
}

/** @param {HTMLElement} anchor @param {HTMLElement} box */
function place(anchor, box) {
  const at = anchor.getBoundingClientRect(), { offsetWidth: width, offsetHeight: height } = box;
  const isRtl = document.documentElement.dir === 'rtl';
  const left = isRtl ? at.left : at.right - width;
  const top = at.bottom + height + 8 < innerHeight ? at.bottom + 4 : Math.max(8, at.top - height - 4);
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.min(top, Math.max(8, innerHeight - height - 8))}px`;
}

/**
 * @typedef {{icon?: import('./icons.js').IconName, label: string, key?: string, danger?: boolean, action: () => void}}
 *   Entry
 *
 * A menu. Arrow keys, Home and End move in it.
 * @param {HTMLElement} anchor @param {string} label @param {(Entry | false | null | undefined)[]} entries
 */
export function openMenu(anchor, label, entries) {
  const box = h('div', { class: 'menu', role: 'menu', 'aria-label': label });
  openPopup(anchor, box, (close) => {
    for (const entry of entries) if (entry) box.append(item(entry, close));
  });
  move(box, 0);
  box.addEventListener('keydown', (event) => {
    const items = [...box.children], at = items.indexOf(/** @type {Element} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(box, to % items.length);
  });
}

/** @param {HTMLElement} box @param {number} to */
function move(box, to) {
  /** @type {HTMLElement | undefined} */ (box.children[to])?.focus();
}

/** @param {Entry} entry @param {() => void} close */
function item({ icon: name, label, key, danger, action }, close) {
  const run = () => {
    close();
    action();
  };
  return h('button', { type: 'button', role: 'menuitem', tabindex: -1, class: danger ? 'danger' : '', onclick: run },
    name ? icon(name) : null, h('span', {}, label), key ? h('kbd', { 'aria-hidden': 'true' }, key) : null);
}
