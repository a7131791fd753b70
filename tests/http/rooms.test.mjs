// Rooms: created, changed, left, handed over, deleted.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { site } from './support/client.mjs';
import { DENIED, Desk, ids, NOT_FOUND, people } from './support/people.mjs';

const desk = new Desk(site);
let ann, ben, cid, eve;
before(async () => { [ann, ben, cid, eve] = await people(['ann', 'ben', 'cid', 'eve']); });

const FULL = { GroupChat: ['Maximum number of group participants exceeded'],
  Channel: ['Maximum number of channel subscribers exceeded'] };
const names = (list) => list.map(({ username }) => username);
const info = (who, room) => desk.data(who, 'room.info', { room_id: room.id });
const add = (who, room, members) => desk.ask(who, 'room.add_members', { room_id: room.id, members });
const remove = (who, room, members) => desk.ask(who, 'room.remove_members', { room_id: room.id, members });

test('fifty who open a one-to-one at once, with either spelling, make one room', async () => {
  const [x, y] = await people(['x', 'y']);
  const stream = await site.stream('ws', x);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => site.command(i % 2 ? x : y, 'room.create',
    { type: 'OneToOneChat',
      participants: [[y, x][(i + 1) % 2].user.id, ...i % 3 ? [] : [`${[x, y][(i + 1) % 2].user.id}`]] })));
  const made = answers.filter(({ status }) => status === 200);
  assert.equal(made.length, 1);
  assert.deepEqual(ids(made[0].body.data.participants.map((user) => ({ user }))), ids([x, y]));
  for (const { status, body } of answers)
    if (status !== 200)
      assert.deepEqual([status, body],
        [422, { error: { code: 4003, detail: ['Chat already exists'] }, room_id: made[0].body.data.id }]);
  await desk.say(x, made[0].body.data, 'end');
  await stream.message('end');
  assert.equal(stream.frames.filter(({ eventType }) => eventType === 'roomcreate.dispatch').length, 1);
  assert.equal((await desk.data(y, 'room.list')).length, 1);
  stream.close();
});

test('extra_fields go over what is beside them, but not over the type', async () => {
  const id = crypto.randomUUID();
  const room = await desk.make(ann, 'GroupChat',
    { name: 'top', participants: [ben.user.id], max_participants: 3, description: 'a',
    extra_fields: { id, name: 'inside', participants: [cid.user.id], subscribers: [cid.user.id], description: 'b',
      max_participants: 4, creator: eve.user.id, type: 'Channel' } });
  assert.deepEqual([room.name, room.description, room.max_participants, room.creator.id, room.type],
    ['inside', 'b', 4, ann.user.id, 'GroupChat']);
  assert.deepEqual(names(room.participants), names([ann.user, cid.user]));
  assert.notEqual(room.id, id);
  const channel = await desk.make(ann, 'Channel',
    { participants: [ben.user.id], subscribers: [cid.user.id], extra_fields: { is_public: true, max_subscribers: 9 } });
  assert.deepEqual([names(channel.subscribers), channel.is_public, channel.max_subscribers],
    [names([ann.user, cid.user]), true, 9]);
});

for (const [type, limit] of [['GroupChat', 'max_participants'], ['Channel', 'max_subscribers']])
  test(`a ${type} is never fuller than it may be, however many come at once`, async () => {
    const crowd = await people(Array.from({ length: 20 }, (_, i) => `p${i}`));
    const room = await desk.make(ann, type, { [limit]: 10, is_public: true });
    const tries = crowd.map((who,
      i) => (type === 'Channel' && i % 2 ? site.command(who, 'room.join', { room_id: room.id })
      : site.command(ann, 'room.add_members', { room_id: room.id, members: [who.user.id] })));
    const answers = await Promise.all(tries);
    assert.equal(answers.filter(({ status }) => status === 200).length, 9);
    for (const { status, body } of answers) if (status !== 200)
      assert.deepEqual(body, { error: { code: 4003, detail: FULL[type] } });
    const members = Object.values(await info(ann, room)).find((value) => Array.isArray(value) && value.length > 1);
    assert.equal(members.length, 10);
    // A member takes no second place; one too many refuses all.
    await add(ann, room, members.map(({ id }) => id));
    await remove(ann, room, [members.at(-1).id]);
    const out = crowd.filter(({ user }) => !members.some(({ id }) => id === user.id));
    await desk.refused(ann, 'room.add_members', { room_id: room.id, members: ids(out.slice(0, 2)) }, 4003, FULL[type]);
    await add(ann, room, ids(out.slice(0, 1)));
    await desk.refused(ann, 'room.modify', { room_id: room.id, action: 'update', data: { [limit]: 9 } }, 4003,
      { [limit]: ['There are more members than that.'] });
    assert.equal((await desk.modify(ann, room, 'update', { [limit]: 12 })).data[limit], 12);
  });

