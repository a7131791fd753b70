import { h } from './html.js';

/** Announces texts to a screen reader, one after the other, without moving the focus. */
export class Announcer {
  element = h('div', { class: 'sr', role: 'status', 'aria-live': 'polite' });

  /** @param {string} text */
  say(text) {
    const line = h('p', {}, text);
    this.element.append(line);
    while (this.element.children.length > 5) this.element.firstChild?.remove();
    setTimeout(() => line.remove(), 10_000);
  }
}
