import { h } from './html.js';
import { personRow } from './message-dialogs.js';

/** Pending requests to join a group, for members who may accept them. */
export class JoinRequests {
  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    this.list = h('ul', { class: 'people' });
    this.element = h('section', { hidden: true }, h('h3', {}, app.t('requests')), this.list);
  }

  /** @param {string} id */
  async load(id) {
    const { app } = this, { t } = app;
    const { requests } = await app.client.listRequests(id).catch(() => ({ requests: [] }));
    if (id !== app.open) return;
    const answer = (/** @type {number} */ user,
      /** @type {boolean} */ accept) =>
        app.client.answerRequest(id, user, accept).then(() => this.load(id), (error) => app.toast(error));
    this.element.hidden = !requests.length;
    this.list
      .replaceChildren(
        ...requests.map((/** @type {any} */ { user, reason }) =>
          personRow(app, user, reason ? h('small', { dir: 'auto' }, reason) : null,
      h('button', { class: 'plain', onclick: () => answer(user.id, true) }, t('accept')),
      h('button', { class: 'plain danger', onclick: () => answer(user.id, false) }, t('refuse')))));
  }
}
