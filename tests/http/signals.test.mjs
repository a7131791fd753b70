// Typing, and the caller's own sessions.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { KINDS, site, unique, until } from './support/client.mjs';
import { DENIED, Desk, NOT_FOUND, people, sql, TIME, UUID } from './support/people.mjs';

const desk = new Desk(site);
const SUCCESS = { status: 'success' };
let ann, ben, cid, eve;
before(async () => { [ann, ben, cid, eve] = await people(['ann', 'ben', 'cid', 'eve']); });

const typing = (stream) => stream.frames.filter(({ eventType }) => eventType === 'messagetyping.dispatch');
const type = (who, room) => desk.ask(who, 'message.typing', { room_id: room.id });

test('typing is told to the room, the typist too, on every transport, and stored nowhere', async () => {
  const room = await desk.group(ann, [ben]);
  const streams = await Promise.all([...KINDS.map((kind) => site.stream(kind, ben)), site.stream('ws', ann)]);
  const outside = await site.stream('ws', eve);
  const { seq, epoch } = streams[0].frames[0].data;
  assert.deepEqual(await type(ann, room), SUCCESS);
  for (const stream of streams)
    assert.deepEqual(await stream.event('messagetyping.dispatch'),
      { eventType: 'messagetyping.dispatch',
        data: { username: ann.user.username, room_id: room.id, user: ann.ref, typing: true } });
  const cursor = streams[1].cursor;
  const message = await desk.say(ann, room);
  for (const stream of streams) await stream.message(message.content);
  assert.notEqual(streams[1].cursor, cursor);
  const again = await site.stream('sse', ben, { since: `${epoch}:${seq}` });
  await again.message(message.content);
  assert.equal(typing(again).length, 0);
  await desk.group(eve, [ann]);
  await outside.event('roomcreate.dispatch');
  assert.equal(typing(outside).length, 0);
  for (const stream of [...streams, outside, again]) stream.close();
});

test('once a second of one person in one room', async () => {
  const [one, two] = [await desk.group(ann, [ben, cid]), await desk.group(ann, [ben])];
  const stream = await site.stream('ws', ben);
  const from = Date.now();
  for (let i = 0; i < 10; i++) for (const room of [one, two]) assert.deepEqual(await type(ann, room), SUCCESS);
  await type(cid, one);
  const told = (room,
    who) => typing(stream).filter(({ data }) => data.room_id === room.id && data.user.id === who.user.id).length;
  await stream.until(() => told(one, ann) && told(two, ann) && told(one, cid), 'one of each');
  const most = 1 + Math.floor((Date.now() - from) / 1000);
  for (const [room, who, n] of [[one, ann, most], [two, ann, most], [one, cid, 1]])
    assert.ok(told(room, who) <= n, `${told(room, who)} of at most ${n}`);
  const before = typing(stream).length;
  await until(async () => { await type(ann, one); return typing(stream).length > before; }, 'another');
  assert.ok(Date.now() - from > 990);
  stream.close();
});

test('somebody who stops is told of at once, once', async () => {
  const room = await desk.group(ann, [ben]);
  const stream = await site.stream('ws', ann);
  const stop = () => desk.ask(ben, 'message.typing', { room_id: room.id, typing: false });
  await stop();
  await type(ben, room);
  await stop();
  await stop();
  await type(ben, room);
  await desk.say(ben, room, 'end');
  await stream.message('end');
  const told = stream.frames.filter(({ eventType }) => eventType === 'messagetyping.dispatch').map(({ data }) => data);
  assert.deepEqual(told.map(({ typing }) => typing), [true, false, true]);
  assert.deepEqual(told[1],
    { username: ben.user.username, room_id: room.id, user: ben.ref, typing: false });
  await desk.refused(ben, 'message.typing', { room_id: room.id, typing: 'perhaps' }, 4003,
    { typing: ['Must be a valid boolean.'] });
  stream.close();
});

