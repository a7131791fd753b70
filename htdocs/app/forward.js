import { hasText } from '../ui/content.js';
import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { h } from './html.js';

const SHOWN = 50;

/** Forwards a message to another room. @param {import('./app.js').App} app @param {any} message */
export function openForward(app, message) {
  const { t, store } = app;
  const list = h('ul', { class: 'people choose' });
  const search = h('input', { type: 'search', 'aria-label': t('search'), placeholder: t('search'), dir: 'auto' });
  const send = (/** @type {string} */ id) => {
    const media = message.attachments.map((/** @type {any} */ { id: _, ...asset }) => asset);
    store.outbox.send(id, message.content,
      { forwarded_from_id: message.id, ...(media.length && { media, with_text: hasText(message) }) },
      app.lineOf(message));
    close();
    app.show(id);
  };
  const draw = () => {
    const needle = search.value.trim().toLocaleLowerCase();
    const rooms = store.list().filter((room) => app.nameOf(room).toLocaleLowerCase().includes(needle)).slice(0, SHOWN);
    list.replaceChildren(
      ...rooms.map((room) => h('li', {}, h('button', { type: 'button', class: 'row', onclick: () => send(room.id) },
      avatar(app.faceOf(room)), h('span', { class: 'name', dir: 'auto' }, app.nameOf(room))))));
  };
  search.addEventListener('input', draw);
  draw();
  const { close } = openDialog(app,
    { title: t('forwardTo'), content: [search, list],
      action: () => /** @type {HTMLElement | null} */ (list.querySelector('button'))?.click() ?? false });
}
