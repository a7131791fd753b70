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

  /** Draws those of a room. @param {string} id */
  draw(id) {
    const { app } = this, { t } = app, requests = app.requests.of(id);
    const answer = (/** @type {any} */ user, /** @type {boolean} */ accept) => () =>
      app.client.answerRequest(id, user.id, accept).catch((error) => app.toast(error))
        .then(() => app.requests.load(id));
    this.element.hidden = !requests.length;
    this.list.replaceChildren(...requests.map(({ user, reason }) =>
      personRow(app, user, reason ? h('small', { class: 'reason', dir: 'auto' }, reason) : null,
        h('div', { class: 'answers' }, h('button', { class: 'plain', onclick: answer(user, true) }, t('accept')),
          h('button', { class: 'plain danger', onclick: answer(user, false) }, t('refuse'))))));
  }
}
