// People who are put into rooms: who is added, who is invited, who is left alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KINDS } from './support/client.mjs';
import { DENIED, Desk, ids, NOT_FOUND, people as made, TIME } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

// A stack of its own, because settings apply to everybody.
let stack, site, desk;
const sql = (statement) => stack.query(statement);
const people = (names) => made(names, sql);
let ann, ben, cid;
before(async () => {
  stack = await Stack.start('invitation');
  ({ site } = stack);
  desk = new Desk(site);
  [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
}, { timeout: 60_000 });
after(() => stack?.stop());

const add = (who, room, others) => desk.ask(who, 'room.add_members', { room_id: room.id, members: ids(others) });
const members = async (who, room) =>
  (await desk.data(who, 'room.members', { room_id: room.id })).members.map(({ user }) => user.id);
const brief = ({ id, type, name }) => ({ id, type, name });

test('who left a room by themselves is invited to it again, not added', async () => {
  const room = await desk.group(ann, [ben]);
  await desk.ask(ben, 'room.leave', { room_id: room.id });
  const streams = await Promise.all(KINDS.map((kind) => site.stream(kind, ben)));
  assert.equal((await add(ann, room, [ben])).eventType, 'roomaddmembers.dispatch');
  const told = { room_id: room.id, room: brief(room), user: ben.ref, inviter: ann.ref, status: 'pending' };
  for (const stream of streams) {
    assert.deepEqual((await stream.event('roominvite.dispatch')).data, told);
    stream.close();
  }
  assert.deepEqual(await members(ann, room), [ann.user.id]);
  await desk.refused(ben, 'room.info', { room_id: room.id }, 4002, DENIED.room);
  const [{ id, created_at, ...invite }] = await desk.notified(ben, room);
  assert.match(created_at, TIME);
  assert.deepEqual(invite, { notification_type: 'ROOM_INVITE', message: null, room: brief(room), user: ann.ref,
    status: 'pending' });

  const hers = await site.stream('ws', ann);
  assert.deepEqual((await desk.data(ben, 'room.answer', { room_id: room.id, accept: false })),
    { ...told, status: 'refused' });
  assert.deepEqual((await hers.event('roominvite.dispatch')).data, { ...told, status: 'refused' });
  hers.close();
  assert.deepEqual(await desk.notified(ben, room), []);
  await desk.refused(ben, 'room.answer', { room_id: room.id, user_id: ben.user.id, accept: true }, 4004, NOT_FOUND);

  assert.deepEqual(await desk.data(ann, 'room.invite', { room_id: room.id, user_id: ben.user.id }), told);
  const { eventType, data } = await desk.ask(ben, 'room.answer', { room_id: room.id, accept: true });
  assert.deepEqual([eventType, data.new_members, data.added_by],
    ['roomaddmembers.dispatch', [ben.user.username], ann.user.username]);
  assert.deepEqual((await members(ben, room)).sort(), ids([ann, ben]).sort());
  // A removed person may be added again.
  await desk.ask(ann, 'room.remove_members', { room_id: room.id, members: ids([ben]) });
  assert.deepEqual((await add(ann, room, [ben])).data.new_members, [ben.user.username]);
});

test('being added is a notification until something is read', async () => {
  const room = await desk.group(ann, [cid]);
  await add(ann, room, [ben]);
  const [invite] = await desk.notified(ben, room);
  assert.deepEqual([invite.notification_type, invite.status, invite.user, invite.room, invite.message],
    ['ROOM_INVITE', 'added', ann.ref, brief(room), null]);
  assert.deepEqual(await desk.notified(ann, room), []);
  const message = await desk.say(ann, room);
  const all = await desk.notified(ben, room);
  assert.deepEqual(all.map(({ notification_type: type }) => type), ['NEW_MESSAGE', 'ROOM_INVITE']);
  await desk.ask(ben, 'message.read', { message_id: message.id });
  assert.deepEqual(await desk.notified(ben, room), []);
  const empty = await desk.group(ann, [cid]);
  assert.equal((await desk.notified(cid, empty)).length, 1);
  assert.deepEqual(await desk.ask(cid, 'room.read', { room_id: empty.id, seq: 1 }), { status: 'success' });
  assert.deepEqual(await desk.notified(cid, empty), []);
});

test('a block holds everywhere', async () => {
  const [dan, eve] = await people(['dan', 'eve']);
  const shared = await desk.group(dan, [eve, ann]);
  const said = await desk.say(eve, shared);
  await desk.ask(eve, 'user.block', { user_id: dan.user.id });
  const stream = await site.stream('ws', eve);
  // Neither by making a room, nor by adding, nor by inviting.
  const room = await desk.group(dan, [eve, ann]);
  assert.deepEqual((await members(dan, room)).sort(), ids([dan, ann]).sort());
  assert.deepEqual((await add(dan, room, [eve])).data.new_members, []);
  assert.equal((await desk.data(dan, 'room.invite', { room_id: room.id, user_id: eve.user.id })).status, 'pending');
  assert.deepEqual(await desk.notified(eve, room), []);
  // In a room of both: no mention, no notification, no reaction to what the blocker says.
  const { mentions } = await desk.say(dan, shared, `hello @${eve.user.username} @${ann.user.username}`);
  assert.deepEqual(mentions, [ann.ref]);
  await desk.refused(dan, 'message.react', { message_id: said.id, type: 'add', reaction_content: 'x' }, 4002,
    DENIED.message);
  assert.deepEqual(await desk.notifications(eve, shared), []);
  const [{ notification_type: type }] = await desk.notifications(ann, shared);
  assert.equal(type, 'MENTION');
  await desk.say(ann, shared, 'end');
  await stream.message('end');
  assert.deepEqual(stream.frames.filter(({ eventType: name }) => /room/.test(name)), []);
  stream.close();
  await desk.ask(eve, 'user.unblock', { user_id: dan.user.id });
  assert.deepEqual((await add(dan, room, [eve])).data.new_members, [eve.user.username]);
});

test('strangers are invited where the operator wants that, and not too often anywhere', async () => {
  const [fay, gus, hal] = await people(['fay', 'gus', 'hal']);
  await desk.group(fay, [gus]);
  await sql("update confab.setting set value = 'false' where name = 'add_strangers'");
  try {
    const room = await desk.group(fay, [gus, hal]);
    assert.deepEqual((await members(fay, room)).sort(), ids([fay, gus]).sort());
    assert.equal((await desk.notified(hal, room))[0].status, 'pending');
    await desk.ask(hal, 'room.answer', { room_id: room.id, accept: 'yes' });
    const next = await desk.group(hal, []);
    assert.deepEqual((await add(hal, next, [gus])).data.new_members, [gus.user.username]);
  } finally {
    await sql("update confab.setting set value = 'true' where name = 'add_strangers'");
  }
  await sql("update confab.setting set value = '2' where name = 'strangers_per_day'");
  try {
    const [ivy] = await people(['ivy']);
    const strangers = await people(['s1', 's2', 's3']);
    const added = [];
    for (const who of strangers) added.push((await members(who, await desk.group(who, [ivy]))).length);
    assert.deepEqual(added, [2, 2, 1]);
    assert.deepEqual((await members(fay, await desk.group(fay, [gus]))).length, 2);
  } finally {
    await sql("update confab.setting set value = '100' where name = 'strangers_per_day'");
  }
});

test('rooms are made so often in a day', async () => {
  const [joe] = await people(['joe']);
  await sql("update confab.setting set value = '2' where name = 'rooms_per_day'");
  try {
    for (let i = 0; i < 2; i++) await desk.group(joe);
    const { status, body } = await site.command(joe, 'room.create', { type: 'GroupChat', name: 'x' });
    assert.deepEqual([status, body.error.code], [429, 4029]);
    assert.ok(body.error.detail > 86_000 && body.error.detail <= 86_400);
  } finally {
    await sql("update confab.setting set value = '1000' where name = 'rooms_per_day'");
  }
});

test('what is wrong with an invitation is said', async () => {
  const room = await desk.group(ann, [ben]);
  await desk.refused(ben, 'room.invite', { room_id: room.id, user_id: cid.user.id }, 4002, DENIED.add);
  await desk.refused(ann, 'room.invite', { room_id: room.id, user_id: ben.user.id }, 4003,
    { user_id: ['This person is a member already.'] });
  await desk.refused(ann, 'room.invite', { room_id: room.id, user_id: 999999999 }, 4004, NOT_FOUND);
  await desk.ask(ann, 'room.invite', { room_id: room.id, user_id: cid.user.id });
  await desk.refused(cid, 'room.answer', { room_id: room.id }, 4003, { accept: ['This field is required.'] });
});
