import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { h, setSanitisedHtml } from './html.js';
import { icon } from './icons.js';

/**
 * A person in a list, with something beside the name.
 * @param {import('./app.js').App} app @param {any} user @param {...(Node | string | null)} more
 */
export function personRow(app, user, ...more) {
  const status = app.store.presence(user.id)?.status;
  return h('li', { class: 'person', 'data-user': user.id },
    avatar({ ...app.faceOfPerson(user), status: status === 'offline' ? undefined : status }),
    h('span', { class: 'name', dir: 'auto' }, app.personOf(user)), ...more.filter((one) => one !== null));
}

/**
 * A line to identify a message.
 * @param {import('./app.js').App} app @param {import('../confab/types.js').Message} message
 */
export function messageQuote(app, message) {
  return h('blockquote', { class: 'meant' }, h('strong', { dir: 'auto' }, app.personOf(message.sender)),
    h('span', { dir: 'auto' }, app.lineOf(message)));
}

/** The people who have read a message or received it. @param {import('./app.js').App} app @param {any} message */
export function openSeenBy(app, message) {
  const { t, store, formats } = app,
    members = store.members(message.room.id).filter(({ id }) => id !== message.sender.id);
  const receipts = new Map(message.read_receipts.map((/** @type {any} */ { reader, read_at }) => [reader.id, read_at]));
  const reads = store.reads(message.room.id);
  const hasRead = (/** @type {any} */ { id }) => receipts.has(id) || (reads.get(id) ?? 0) >= message.seq;
  const read = members.filter(hasRead), rest = members.filter((user) => !hasRead(user));
  const delivered = rest.filter(({ username }) => message.delivered_to.includes(username));
  const part = (/** @type {string} */ title,
    /** @type {any[]} */ users) => (users.length ? h('section', {}, h('h3', {}, title), h('ul', { class: 'people' },
    ...users.map((user) =>
      personRow(app, user,
        receipts.has(user.id) ? h('small', {}, formats.medium.format(new Date(receipts.get(user.id)))) : null))))
        : null);
  const parts = [part(t('readBy'), read), part(t('deliveredTo'), delivered),
    part(t('notYet'), rest.filter((user) => !delivered.includes(user)))].filter((one) => one !== null);
  openDialog(app, { title: t('seenBy'), content: parts.length ? parts : [h('p', { class: 'hint' }, t('nobodyYet'))] });
}

/** Earlier versions of a message. @param {import('./app.js').App} app @param {any} message */
export async function openHistory(app, message) {
  const list = h('ol', { class: 'versions' });
  const { fail } = openDialog(app, { title: app.t('history'), content: [list], action: () => {} });
  try {
    for (const { content, created_at } of await app.client.messageHistory(message.id)) {
      const text = h('div', { class: 'content', dir: 'auto' });
      setSanitisedHtml(text, content);
      list.append(h('li', {}, h('time', { datetime: created_at }, app.formats.medium.format(new Date(created_at))),
        text));
    }
  } catch (error) {
    fail(error);
  }
}

/** The pinned messages of the shown room. @param {import('./app.js').App} app */
export function openPins(app) {
  const { t, open: id } = app;
  const { close } = openDialog(app, {
    title: t('pins'), content: [h('ul', { class: 'pins' }, ...app.store.pins(id).map((message) => h('li', {},
      h('button', { class: 'row', onclick: (/** @type {Event} */ event) => {
        event.preventDefault();
        close();
        app.show(id, message);
      } }, avatar(app.faceOfPerson(message.sender)),
        h('span', { class: 'name', dir: 'auto' }, app.personOf(message.sender)),
      h('span', { class: 'when' }, app.formats.when(message.created_at)),
      h('span', { class: 'snippet', dir: 'auto' }, app.lineOf(message))),
      app.permissions.isAdmin(id)
          ? h('button',
              { type: 'button', class: 'bare', 'aria-label': t('unpin'), title: t('unpin'),
                  onclick: (/** @type {any} */ event) => {
        app.client.pin(message.id, false).then(() => event.target.closest('li').remove(), (error) => app.toast(error));
      } }, icon('close')) : null)))],
  });
}
