import { field, openDialog } from './dialog.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { linkTo } from './join.js';

const DAY = 86_400; // s

/** Invite links of a room, for members who may create them. */
export class InviteLinks {
  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    const { t } = app;
    this.list = h('ul', { class: 'invites' });
    this.element = h('section', {},
      h('header', {}, h('h3', {}, t('inviteLinks')),
        h('button', { class: 'plain', onclick: () => this.#make() }, icon('plus'), t('newLink'))), this.list);
  }

  /** @param {string} id */
  async load(id) {
    const { invites } = await this.app.client.listInvites(id).catch(() => ({ invites: [] }));
    if (id === this.app.open)
      this.list.replaceChildren(...invites.map((/** @type {any} */ invite) => this.#row(id, invite)));
  }

  /** @param {string} id @param {any} invite */
  #row(id, invite) {
    const { app } = this, { t, formats } = app;
    const uses = t(invite.max_uses ? 'usesOf' : 'uses', { count: invite.uses, most: invite.max_uses ?? 0 });
    return h('li', {}, icon('link'),
      h('span', {},
        t('inviteUntil', { name: invite.creator.username, when: formats.medium.format(new Date(invite.expires_at)) }),
        h('small', {}, uses)),
      h('button',
        { class: 'bare', 'aria-label': t('revoke'), title: t('revoke'),
          onclick: () =>
            app.client.revokeInvite(id, invite.id).then(() => this.load(id), (error) => app.toast(error)) }, icon(
            'trash')));
  }

  #make() {
    const { app } = this, { t } = app, id = app.open;
    const days = h('select', {},
      ...[1, 7, 30, 365].map((n) => h('option', { value: n, selected: n === 7 }, t('days', { count: n }))));
    const uses = h('input', { type: 'number', min: 1, inputmode: 'numeric', placeholder: t('unlimited') });
    openDialog(app, {
      title: t('newLink'), content: [field(t('validFor'), days), field(t('maxUses'), uses)], submit: t('create'),
      action: async () => {
        const { invite } = await app.client.createInvite(id,
          { expires_in: Number(days.value) * DAY, ...(uses.value && { max_uses: Number(uses.value) }) });
        this.load(id);
        queueMicrotask(() => this.#show(linkTo('invite', invite)));
      },
    });
  }

  /** Shows a new link, which the server returns only once. @param {string} link */
  #show(link) {
    const { app } = this, { t } = app,
      text = h('input', { value: link, readonly: true, dir: 'ltr', id: 'invite-link' });
    openDialog(app, {
      title: t('newLink'), content: [field(t('link'), text, t('linkOnce'))], submit: t('copy'),
      action: async () => {
        text.select();
        await navigator.clipboard.writeText(link);
        app.toast(t('copied'));
      },
    });
  }
}
