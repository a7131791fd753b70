import { Client, ConfabError, uniqueId } from '../confab.js';
import { Conversation } from './conversation.js';
import { drawRooms } from './room-list.js';
import { Store } from './store.js';

const PAGE = 50; // messages
const NAMES = { ws: 'WebSocket', sse: 'server-sent events', poll: 'long-poll' };
const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

// ?transport=sse keeps to one, to see how it does.
const only = new URLSearchParams(location.search).get('transport');
const client = new Client({ url: new URL('.', location.href).pathname, ...(only && only in NAMES && { transports: [only] }) });
let store = new Store();
let conversation = makeConversation();

function makeConversation() {
  return new Conversation(store, loadOlder, (message) => send(message.room.id, message.text, message.client_id));
}

function draw(fresh = false) {
  drawRooms(store, openRoom);
  conversation.draw(fresh);
}

/** @param {unknown} error */
function sentence(error) {
  return error instanceof ConfabError ? error.message : 'Something went wrong.';
}

/** @param {string} roomId */
async function loadOlder(roomId) {
  const oldest = store.messages(roomId).find((message) => message.seq)?.seq;
  const { data } = await client.command('room.messages', { room_id: roomId, limit: PAGE, ...(oldest && { before: oldest }) });
  store.addHistory(roomId, data.data.messages, data.has_next);
  if (store.open === roomId) draw();
}

/** @param {string} roomId */
async function openRoom(roomId) {
  store.open = roomId;
  const room = store.rooms.get(roomId);
  room.unread = 0;
  $('chat').classList.add('in-room');
  history.replaceState(null, '', `#${roomId}`);
  if (!store.histories.has(roomId)) await loadOlder(roomId);
  draw(true);
  if (matchMedia('(min-width: 44rem)').matches) $('text').focus();
}

/** Everything anew: at the start, and when the stream could not be continued. */
async function load() {
  const { data } = await client.command('room.list');
  const { open } = store;
  store.setRooms(data);
  store.histories.clear();
  const wanted = open || location.hash.slice(1);
  if (store.rooms.has(wanted)) await openRoom(wanted);
  else draw(true);
}

/** @param {string} roomId @param {string} text @param {string} clientId */
async function send(roomId, text, clientId) {
  store.setFailed(roomId, clientId, undefined);
  draw();
  try {
    const answer = await client.sendMessage(roomId, escapeText(text), clientId);
    // Over HTTP the answer is the dispatch; the stream brings it once more, and that is dropped.
    if (answer.eventType) store.apply(answer);
  } catch (error) {
    store.setFailed(roomId, clientId, sentence(error));
  }
  draw();
}

/** Content is rich text: what somebody types here is meant as it stands. @param {string} text */
function escapeText(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** @param {any} me */
async function enter(me) {
  store = new Store();
  store.me = me;
  conversation = makeConversation();
  $('me').textContent = me.username;
  $('me').title = `Account number ${me.id}`;
  $('welcome').hidden = true;
  $('chat').hidden = false;
  client.start();
  await load();
}

function leave(message = '') {
  client.stop();
  client.forget();
  $('chat').hidden = true;
  $('chat').classList.remove('in-room');
  $('welcome').hidden = false;
  $('login-error').textContent = message;
  $('login').username.focus();
}

client.on('dispatch', (dispatch) => {
  store.apply(dispatch);
  draw();
});
client.on('resync', load);
client.on('state', (state) => {
  const words = {
    open: `Connected by ${NAMES[/** @type {'ws'} */ (client.transport)]}`, connecting: 'Connecting…',
    waiting: 'Not connected; trying again', stopped: '', unauthenticated: '',
  };
  $('connection').textContent = words[/** @type {'open'} */ (state)];
  $('connection').className = `connection ${state}`;
  if (state === 'unauthenticated') leave('Please log in again.');
});

$('login').addEventListener('submit', async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const action = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value === 'register' ? 'register' : 'logIn';
  $('login-error').textContent = '';
  try {
    const me = await client[action](form.username.value.trim(), form.password.value);
    form.password.value = '';
    await enter(me);
  } catch (error) {
    $('login-error').textContent = sentence(error);
  }
});

$('logout').addEventListener('click', async () => {
  await client.logOut().catch(() => {});
  leave();
});

$('back').addEventListener('click', () => {
  store.open = '';
  $('chat').classList.remove('in-room');
  history.replaceState(null, '', location.pathname + location.search);
  draw(true);
});

$('composer').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault();
  const text = $('text').value.trim();
  if (!text || !store.open) return;
  const clientId = uniqueId();
  $('text').value = '';
  store.addPending(store.open, clientId, text);
  send(store.open, text, clientId);
  $('messages').scrollTop = $('messages').scrollHeight;
});

$('text').addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('composer').requestSubmit();
});

$('new-room').addEventListener('click', () => $('room-dialog').showModal());
$('room-form').addEventListener('submit', async (/** @type {SubmitEvent} */ event) => {
  if (/** @type {HTMLButtonElement | null} */ (event.submitter)?.value !== 'create') return;
  event.preventDefault();
  const form = /** @type {any} */ (event.target);
  const people = form.people.value.split(/[\s,]+/).filter(Boolean).map(Number);
  const type = form.elements.type.value;
  try {
    await client.command('room.create', {
      type, ...(type !== 'OneToOneChat' && { name: form.elements.name.value.trim() }),
      [type === 'Channel' ? 'subscribers' : 'participants']: people,
    });
    $('room-dialog').close();
    form.reset();
    $('room-error').textContent = '';
    await load();
  } catch (error) {
    $('room-error').textContent = sentence(error);
  }
});

try {
  await enter(await client.whoAmI());
} catch (error) {
  leave(error instanceof ConfabError && error.code !== 4001 ? sentence(error) : '');
}
