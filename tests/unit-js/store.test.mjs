// The store, in addition to tests/http/store.test.mjs: its events, its requests, and how an outgoing message becomes an
// arrived one.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { ConfabError, Store } from '../../htdocs/confab.js';
import { Api } from '../../htdocs/confab/api.js';
import { settle } from './support/fakes.mjs';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

class FakeClient extends Api {
  base = new URL('http://chat.test/chat/');
  user = { id: 1, username: 'ann' };
  state = 'open';
  asked = [];
  /** Answers by command; an error is thrown. */
  answers = {};

  async ready() {}

  async command(name, data) {
    this.asked.push([name, data]);
    const answer = this.answers[name];
    if (answer instanceof Error) throw answer;
    return { data: structuredClone(answer) ?? {}, status: 'success' };
  }
}

const message = (seq, more = {}) => ({
  id: `m${seq}`, seq, room: { id: 'r' }, sender: { id: 2 }, parent_message: null, forwarded_from: null, mentions: [],
  read_receipts: [], reactions: [],
  is_edited: false, created_at: `2026-01-01T00:00:${seq}Z`, ...more });
const said = (seq, more) => ({ eventType: 'message.dispatch', seq, data: message(seq, more) });

async function open(
    list = [{ id: 'r', type: 'GroupChat', unread: 2, mentions: 0, last_read_seq: 0, last_message: message(12),
        created_at: '' }]) {
  const client = new FakeClient();
  client.answers = { 'room.list': list,
    'room.messages': { has_next: false, has_previous: false, data: { messages: [message(12), message(11)] } } };
  const store = new Store(client);
  await store.load();
  await store.openRoom('r');
  const told = [];
  for (const event of ['rooms', 'messages', 'typing', 'reads', 'notifications'])
    store.on(event, (about) => told.push(`${event} ${about}`));
  await settle();
  told.length = 0;
  client.asked.length = 0;
  return { client, store, told };
}

const asked = (client, name) => client.asked.filter(([one]) => one === name).length;

test('however much comes at once, each thing is told once', async () => {
  const { client, told } = await open();
  for (let seq = 13; seq < 40; seq++) client.emit('dispatch', said(seq));
  await settle();
  assert.deepEqual(told.sort(), ['messages r', 'notifications undefined', 'rooms r']);
});

test('what a getter gives is the same object until it changes', async () => {
  const { client, store } = await open();
  const all = () =>
    [store.messages('r'), store.list(), store.totals(), store.members('r'), store.reads('r'), store.pins('r'),
    store.typing('r'), store.extent('r')];
  const first = all();
  for (const [i, one] of all().entries()) assert.equal(one, first[i], String(i));
  const item = store.send('r', 'x'), queued = store.messages('r');
  assert.notEqual(queued, first[0]);
  await settle();
  assert.equal(item.state, 'sent');
  assert.notEqual(store.messages('r'), queued); // the message in it has changed
  client.emit('dispatch', said(20));
  const now = all();
  for (const i of [0, 1, 2]) assert.notEqual(now[i], first[i], String(i));
  for (const i of [3, 4, 5, 6, 7]) assert.equal(now[i], first[i], String(i));
});

test('a message on its way is the last, and becomes the one that arrives, wherever that stands', async () => {
  const { client, store } = await open();
  const item = store.send('r', 'a < b');
  assert.deepEqual(store.messages('r').map(({ seq, state }) => seq ?? state), [11, 12, 'queued']);
  await settle();
  assert.deepEqual(client.asked.find(([name]) => name === 'message.send')[1],
    { room_id: 'r', content: 'a &lt; b', client_id: item.client_id, as_user: 1 });
  client.emit('dispatch', said(13, { client_id: item.client_id })); // another person's, with the same client_id
  assert.deepEqual(store.messages('r').map(({ seq, state }) => seq ?? state), [11, 12, 13, 'sent']);
  client.emit('dispatch', said(14, { client_id: item.client_id, sender: { id: 1 } }));
  client.emit('dispatch', said(15));
  assert.deepEqual(store.messages('r').map(({ seq, state }) => seq ?? state), [11, 12, 13, 14, 15]);
});

test('a reply that was made just before its parent changed shows the parent as it is', async () => {
  const { client, store } = await open();
  client.emit('dispatch',
    { eventType: 'messagemodification.dispatch', seq: 13,
      data: { message: message(12, { is_edited: true, content: 'new' }) } });
  client.emit('dispatch', said(14, { parent_message: message(12, { content: 'old' }) }));
  client.emit('dispatch', { eventType: 'reaction.dispatch', seq: 15, data: { type: 'add', message: message(14, {
    parent_message: message(12, { content: 'old' }), reactions: [{ id: 'x', user: { id: 2 }, created_at: '1' }] }) } });
  assert.equal(store.messages('r').at(-1).parent_message.content, 'new');
  assert.equal(store.room('r').last_message.parent_message.content, 'new');
});

test('reading is asked for once, however often it is seen, and again when that failed', async () => {
  const { client, store } = await open();
  client.answers['room.read'] = new ConfabError(0, 'away');
  const first = store.markRead('r');
  await store.markRead('r');
  await assert.rejects(first, { code: 0 });
  assert.equal(asked(client, 'room.read'), 1);
  client.answers['room.read'] = {};
  await store.markRead('r');
  client.emit('dispatch',
    { eventType: 'roomread.dispatch', seq: 13, data: { room_id: 'r', user: { id: 1 }, seq: 12 } });
  await store.markRead('r');
  assert.equal(asked(client, 'room.read'), 2);
  assert.deepEqual(store.totals(), { unread: 0, mentions: 0 });
});

test('after a gap it loads again, until that succeeds', async () => {
  const { client, store } = await open();
  client.answers['room.list'] = new ConfabError(0, 'away');
  client.emit('resync', {});
  for (let i = 0; i < 5; i++) {
    await settle();
    mock.timers.tick(30_000);
  }
  await settle();
  assert.ok(asked(client, 'room.list') >= 5);
  client.answers['room.list'] = [];
  const loaded = store.once('loaded');
  mock.timers.tick(30_000);
  await loaded;
  assert.deepEqual(store.list(), []);
});

test('typing ends with the message; others\' reading is known by room and person', async () => {
  const { client, store } = await open();
  client.emit('signal',
    { eventType: 'messagetyping.dispatch', data: { room_id: 'r', user: { id: 2, username: 'ben' }, username: 'ben' } });
  assert.deepEqual(store.typing('r').map(({ username }) => username), ['ben']);
  client.emit('dispatch', said(13));
  assert.deepEqual(store.typing('r'), []);
  client.emit('dispatch',
    { eventType: 'roomread.dispatch', seq: 14, data: { room_id: 'r', user: { id: 2 }, seq: 13 } });
  assert.deepEqual([...store.reads('r')], [[2, 13]]);
});

test('roles are read from what is told of a room', async () => {
  const { client, store } = await open();
  const people = [1, 2, 3].map((id) => ({ id }));
  client.emit('dispatch',
    { eventType: 'roomupdate.dispatch', seq: 13,
      data: { id: 'r', type: 'GroupChat', creator: { id: 2 }, participants: people, admins: [{ id: 2 }, { id: 1 }] } });
  assert.deepEqual([2, 1, 3, 4].map((id) => store.role('r', id)), ['creator', 'admin', 'member', null]);
  client.emit('dispatch', { eventType: 'roomexit.dispatch', seq: 14, data: { room: { id: 'r' }, message: '' } });
  assert.deepEqual([store.room('r'), store.messages('r'), store.role('r')], [undefined, [], null]);
});
