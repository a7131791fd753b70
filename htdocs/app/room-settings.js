import { RoomType } from '../confab.js';
import { field, openDialog, toggle } from './dialog.js';
import { h } from './html.js';

/** The settings that administrators may change in a room. @param {import('./app.js').App} app @param {string} id */
export async function openRoomSettings(app, id) {
  const { t, client, store } = app, room = await store.loadDetail(id), isGroup = room.type === RoomType.GROUP;
  const name = h('input', { name: 'name', maxlength: 64, required: true, dir: 'auto', value: room.name });
  const about = h('textarea', { name: 'description', rows: 2, maxlength: 1000, dir: 'auto' }, room.description ?? '');
  const picture = h('input',
    { name: 'avatar', type: 'url', dir: 'ltr', placeholder: 'https://', value: room.avatar ?? '' });
  const most = h('input',
    { type: 'number', min: 1, inputmode: 'numeric', value: room.max_participants ?? room.max_subscribers });
  const switches = Object.entries(isGroup
    ? { group_locked: toggle(t('groupLocked'), !!room.group_locked),
      join_approval_required: toggle(t('approval'), !!room.join_approval_required) }
    : { is_public: toggle(t('isPublic'), !!room.is_public) });
  openDialog(app, {
    title: t('roomSettings'), submit: t('save'),
    content: [field(t('name'), name), field(t('description'), about), field(t('avatarAddress'), picture),
      field(t('mostMembers'), most), ...switches.map(([, { row }]) => row)],
    action: () => client.updateRoom(id, {
      name: name.value.trim(), description: about.value.trim() || null, avatar: picture.value.trim() || null,
      ...(most.value && { [isGroup ? 'max_participants' : 'max_subscribers']: Number(most.value) }),
      ...Object.fromEntries(switches.map(([key, { input }]) => [key, input.checked])),
    }),
  });
}
