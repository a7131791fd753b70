// Presence: online, idle, offline; sent to subscribers, and also when the programs that hold the streams die.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KINDS } from './support/client.mjs';
import { Desk, NOT_FOUND, people, TIME } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

let stack, site, desk;
before(async () => {
  stack = await Stack.start('presence');
  ({ site } = stack);
  desk = new Desk(site);
}, { timeout: 60_000 });
after(() => stack?.stop());

const some = (...names) => people(names, (statement) => stack.query(statement));
const SUCCESS = { status: 'success' };
const MINUTE = 60_000;

/** The next presence of a person on a stream. */
const told = (stream, who, status, deadline) => stream.next(({ eventType, data }) =>
  eventType === 'presence.dispatch' && data.user.id === who.user.id && data.status === status, deadline);
const own = (stream) => stream.frames[0].data.session_id;
const all = (stream) => stream.frames.filter(({ eventType }) => eventType === 'presence.dispatch');

test('subscribing tells how it stands, and changes follow', { timeout: MINUTE }, async () => {
  const [ann, ben, cid, eve] = await some('ann', 'ben', 'cid', 'eve');
  const room = await desk.group(ann, [ben, cid]);
  const stream = await site.stream('ws', ann);
  const reply = await stream.command('presence.subscribe', { users: [ben.user.id, eve.user.id, 999999999] });
  assert.deepEqual([reply.eventType, reply.seq], ['presencelist.dispatch', undefined]);
  assert.deepEqual(reply.data.users, [{ user: ben.ref, status: 'offline', last_seen: null }]);
  const listed = (await stream.command('presence.subscribe', { rooms: [room.id] })).data.users;
  assert.deepEqual(listed.map(({ user, status }) => [user.id, status]),
    [[ann.user.id, 'online'], [ben.user.id, 'offline'], [cid.user.id, 'offline']]);

  const streams = await Promise.all(KINDS.map((kind) => site.stream(kind, ben)));
  const online = await told(stream, ben, 'online');
  assert.deepEqual(Object.keys(online), ['eventType', 'data']);
  assert.deepEqual(Object.keys(online.data), ['user', 'status', 'last_seen']);
  assert.deepEqual(online.data.user, ben.ref);
  assert.match(online.data.last_seen, TIME);
  // Idle when all streams of the person report it.
  for (const one of streams.slice(0, 2))
    assert.deepEqual(await desk.ask(ben, 'session.heartbeat', { idle: true, session_id: own(one) }), SUCCESS);
  assert.equal(all(stream).filter(({ data }) => data.user.id === ben.user.id).length, 1);
  await desk.ask(ben, 'session.heartbeat', { idle: true, session_id: own(streams[2]) });
  await told(stream, ben, 'idle');
  assert.deepEqual(await streams[0].command('session.heartbeat', { idle: false }), { ...SUCCESS, id: 'c1' });
  await told(stream, ben, 'online');
  // Offline when the last stream has closed, sent within seconds. A closed long-poll or SSE stream would be noticed
  // later.
  for (const one of streams) one.close();
  for (const one of streams.slice(1)) await desk.ask(ben, 'session.end', { session_id: own(one) });
  const offline = await told(stream, ben, 'offline', 30_000);
  assert.ok(Math.abs(Date.parse(offline.data.last_seen) - Date.now()) < 30_000);
  stream.close();
});

test('over HTTP the stream is named; it is the one that is told; unsubscribing ends it', { timeout: MINUTE },
    async () => {
  const [ann, ben, cid] = await some('ann', 'ben', 'cid');
  const room = await desk.group(ann, [ben, cid]);
  for (const kind of ['sse', 'poll']) {
    const [one, other] = await Promise.all([site.stream(kind, ann), site.stream(kind, ann)]);
    await desk.refused(ann, 'presence.subscribe', { rooms: [room.id] }, 4003,
      { session_id: ['This field is required.'] });
    const session_id = own(one);
    const { data } = await desk.ask(ann, 'presence.subscribe', { rooms: [room.id], session_id });
    assert.equal(data.users.length, 3);
    const his = await site.stream('sse', ben);
    await told(one, ben, 'online');
    assert.deepEqual(await desk.ask(ann, 'presence.unsubscribe', { session_id }), SUCCESS);
    await desk.ask(ben, 'session.heartbeat', { idle: true, session_id: own(his) });
    const { content } = await desk.say(ann, room);
    for (const stream of [one, other]) await stream.message(content);
    assert.equal(all(one).filter(({ data: { status } }) => status === 'idle').length, 0);
    assert.equal(all(other).length, 0);
    await desk.ask(ben, 'session.end', { session_id: own(his) });
    for (const stream of [one, other, his]) stream.close();
    await stack.query(`update confab.presence set status = 'offline' where account_id = ${ben.user.id}`);
  }
});