test('adding and joining: who is new, who is not, who is unknown', async () => {
  const room = await desk.group(ann, [ben]);
  const added = (await add(ann, room, [ben.user.id, `${cid.user.id}`, cid.user.id])).data;
  assert.deepEqual(Object.keys(added), ['room', 'new_members', 'added_by']);
  assert.deepEqual([added.new_members, added.added_by], [[cid.user.username], ann.user.username]);
  assert.deepEqual(added.room, await info(ann, room));
  assert.deepEqual((await add(ann, room, [])).data.new_members, []);
  await desk.refused(ann, 'room.add_members', { room_id: room.id, members: [eve.user.id, 999999999] }, 4004, NOT_FOUND);
  await desk.refused(ann, 'room.add_members', { room_id: room.id }, 4003, { members: ['This field is required.'] });
  await desk.refused(ann, 'room.add_members', { room_id: room.id, members: ['x'] }, 4003,
    ["Field 'id' expected a number but got 'x'."]);
  assert.equal((await info(ann, room)).participants.length, 3);
  const open = await desk.channel(ann, [], { is_public: true }), closed = await desk.channel(ann);
  for (let i = 0; i < 2; i++) {
    const { eventType, data } = await desk.ask(eve, 'room.join', { room_id: open.id });
    assert.deepEqual([eventType, data],
      ['roomaddmembers.dispatch', { room: await info(ann, open), new_members: [eve.user.username], added_by: 'self' }]);
  }
  await desk.refused(eve, 'room.join', { room_id: closed.id }, 4003,
    ['Channel is private, ask a moderator to add you to the channel']);
  await desk.refused(eve, 'room.join', { room_id: room.id }, 4003, ['Ask an admin to add you to the group']);
  const pair = await desk.pair(ann, ben);
  await desk.refused(ann, 'room.join', { room_id: pair.id }, 4003, ['You can only join a channel/group chat']);
  await desk.refused(eve, 'room.join', { room_id: pair.id }, 4004, NOT_FOUND);
  await desk.refused(eve, 'room.join', { room_id: crypto.randomUUID() }, 4004, NOT_FOUND);
});

test('leaving and being removed: what each side is told', async () => {
  const room = await desk.group(ann, [ben, cid]);
  const left = await desk.ask(ben, 'room.leave', { room_id: room.id });
  assert.deepEqual([left.eventType, left.data],
    ['roomexit.dispatch', { room: await info(ann, room), message: `You left ${room.name}` }]);
  assert.deepEqual(names(left.data.room.participants), names([ann.user, cid.user]));
  const removed = await remove(ann, room, [cid.user.id, ben.user.id, ann.user.id + 0].slice(0, 2));
  assert.deepEqual([removed.eventType, removed.data],
    ['roomremovemembers.dispatch',
      { room: await info(ann, room), removed_members: [cid.user.username], removed_by: ann.user.username }]);
  assert.deepEqual((await remove(ann, room, [eve.user.id])).data.removed_members, []);
  await desk.refused(ann, 'room.remove_members', { room_id: room.id, members: [999999999] }, 4004, NOT_FOUND);
  await add(ann, room, ids([ben, cid]));
  // A person who had left was invited.
  await desk.ask(ben, 'room.answer', { room_id: room.id, accept: true });
  await desk.modify(ann, room, 'add_admin', { users: ids([ben, cid]) });
  assert.deepEqual((await remove(ben, room, ids([ann, cid]))).data.removed_members, [cid.user.username]);
  // A person who returns does not get the former role back.
  await add(ann, room, ids([cid]));
  assert.deepEqual(names((await info(ann, room)).admins), names([ann.user, ben.user]));
});

