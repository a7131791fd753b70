// The documents are true: every command works as docs/asyncapi.yaml describes it, and every documented dispatch occurs
// in its documented form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asyncapi, Contract } from './support/contract.mjs';
import { site, unique } from './support/client.mjs';

const contract = new Contract();
const seen = new Set(), given = new Set();

/** Sends a command, which has to be as documented; returns the answer's body. */
async function ask(who, event_type, data = {}) {
  assert.equal(contract.command({ event_type, data }), null, `${event_type} ${JSON.stringify(data)}`);
  given.add(event_type);
  const { status, text, body } = await site.command(who, event_type, data);
  assert.equal(status, 200, `${event_type}: ${text}`);
  const expected = asyncapi.operations[event_type].reply.messages.map(({ $ref }) => $ref.split('/').at(-1));
  assert.ok(expected.includes(body.eventType ?? 'success'),
    `${event_type} is answered by ${body.eventType ?? 'success'}, not by one of ${expected}`);
  seen.add(body.eventType);
  return body.data;
}

const people = () => Promise.all(['ann', 'ben', 'cid'].map((name) => site.register(name)));

test('every command and every dispatch', async (t) => {
  const [ann, ben, cid] = await people();
  const streams = await Promise.all([ann, ben,
    cid].flatMap((who) => [site.stream('ws', who), site.stream('sse', who)]));
  const [hers] = streams;
  const { session_id } = hers.frames[0].data;
  const id = ({ user }) => user.id;
  let group, pair, channel, message, own;

  await t.test('rooms', async () => {
    group = await ask(ann, 'room.create',
      { type: 'GroupChat', name: 'Beans', participants: [id(ben)], extra_fields: { max_participants: 5 } });
    pair = await ask(ann, 'room.create', { type: 'OneToOneChat', participants: [id(ben)] });
    channel = await ask(ann, 'room.create',
      { type: 'Channel', name: 'News', is_public: true, subscribers: [id(ben)], property: { preferences: { a: 1 } } });
    await ask(ann, 'room.add_members', { room_id: group.id, members: [id(cid)] });
    await ask(cid, 'room.join', { room_id: channel.id });
    await ask(ann, 'room.modify',
      { room_id: group.id, action: 'update',
        data: { name: 'Peas', avatar: 'https://x.example/a.png', description: null } });
    await ask(ann, 'room.modify', { room_id: group.id, action: 'add_admin', data: { users: [id(ben)] } });
    await ask(ann, 'room.modify',
      { room_id: channel.id, action: 'add_permission', data: { users: [id(ben)], permission: ['can_send_messages'] } });
    await ask(ann, 'room.info', { room_id: channel.id });
    await ask(ann, 'room.info', { room_id: pair.id });
  });

  await t.test('messages', async () => {
    message = await ask(ben, 'message.send',
      { room_id: group.id, content: `Look @${ann.user.username}`, client_id: unique() });
    own = await ask(ann, 'message.send',
      { room_id: group.id, content: 'Yes', extra_fields: { parent_message_id: message.id } });
    await ask(ann, 'message.send',
      { room_id: pair.id, content: 'There', extra_fields: { forwarded_from_id: message.id } });
    await ask(ann, 'message.send', { room_id: channel.id, extra_fields: { media: [
      { media_url: 'https://x.example/a.png', media_type: 'image', file_size: 7, mime_type: 'image/png', caption: 'A',
        metadata: { w: 1 } }] } });
    await ask(ann, 'message.typing', { room_id: group.id });
    await ask(ann, 'message.acknowledged', { message_id: [message.id] });
    await ask(ann, 'message.read', { message_id: message.id });
    await ask(cid, 'message.read', { message_id: [message.id, own.id] });
    await ask(ann, 'message.react', { message_id: message.id, type: 'add', reaction_content: '👍' });
    await ask(ann, 'message.react', { message_id: message.id, type: 'remove' });
    await ask(ann, 'message.react', { message_id: message.id, type: 'remove' });
    await ask(ben, 'message.react', { message_id: own.id, type: 'add', reaction_content: '👍' });
    await ask(ann, 'message.modify', { message_id: own.id, action: 'update', extra_fields: { content: 'Yes!' } });
    for (const type of ['add', 'add', 'remove']) await ask(ann, 'message.pin', { message_id: own.id, type });
    await ask(ann, 'message.pin', { message_id: message.id, type: 'add' });
    await ask(ann, 'message.history', { message_id: own.id });
    const { results } = await ask(ann, 'message.search', { query: 'look', room_id: group.id, limit: 5 });
    assert.match(results[0].snippet, /<mark>Look<\/mark>/);
    await ask(ann, 'message.search', { query: 'yes', order: 'newest', sender: id(ann), before: own.seq + 1 });
  });

  await t.test('reading', async () => {
    for (const how of [{}, { paginate: { page: 1, size: 2 } }, { before: own.seq }, { after: message.seq, limit: 1 },
      { around: message.seq }])
      await ask(cid, 'room.messages', { room_id: group.id, ...how });
    await ask(ben, 'room.messages', { room_id: pair.id });
    await ask(cid, 'room.pins', { room_id: group.id });
    for (const who of [ann, cid]) await ask(who, 'room.permissions', { room_id: group.id });
    await ask(ben, 'room.permissions', { room_id: pair.id });
    await ask(cid, 'room.list');
    await ask(cid, 'room.members', { room_id: group.id, after: 0, limit: 10, search: 'b' });
    await ask(ben, 'room.read', { room_id: group.id, seq: own.seq });
    await ask(ben, 'room.read', { room_id: group.id, seq: own.seq });
    await ask(ben, 'message.send', { room_id: pair.id, content: 'For the first frame' });
    const fresh = await site.stream('poll', ann);
    const { data } = await fresh.event('chat.notifications');
    assert.deepEqual([...new Set(Object.values(data).flat().map(({ notification_type }) => notification_type))].sort(),
      ['NEW_MESSAGE', 'REACTION']);
    fresh.close();
    const lost = await site.stream('ws', ann, { since: 'nowhere:1' });
    await lost.event('session.resync');
    streams.push(lost);
  });

  await t.test('deleting', async () => {
    await ask(ben, 'message.modify', { message_id: [message.id], action: 'delete' });
    const { messages } = (await ask(ann, 'room.messages', { room_id: pair.id })).data;
    assert.deepEqual(messages.at(-1).forwarded_from,
      { id: message.id, room: { id: group.id }, sender: { ...ben.user, email: '' }, is_deleted: true });
    await ask(ben, 'room.modify', { room_id: pair.id, action: 'delete' });
  });

  await t.test('ways in', async () => {
    const [dan, eve] = await people();
    const { invite, id: invite_id } = await ask(ann, 'room.invite',
      { room_id: group.id, expires_in: 600, max_uses: 2 });
    await ask(ann, 'room.invites', { room_id: group.id });
    await ask(dan, 'room.join', { invite });
    await ask(ann, 'room.revoke_invite', { room_id: group.id, invite_id });
    await ask(ann, 'room.modify', { room_id: group.id, action: 'update', data: { join_approval_required: true } });
    await ask(eve, 'room.request', { room_id: group.id, reason: 'I like beans' });
    await ask(ann, 'room.requests', { room_id: group.id });
    await ask(ann, 'room.answer', { room_id: group.id, user_id: id(eve), accept: false });
    await ask(eve, 'room.request', { room_id: group.id });
    await ask(ann, 'room.answer', { room_id: group.id, user_id: id(eve), accept: true });
    await ask(ann, 'room.remove_members', { room_id: group.id, members: [id(eve)] });
  });

  await t.test('people instead of rooms', async () => {
    await ask(ann, 'direct.people', { search: 'b' });
    await ask(ann, 'room.create', { type: 'OneToOneChat', participants: [id(cid)] });
    const { id: message_id } = await ask(ann, 'direct.send', { recipient: cid.user.username, body: 'There' });
    for (const shape of ['center', 'thread']) {
      await ask(ann, 'direct.messages', { recipient_id: id(cid), shape });
      await ask(ann, 'direct.message', { message_id, shape });
    }
    await ask(ann, 'direct.tell', { recipient_id: id(cid), message: 'Again' });
  });

  await t.test('people and sessions', async () => {
    await ask(ann, 'presence.subscribe', { users: [id(ben)], rooms: [group.id], session_id });
    await ask(ben, 'session.heartbeat', { idle: true });
    const [his] = [streams[2], streams[3]].map((stream) => stream.frames[0].data.session_id);
    for (const stream of [streams[2], streams[3]])
      await ask(ben, 'session.heartbeat', { session_id: stream.frames[0].data.session_id, idle: true });
    assert.equal((await hers.event('presence.dispatch')).data.status, 'idle');
    await ask(ann, 'presence.unsubscribe', { session_id });
    await ask(ben, 'session.list');
    await ask(ben, 'session.end', { session_id: his });
    await streams[2].over();
    const again = await site.request('POST', 'session',
      { body: { username: ben.user.username, password: ben.password } });
    const { logins } = await ask(ben, 'session.list');
    await ask(again.body, 'session.end', { login_id: logins.find(({ current }) => current).id });
    await ask(ann, 'user.list', { search: 'a', limit: 3 });
    await ask(ann, 'user.block', { user_id: id(cid) });
    await ask(ann, 'user.blocked');
    await ask(ann, 'user.unblock', { user_id: id(cid) });
  });

  await t.test('out, and gone', async () => {
    await ask(cid, 'room.leave', { room_id: group.id });
    await streams[4].event('roomexit.dispatch');
    await ask(ann, 'room.modify', { room_id: channel.id, action: 'delete' });
    await streams[4].event('roomdelete.dispatch');
    const [dan] = await people();
    await ask(dan, 'user.export');
    await ask(dan, 'user.erase', { username: dan.user.username });
  });

  await t.test('nothing that is documented was left out', async () => {
    assert.deepEqual(Object.keys(asyncapi.operations).filter((name) => name.includes('.') && !given.has(name)), []);
    const dispatches = Object.keys(asyncapi.components.messages)
      .filter((name) => name.endsWith('.dispatch') || /^(session|chat)\./.test(name))
      .filter((name) => name !== 'directtell.dispatch'); // its sockets get it in a form of their own
    const all = new Set([...seen, ...streams.flatMap(({ frames }) => frames.map(({ eventType }) => eventType))]);
    assert.deepEqual(dispatches.filter((name) => !all.has(name)), []);
  });
  for (const stream of streams) stream.close();
});

