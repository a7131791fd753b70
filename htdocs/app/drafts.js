import { readItem, removeItem, writeItem } from '../confab/storage.js';

const KEPT = 200; // rooms

/** Unsent drafts by room; they survive a reload on this device. */
export class Drafts {
  /** @type {Map<string, string>} */
  #texts = new Map();
  #key = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {number} user */
  load(user) {
    this.#key = `confab drafts ${user}`;
    try {
      this.#texts = new Map(JSON.parse(readItem(this.#key) ?? '[]'));
    } catch {
      this.#texts = new Map();
    }
    addEventListener('pagehide', () => this.#save());
  }

  /** @param {string} room */
  get(room) {
    return this.#texts.get(room) ?? '';
  }

  /** @param {string} room @param {string} text */
  set(room, text) {
    this.#texts.delete(room);
    if (text.trim()) this.#texts.set(room, text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), 300);
  }

  /** Removes the drafts before another person uses this device. */
  clear() {
    clearTimeout(this.#timer);
    if (this.#key) removeItem(this.#key);
    this.#key = '';
    this.#texts.clear();
  }

  #save() {
    if (!this.#key) return;
    writeItem(this.#key, JSON.stringify([...this.#texts].slice(-KEPT)));
  }
}
