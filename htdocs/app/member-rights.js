import { RoomType } from '../confab.js';
import { openDialog, toggle } from './dialog.js';
import { h } from './html.js';

/** @type {Record<string, string[]>} */
const RIGHTS = {
  [RoomType.GROUP]: ['can_add_new_participants', 'can_remove_participants'],
  [RoomType.CHANNEL]: ['can_send_messages', 'can_add_new_subscribers', 'can_remove_subscribers'],
};

/**
 * Grants single rights to a member who is not an administrator, and revokes them. The rights that the member has are
 * switched on.
 * @param {import('./app.js').App} app @param {string} id @param {import('../confab/types.js').User} user
 */
export async function openRights(app, id, user) {
  const { t, client, permissions, store } = app;
  await permissions.ask(id, true);
  const has = permissions.rightsOf(id, user.id);
  const rows = (RIGHTS[store.room(id)?.type ?? ''] ?? [])
    .map((right) => ({ right, had: has.includes(right), ...toggle(t(right), has.includes(right)) }));
  openDialog(app, {
    title: t('rightsOf', { name: app.personOf(user) }), submit: t('save'),
    content: [h('p', { class: 'hint' }, t('rightsHint')), ...rows.map(({ row }) => row)],
    action: async () => {
      for (const [action,
          isOn] of /** @type {[string, boolean][]} */ ([['add_permission', true], ['remove_permission', false]])) {
        const permission = rows.filter(({ had, input }) => had !== isOn && input.checked === isOn)
          .map(({ right }) => right);
        if (permission.length) await client.modifyRoom(id, action, { users: [user.id], permission });
      }
    },
  });
}
