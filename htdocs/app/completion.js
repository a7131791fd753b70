import { avatar } from './avatar.js';
import { h } from './html.js';

const SHOWN = 8;

/** Completes a mention that is being written as @na…: the members of the room whose names begin with it. */
export class Completion {
  #at = 0;

  /** @param {import('./app.js').App} app @param {HTMLTextAreaElement} text */
  constructor(app, text) {
    this.app = app;
    this.text = text;
    this.element = h('ul',
      { id: 'completion', class: 'completion', role: 'listbox', 'aria-label': app.t('people'), hidden: true });
    text.setAttribute('aria-autocomplete', 'list');
    text.setAttribute('aria-controls', 'completion');
    text.addEventListener('blur', () => this.#close());
    this.element.addEventListener('pointerdown', (event) => {
      event.preventDefault(); // the focus stays where it is
      const name = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target)
        .closest('li'))?.dataset.name;
      if (name) this.#choose(name);
    });
  }

  /** The beginning of a name before the cursor, or null. */
  get #begun() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    return /(?:^|[\s(])@([\p{L}\p{N}._-]*)$/u.exec(before)?.[1] ?? null;
  }

  look() {
    const { app } = this, begun = this.#begun;
    if (begun === null) return this.#close();
    const needle = begun.toLocaleLowerCase();
    const fits = (/** @type {string | undefined} */ name) => !!name?.toLocaleLowerCase().startsWith(needle);
    const people = app.store.members(app.open)
      .filter((user) => user.id !== app.me.id && (fits(user.username) || fits(user.first_name) || fits(user.last_name)))
      .slice(0, SHOWN);
    this.#offer(people);
    if (begun && people.length < SHOWN && app.store.hasMoreMembers(app.open)) this.#ask(begun);
  }

  /** In large rooms, asks the server for more members. @param {string} begun */
  async #ask(begun) {
    const { app } = this, room = app.open;
    const { members } = await app.client.listMembers(room,
      { search: begun, limit: SHOWN }).catch(() => ({ members: [] }));
    if (room === app.open && begun === this.#begun)
      this.#offer(members.map(({ user }) => user).filter(({ id }) => id !== app.me.id));
  }

  /** @param {import('../confab/types.js').User[]} people */
  #offer(people) {
    const { app } = this;
    if (!people.length) return this.#close();
    this.element
      .replaceChildren(
        ...people.map((user, i) => h('li', { id: `completion-${i}`, role: 'option', 'data-name': user.username },
      avatar(app.faceOfPerson(user)), h('span', { dir: 'auto' }, app.personOf(user)),
      app.personOf(user) !== user.username ? h('small', {}, `@${user.username}`) : null)));
    this.element.hidden = false;
    this.#select(0);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  pressed(event) {
    if (this.element.hidden) return false;
    const count = this.element.children.length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp')
      this.#select((this.#at + (event.key === 'ArrowDown' ? 1 : count - 1)) % count);
    else if (event.key === 'Enter' || event.key === 'Tab')
      this.#choose(/** @type {HTMLElement} */ (this.element.children[this.#at]).dataset.name ?? '');
    else if (event.key === 'Escape') this.#close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** @param {number} at */
  #select(at) {
    this.#at = at;
    for (const [i, option] of [...this.element.children].entries())
      option.setAttribute('aria-selected', String(i === at));
    this.text.setAttribute('aria-activedescendant', `completion-${at}`);
  }

  /** @param {string} name */
  #choose(name) {
    const end = this.text.selectionStart, start = end - (this.#begun?.length ?? 0);
    this.text.setRangeText(`${name} `, start, end, 'end');
    this.#close();
    this.text.dispatchEvent(new Event('input'));
  }

  #close() {
    this.element.hidden = true;
    this.text.removeAttribute('aria-activedescendant');
  }
}