test('a creator who goes hands over to who serves longest, admins first', async () => {
  for (const type of ['GroupChat', 'Channel']) {
    const key = type === 'GroupChat' ? ['participants', 'admins', 'add_admin']
      : ['subscribers', 'moderators', 'add_moderator'];
    const room = await desk.make(ann, type);
    await add(ann, room, [cid.user.id]);
    await add(ann, room, ids([ben, eve]));
    await desk.modify(ann, room, key[2], { users: ids([eve]) });
    const his = await site.stream('ws', ben);
    await desk.ask(ann, 'room.leave', { room_id: room.id });
    assert.equal((await his.event('roomupdate.dispatch')).data.creator.id, eve.user.id);
    assert.deepEqual(his.stored.map(({ eventType }) => eventType),
      ['roomremovemembers.dispatch', 'roomupdate.dispatch']);
    const now = await info(ben, room);
    assert.deepEqual([now.creator.id, names(now[key[1]])], [eve.user.id, [eve.user.username]]);
    // No admin is left: the member who was there first.
    await remove(eve, room, [eve.user.id]);
    assert.deepEqual(names((await info(ben, room))[key[1]]), [cid.user.username]);
    assert.equal((await info(ben, room)).creator.id, cid.user.id);
    await desk.modify(cid, room, 'update', { name: 'mine now' });
    // The first creator returns as a plain member.
    await add(cid, room, [ann.user.id]);
    await desk.refused(ann, 'room.modify', { room_id: room.id, action: 'update', data: { name: 'x' } }, 4002,
      DENIED.admin);
    await desk.refused(ann, 'room.modify', { room_id: room.id, action: 'delete' }, 4002, DENIED.creator);
    his.close();
  }
});

test('a room that the last one leaves is gone with all that was in it', async () => {
  const left = await desk.group(ann), emptied = await desk.group(ann, [ben]);
  const message = await desk.say(ann, left, 'vanishing');
  const { eventType, data } = await desk.ask(ann, 'room.leave', { room_id: left.id });
  assert.deepEqual([eventType, data], ['roomdelete.dispatch', { room_id: left.id }]);
  const all = await remove(ann, emptied, ids([ann, ben]));
  assert.deepEqual([all.eventType, all.data], ['roomdelete.dispatch', { room_id: emptied.id }]);
  for (const { id } of [left, emptied]) {
    for (const event of ['room.info', 'room.messages', 'room.leave', 'room.pins', 'room.permissions', 'room.join'])
      await desk.refused(ann, event, { room_id: id }, 4004, NOT_FOUND);
    await desk.refused(ann, 'message.send', { room_id: id, content: 'x' }, 4004, NOT_FOUND);
  }
  await desk.refused(ann, 'message.read', { message_id: message.id }, 4004, NOT_FOUND);
  assert.deepEqual((await desk.data(ann, 'message.search', { query: 'vanishing' })).results, []);
  assert.ok(!(await desk.data(ben, 'room.list')).some(({ id }) => id === emptied.id));
});

