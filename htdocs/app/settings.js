import { readItem, writeItem } from '../confab/storage.js';

/**
 * The user's settings on this device. Stored in localStorage if available.
 * @typedef {{
 *   theme: 'auto' | 'light' | 'dark', sound: boolean, notify: boolean, lang: string, quiet: string[], emoji: string[]
 * }} Choices
 */
const KEY = 'confab settings';

export class Settings {
  /** @type {Choices} quiet: rooms that do not notify; emoji: used last */
  choices = { theme: 'auto', sound: true, notify: false, lang: '', quiet: [], emoji: [] };

  /** @param {() => void} changed called after a change, here or in another tab */
  constructor(changed) {
    this.changed = changed;
    this.#read();
    addEventListener('storage', ({ key }) => {
      if (key === KEY) this.#read();
    });
  }

  /** @template {keyof Choices} K @param {K} key @returns {Choices[K]} */
  get(key) {
    return this.choices[key];
  }

  /** Keeps the choices of other tabs. @template {keyof Choices} K @param {K} key @param {Choices[K]} value */
  set(key, value) {
    this.choices = { ...this.choices, ...stored(), [key]: value };
    writeItem(KEY, JSON.stringify(this.choices));
    this.#apply();
  }

  /** @param {string} room @param {boolean} on */
  setQuiet(room, on) {
    const others = (stored().quiet ?? this.choices.quiet).filter((id) => id !== room);
    this.set('quiet', on ? [...others, room] : others);
  }

  #read() {
    this.choices = { ...this.choices, ...stored() };
    this.#apply();
  }

  #apply() {
    document.documentElement.dataset.theme = this.choices.theme;
    this.changed();
  }
}

/** @returns {Partial<Choices>} */
function stored() {
  try {
    return JSON.parse(readItem(KEY) ?? '{}');
  } catch {
    return {};
  }
}