test('the best match of a search comes first', async () => {
  const [ann] = await people();
  const room = await site.room(ann);
  for (const content of ['a key', 'key, key and key again', 'nothing of it'])
    await ask(ann, 'message.send', { room_id: room.id, content });
  const { results } = await ask(ann, 'message.search', { query: 'key' });
  assert.deepEqual(results.map(({ message }) => message.content), ['key, key and key again', 'a key']);
  assert.ok(results[0].rank > results[1].rank && results[1].rank > 0);
});

test('what is not documented is found, and said where', () => {
  const typing = { eventType: 'messagetyping.dispatch',
    data: { username: 'a', room_id: '00000000-0000-4000-8000-000000000000', user: { id: 1, username: 'a' } } };
  contract.frame(typing);
  const wrong = (change, pattern) => assert.throws(() => contract.frame({ ...typing, ...change }), pattern);
  wrong({ data: { ...typing.data, colour: 'red' } },
    new RegExp('^Error: messagetyping\\.dispatch is not as in docs/asyncapi\\.yaml: '
      + '/data must NOT have additional properties \\(colour\\)'));
  wrong({ data: { ...typing.data, user: { id: '1', username: 'a' } } },
    /messagetyping\.dispatch .*: \/data\/user\/id must be integer/);
  wrong({ seq: 7 }, /additional properties \(seq\)/);
  wrong({ eventType: 'order.dispatch' }, /order\.dispatch .* is not documented/);
  assert.throws(() => contract.frame({ error: { code: 4003, detail: 'a bare sentence' } }),
    /^Error: error .*\/error\/detail/);
  assert.throws(() => contract.frame({ error: { code: 4999, detail: 'x' } }), /^Error: error/);
  assert.throws(() => contract.answer('GET', 'session', 200, { user: typing.data.user, expires_at: 'soon' }),
    /^Error: GET session 200 .*docs\/openapi\.yaml/);
});

test('what an operator adds passes where a test says so, and what is ours is held to there too', () => {
  const extended = new Contract({ extended: true });
  extended.frame({ eventType: 'order.dispatch', data: { anything: 1 } });
  const typing = { eventType: 'messagetyping.dispatch',
    data: { username: 'a', room_id: '00000000-0000-4000-8000-000000000000', user: { id: 1, username: 'a' },
      colour: 'red' } };
  extended.frame(typing);
  assert.throws(() => extended.frame({ ...typing, data: { ...typing.data, username: 7 } }),
    /\/data\/username must be string/);
});
