import { RoomType } from '../confab.js';
import { field, openDialog, toggle } from './dialog.js';
import { h } from './html.js';
import { PeoplePicker } from './people-picker.js';

const TITLES = /** @type {Record<string, string>} */ ({ OneToOneChat: 'newPerson', GroupChat: 'newGroup',
  Channel: 'newChannel' });

/** Creates a room. @param {import('./app.js').App} app @param {string} type */
export function openNewRoom(app, type) {
  const { t } = app;
  if (type === RoomType.ONE_TO_ONE) {
    const people = new PeoplePicker(app, { isOne: true, changed: () => form.requestSubmit() });
    const { form } = openDialog(app, {
      title: t('newPerson'), content: [people.element],
      action: () => (people.ids.length ? app.talkTo(people.ids[0]) : false),
    });
    return;
  }
  const isChannel = type === RoomType.CHANNEL, people = new PeoplePicker(app);
  const name = h('input', { name: 'name', maxlength: 64, required: true, dir: 'auto', autocomplete: 'off' });
  const about = h('input', { name: 'description', maxlength: 500, dir: 'auto', autocomplete: 'off' });
  const open = toggle(t('isPublic'), true), approval = toggle(t('approval'), false);
  openDialog(app, {
    title: t(TITLES[type]), submit: t('create'),
    content: [field(t('name'), name), field(t('description'), about), isChannel ? open.row : approval.row,
      people.element],
    action: async () => {
      const { id } = await app.client.createRoom({
        type, name: name.value.trim(), ...(about.value.trim() && { description: about.value.trim() }),
        [isChannel ? 'subscribers' : 'participants']: people.ids,
        extra_fields: isChannel ? { is_public: open.input.checked }
          : { join_approval_required: approval.input.checked },
      });
      await app.arrival(id);
      app.show(id);
    },
  });
}
