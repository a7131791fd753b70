import { avatar } from './avatar.js';
import { h, setSanitisedHtml } from './html.js';
import { reason } from './reason.js';

const PAUSE = 250; // ms after a key
const ROOMS = 30;
// In these scripts a single character can be a word.
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u;

/** Search results: rooms by their names, and messages by their words. */
export class SearchResults {
  room = ''; // '' to search all rooms
  #text = '';
  #run = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    const { t } = app;
    this.rooms = h('ul', {});
    this.messages = h('ul', { id: 'found' });
    this.state = h('p', { class: 'hint', role: 'status' });
    this.more = h('button', { class: 'plain', hidden: true, onclick: () => this.#page() }, t('moreResults'));
    this.roomsPart = h('section', {}, h('h2', {}, t('rooms')), this.rooms);
    this.element = h('div', { class: 'results', hidden: true }, this.roomsPart,
      h('section', {}, h('h2', {}, t('messages')), this.messages, this.state, this.more));
    this.element.addEventListener('keydown', (event) => this.#pressed(event));
  }

  /** @param {string} text */
  look(text) {
    const { store } = this.app;
    this.#text = text;
    clearTimeout(this.#timer);
    const needle = text.toLocaleLowerCase();
    const found = text && !this.room
      ? store.list().filter((room) => this.app.nameOf(room).toLocaleLowerCase().includes(needle)).slice(0, ROOMS) : [];
    this.roomsPart.hidden = !found.length;
    this.rooms.replaceChildren(...found.map((room) => h('li', {}, h('button', { onclick: () => this.app.show(room.id) },
      avatar(this.app.faceOf(room)), h('span', { class: 'name', dir: 'auto' }, this.app.nameOf(room))))));
    this.messages.replaceChildren();
    this.more.hidden = true;
    const isEnough = text.length > 1 || WORD.test(text);
    this.state.textContent = isEnough ? this.app.t('searching') : '';
    this.#run++;
    if (isEnough) this.#timer = setTimeout(() => this.#page(), PAUSE);
  }

  /** The next results. */
  async #page() {
    const run = this.#run, { client, t } = this.app;
    try {
      const before = Number(/** @type {HTMLElement | null} */ (this.messages.lastElementChild)?.dataset.seq)
        || undefined;
      const { results, has_next } = await client.search({
        query: this.#text, order: 'newest', limit: 20, ...(this.room && { room_id: this.room }),
        ...(before && { before }),
      });
      if (run !== this.#run) return;
      this.messages.append(...results.map((result) => this.#row(result)));
      this.more.hidden = !has_next;
      const count = this.messages.children.length;
      this.state.textContent = count ? t('found', { count }) : t('nothingFound');
    } catch (error) {
      if (run === this.#run) this.state.textContent = reason(this.app, error);
    }
  }

  /** @param {{message: import('../confab/types.js').Message, snippet: string}} result */
  #row({ message, snippet }) {
    const { app } = this, room = app.store.room(message.room.id);
    const text = h('span', { class: 'snippet', dir: 'auto' });
    setSanitisedHtml(text, snippet);
    return h('li', { 'data-seq': message.seq }, h('button', { onclick: () => app.show(message.room.id, message) },
      avatar(app.faceOfPerson(message.sender)),
      h('span', { class: 'name', dir: 'auto' },
        `${app.personOf(message.sender)}${room && !this.room && !room.peer ? ` · ${app.nameOf(room)}` : ''}`),
      h('span', { class: 'when' }, app.formats.when(message.created_at)), text));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const buttons = [...this.element.querySelectorAll('button')].filter((button) => button.offsetParent);
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    (buttons[at + step] ?? (at + step < 0 ? document.getElementById('search') : null))?.focus();
  }
}
