// Ways into a room besides being added: invites, and requests to join.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { site } from './support/client.mjs';
import { DENIED, Desk, ids, NOT_FOUND, people, sql, TIME } from './support/people.mjs';

const desk = new Desk(site);
let ann, ben, cid, eve;
before(async () => { [ann, ben, cid, eve] = await people(['ann', 'ben', 'cid', 'eve']); });

const INVALID = ['Invite is not valid'];
const invite = (who, room, data) => desk.data(who, 'room.invite', { room_id: room.id, ...data });
const invites = async (who, room) => (await desk.data(who, 'room.invites', { room_id: room.id })).invites;
const join = (who, secret, data) => desk.ask(who, 'room.join', { invite: secret, ...data });
const requests = async (who, room) => (await desk.data(who, 'room.requests', { room_id: room.id })).requests;

test('an invite lets anybody into any group or channel', async () => {
  for (const room of [await desk.group(ann), await desk.channel(ann)]) {
    const reply = await desk.ask(ann, 'room.invite', { room_id: room.id });
    assert.deepEqual([reply.eventType, reply.seq], ['roominvite.dispatch', undefined]);
    const { invite: secret, expires_at, ...rest } = reply.data;
    assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
    assert.match(expires_at, TIME);
    assert.ok(Math.abs(Date.parse(expires_at) - Date.now() - 604800e3) < 60e3);
    assert.deepEqual([rest.room_id, rest.max_uses, rest.uses], [room.id, null, 0]);
    const { eventType, data } = await join(ben, secret);
    assert.deepEqual([eventType, data.new_members, data.added_by, data.room.id],
      ['roomaddmembers.dispatch', [ben.user.username], 'self', room.id]);
    await join(cid, secret, { room_id: room.id });
    // A member who joins again does not use up the invite.
    await join(ben, secret);
    const [item] = await invites(ann, room);
    assert.deepEqual({ ...item, id: 0 }, { id: 0, creator: ann.ref, expires_at, max_uses: null, uses: 2 });
    await desk.refused(eve, 'room.join', { invite: secret, room_id: (await desk.group(ann)).id }, 4004, NOT_FOUND);
    await desk.refused(ben, 'room.invite', { room_id: room.id }, 4002, DENIED.add);
    for (const event of ['room.invite', 'room.invites', 'room.requests'])
      await desk.refused(eve, event, { room_id: room.id }, 4004, NOT_FOUND);
  }
});

test('an invite is good as long as whoever made it may add members', async () => {
  const room = await desk.group(ann, [ben]), grant = { users: ids([ben]), permission: ['can_add_new_participants'] };
  await desk.modify(ann, room, 'add_permission', grant);
  const { invite: secret } = await invite(ben, room);
  await desk.modify(ann, room, 'remove_permission', grant);
  await desk.refused(cid, 'room.join', { invite: secret }, 4003, INVALID);
  assert.deepEqual(await invites(ann, room), []);
  await desk.modify(ann, room, 'add_permission', grant);
  await join(cid, secret);
  await desk.ask(ann, 'room.remove_members', { room_id: room.id, members: ids([ben]) });
  await desk.refused(eve, 'room.join', { invite: secret }, 4003, INVALID);
});

test('uses are counted, however many come at once', async () => {
  const crowd = await people(Array.from({ length: 12 }, (_, i) => `p${i}`));
  const room = await desk.group(ann);
  const { invite: secret } = await invite(ann, room, { max_uses: 5 });
  const answers = await Promise.all(crowd.map((who) => site.command(who, 'room.join', { invite: secret })));
  assert.equal(answers.filter(({ status }) => status === 200).length, 5);
  for (const { status, body } of answers) if (status !== 200)
    assert.deepEqual(body.error, { code: 4003, detail: INVALID });
  assert.deepEqual(await invites(ann, room), []);
  assert.equal((await desk.data(ann, 'room.info', { room_id: room.id })).participants.length, 6);
});

test('a bad, expired, revoked invite, and that of a full room', async () => {
  const room = await desk.group(ann, [], { max_participants: 2 });
  for (const secret of ['x', 'A'.repeat(43), 'A'.repeat(5000), 7, true, ['x'], { a: 1 }])
    await desk.refused(ben, 'room.join', { invite: secret }, 4003, INVALID);
  const first = await invite(ann, room), second = await invite(ann, room, { expires_in: 60, max_uses: 1 }),
    third = await invite(ann, room);
  const list = await invites(ann, room);
  assert.deepEqual(list.map(({ max_uses }) => max_uses), [null, 1, null]);
  await sql(`update confab.invite set expires_at = now() - interval '1 second' where id = ${list[1].id}`);
  await desk.refused(ben, 'room.join', { invite: second.invite }, 4003, INVALID);
  assert.deepEqual(await desk.ask(ann, 'room.revoke_invite', { room_id: room.id, invite_id: list[2].id }),
    { status: 'success' });
  await desk.refused(ben, 'room.join', { invite: first.invite }, 4003, INVALID);
  for (const invite_id of [list[2].id, 999999999])
    await desk.refused(ann, 'room.revoke_invite', { room_id: room.id, invite_id }, 4004, NOT_FOUND);
  await desk.refused(ann, 'room.revoke_invite', { room_id: (await desk.group(ann)).id, invite_id: list[0].id }, 4004,
    NOT_FOUND);
  const none = await desk.group(ann);
  for (const invite_id of ['x', 1.5, true, [1]])
    await desk.refused(ann, 'room.revoke_invite', { room_id: none.id, invite_id }, 4003,
      { invite_id: ['A valid integer is required.'] });
  await desk.refused(ann, 'room.revoke_invite', { room_id: none.id }, 4003, { invite_id: ['This field is required.'] });
  await join(ben, third.invite);
  await desk.refused(cid, 'room.join', { invite: third.invite }, 4003,
    ['Maximum number of group participants exceeded']);
  assert.equal((await invites(ann, room))[0].uses, 1);
  const chat = await desk.pair(ann, ben);
  await desk.refused(ann, 'room.invite', { room_id: chat.id }, 4003,
    ['Invalid room, Can only add or remove members from Groups/Channels']);
  const gone = await desk.group(ann);
  const last = await invite(ann, gone);
  await desk.modify(ann, gone, 'delete');
  await desk.refused(ben, 'room.join', { invite: last.invite }, 4003, INVALID);
});

