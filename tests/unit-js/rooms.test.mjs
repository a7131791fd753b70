// The list of rooms, with dispatches around the time at which the server made it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { History } from '../../htdocs/confab/history.js';
import { meaningOf } from '../../htdocs/confab/interpret.js';
import { Rooms } from '../../htdocs/confab/rooms.js';
import { settle } from './support/fakes.mjs';

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  mock.method(Math, 'random', () => 0.5);
});
afterEach(() => {
  mock.timers.reset();
  Math.random.mock.restore();
});

const ME = 1;
const message = (seq, more = {}) => ({
  id: `m${seq}`, seq, room: { id: 'r' }, sender: { id: 2 }, parent_message: null, forwarded_from: null, mentions: [],
  read_receipts: [], reactions: [],
  is_edited: false, ...more });
const said = (seq, more) => ({ eventType: 'message.dispatch', seq, data: message(seq, more) });
const removed = (seq,
  ...ids) =>
    ({ eventType: 'messagemodification.dispatch', seq,
      data: { action: 'delete', message_ids: ids, room_id: 'r', user: { id: 2 } } });
const read = (seq, up_to,
  id = ME) => ({ eventType: 'roomread.dispatch', seq, data: { room_id: 'r', user: { id }, seq: up_to } });
const mine = (at = '2026-01-01T00:00:00Z') => [{ reader: { id: ME }, read_at: at }];
const item = (more = {}) =>
  ({ id: 'r', type: 'GroupChat', unread: 0, mentions: 0, last_read_seq: 0, last_message: null, ...more });

/** Rooms with lists of the test, used one after the other; the last one is repeated. */
function make(...lists) {
  const view = { asked: 0, history: new History() };
  view.rooms = new Rooms({
    me: () => ME,
    list: async () => {
      const list = lists[Math.min(view.asked++, lists.length - 1)];
      return structuredClone(typeof list === 'function' ? await list(view.rooms) : list);
    },
    history: () => view.history,
    changed: () => {},
    listed: () => {},
  });
  view.history.newer = true; // no messages are shown, unless the test changes this
  return view;
}

/** Passes a dispatch to rooms, like a store. */
const apply = (rooms, dispatch) => meaningOf(dispatch).forEach((happening) => rooms.take(happening));

const counts = ({ rooms }) => [rooms.items.get('r').unread, rooms.items.get('r').mentions];

/** Lets the list become old enough. */
async function age() {
  mock.timers.tick(3000);
  await settle();
}

test('what comes while the list is on its way is counted, when the list did not have it', async () => {
  const view = make((rooms) => {
    apply(rooms, said(11));
    apply(rooms, said(10));
    return [item({ unread: 1, last_message: message(10) })];
  });
  await view.rooms.load();
  assert.deepEqual(counts(view), [2, 0]);
  assert.equal(view.rooms.items.get('r').last_message.seq, 11);
});

test('what the list may have had already is not counted twice, and the list is asked for again', async () => {
  const view = make([item({ unread: 3, last_message: message(10) })], [item({ unread: 4, last_message: message(10) })]);
  await view.rooms.load();
  apply(view.rooms, said(9));
  assert.deepEqual(counts(view), [3, 0]);
  assert.equal(view.rooms.isSettled, false);
  mock.timers.tick(3500);
  await settle();
  assert.deepEqual([view.asked, counts(view)], [2, [4, 0]]);
  await age();
  assert.ok(view.rooms.isSettled);
});

test('messages of others count, mentions among them; one\'s own do not; a thousand is the most', async () => {
  const view = make([item({ unread: 998, last_message: message(10) })]);
  await view.rooms.load();
  for (const dispatch of [said(11, { sender: { id: ME } }), said(12, { mentions: [{ id: ME }] }),
    said(12, { mentions: [{ id: ME }] }), said(13), said(14)])
    apply(view.rooms, dispatch);
  assert.deepEqual(counts(view), [1000, 1]);
});