test('a one-to-one is deleted for one side, until there is news or it is opened again', async () => {
  const [x, y] = await people(['x', 'y']);
  const room = await desk.pair(x, y);
  const old = await desk.say(y, room, `old @${x.user.username}`);
  const [hers, his] = await Promise.all([site.stream('ws', x), site.stream('ws', y)]);
  const { eventType, data } = await desk.modify(x, room, 'delete');
  assert.deepEqual([eventType, data], ['roomdelete.dispatch', { room_id: room.id }]);
  assert.deepEqual((await hers.event('roomdelete.dispatch')).data, data);
  assert.equal(await desk.item(x, room), undefined);
  assert.equal((await desk.item(y, room)).last_message.id, old.id);
  assert.deepEqual(await desk.messages(x, room), []);
  assert.deepEqual(await desk.notifications(x, room), []);
  assert.deepEqual((await desk.data(x, 'message.search', { query: 'old' })).results, []);
  await desk.refused(x, 'message.react', { message_id: old.id, type: 'add', reaction_content: 'x' }, 4004,
    NOT_FOUND);
  assert.equal((await desk.messages(y, room)).length, 1);
  // Opened again: a roomcreate for the one who had deleted it; the second time it exists.
  const open = () => site.command(x, 'room.create', { type: 'OneToOneChat', participants: [y.user.id] });
  const again = await open();
  assert.deepEqual([again.status, again.body.eventType, again.body.data.id], [200, 'roomcreate.dispatch', room.id]);
  await hers.event('roomcreate.dispatch');
  assert.deepEqual((await open()).body, { error: { code: 4003, detail: ['Chat already exists'] }, room_id: room.id });
  const item = await desk.item(x, room);
  assert.deepEqual([item.last_message, item.unread, item.mentions], [null, 0, 0]);
  // Deleted again; a message brings it back, with nothing older.
  await desk.modify(x, room, 'delete');
  const news = await desk.say(y, room, 'news');
  await hers.message('news');
  assert.deepEqual((await desk.messages(x, room)).map(({ id }) => id), [news.id]);
  assert.equal((await desk.item(x, room)).unread, 1);
  assert.deepEqual((await open()).body.error.detail, ['Chat already exists']);
  assert.deepEqual(his.frames.filter(({ eventType: type }) => type.startsWith('room')), []);
  // When both have deleted it, it is gone, and the next one is another room.
  await desk.modify(y, room, 'delete');
  await desk.modify(x, room, 'delete');
  await desk.refused(y, 'room.info', { room_id: room.id }, 4004, NOT_FOUND);
  const next = (await open()).body.data;
  assert.notEqual(next.id, room.id);
  assert.deepEqual(await desk.messages(y, next), []);
  hers.close();
  his.close();
});

test('whoever has deleted a one-to-one hears nothing more of what was said before, by any stream', async () => {
  const [x, y] = await people(['x', 'y']);
  const room = await desk.pair(x, y);
  const start = await site.stream('ws', x);
  const { epoch, seq } = start.frames[0].data;
  const [hers, his] = [await desk.say(x, room, 'hers, long ago'), await desk.say(y, room, 'his, long ago')];
  await desk.modify(x, room, 'delete');
  await start.event('roomdelete.dispatch');
  const before = start.frames.length;
  await desk.ask(y, 'message.modify',
    { action: 'update', message_id: his.id, extra_fields: { content: 'changed, long ago' } });
  await desk.ask(y, 'message.react', { message_id: hers.id, type: 'add', reaction_content: 'x' });
  await desk.ask(y, 'message.react', { message_id: hers.id, type: 'remove' });
  await desk.ask(y, 'message.read', { message_id: hers.id });
  await desk.ask(y, 'message.pin', { message_id: hers.id, type: 'add' });
  const { data } = await desk.ask(y, 'message.modify', { action: 'delete', message_id: his.id });
  assert.deepEqual(data.message_ids, [his.id]);
  const streams = await Promise.all(['ws', 'sse',
    'poll'].map((kind) => site.stream(kind, x, { since: `${epoch}:${seq}` })));
  const news = await desk.say(y, room, 'news');
  for (const stream of [start, ...streams]) await stream.message('news');
  assert.deepEqual(start.frames.slice(before).map((frame) => frame.data.id), [news.id]);
  for (const stream of streams) {
    assert.deepEqual(stream.stored.map(({ eventType }) => eventType), ['roomdelete.dispatch', 'message.dispatch']);
    assert.ok(!stream.texts.some((text) => text.includes('long ago')));
    stream.close();
  }
  start.close();
  // Both get new messages.
  const again = await site.stream('ws', x);
  await desk.ask(y, 'message.modify', { action: 'update', message_id: news.id, extra_fields: { content: 'newer' } });
  assert.equal((await again.event('messagemodification.dispatch')).data.message.content, 'newer');
  again.close();
});