test('by a message\'s id where there is no room_id; what is refused', async () => {
  const room = await desk.group(ann, [ben]), channel = await desk.channel(ann, [ben]);
  const message = await desk.say(ann, room);
  const stream = await site.stream('ws', ann);
  await desk.ask(ben, 'message.typing', { message_id: message.id });
  assert.equal((await stream.event('messagetyping.dispatch')).data.room_id, room.id);
  await desk.refused(ben, 'message.typing', { room_id: channel.id }, 4002, DENIED.send);
  await desk.refused(eve, 'message.typing', { room_id: room.id }, 4002, DENIED.send);
  await desk.refused(eve, 'message.typing', { room_id: crypto.randomUUID() }, 4004, NOT_FOUND);
  for (const room_id of [null, true, [], {}])
    await desk.refused(eve, 'message.typing', { room_id }, 4003, ['Invalid room_id type']);
  await desk.refused(eve, 'message.typing', {}, 4003, { room_id: ['This field is required.'] });
  stream.close();
});

test('whoever blocks somebody does not see them type, and hears nothing from them alone', async () => {
  const group = await desk.group(ann, [ben, cid]), chat = await desk.pair(ann, ben);
  const hers_own = await desk.say(ann, chat), his_own = await desk.say(ben, chat);
  await desk.ask(ben, 'message.react', { type: 'add', message_id: hers_own.id, reaction_content: 'x' });
  assert.deepEqual(await desk.ask(ann, 'user.block', { user_id: ben.user.id }),
    { eventType: 'userblock.dispatch', data: { user: ben.ref, blocked: true } });
  assert.deepEqual(await desk.data(ann, 'user.block', { user_id: `${ben.user.id}` }), { user: ben.ref, blocked: true });
  assert.deepEqual(await desk.ask(ann, 'user.blocked'),
    { eventType: 'userblocked.dispatch', data: { users: [ben.ref] } });
  const [hers, his] = await Promise.all([ann, cid].map((who) => site.stream('ws', who)));
  await type(ben, group);
  await his.event('messagetyping.dispatch');
  await type(cid, group);
  assert.equal((await hers.event('messagetyping.dispatch')).data.user.id, cid.user.id);
  assert.equal(typing(hers).length, 1);
  for (const [event, data] of [['message.send', { content: 'x' }], ['message.typing', {}],
    ['room.modify', { action: 'update', data: { property: { preferences: { x: 1 } } } }],
    ['message.modify', { action: 'update', message_id: his_own.id, extra_fields: { content: 'x' } }],
    ['message.react', { type: 'add', message_id: hers_own.id, reaction_content: 'x' }],
    ['message.pin', { type: 'add', message_id: hers_own.id }],
    ['message.pin', { type: 'remove', message_id: his_own.id }]])
    await desk.refused(ben, event, { room_id: chat.id, ...data }, 4002, DENIED.send);
  // The caller's own messages may be deleted, and existing ones read.
  assert.equal((await desk.data(ben, 'message.react', { type: 'remove', message_id: hers_own.id })).status,
    'successful');
  assert.equal((await desk.data(ben, 'message.modify', { action: 'delete', message_id: his_own.id })).status,
    'successful');
  await desk.ask(ben, 'message.read', { message_id: [hers_own.id] });
  await desk.say(ben, group, 'in the group it is allowed');
  await desk.say(ann, chat, 'the other way too');
  // Two people without a one-to-one.
  await desk.ask(eve, 'user.block', { user_id: cid.user.id });
  await desk.refused(cid, 'room.create', { type: 'OneToOneChat', participants: [eve.user.id] }, 4003,
    ["A one to one chat can't be opened with this user"]);
  assert.deepEqual(await desk.data(ann, 'user.unblock', { user_id: ben.user.id }), { user: ben.ref, blocked: false });
  await desk.say(ben, chat, 'again');
  assert.deepEqual((await desk.data(ann, 'user.blocked')).users, []);
  await desk.refused(ann, 'user.block', { user_id: ann.user.id }, 4003, { user_id: ["You can't block yourself."] });
  await desk.refused(ann, 'user.block', { user_id: 999999999 }, 4004, NOT_FOUND);
  hers.close();
  his.close();
});

