import { field, openDialog } from './dialog.js';
import { h } from './html.js';

/** The form of a room's id. */
export const ROOM = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The URL of a link to join a room. @param {string} what 'invite' or 'join' @param {string} which */
export function linkTo(what, which) {
  return new URL(`#${what}/${which}`, location.href).href;
}

/** Joins by a link, or by the id or secret at its end. @param {import('./app.js').App} app */
export function openJoin(app) {
  const { t } = app;
  const link = h('input', { required: true, dir: 'ltr', autocomplete: 'off', spellcheck: 'false' });
  openDialog(app, {
    title: t('join'), content: [field(t('link'), link, t('joinHint'))], submit: t('join'),
    action: () => {
      const last = link.value.trim().split(/[#/]/).pop() ?? '';
      if (!last) return false;
      location.hash = `#${ROOM.test(last) ? 'join' : 'invite'}/${last}`;
    },
  });
}