test('update: what can be changed, cleared, and what is passed over', async () => {
  const group = await desk.group(ann, [ben], { description: 'd', extra_fields: { avatar: 'https://a.example/x.png' } });
  const update = async (room, data, who = ann) => (await desk.modify(who, room, 'update', data)).data;
  const now = await update(group,
    { name: ' New & <b>bold</b> ', join_approval_required: true, group_locked: true, is_public: true, id: 'x',
      creator: 7, max_participants: 7,
    property: { preferences: { a: { b: [1] } } } });
  assert.deepEqual({ ...group, updated_at: 0 },
    { ...now, updated_at: 0, name: group.name, join_approval_required: false, group_locked: false,
      max_participants: 100, property: { preferences: {} } });
  assert.deepEqual([now.name, now.property, now.max_participants],
    ['New & <b>bold</b>', { preferences: { a: { b: [1] } } }, 7]);
  assert.ok(now.updated_at > group.updated_at);
  assert.deepEqual((await update(group, { property: { preferences: { c: 1 } } })).property, { preferences: { c: 1 } });
  const cleared = await update(group, { description: null, avatar: null });
  assert.deepEqual([cleared.description, cleared.avatar, cleared.name], [null, null, now.name]);
  assert.equal((await update(group, { name: '', x: 1 })).name, now.name);
  const wrong = (data, detail,
    room = group) => desk.refused(ann, 'room.modify', { room_id: room.id, action: 'update', data }, 4003, detail);
  await wrong({ name: 'x'.repeat(65) }, { name: ['Ensure this field has no more than 64 characters.'] });
  await wrong({ name: ['x'] }, { name: ['Not a valid string.'] });
  for (const avatar of ['javascript:1', 'x', 'ftp://x.example/a'])
    await wrong({ avatar }, { avatar: ['Enter a valid URL.'] });
  for (const value of [2, 'perhaps', null])
    await wrong({ group_locked: value }, { group_locked: ['Must be a valid boolean.'] });
  await wrong({ join_approval_required: [] }, { join_approval_required: ['Must be a valid boolean.'] });
  await wrong({ property: 'x' }, ['Room property must be a python dictionary/javascript object']);
  await wrong({ property: { preferences: [1] } }, ['preferences must be a python dictionary/javascript object']);
  for (const name of ['a\nb', 'a\tb', 'a\u0007b', 'a\u007fb', 'a\u0085b'])
    await wrong({ name }, { name: ['Control characters are not allowed.'] });
  await wrong({ description: 'a\u0085b' }, { description: ['Control characters are not allowed.'] });
  assert.equal((await update(group, { description: 'two\nlines' })).description, 'two\nlines');
  const channel = await desk.channel(ann);
  await wrong({ is_public: 'si' }, { is_public: ['Must be a valid boolean.'] }, channel);
  const open = await update(channel,
    { is_public: true, group_locked: 7, join_approval_required: 7, max_subscribers: 8, description: 'x' });
  assert.deepEqual([open.is_public, open.max_subscribers, open.description], [true, 8, 'x']);
  const chat = await desk.pair(ann,
    ben).catch(async () => (await desk.data(ann, 'room.list')).find(({ peer }) => peer?.id === ben.user.id));
  const changed = await update(chat, { name: 'x', property: { preferences: { p: 1 } } }, ben);
  assert.deepEqual([changed.name, changed.property], [undefined, { preferences: { p: 1 } }]);
});

test('roles and grants: to members only, never of the creator, and back', async () => {
  for (const [type, list, role,
    all] of [['GroupChat', 'admins', 'admin', ['can_add_new_participants', 'can_remove_participants']],
    ['Channel', 'moderators', 'moderator',
        ['can_add_new_subscribers', 'can_remove_subscribers', 'can_send_messages']]]) {
    const room = await desk.make(ann, type, { participants: ids([ben, cid]), subscribers: ids([ben, cid]) });
    const set = async (action, users) => names((await desk.modify(ann, room, action, { users })).data[list]);
    assert.deepEqual(await set(`add_${role}`, [ben.user.id, eve.user.id, 999999999, ann.user.id]),
      names([ann.user, ben.user]));
    assert.deepEqual(await set(`remove_${role}`, ids([ann])), names([ann.user, ben.user]));
    assert.deepEqual(await set(`remove_${role}`, ids([ann, ben])), [ann.user.username]);
    await desk.refused(ben, 'room.add_members', { room_id: room.id, members: [] }, 4002, DENIED.add);
    const grant = (action, permission) => desk.modify(ann, room, action, { users: ids([ben, eve]), permission });
    assert.equal((await grant('add_permission', all)).eventType, 'roomupdate.dispatch');
    await add(ben, room, ids([eve]));
    await remove(ben, room, ids([eve]));
    await desk.refused(ben, 'room.modify', { room_id: room.id, action: 'update', data: { name: 'x' } }, 4002,
      DENIED.admin);
    await grant('remove_permission', [all[0]]);
    await desk.refused(ben, 'room.add_members', { room_id: room.id, members: [] }, 4002, DENIED.add);
    await remove(ben, room, []);
    // A removed role takes its grants with it.
    await grant('add_permission', all);
    await set(`add_${role}`, ids([ben]));
    await set(`remove_${role}`, ids([ben]));
    await desk.refused(ben, 'room.remove_members', { room_id: room.id, members: [] }, 4002, DENIED.remove);
  }
});