test('nobody who has blocked somebody sees them type, however many have', async () => {
  const room = await desk.channel(ann, [ben, cid], { max_subscribers: 1000 });
  await desk.modify(ann, room, 'add_permission', { users: [ben.user.id], permission: ['can_send_messages'] });
  const block = (blockers, members) => sql(`
    with crowd as (select confab.account_create('crowd-${unique()}-' || n, null) id, n from generate_series(1,
      ${Math.max(blockers, members)}) n),
    blocked as (insert into confab.block (account_id, blocked_id) select id, ${ben.user.id} from crowd where n <=
      ${blockers})
    insert into confab.member (room_id, account_id, since_seq) select '${room.id}', id, 1 from crowd where n <=
      ${members}`);
  const his = await site.stream('ws', cid);
  const isSeen = async () => {
    await sql(`delete from confab.typing where room_id = '${room.id}'`);
    await type(ben, room);
    // Signals come in the order in which they were sent.
    await sql(`delete from confab.typing where room_id = '${room.id}'`);
    await type(ann, room);
    const { data } = await his.event('messagetyping.dispatch');
    if (data.user.id === ann.user.id) return false;
    await his.event('messagetyping.dispatch');
    return true;
  };
  // People in other rooms do not count.
  await block(400, 0);
  assert.equal(await isSeen(), true);
  await block(300, 300);
  assert.equal(await isSeen(), true);
  await block(1, 1);
  assert.equal(await isSeen(), false);
  his.close();
});

test('what others send on the channel of the signals is dropped, and counted', async () => {
  const room = await desk.group(ann, [ben]);
  const streams = await Promise.all(KINDS.map((kind) => site.stream(kind, ben)));
  const counted = async () =>
    [...(await site.request('GET', 'metrics')).text.matchAll(/^confab_signals_dropped_total\{[^}]*\} (\d+)$/gm)]
      .reduce((sum, [, n]) => sum + Number(n), 0);
  const before = await counted();
  const data = { username: 'forged', room_id: room.id, user: ann.ref, typing: true };
  const eventType = 'messagetyping.dispatch';
  const forged = ['', 'no JSON', '[]', 'null', '{}', ...[
    7, null, '', 'no JSON', [], 'null', {}, { eventType }, { data }, { eventType, data: [data] },
    { eventType, data: 'x' }, { eventType, data, seq: 1 }, { eventType, data, seq: null },
    { eventType: 'message.dispatch', data: { content: 'forged' } }, { eventType: 'session.resync', data: {} },
    { eventType: 7, data },
    { eventType, data: { x: { x: { x: { x: { x: 1 } } } } } },
  ].map((payload) =>
    JSON.stringify({ room: room.id, accounts: [ben.user.id],
      payload: payload && typeof payload === 'object' ? JSON.stringify(payload) : payload }))];
  const send = (text) =>
    sql(`set role pg_read_all_data; select pg_notify('confab_signal', '${text.replaceAll("'", "''")}')`);
  for (const text of forged) await send(text);
  // A payload that is a valid signal arrives as one, without other members.
  await send(
    JSON.stringify({ room: room.id,
      payload: JSON.stringify({ eventType, data: { ...data, username: 'passes' }, id: 'c1',
        error: { code: 4001 } }) }));
  for (const stream of streams) {
    assert.deepEqual(await stream.event(eventType), { eventType, data: { ...data, username: 'passes' } });
    assert.ok(!stream.texts.some((text) => text.includes('forged')));
    stream.close();
  }
  await until(async () => await counted() === before + 2 * forged.length, 'both programs have counted them');
});

test('the directory, by id, by the beginning of a name, page by page', async () => {
  const some = await people(['zoë.a', 'zoë.b', 'zoë.c']);
  const list = (data) => desk.ask(ann, 'user.list', data);
  const { eventType, data } = await list({ search: 'ZOË.', after: some[0].user.id - 1 });
  assert.equal(eventType, 'userlist.dispatch');
  assert.deepEqual(data, { users: some.map(({ shown }) => shown), has_next: false });
  const first = (await list({ search: 'zoë.', limit: 2, after: some[0].user.id - 1 })).data;
  assert.deepEqual([first.users.map(({ id }) => id), first.has_next],
    [some.slice(0, 2).map(({ user }) => user.id), true]);
  const second = (await list({ search: 'zoë.', limit: 2, after: first.users[1].id })).data;
  assert.deepEqual([second.users.map(({ id }) => id), second.has_next], [[some[2].user.id], false]);
  assert.deepEqual((await list({ search: '%' })).data.users, []);
  assert.equal((await list({ search: ann.user.username })).data.users[0].id, ann.user.id);
});

