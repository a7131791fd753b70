// Every command, by POST and over a WebSocket.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { site, unique } from './support/client.mjs';

const MESSAGE = ['id', 'room', 'sender', 'read_receipts', 'reactions', 'attachments', 'parent_message',
  'forwarded_from', 'delivered_to',
  'content', 'is_deleted', 'is_forwarded', 'is_edited', 'created_at', 'updated_at', 'seq', 'delivered_count',
  'read_count',
  'reaction_counts', 'mentions', 'pinned'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Both ways to send a command; each resolves to {status, body}, without the body's id. */
const ways = {
  POST: async (who) => ({ ask: (event_type, data) => site.command(who, event_type, data), close() {} }),
  WebSocket: async (who) => {
    const stream = await site.stream('ws', who);
    return {
      ask: async (event_type, data) => {
        const { id, ...body } = await stream.command(event_type, data);
        assert.match(id, /^c\d+$/);
        return { body, stream };
      },
      close: () => stream.close(),
    };
  },
};

async function refused(way, event, data, code, detail, beside = {}) {
  const { status, body } = await way.ask(event, data);
  assert.deepEqual(body, { error: { code, detail }, ...beside }, `${event} ${JSON.stringify(data)}`);
  if (status !== undefined) assert.equal(status, { 4002: 403, 4003: 422, 4004: 404 }[code]);
}

for (const [name, open] of Object.entries(ways)) {
  test(`by ${name}: a room of each type is made and announced to its members`, async () => {
    const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
    const way = await open(ann);
    const his = await site.stream('ws', ben);
    const shown = ({ user }) => ({ ...user, email: '' });
    const both = [ann, ben].map(shown).sort((a, b) => a.id - b.id);
    const made = async (data) => {
      await way.ask('room.create', data);
      const { data: room } = await his.event('roomcreate.dispatch');
      assert.match(room.id, UUID);
      assert.match(room.created_at, TIME);
      const { data: info } = await site.done(ben, 'room.info', { room_id: room.id });
      assert.deepEqual(info, room);
      const { id, created_at, updated_at, ...rest } = room;
      return rest;
    };
    assert.deepEqual(await made({ type: 'OneToOneChat', participants: [ben.user.id] }),
      { property: { preferences: {} }, polymorphic_ctype: 1, type: 'OneToOneChat', participants: both });
    assert.deepEqual(await made({
      type: 'GroupChat', name: ' Beans & <b>peas</b> ', description: 'd', participants: [`${ben.user.id}`, 999999999],
      extra_fields: { max_participants: 5, group_locked: true, avatar: 'https://x.example/a.png',
        property: { preferences: { a: [1] } } },
    }), {
      property: { preferences: { a: [1] } }, polymorphic_ctype: 2, type: 'GroupChat', name: 'Beans & <b>peas</b>',
      description: 'd',
      creator: shown(ann), participants: both, admins: [shown(ann)], max_participants: 5,
      avatar: 'https://x.example/a.png', join_approval_required: false, group_locked: true,
    });
    assert.deepEqual(await made({ type: 'Channel', name: 'News', subscribers: [ben.user.id], is_public: true }), {
      property: { preferences: {} }, polymorphic_ctype: 3, type: 'Channel', name: 'News', description: null,
      creator: shown(ann),
      subscribers: both, moderators: [shown(ann)], is_public: true, avatar: null, max_subscribers: 300,
    });
    way.close();
    his.close();
  });

  test(`by ${name}: what is wrong with a new room is said`, async () => {
    const [ann, ben, cid] = await Promise.all(['ann', 'ben', 'cid'].map((who) => site.register(who)));
    const way = await open(ann);
    const { data: room } = await site.done(ann, 'room.create', { type: 'OneToOneChat', participants: [ben.user.id] });
    const pair = (participants) => ({ type: 'OneToOneChat', participants });
    await refused(way, 'room.create', pair([ben.user.id, ann.user.id]), 4003, ['Chat already exists'],
      { room_id: room.id });
    for (const participants of [[], [ann.user.id], [ben.user.id, cid.user.id], 'x', undefined])
      await refused(way, 'room.create', pair(participants), 4003, ['A one to one chat can only have 2 participants']);
    await refused(way, 'room.create', pair(['x']), 4003, ["Field 'id' expected a number but got 'x'."]);
    for (const type of ['Room', null, 7, undefined])
      await refused(way, 'room.create', { type }, 4003, ['Invalid resource type']);
    const group = (fields) => ({ type: 'GroupChat', name: 'n', ...fields });
    await refused(way, 'room.create', { type: 'GroupChat' }, 4003, { name: ['This field is required.'] });
    await refused(way, 'room.create', group({ name: null }), 4003, { name: ['This field may not be null.'] });
    await refused(way, 'room.create', group({ name: '  ' }), 4003, { name: ['This field may not be blank.'] });
    await refused(way, 'room.create', group({ name: ['n'] }), 4003, { name: ['Not a valid string.'] });
    await refused(way, 'room.create', group({ name: 'x'.repeat(65) }), 4003,
      { name: ['Ensure this field has no more than 64 characters.'] });
    await refused(way, 'room.create', group({ avatar: 'javascript:1' }), 4003, { avatar: ['Enter a valid URL.'] });
    await refused(way, 'room.create', group({ group_locked: 2 }), 4003, { group_locked: ['Must be a valid boolean.'] });
    await refused(way, 'room.create', group({ max_participants: -1 }), 4003,
      { max_participants: ['A valid integer is required.'] });
    await refused(way, 'room.create', group({ extra_fields: null }), 4003,
      { extra_fields: ['This field may not be null.'] });
    await refused(way, 'room.create', group({ max_participants: 2, participants: [ben.user.id, cid.user.id] }), 4003,
      ['Maximum number of group participants exceeded']);
    await refused(way, 'room.create', { type: 'Channel', name: 'n', max_subscribers: 1, subscribers: [ben.user.id] },
      4003,
      ['Maximum number of channel subscribers exceeded']);
    await refused(way, 'room.create', group({ extra_fields: { property: 7 } }), 4003,
      ['Room property must be a python dictionary/javascript object']);
    await refused(way, 'room.create', group({ extra_fields: { property: { preferences: 'x' } } }), 4003,
      ['preferences must be a python dictionary/javascript object']);
    way.close();
  });

  test(`by ${name}: a message reaches every device of every member, and nobody else`, async () => {
    const [ann, ben, eve] = await Promise.all(['ann', 'ben', 'eve'].map((who) => site.register(who)));
    const room = await site.room(ann, [ben]);
    const way = await open(ann);
    const streams = await Promise.all([site.stream('ws', ann), site.stream('sse', ben), site.stream('poll', ben),
      site.stream('ws', eve)]);
    const { body } = await way.ask('message.send', { room_id: room.id, content: ' <b>Hello</b><script>1</script> ' });
    const [hers, his,
      polled] = await Promise.all(streams.slice(0, 3).map((stream) => stream.event('message.dispatch')));
    assert.deepEqual(Object.keys(hers), ['eventType', 'data', 'seq']);
    assert.deepEqual(Object.keys(hers.data), MESSAGE);
    assert.equal(hers.data.content, '<b>Hello</b>1');
    assert.deepEqual(hers.data.room, { id: room.id });
    assert.deepEqual(hers.data.sender, { ...ann.user, email: '' });
    assert.match(hers.data.created_at, TIME);
    assert.equal(hers.data.seq, hers.seq);
    assert.deepEqual(his, hers);
    assert.deepEqual(polled, hers);
    if (name === 'POST') assert.deepEqual(body, hers);
    else assert.deepEqual(body, { status: 'success', seq: hers.seq });
    await site.done(eve, 'session.heartbeat');
    await site.room(eve, [ann]);
    await streams[3].event('roomcreate.dispatch');
    assert.equal(streams[3].frames.filter(({ eventType }) => eventType === 'message.dispatch').length, 0);
    for (const stream of streams) stream.close();
    way.close();
  });

  test(`by ${name}: what is wrong with a message is said`, async () => {
    const [ann, eve] = await Promise.all([site.register('ann'), site.register('eve')]);
    const room = await site.room(ann);
    const { data: channel } = await site.done(ann, 'room.create',
      { type: 'Channel', name: 'c', subscribers: [eve.user.id] });
    const locked = await site.room(ann, [eve], { group_locked: true });
    const way = await open(ann), hers = await open(eve);
    const sent = (fields) => ({ room_id: room.id, content: 'x', ...fields });
    const denied = 'User is not authorized to send message to this room';
    for (const id of [room.id, channel.id, locked.id])
      await refused(hers, 'message.send', sent({ room_id: id }), 4002, denied);
    await refused(way, 'message.send', sent({ room_id: '0'.repeat(32) }), 4004, 'Resource not found.');
    await refused(way, 'message.send', sent({ room_id: 421 }), 4004, 'Resource not found.');
    await refused(way, 'message.send', sent({ room_id: 'nope' }), 4003, ['“nope” is not a valid UUID.']);
    for (const id of [true, null, 1.5, [], {}])
      await refused(way, 'message.send', sent({ room_id: id }), 4003, ['Invalid room_id type']);
    await refused(way, 'message.send', { content: 'x' }, 4003, { room_id: ['This field is required.'] });
    await refused(way, 'message.send', { room_id: room.id }, 4003, { content: ['This field is required.'] });
    await refused(way, 'message.send', sent({ content: null }), 4003, { content: ['This field may not be null.'] });
    await refused(way, 'message.send', sent({ content: ' \n\t ' }), 4003,
      { content: ['This field may not be blank.'] });
    await refused(way, 'message.send', sent({ content: { a: 1 } }), 4003, { content: ['Not a valid string.'] });
    await refused(way, 'message.send', sent({ client_id: 7 }), 4003, { client_id: ['Not a valid string.'] });
    await refused(way, 'message.send', sent({ client_id: 'x'.repeat(65) }), 4003,
      { client_id: ['Ensure this field has no more than 64 characters.'] });
    await refused(way, 'message.send', sent({ extra_fields: [] }), 4003, { extra_fields: ['Must be an object.'] });
    // Valid though unusual: markup that is removed completely, a number, an id without hyphens.
    for (const content of ['<img src=x>', '<hr> <hr>', 7])
      assert.equal((await way.ask('message.send', sent({ content }))).body.error, undefined);
    assert.equal(
      (await way.ask('message.send', sent({ room_id: room.id.replaceAll('-', '').toUpperCase() }))).body.error,
      undefined);
    way.close();
    hers.close();
  });

  test(`by ${name}: a repeat with the same client_id stores nothing and answers as the first time`, async () => {
    const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
    const room = await site.room(ann, [ben]), other = await site.room(ann);
    const way = await open(ann);
    const his = await site.stream('ws', ben);
    const data = { room_id: room.id, content: 'once', client_id: `k-${unique()}` };
    await way.ask('message.send', data);
    const first = await his.message('once');
    assert.equal(first.data.client_id, data.client_id);
    for (let i = 0; i < 3; i++) assert.deepEqual((await way.ask('message.send', data)).body, first);
    const used = { client_id: ['Already used for another message.'] };
    await refused(way, 'message.send', { ...data, content: 'twice' }, 4003, used);
    await refused(way, 'message.send', { ...data, room_id: other.id }, 4003, used);
    // The same key of another account is another key.
    const { body } = await site.command(ben, 'message.send', data);
    assert.notEqual(body.seq, first.seq);
    await site.done(ann, 'message.send', { room_id: room.id, content: 'last' });
    await his.message('last');
    assert.equal(his.frames.filter(({ eventType }) => eventType === 'message.dispatch').length, 3);
    way.close();
    his.close();
  });

  test(`by ${name}: the list of rooms has the newest message, what is unread, and the newest room first`, async () => {
    const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
    const way = await open(ben);
    assert.deepEqual((await way.ask('room.list')).body, { eventType: 'roomlist.dispatch', data: [] });
    const first = await site.room(ann, [ben]);
    const { data: second } = await site.done(ann, 'room.create', { type: 'OneToOneChat', participants: [ben.user.id] });
    const { data: third } = await site.done(ann, 'room.create',
      { type: 'Channel', name: 'News', subscribers: [ben.user.id] });
    for (let i = 0; i < 3; i++) await site.done(ann, 'message.send', { room_id: second.id, content: `m${i}` });
    const last = await site.done(ann, 'message.send', { room_id: first.id, content: 'newest' });
    const { body } = await way.ask('room.list');
    assert.deepEqual(body.data.map(({ id, unread }) => [id, unread]), [[first.id, 1], [second.id, 3], [third.id, 0]]);
    assert.deepEqual(body.data[0].last_message, last.data);
    assert.equal(body.data[2].last_message, null);
    const keys = (room) => Object.keys(room).sort().join(' ');
    const common = ['id', 'last_message', 'created_at', 'updated_at', 'polymorphic_ctype', 'type', 'unread', 'mentions',
      'last_read_seq'];
    const named = [...common, 'creator', 'name', 'description', 'avatar'];
    assert.equal(keys(body.data[0]),
      [...named, 'max_participants', 'join_approval_required', 'group_locked'].sort().join(' '));
    assert.equal(keys(body.data[1]), [...common, 'peer'].sort().join(' '));
    assert.equal(keys(body.data[2]), [...named, 'is_public', 'max_subscribers'].sort().join(' '));
    assert.deepEqual(body.data[1].peer, { ...ann.user, email: '' });
    way.close();
  });

  test(`by ${name}: history comes whole, by numbered pages, and beside a message`, async () => {
    const [ann, eve] = await Promise.all([site.register('ann'), site.register('eve')]);
    const room = await site.room(ann);
    const seqs = [];
    for (let i = 0; i < 7; i++)
      seqs.push((await site.done(ann, 'message.send', { room_id: room.id, content: `m${i}` })).seq);
    const way = await open(ann), hers = await open(eve);
    const page = async (options) => {
      const { body } = await way.ask('room.messages', { room_id: room.id, ...options });
      assert.equal(body.eventType, 'roommessages.dispatch');
      assert.equal(body.data.data.room_id, room.id);
      const { data: { data: { messages }, ...rest } } = body;
      return [messages.map(({ content }) => content).join(' '), rest];
    };
    const numbers = (page, size, has_next, has_previous, next_page_number, prev_page_number) =>
      ({ has_next, has_previous, next_page_number, prev_page_number, page, size });
    assert.deepEqual(await page({}), ['m6 m5 m4 m3 m2 m1 m0', { has_next: false }]);
    assert.deepEqual(await page({ paginate: { page: 1, size: 3 } }), ['m6 m5 m4', numbers(1, 3, true, false, 2, null)]);
    assert.deepEqual(await page({ paginate: { page: '2', size: '3' } }), ['m3 m2 m1', numbers(2, 3, true, true, 3, 1)]);
    assert.deepEqual(await page({ paginate: { page: 9, size: 3 } }), ['m0', numbers(9, 3, false, true, null, 2)]);
    assert.deepEqual(await page({ limit: 2 }), ['m6 m5', { has_next: true, has_previous: false, limit: 2 }]);
    assert.deepEqual(await page({ before: seqs[3], limit: 2 }),
      ['m2 m1', { has_next: true, has_previous: true, limit: 2 }]);
    assert.deepEqual(await page({ before: seqs[0] }), ['', { has_next: false, has_previous: true, limit: 50 }]);
    assert.deepEqual(await page({ after: seqs[3], limit: 2 }),
      ['m5 m4', { has_next: true, has_previous: true, limit: 2 }]);
    assert.deepEqual(await page({ around: seqs[3], limit: 3 }),
      ['m4 m3 m2', { has_next: true, has_previous: true, limit: 3 }]);
    assert.deepEqual(await page({ limit: 5000 }),
      ['m6 m5 m4 m3 m2 m1 m0', { has_next: false, has_previous: false, limit: 200 }]);
    const wrong = (options, detail) => refused(way, 'room.messages', { room_id: room.id, ...options }, 4003, detail);
    await wrong({ paginate: { page: 0, size: 3 } }, ['page and size required']);
    await wrong({ paginate: { page: 1 } }, ['page and size required']);
    await wrong({ paginate: { page: 'x', size: 3 } }, ['Invalid types']);
    await wrong({ paginate: { page: 1, size: -3 } }, { size: ['Ensure this value is greater than or equal to 1.'] });
    await wrong({ before: 'x' }, { before: ['A valid integer is required.'] });
    await refused(hers, 'room.messages', { room_id: room.id }, 4002, 'User is not authorized access this room');
    await refused(hers, 'room.info', { room_id: room.id }, 4002, 'User is not authorized access this room');
    await refused(hers, 'room.info', { room_id: crypto.randomUUID() }, 4004, 'Resource not found.');
    await refused(hers, 'room.info', {}, 4003, { room_id: ['This field is required.'] });
    way.close();
    hers.close();
  });
}

test('a header makes a POST repeat-safe as well', async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const data = { room_id: room.id, content: 'x' }, headers = { 'idempotency-key': `h-${unique()}` };
  const first = await site.command(ann, 'message.send', data, headers);
  const again = await site.command(ann, 'message.send', data, headers);
  assert.equal(first.body.data.client_id, headers['idempotency-key']);
  assert.equal(again.text, first.text);
  const long = await site.command(ann, 'message.send', data, { 'idempotency-key': 'x'.repeat(65) });
  assert.equal(long.status, 422);
  assert.equal(long.body.error.code, 4003);
});

test('fifty who open the same one-to-one at once make one, and all learn which', async () => {
  const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) =>
    site.command(i % 2 ? ann : ben, 'room.create',
      { type: 'OneToOneChat', participants: [(i % 2 ? ben : ann).user.id] })));
  const made = answers.filter(({ status }) => status === 200);
  assert.equal(made.length, 1);
  for (const { status, body } of answers)
    if (status !== 200)
      assert.deepEqual(body, { error: { code: 4003, detail: ['Chat already exists'] }, room_id: made[0].body.data.id });
});

test('a hundred repeats at once store one message', async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const data = { room_id: room.id, content: 'x', client_id: unique() };
  const answers = await Promise.all(Array.from({ length: 100 }, () => site.command(ann, 'message.send', data)));
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  const { data: { data: { messages } } } = await site.done(ann, 'room.messages', { room_id: room.id });
  assert.equal(messages.length, 1);
});
