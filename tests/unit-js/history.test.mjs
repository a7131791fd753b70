// The run of messages that is shown of a room, and the small modules beside it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { History } from '../../htdocs/confab/history.js';
import { meaningOf, tell } from '../../htdocs/confab/interpret.js';
import { Notifications } from '../../htdocs/confab/notifications.js';
import { People } from '../../htdocs/confab/people.js';
import { afterRemoval, afterUpdate } from '../../htdocs/confab/revise.js';
import { Rooms } from '../../htdocs/confab/rooms.js';
import { Typing } from '../../htdocs/confab/typing.js';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const message = (seq, more = {}) => ({
  id: `m${seq}`, seq, room: { id: 'r' }, sender: { id: 2 }, parent_message: null, forwarded_from: null, mentions: [],
  read_receipts: [], reactions: [], ...more });
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const page = (messages, has_next = false,
  has_previous = false) => async () => ({ has_next, has_previous, data: { messages: messages.toReversed() } });
const seqs = (history) => history.messages.map(({ seq }) => seq);

test('pages join at either end, and what overlaps is there once', async () => {
  const history = new History();
  await history.load('around', page(range(50, 60), true, true));
  await history.load('before', page(range(41, 50), true));
  await history.load('after', page(range(60, 65), false, false));
  assert.deepEqual(seqs(history), range(41, 65).map(({ seq }) => seq));
  assert.deepEqual([history.older, history.newer], [true, false]);
});

test('it never holds more than 400, and knows what fell off', async () => {
  const history = new History();
  await history.load('latest', page(range(1001, 1200), true));
  await history.load('before', page(range(801, 1000), true));
  assert.equal(history.newer, false);
  await history.load('before', page(range(601, 800), false));
  assert.deepEqual([seqs(history)[0], seqs(history).at(-1), history.older, history.newer], [601, 1000, false, true]);
  history.add(message(1201));
  assert.equal(seqs(history).at(-1), 1000);
  await history.load('after', page(range(1001, 1200), false, false));
  assert.deepEqual([seqs(history)[0], history.older, history.newer], [801, true, false]);
  history.add(message(1201));
  assert.deepEqual([seqs(history)[0], seqs(history).at(-1)], [802, 1201]);
});

test('what comes while a page is on its way is not lost, and what was deleted meanwhile stays so', async () => {
  const history = new History();
  await history.load('latest', async () => {
    history.add(message(4));
    history.revise((one) => afterRemoval(one, new Set(['m2'])));
    history.revise((one) => afterUpdate(one, message(3, { content: 'new' })));
    return page([message(1), message(2), message(3, { content: 'old' })])();
  });
  assert.deepEqual(seqs(history), [1, 3, 4]);
  assert.equal(history.get('m3').content, 'new');
});

test('a message takes its place by number, once', () => {
  const history = new History();
  history.older = false;
  for (const seq of [3, 1, 2, 3]) history.add(message(seq));
  assert.deepEqual(seqs(history), [1, 2, 3]);
  history.older = true;
  history.add(message(0));
  assert.deepEqual(seqs(history), [1, 2, 3]);
});

test('what is nested follows what happens to it', () => {
  const reply = message(5, { parent_message: message(3) });
  assert.equal(afterUpdate(reply, message(4)), reply);
  assert.deepEqual(afterUpdate(reply, message(3, { content: 'x', parent_message: message(1) })).parent_message,
    message(3, { content: 'x' }));
  assert.equal(afterRemoval(reply, new Set(['m3'])).parent_message, null);
  const forward = message(6, { forwarded_from: { id: 'm1', room: { id: 'q' }, sender: { id: 1 }, content: 'secret' } });
  assert.deepEqual(afterRemoval(forward, new Set(['m1'])).forwarded_from,
    { id: 'm1', room: { id: 'q' }, sender: { id: 1 }, is_deleted: true });
  assert.equal(afterRemoval(reply, new Set(['m5'])), null);
});

test('typing lasts four seconds from the last word of it', () => {
  const told = [];
  const people = new People(() => 1, (event, about) => told.push([event, about]));
  const type = (id) =>
    people.apply({ eventType: 'messagetyping.dispatch', data: { room_id: 'r', user: { id, username: `u${id}` } } });
  type(1); // the person itself
  type(2);
  mock.timers.tick(3000);
  type(3);
  type(2);
  mock.timers.tick(3900);
  assert.deepEqual(people.typing('r').map(({ id }) => id), [3, 2]);
  people.stop('r', 3); // has sent the message
  assert.deepEqual(people.typing('r').map(({ id }) => id), [2]);
  mock.timers.tick(100);
  assert.deepEqual(people.typing('r'), []);
});

