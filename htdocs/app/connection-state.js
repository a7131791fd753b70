import { h } from './html.js';
import { icon } from './icons.js';

const NAMES = /** @type {Record<string, string>} */ ({ ws: 'WebSocket', sse: 'server-sent events', poll: 'long-poll' });
const PATIENCE = 1_500; // ms until an interruption is shown

/**
 * The state of the connection and of unsent messages: a line below the rooms, and a bar above the messages if something
 * is wrong.
 */
export class ConnectionState {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isLate = false;

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    const { client, store } = app;
    this.line = h('span', { id: 'connection', class: 'connection', role: 'status' });
    this.words = h('span', { role: 'status' });
    this.bar = h('div', { class: 'offline', hidden: true }, icon('warn'), this.words,
      h('button', { class: 'plain', onclick: () => client.hurry() }, app.t('tryNow')));
    const draw = app.drawer(() => this.#draw());
    this.offs = [client.on('state', () => this.#changed()), client.on('ready', draw), store.outbox.on('change', draw)];
    this.#changed();
  }

  close() {
    clearTimeout(this.#timer);
    for (const off of this.offs) off();
  }

  #changed() {
    if (this.app.client.state === 'open') {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#isLate = false;
    } else {
      this.#timer ??= setTimeout(() => {
        this.#isLate = true;
        this.#draw();
      }, PATIENCE);
    }
    this.#draw();
  }

  #draw() {
    const { client, t } = this.app, { state } = client;
    const words = state === 'open' ? t('connectedBy', { name: NAMES[client.transport] ?? '' })
      : t(state === 'waiting' ? 'waiting' : 'connecting');
    this.line.className = `connection ${state}`;
    if (this.line.textContent !== words) this.line.textContent = words;
    this.bar.hidden = state === 'open' || !this.#isLate;
    const unsent = this.app.store.outbox.items.size;
    const said = [t('waiting'), unsent ? t('unsent', { count: unsent }) : ''].join(' ');
    if (this.words.textContent !== said) this.words.textContent = said;
  }
}
