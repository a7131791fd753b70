// Arbitrary data from a server: an invalid dispatch breaks nothing, and the following ones are understood.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import fc from 'fast-check';
import { ConfabError, Store } from '../../htdocs/confab.js';
import { Api } from '../../htdocs/confab/api.js';
import { Dispatch } from '../../htdocs/confab/codes.js';
import { meaningOf } from '../../htdocs/confab/interpret.js';
import { settle } from './support/fakes.mjs';

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  // Errors of listeners are reported there and stop nothing.
  globalThis.reportError = () => {};
});
afterEach(() => {
  mock.timers.reset();
  delete globalThis.reportError;
});

const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

class FakeClient extends Api {
  base = new URL('http://chat.test/chat/');
  user = { id: 1, username: 'ann' };
  state = 'open';

  async ready() {}

  async command(name) {
    const answers = {
      'room.list': [{ id: 'r', type: 'GroupChat', unread: 0, mentions: 0, last_read_seq: 0, last_message: null,
        created_at: '' }],
      'room.messages': { has_next: false, has_previous: false, data: { messages: [] } },
    };
    if (!answers[name]) throw new ConfabError({ code: 4004 });
    return { data: structuredClone(answers[name]), status: 'success' };
  }
}

const message = (seq) => ({
  id: `m${seq}`, seq, room: { id: 'r' }, sender: { id: 2, username: 'ben' }, content: `text ${seq}`,
  parent_message: null, forwarded_from: null, mentions: [], read_receipts: [], reactions: [], is_edited: false,
  created_at: '2026-01-01T00:00:00Z' });

/** A fake dispatch: a known name, and valid members with invalid values. */
const value = fc.oneof(
  fc.constantFrom(null, undefined, 'r', 'm5', 1, 2, -1, 0, 1e300, '', [], {}, true, '__proto__', 'constructor'),
  fc.jsonValue({ maxDepth: 2 }));
const broken = fc.record({
  eventType: fc.oneof(fc.constantFrom(...Object.values(Dispatch)), fc.string()),
  seq: value,
  data: fc.oneof(value, fc.record({
    id: value, seq: value, room_id: value, room: fc.oneof(value, fc.record({ id: value, members: value })),
    message: fc.oneof(value, fc.record({ id: value, seq: value, room: value, sender: value })),
    message_ids: value, messages: value, user: fc.oneof(value, fc.record({ id: value, username: value })),
    sender: value, parent_message: value, forwarded_from: value, mentions: value, reactions: value, typing: value,
  }, { requiredKeys: [] })),
}, { requiredKeys: ['eventType'] });

test('what a dispatch means is a list of happenings, or it is refused; it is never half', () => {
  fc.assert(fc.property(broken, (dispatch) => {
    const before = JSON.stringify(dispatch);
    try {
      const happenings = meaningOf(dispatch);
      assert.ok(Array.isArray(happenings));
      for (const [what] of happenings) assert.equal(typeof what, 'string');
    } catch (error) {
      assert.ok(error instanceof TypeError, String(error));
    }
    assert.equal(JSON.stringify(dispatch), before, 'it is not changed');
  }), { numRuns: RUNS });
});

test('after whatever came, the next message is shown', async () => {
  await fc.assert(fc.asyncProperty(fc.array(broken, { maxLength: 8 }), async (dispatches) => {
    const client = new FakeClient(), store = new Store(client);
    await store.load();
    await store.openRoom('r');
    for (const dispatch of dispatches) client.emit('dispatch', structuredClone(dispatch));
    await settle();
    client.emit('dispatch', { eventType: 'message.dispatch', seq: 1_000_001, data: message(1_000_001) });
    await settle();
    const room = store.room('r');
    // A dispatch that says the room is gone is valid.
    if (!room) return;
    assert.ok(store.messages('r').some(({ id }) => id === 'm1000001'), JSON.stringify(dispatches));
  }), { numRuns: Math.ceil(RUNS / 3) });
});

test('names of members of every object are no rooms and no people', async () => {
  const client = new FakeClient(), store = new Store(client);
  await store.load();
  for (const id of ['__proto__', 'constructor', 'toString'])
    client.emit('dispatch', { eventType: 'message.dispatch', seq: 5, data: { ...message(5), room: { id } } });
  await settle();
  assert.equal({}.polluted, undefined);
  assert.ok(store.list().every(({ id }) => id === 'r'));
});