test('one\'s sessions and log-ins, and ending them', async () => {
  const me = await site.register('me');
  const login = async () =>
    (await site.request('POST', 'session',
      { body: { username: me.user.username, password: me.password }, headers: { 'user-agent': 'other' } })).body;
  const second = await login();
  const [ws, sse,
    poll] = await Promise.all([site.stream('ws', me, { headers: { 'user-agent': 'mine' } }), site.stream('sse', second),
      site.stream('poll', me)]);
  const reply = await ws.command('session.list');
  assert.deepEqual([reply.eventType, reply.seq], ['sessionlist.dispatch', undefined]);
  const { sessions, logins } = reply.data;
  assert.deepEqual(sessions.map(({ transport }) => transport).sort(), ['poll', 'sse', 'websocket']);
  const mine = sessions.find(({ transport }) => transport === 'websocket');
  assert.deepEqual(Object.keys(mine),
    ['id', 'transport', 'user_agent', 'address', 'opened_at', 'last_seen', 'current']);
  assert.deepEqual([mine.id, mine.user_agent, mine.current], [ws.frames[0].data.session_id, 'mine', true]);
  assert.deepEqual(sessions.filter(({ current }) => current).length, 1);
  for (const { id, opened_at, last_seen } of sessions) {
    assert.match(id, UUID);
    assert.match(opened_at, TIME);
    assert.match(last_seen, TIME);
  }
  assert.deepEqual(Object.keys(logins[0]),
    ['id', 'user_agent', 'address', 'created_at', 'last_seen', 'expires_at', 'current']);
  assert.deepEqual(logins.map(({ user_agent, current }) => [user_agent === 'other', current]),
    [[true, false], [false, true]]);

  const session_id = sse.frames[0].data.session_id;
  for (const id of [session_id, crypto.randomUUID()])
    await desk.refused(ann, 'session.end', { session_id: id }, 4004, NOT_FOUND);
  await desk.refused(ann, 'session.end', { login_id: logins[0].id }, 4004, NOT_FOUND);
  await desk.refused(me, 'session.end', {}, 4003, { session_id: ['This field is required.'] });
  assert.deepEqual(await desk.ask(me, 'session.end', { session_id }),
    { eventType: 'sessionend.dispatch', data: { session_id } });
  await sse.over();
  assert.equal(ws.ended, null);
  (await site.stream('sse', second)).close();
  await desk.ask(me, 'session.end', { session_id: mine.id });
  assert.deepEqual(await ws.over(), { code: 4001 });

  const third = await site.stream('ws', second);
  const { id: login_id } = logins.find(({ user_agent }) => user_agent === 'other');
  assert.deepEqual(await desk.ask(me, 'session.end', { login_id }),
    { eventType: 'sessionend.dispatch', data: { login_id } });
  assert.deepEqual(await third.over(), { code: 4001 });
  await desk.refused(second, 'room.list', {}, 4001, 'Authentication required.');
  assert.equal(poll.ended, null);
  await desk.ask(me, 'session.list');
  poll.close();
});

test('on a WebSocket typing is answered by its signal alone, unless it has an id', async () => {
  const ann = await site.register('ann'), room = await site.room(ann);
  const stream = await site.stream('ws', ann);
  const say = (more) =>
    stream.send(JSON.stringify({ event_type: 'message.typing', data: { room_id: room.id }, ...more }));
  say({});
  await stream.event('messagetyping.dispatch');
  // One a second is sent: this one is answered, because nothing is sent.
  say({});
  assert.deepEqual(await stream.next(), { status: 'success' });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  say({ id: 5 });
  const told = [await stream.next(), await stream.next()];
  assert.ok(told.some(({ eventType }) => eventType === 'messagetyping.dispatch'));
  assert.deepEqual(told.find(({ status }) => status), { status: 'success', id: 5 });
  stream.close();
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.deepEqual((await site.command(ann, 'message.typing', { room_id: room.id })).body, { status: 'success' });
});
