/**
 * What a person chose on this device. Kept in localStorage where that can be had.
 * @typedef {{
 *   theme: 'auto' | 'light' | 'dark', sound: boolean, notify: boolean, lang: string, quiet: string[], emoji: string[]
 * }} Choices
 */
const KEY = 'confab settings';

export class Settings {
  /** @type {Choices} quiet: rooms that do not notify; emoji: used last */
  choices = { theme: 'auto', sound: true, notify: false, lang: '', quiet: [], emoji: [] };

  constructor() {
    try {
      Object.assign(this.choices, JSON.parse(localStorage.getItem(KEY) ?? '{}'));
    } catch {
      // As if nothing had been chosen.
    }
    this.#apply();
  }

  /** @template {keyof Choices} K @param {K} key @returns {Choices[K]} */
  get(key) {
    return this.choices[key];
  }

  /** @template {keyof Choices} K @param {K} key @param {Choices[K]} value */
  set(key, value) {
    this.choices[key] = value;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.choices));
    } catch {
      // It holds until the page is left.
    }
    this.#apply();
  }

  #apply() {
    document.documentElement.dataset.theme = this.choices.theme;
  }
}