test('notifications: of others only, once, most telling kind, gone when read', () => {
  const arrived = [];
  const notifications = new Notifications(() => 1, (one) => arrived.push(one.notification_type), () => {});
  const apply = (dispatch) => meaningOf(dispatch).forEach((happening) => tell(happening, notifications));
  const said = (one) => apply({ eventType: 'message.dispatch', data: one });
  said(message(1, { sender: { id: 1 } }));
  said(message(2));
  said(message(2));
  said(message(3, { parent_message: message(1) }));
  said(message(4, { parent_message: message(1), mentions: [{ id: 1 }] }));
  apply({ eventType: 'reaction.dispatch',
    data: { type: 'add', message: message(1, { reactions: [{ id: 'x', user: { id: 2 }, created_at: '1' }] }) } });
  assert.deepEqual(arrived, ['NEW_MESSAGE', 'REPLY', 'MENTION', 'REACTION']);
  apply({ eventType: 'readreceipt.dispatch', data: message(4, { read_receipts: [{ reader: { id: 1 } }] }) });
  apply({ eventType: 'messagemodification.dispatch', data: { message_ids: ['m3'], room_id: 'r', user: { id: 2 } } });
  assert.deepEqual(notifications.rooms.get('r').map(({ notification_type }) => notification_type),
    ['REACTION', 'NEW_MESSAGE']);
  apply({ eventType: 'roomread.dispatch', data: { room_id: 'r', user: { id: 1 }, seq: 4 } });
  assert.equal(notifications.rooms.size, 0);
});

test('invitations: a notification until they are answered or something is read there; by oneself none', () => {
  const arrived = [], notifications = new Notifications(() => 1, (one) => arrived.push(one), () => {});
  const rooms = new Rooms({ me: () => 1, list: async () => [], history: () => undefined, changed: () => {},
    listed: () => {}, joined: (room, by) => notifications.joined(room, by) });
  const apply = (dispatch) => meaningOf(dispatch).forEach((happening) => {
    rooms.take(happening);
    tell(happening, notifications);
  });
  const group = (id) => ({ id, type: 'GroupChat', name: id.toUpperCase(), participants: [{ id: 1 }, { id: 2 }] });
  const invited = (id, user, status = 'pending') => apply({ eventType: 'roominvite.dispatch',
    data: { room_id: id, room: group(id), user: { id: user }, inviter: { id: 2, username: 'bo' }, status } });
  const added = (id, by) => apply({ eventType: 'roomaddmembers.dispatch', seq: 1,
    data: { room: group(id), new_members: ['me'], added_by: by } });
  const statuses = () => [...notifications.rooms].map(([id, [{ status }]]) => [id, status]);
  apply({ eventType: 'roominvite.dispatch', data: { room_id: 'l', id: 1, invite: 'secret' } }); // the person's own link
  invited('a', 1);
  invited('a', 1);
  invited('b', 3);
  invited('b', 1, 'refused');
  assert.deepEqual(arrived, [{ id: 'a', notification_type: 'ROOM_INVITE', message: null, status: 'pending',
    room: { id: 'a', type: 'GroupChat', name: 'A' }, user: { id: 2, username: 'bo' } }]);
  added('a', 'bo'); // the invitation was accepted
  added('c', 'bo');
  added('c', 'bo'); // another person
  added('d', 'self');
  apply({ eventType: 'roomcreate.dispatch', data: { ...group('e'), creator: { id: 2, username: 'bo' } } });
  apply({ eventType: 'roomcreate.dispatch', data: { ...group('f'), creator: { id: 1, username: 'me' } } });
  assert.deepEqual(statuses(), [['c', 'added'], ['e', 'added']]);
  apply({ eventType: 'roomread.dispatch', data: { room_id: 'c', user: { id: 1 }, seq: 4 } });
  apply({ eventType: 'roomexit.dispatch', data: { room: { id: 'e' } } });
  assert.deepEqual(statuses(), []);
  rooms.clear();
});

test('that one types is said now and then; that one stopped once, where the other was said', () => {
  const said = [], typing = new Typing(async (...what) => { said.push(what); });
  typing.set('r', false);
  for (let i = 0; i < 3; i++) typing.set('r', true);
  typing.set('r', false);
  typing.set('r', false);
  typing.set('r', true);
  assert.deepEqual(said, [['r', true], ['r', false], ['r', true]]);
});

test('people who say that they stopped are shown as such at once', () => {
  const people = new People(() => 1, () => {});
  const says = (data) => people.apply({ eventType: 'messagetyping.dispatch',
    data: { room_id: 'r', user: { id: 2 }, ...data } });
  says({});
  assert.equal(people.typing('r').length, 1);
  says({ typing: false });
  assert.equal(people.typing('r').length, 0);
});