test('a request is told to the admins, asked once, accepted or refused', async () => {
  const room = await desk.group(ann, [ben], { join_approval_required: true });
  await desk.modify(ann, room, 'add_admin', { users: ids([ben]) });
  await desk.ask(ann, 'room.add_members', { room_id: room.id, members: [eve.user.id] });
  const [hers, his, theirs, asker] = await Promise.all([ann, ben, eve, cid].map((who) => site.stream('ws', who)));
  const ask = () => desk.ask(cid, 'room.request', { room_id: room.id, reason: 'please <b>' });
  const reply = await ask();
  const { created_at } = reply.data;
  assert.match(created_at, TIME);
  const told = { room_id: room.id, user: cid.shown, reason: 'please <b>', created_at };
  assert.deepEqual(reply, { eventType: 'roomrequest.dispatch', data: { ...told, status: 'pending' } });
  for (const stream of [hers, his]) assert.deepEqual((await stream.event('roomrequest.dispatch')).data, told);
  assert.deepEqual(await ask(), reply);
  assert.deepEqual(await requests(ben, room), [{ user: cid.shown, reason: 'please <b>', created_at }]);
  await desk.refused(eve, 'room.answer', { room_id: room.id, user_id: cid.user.id, accept: true }, 4002, DENIED.add);

  const answer = (accept,
    who = ben) => desk.ask(who, 'room.answer', { room_id: room.id, user_id: cid.user.id, accept });
  const no = { eventType: 'roomrequest.dispatch', data: { room_id: room.id, user: cid.shown, status: 'refused' } };
  assert.deepEqual(await answer(false), no);
  assert.deepEqual((await asker.event('roomrequest.dispatch')).data, no.data);
  await desk.refused(ben, 'room.answer', { room_id: room.id, user_id: cid.user.id, accept: true }, 4004, NOT_FOUND);
  await ask();
  const yes = await answer(true);
  assert.deepEqual([yes.eventType, yes.data.new_members, yes.data.added_by],
    ['roomaddmembers.dispatch', [cid.user.username], ben.user.username]);
  assert.deepEqual((await asker.event('roomaddmembers.dispatch')), yes);
  assert.deepEqual(await requests(ann, room), []);
  const { content } = await desk.say(ann, room);
  for (const stream of [hers, his, theirs, asker]) await stream.message(content);
  const counts = [hers, his, theirs,
    asker].map((stream) => stream.frames.filter(({ eventType }) => eventType === 'roomrequest.dispatch').length);
  assert.deepEqual(counts, [2, 2, 0, 1]);
  for (const stream of [hers, his, theirs, asker]) stream.close();
});

test('a request is answered by being added; an invite makes one where approval is required', async () => {
  const room = await desk.group(ann, [], { join_approval_required: true });
  const { invite: secret } = await invite(ann, room);
  const { eventType, data } = await join(ben, secret, { reason: 'hi' });
  assert.deepEqual([eventType, data.status, data.reason, data.user],
    ['roomrequest.dispatch', 'pending', 'hi', ben.shown]);
  assert.equal((await requests(ann, room)).length, 1);
  await desk.ask(ann, 'room.add_members', { room_id: room.id, members: [ben.user.id] });
  assert.deepEqual(await requests(ann, room), []);
  await desk.refused(ann, 'room.answer', { room_id: room.id, user_id: ben.user.id, accept: true }, 4004, NOT_FOUND);
});

test('where nothing can be asked for', async () => {
  const approval = await desk.group(ann, [ben], { join_approval_required: true });
  await desk.refused(ben, 'room.request', { room_id: approval.id }, 4003, ['You are already a member of this room']);
  for (const room of [await desk.group(ann), await desk.channel(ann), await desk.pair(ann, cid)])
    await desk.refused(eve, 'room.request', { room_id: room.id }, 4004, NOT_FOUND);
  await desk.refused(eve, 'room.request', { room_id: approval.id, reason: 'x'.repeat(501) }, 4003,
    { reason: ['Ensure this field has no more than 500 characters.'] });
  const asked = { room_id: approval.id, user_id: eve.user.id };
  await desk.refused(ann, 'room.answer', { ...asked, accept: true }, 4004, NOT_FOUND);
  await desk.ask(eve, 'room.request', { room_id: approval.id });
  await desk.refused(ann, 'room.answer', asked, 4003, { accept: ['This field is required.'] });
  await desk.refused(ann, 'room.answer', { ...asked, accept: 'perhaps' }, 4003,
    { accept: ['Must be a valid boolean.'] });
  await desk.refused(ann, 'room.answer', { ...asked, user_id: 999999999, accept: true }, 4004, NOT_FOUND);
  for (const [data,
    detail] of [[{ expires_in: 59 }, { expires_in: ['Ensure this value is greater than or equal to 60.'] }],
    [{ max_uses: 0 }, { max_uses: ['Ensure this value is greater than or equal to 1.'] }],
    [{ expires_in: 'x' }, { expires_in: ['A valid integer is required.'] }]])
    await desk.refused(ann, 'room.invite', { room_id: approval.id, ...data }, 4003, detail);
});