test('people of other rooms, and who has blocked the subscriber, are not shown', { timeout: MINUTE }, async () => {
  const [ann, ben, cid, eve] = await some('ann', 'ben', 'cid', 'eve');
  const room = await desk.group(ann, [ben, cid]), other = await desk.group(eve);
  const stream = await site.stream('ws', ann);
  await desk.ask(ben, 'user.block', { user_id: ann.user.id });
  const { data: { users } } = await stream.command('presence.subscribe',
    { rooms: [room.id], users: [ben.user.id, cid.user.id, eve.user.id] });
  assert.deepEqual(users.map(({ user }) => user.id), [ann.user.id, cid.user.id]);
  const session_id = own(stream);
  await desk.refused(ann, 'presence.subscribe', { rooms: [other.id], session_id }, 4004, NOT_FOUND);
  await desk.refused(ann, 'presence.subscribe', { rooms: [crypto.randomUUID()], session_id }, 4004, NOT_FOUND);
  await desk.refused(eve, 'presence.subscribe', { users: [], session_id }, 4004, NOT_FOUND);
  for (const event of ['presence.subscribe', 'presence.unsubscribe'])
    for (const field of ['users', 'rooms'])
      await desk.refused(ann, event, { [field]: 'x', session_id }, 4003, { [field]: ['Expected a list of items.'] });
  const streams = await Promise.all([ben, eve].map((who) => site.stream('sse', who)));
  const third = await site.stream('sse', cid);
  await told(stream, cid, 'online');
  assert.deepEqual(all(stream).map(({ data }) => data.user.id), [cid.user.id]);
  // Presence of a person removed from the last shared room is not sent any more.
  await desk.ask(ann, 'room.remove_members', { room_id: room.id, members: [cid.user.id] });
  await desk.ask(cid, 'session.heartbeat', { idle: true, session_id: own(third) });
  const { content } = await desk.say(ann, room);
  await stream.message(content);
  assert.equal(all(stream).length, 1);
  for (const one of [...streams, third, stream]) one.close();
});

test('confab-bridge is killed: who was on it is offline within a minute, and online when they are back',
    { timeout: 120_000 }, async () => {
  const [ann, ben] = await some('ann', 'ben');
  await desk.group(ann, [ben]);
  const [watcher, his] = await Promise.all([site.stream('sse', ann), site.stream('ws', ben)]);
  await desk.ask(ann, 'presence.subscribe', { users: [ben.user.id], session_id: own(watcher) });
  assert.equal(
    (await desk.data(ann, 'presence.subscribe', { users: [ben.user.id], session_id: own(watcher) })).users[0].status,
    'online');
  await stack.kill('bridge', 'SIGKILL');
  await his.over();
  await told(watcher, ben, 'offline', MINUTE);
  assert.deepEqual((await desk.data(ben, 'session.list')).sessions, []);
  await stack.program('bridge');
  const again = await until(() => site.stream('ws', ben));
  await told(watcher, ben, 'online');
  again.close();
  watcher.close();
});

test('confab-events is killed and started: who does not come back is offline', { timeout: 120_000 }, async () => {
  const [ann, ben, cid] = await some('ann', 'ben', 'cid');
  await desk.group(ann, [ben, cid]);
  const watcher = await site.stream('ws', ann);
  const [his, theirs] = await Promise.all([site.stream('sse', ben), site.stream('sse', cid)]);
  await watcher.command('presence.subscribe', { users: [ben.user.id, cid.user.id] });
  await stack.kill('events', 'SIGKILL');
  await Promise.all([his.over(), theirs.over()]);
  await stack.program('events');
  const back = await until(() => site.stream('sse', cid));
  await told(watcher, ben, 'offline', MINUTE);
  assert.deepEqual((await watcher.command('presence.subscribe', { users: [cid.user.id] })).data.users[0].status,
    'online');
  back.close();
  watcher.close();
});

/** Retries until the program answers. */
async function until(open) {
  for (const end = Date.now() + 15_000; ;) {
    const stream = await open().catch(() => null);
    if (stream && !stream.ended) return stream;
    if (Date.now() > end) throw new Error('the program is not there');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
