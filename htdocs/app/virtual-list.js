import { focusAgain, succeed } from './focus.js';
import { h } from './html.js';

const MARGIN = 6; // rows kept above and below the visible ones

/**
 * A long list of rows of equal height: only the visible ones exist. One of them can be reached by Tab; the arrow keys
 * move on from there.
 * @template T
 */
export class VirtualList {
  /** @type {T[]} */
  #items = [];
  /** @type {Map<string, {row: HTMLElement, state: string}>} */
  #rows = new Map();
  #active = '';

  /**
   * @param {object} view
   * @param {string} view.id
   * @param {string} view.label
   * @param {number} view.rem height of a row
   * @param {(item: T) => string} view.keyOf
   * @param {(item: T) => string} view.stateOf the content of a row; the row is redrawn when it changes
   * @param {(item: T) => HTMLButtonElement} view.make
   */
  constructor(view) {
    this.view = view;
    this.list = h('ul', { id: view.id, 'aria-label': view.label });
    this.element = h('div', { class: 'virtual', tabindex: -1 }, this.list); // otherwise Firefox makes it a tab stop
    this.element.addEventListener('scroll', () => this.draw(), { passive: true });
    this.list.addEventListener('keydown', (event) => this.#pressed(event));
    this.list.addEventListener('focusin', (event) => {
      const key = /** @type {HTMLElement} */ (event.target).closest('li')?.dataset.key;
      if (key) this.#active = key;
    });
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** @param {T[]} items */
  set items(items) {
    this.#items = items;
    this.draw();
  }

  get items() {
    return this.#items;
  }

  get #height() {
    return parseFloat(getComputedStyle(document.documentElement).fontSize) * this.view.rem;
  }

  draw() {
    const height = this.#height, { keyOf } = this.view, items = this.#items;
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - MARGIN);
    const last = Math.min(items.length,
      Math.ceil((this.element.scrollTop + this.element.clientHeight) / height) + MARGIN);
    this.list.style.height = `${items.length * height}px`;
    const shown = new Set();
    for (let i = first; i < last; i++) shown.add(this.#place(i, height));
    const active = items.findIndex((item) => keyOf(item) === this.#active);
    if (active >= 0) shown.add(this.#place(active, height));
    for (const [key, { row }] of this.#rows)
      if (!shown.has(key)) {
        row.remove();
        this.#rows.delete(key);
      }
    this.#order();
    const tab = this.#rows.get(this.#active) ?? this.#rows.get(items[first] && keyOf(items[first]));
    for (const { row } of this.#rows.values())
      /** @type {HTMLElement} */ (row.firstChild).tabIndex = row === tab?.row ? 0 : -1;
  }

  /** @param {number} i @param {number} height */
  #place(i, height) {
    const item = this.#items[i], key = this.view.keyOf(item), state = this.view.stateOf(item);
    let known = this.#rows.get(key);
    if (!known) {
      const row = h('li', { 'data-key': key });
      known = { row, state: '' };
      this.#rows.set(key, known);
      this.list.append(row);
    }
    if (known.state !== state || !known.row.firstChild) {
      const hadFocus = known.row.contains(document.activeElement);
      const button = this.view.make(item);
      if (known.row.firstElementChild) succeed(known.row.firstElementChild, button);
      known.row.replaceChildren(button);
      if (hadFocus) focusAgain(button);
      known.state = state;
    }
    known.row.style.transform = `translateY(${i * height}px)`;
    known.row.setAttribute('aria-setsize', String(this.#items.length));
    known.row.setAttribute('aria-posinset', String(i + 1));
    return key;
  }

  /** Puts the rows into visual order for screen readers, without moving the focused one. */
  #order() {
    const rows = /** @type {HTMLElement[]} */ ([...this.list.children]);
    const place = (/** @type {HTMLElement} */ row) => Number(row.getAttribute('aria-posinset'));
    if (rows.every((row, i) => !i || place(rows[i - 1]) < place(row))) return;
    rows.sort((a, b) => place(a) - place(b));
    const focused = rows.findIndex((row) => row.contains(document.activeElement));
    if (focused < 0) return this.list.append(...rows);
    this.list.prepend(...rows.slice(0, focused));
    this.list.append(...rows.slice(focused + 1));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { keyOf } = this.view, items = this.#items,
      page = Math.max(1, Math.floor(this.element.clientHeight / this.#height) - 1);
    const at = items.findIndex((item) => keyOf(item) === this.#active);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0,
      End: items.length - 1 }[event.key];
    if (to === undefined || !items.length || event.altKey) return;
    event.preventDefault();
    this.focus(Math.max(0, Math.min(items.length - 1, to)));
  }

  /** @param {number} i */
  focus(i) {
    const height = this.#height, top = i * height, { element } = this;
    if (!this.#items[i]) return;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight)
      element.scrollTop = top + height - element.clientHeight;
    this.#active = this.view.keyOf(this.#items[i]);
    this.draw();
    /** @type {HTMLElement | null | undefined} */ (this.#rows.get(this.#active)?.row.firstChild)
      ?.focus({ preventScroll: true });
  }
}
