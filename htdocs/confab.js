/**
 * confab.js: a client for confab without dependencies and without a DOM.
 *
 *   const client = new Client({ url: '/chat/' });
 *   const store = new Store(client);
 *   await client.logIn('alice', '…');
 *   await client.start();
 *   await store.load();
 *   const [room] = store.list();
 *   await store.openRoom(room.id);
 *   store.on('messages', (id) => draw(store.messages(id)));
 *   store.send(room.id, 'Hello');
 *
 * README.md beside this file describes the library.
 */
export { backoff } from './confab/backoff.js';
export { Client } from './confab/client.js';
export { Code, Command, Dispatch, NotificationType, RoomType } from './confab/codes.js';
export { ConfabError } from './confab/error.js';
export { orConnected, persist } from './confab/retry.js';
export { Store } from './confab/store.js';
export { escapeText, uniqueId } from './confab/text.js';