test('what is wrong with a change is said, in order', async () => {
  const group = await desk.group(ann, [ben]), channel = await desk.channel(ann, [ben]),
    chat = await desk.pair(ann, eve);
  const wrong = (room, data, code, detail,
    who = ann) => desk.refused(who, 'room.modify', { room_id: room.id, ...data }, code, detail);
  for (const data of [{}, { action: 'nope' }, { action: 'update' }]) await wrong(group, data, 4002, DENIED.admin, ben);
  await wrong(group, { action: 'delete' }, 4002, DENIED.creator, ben);
  for (const action of [undefined, null, '', 0, false])
    await wrong(group, { action, data: { name: 'x' } }, 4003, ['Action must be provided']);
  for (const action of ['nope', 7, true, ['update'], { a: 1 }])
    await wrong(group, { action }, 4003, ['Invalid action type']);
  for (const data of [undefined, null, {}, '']) for (const action of ['update', 'add_admin', 'add_permission'])
    await wrong(group, { action, data }, 4003, ['data must be provided']);
  const users = [ben.user.id], permission = ['can_send_messages'];
  for (const action of ['add_admin', 'remove_admin'])
    for (const room of [channel, chat])
      await wrong(room, { action, data: { users } }, 4003, ['Room should be a group chat to modify the admins']);
  for (const action of ['add_moderator', 'remove_moderator'])
    for (const room of [group, chat])
      await wrong(room, { action, data: { users } }, 4003, ['Room should be a channel to modify the moderators']);
  for (const [room, action] of [[group, 'add_admin'], [channel, 'remove_moderator'], [group, 'add_permission'],
      [channel, 'remove_permission']]) {
    for (const none of [undefined, null, []])
      await wrong(room, { action, data: { users: none, permission, x: 1 } }, 4003, ['User ids must be provided']);
    for (const no of ['x', 7, { a: 1 }])
      await wrong(room, { action, data: { users: no, permission } }, 4003, ['User ids must be a list/array']);
  }
  for (const [room, kind, bad] of [[group, 'group chat', 'can_send_messages'],
      [channel, 'channel', 'can_add_new_participants'], [group, 'group chat', 'x']]) {
    const action = 'add_permission';
    for (const none of [undefined, null, []])
      await wrong(room, { action, data: { users, permission: none } }, 4003,
        ['Permission to add or remove should be passed']);
    for (const no of ['x', { a: 1 }])
      await wrong(room, { action, data: { users, permission: no } }, 4003, ['Permission must be a list']);
    await wrong(room, { action, data: { users, permission: [bad] } }, 4003,
      [`Permission '${bad}' is not a valid ${kind} permission`]);
  }
  await desk.refused(ann, 'room.modify', { action: 'delete' }, 4003, { room_id: ['This field is required.'] });
  await desk.refused(ann, 'room.modify', { room_id: crypto.randomUUID(), action: 'delete' }, 4004, NOT_FOUND);
  await desk.refused(ann, 'room.leave', { room_id: chat.id }, 4003, ['You can only leave a channel/group chat']);
  for (const event of ['room.add_members', 'room.remove_members'])
    await desk.refused(ann, event, { room_id: chat.id, members: [] }, 4003,
      ['Invalid room, Can only add or remove members from Groups/Channels']);
});
