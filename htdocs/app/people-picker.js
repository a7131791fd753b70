import { avatar } from './avatar.js';
import { h } from './html.js';
import { personRow } from './message-dialogs.js';
import { reason } from './reason.js';

const PAUSE = 200; // ms after a key
const PAGE = 30;

/** Chooses people from the directory: one, or several. */
export class PeoplePicker {
  /** @type {Map<number, import('../confab/types.js').User>} */
  chosen = new Map();
  #run = 0;
  #last = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {import('./app.js').App} app @param {{isOne?: boolean, without?: Set<number>, changed?: () => void}} [how]
   */
  constructor(app, { isOne = false, without = new Set(), changed = () => {} } = {}) {
    this.app = app;
    this.isOne = isOne;
    this.without = without;
    this.changed = changed;
    const { t } = app;
    this.search = h('input',
      { type: 'search', placeholder: t('findPeople'), 'aria-label': t('findPeople'), autocomplete: 'off',
        spellcheck: 'false', dir: 'auto' });
    this.chips = h('ul', { class: 'chips', 'aria-label': t('chosen') });
    this.list = h('ul', { class: 'people choose', 'aria-label': t('people') });
    this.state = h('p', { class: 'hint', role: 'status' });
    this.more = h('button', { type: 'button', class: 'plain', hidden: true, onclick: () => this.#page() },
      t('moreResults'));
    this.element = h('div', { class: 'picker' }, this.search, this.chips, this.list, this.state, this.more);
    this.search.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#anew(), PAUSE);
    });
    this.search.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      /** @type {HTMLElement | null} */ (this.list.querySelector('button'))?.click();
    });
    this.#anew();
  }

  get ids() {
    return [...this.chosen.keys()];
  }

  #anew() {
    this.#run++;
    this.#last = 0;
    this.#page();
  }

  async #page() {
    const run = this.#run, { client, me, t } = this.app, search = this.search.value.trim();
    try {
      const { users,
        has_next } = await client.listUsers({ limit: PAGE, ...(search && { search }),
          ...(this.#last && { after: this.#last }) });
      if (run !== this.#run) return;
      if (!this.#last) this.list.replaceChildren();
      this.#last = users.at(-1)?.id ?? this.#last;
      this.list
        .append(...users.filter(({ id }) => id !== me.id && !this.without.has(id)).map((user) => this.#row(user)));
      this.more.hidden = !has_next;
      this.state.textContent = this.list.children.length ? '' : t('nobodyFound');
    } catch (error) {
      if (run === this.#run) this.state.textContent = reason(this.app, error);
    }
  }

  /** @param {import('../confab/types.js').User} user */
  #row(user) {
    const row = personRow(this.app, user), name = this.app.personOf(user);
    const button = h('button',
      { type: 'button', class: 'row', 'aria-pressed': String(this.chosen.has(user.id)),
        onclick: () => this.#toggle(user) }, ...row.childNodes,
      name !== user.username ? h('small', {}, `@${user.username}`) : null);
    row.append(button);
    return row;
  }

  /** @param {import('../confab/types.js').User} user */
  #toggle(user) {
    const has = this.chosen.has(user.id);
    if (this.isOne) this.chosen.clear();
    if (has) this.chosen.delete(user.id);
    else this.chosen.set(user.id, user);
    for (const row of /** @type {Iterable<HTMLElement>} */ (this.list.children))
      row.firstElementChild?.setAttribute('aria-pressed', String(this.chosen.has(Number(row.dataset.user))));
    this.chips.replaceChildren(...(this.isOne ? [] : [...this.chosen.values()].map((one) => h('li', {}, h('button', {
      type: 'button', class: 'chip', 'aria-label': this.app.t('removePerson', { name: this.app.personOf(one) }),
      onclick: () => this.#toggle(one),
    }, avatar(this.app.faceOfPerson(one)), this.app.personOf(one), ' ×')))));
    this.changed();
  }
}