test('reading, editing and deleting of what was seen here is counted exactly, and nothing is asked', async () => {
  const view = make([item({ last_message: message(10) })]);
  await view.rooms.load();
  await age();
  for (const seq of [11, 12, 13, 14]) apply(view.rooms, said(seq, { mentions: seq === 12 ? [{ id: ME }] : [] }));
  apply(view.rooms, { eventType: 'readreceipt.dispatch', seq: 15, data: [message(11, { read_receipts: mine() })] });
  assert.deepEqual(counts(view), [3, 1]);
  apply(view.rooms,
    { eventType: 'messagemodification.dispatch', seq: 16,
      data: { message: message(13, { is_edited: true, mentions: [{ id: ME }] }) } });
  assert.deepEqual(counts(view), [3, 2]);
  apply(view.rooms,
    { eventType: 'messagemodification.dispatch', seq: 17, data: { message: message(12, { is_edited: true }) } });
  assert.deepEqual(counts(view), [3, 1]);
  apply(view.rooms, removed(18, 'm13', 'm11'));
  assert.deepEqual(counts(view), [2, 0]);
  apply(view.rooms, read(19, 12, 7)); // another person
  assert.deepEqual(counts(view), [2, 0]);
  apply(view.rooms, said(20, { sender: { id: ME } }));
  apply(view.rooms, read(21, 12));
  assert.deepEqual(counts(view), [1, 0]);
  apply(view.rooms, read(22, 14));
  assert.deepEqual(counts(view), [0, 0]);
  assert.equal(view.rooms.isSettled && view.asked, 1);
});

test('what was never seen here is asked about, unless nothing can have changed', async () => {
  for (const [dispatch, unread, asked] of [
    [removed(20, 'm5'), 2, 2], [removed(20, 'm5'), 0, 1], [read(20, 7), 2, 2], [read(20, 10), 2, 1],
    [{ eventType: 'readreceipt.dispatch', data: message(5, { read_receipts: mine() }) }, 2, 2],
    [{ eventType: 'readreceipt.dispatch',
      data: message(5, { read_receipts: [...mine(), { reader: { id: 3 }, read_at: '2026-01-01T00:05:00Z' }] }) }, 2, 1],
    [{ eventType: 'messagemodification.dispatch',
      data: { message: message(5, { is_edited: true, mentions: [{ id: ME }] }) } }, 2, 2],
    [{ eventType: 'messagemodification.dispatch', data: { message: message(5, { is_edited: true }) } }, 2, 1]]) {
    const view = make([item({ unread, last_message: message(10) })]);
    await view.rooms.load();
    await age();
    apply(view.rooms, dispatch);
    mock.timers.tick(3500);
    await settle();
    assert.equal(view.asked, asked, JSON.stringify(dispatch));
  }
});

test('a room that is not in the list yet, or that one joins, is looked up', async () => {
  const view = make([], [item({ unread: 1, last_message: message(11) })]);
  await view.rooms.load();
  apply(view.rooms, said(11));
  mock.timers.tick(3500);
  await settle();
  assert.deepEqual(counts(view), [1, 0]);
  const joined = make([]);
  await joined.rooms.load();
  apply(joined.rooms,
    { eventType: 'roomaddmembers.dispatch', seq: 12,
      data: { room: { id: 'r', type: 'GroupChat', name: 'n', participants: [{ id: ME }] } } });
  assert.deepEqual(counts(joined), [0, 0]);
  assert.equal(joined.rooms.items.get('r').participants, undefined);
  assert.equal(joined.rooms.isSettled, false);
});

test('the message before the one that was deleted is the last again: known here, or looked up', async () => {
  const view = make([item({ last_message: message(10) })]);
  view.history.newer = false;
  view.history.messages = [message(8), message(9), message(10)];
  await view.rooms.load();
  await age();
  apply(view.rooms, removed(20, 'm10'));
  assert.equal(view.rooms.items.get('r').last_message.seq, 9);
  assert.equal(view.asked, 1);
  const blind = make([item({ last_message: message(10) })], [item({ last_message: message(9) })]);
  await blind.rooms.load();
  await age();
  apply(blind.rooms, removed(20, 'm10'));
  mock.timers.tick(3500);
  await settle();
  assert.equal(blind.rooms.items.get('r').last_message.seq, 9);
});

test('a room that falls takes what was forwarded from it along', async () => {
  const origin = { id: 'm1', room: { id: 'q' }, sender: { id: 3 }, content: 'secret' };
  const view = make([item({ last_message: message(10, { forwarded_from: origin }) })]);
  await view.rooms.load();
  apply(view.rooms, { eventType: 'roomdelete.dispatch', seq: 11, data: { room_id: 'q' } });
  assert.deepEqual(view.rooms.items.get('r').last_message.forwarded_from,
    { id: 'm1', room: { id: 'q' }, sender: { id: 3 }, is_deleted: true });
});

test('who is unsure all the time asks less and less often', async () => {
  const view = make([item({ unread: 2, last_message: message(10) })]);
  await view.rooms.load();
  const at = [];
  for (let ms = 0, before = 1; ms < 400_000; ms += 500) {
    apply(view.rooms, removed(20, 'm5'));
    mock.timers.tick(500);
    await settle();
    if (view.asked > before) at.push(ms);
    before = view.asked;
  }
  assert.ok(at.length >= 8 && at.length < 25, `${at}`);
  assert.ok(at.at(-1) - at.at(-2) > 25_000, `${at}`);
});
