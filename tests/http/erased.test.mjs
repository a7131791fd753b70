// Erased is erased: what was deleted for good is in no table, no row of the log, no queue, no sample of the planner's
// and no file, within minutes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { files, left as leftIn, word } from './support/erased.mjs';
import { png } from './support/files.mjs';
import { Desk, people as made } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

let stack, site, desk;
before(async () => {
  stack = await Stack.start('erased', { env: { CONFAB_MEDIA_COLLECT: '1' } });
  ({ site } = stack);
  desk = new Desk(site);
}, { timeout: 60_000 });
after(() => stack?.stop());

const people = (names) => made(names, (statement) => stack.query(statement));
const left = (words) => leftIn(stack, words);
const gone = (words, what) => until(async () => !(await left(words)).length, what, 90_000);

/** Puts the words where they are looked for, and lets the planner take its samples. */
async function there(words) {
  assert.deepEqual(await left(words), words);
  await stack.query('analyze');
}

const remove = (who, { id }) => desk.ask(who, 'message.modify', { message_id: id, action: 'delete' });
const react = (who, { id }, type, reaction_content) =>
  desk.ask(who, 'message.react', { message_id: id, type, reaction_content });

/** An image and its preview: the asset. */
async function upload(who, name, inside) {
  const form = new FormData();
  form.append('file', new Blob([png(40, 30), inside], { type: 'image/png' }), `${name}.png`);
  const answer = await fetch(new URL('media', site.url),
    { method: 'POST', body: form, headers: { authorization: `Bearer ${who.token}` } });
  const asset = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(asset));
  return asset;
}

/** The delivering program has read what the upkeep has told in the log. */
async function allHaveRead(who, room) {
  const stream = await site.stream('sse', who), text = word('later');
  await desk.say(who, room, text);
  await stream.message(text);
  stream.close();
}

test('a message', { timeout: 180_000 }, async () => {
  const [ann, ben] = await people(['ann', 'ben']);
  const names = ['first', 'edited', 'caption', 'file', 'inside', 'emoji', 'client', 'answer'];
  const w = Object.fromEntries(names.map((name) => [name, word(name)]));
  const { answer, ...others } = w;
  const room = await desk.group(ann, [ben]), other = await desk.group(ann, [ben]);
  const message = await desk.say(ann, room, w.first, undefined, { client_id: w.client });
  await desk.say(ben, other, 'look', { forwarded_from_id: message.id });
  await desk.ask(ben, 'message.acknowledged', { message_id: message.id });
  await desk.ask(ben, 'message.read', { message_id: [message.id] });
  await desk.ask(ann, 'message.modify', { message_id: message.id, action: 'update',
    extra_fields: { content: w.edited } });
  await react(ben, message, 'add', w.emoji);
  await desk.ask(ann, 'message.pin', { message_id: message.id, type: 'add' });
  const reply = await desk.say(ben, room, answer, { parent_message_id: message.id });
  await react(ann, reply, 'add', '+');
  const asset = await upload(ann, w.file, w.inside);
  const media = await desk.say(ann, room, '', { media: [{ ...asset, caption: w.caption }] });
  assert.equal(files(stack).length, 2);
  await there(Object.values(w));

  await remove(ann, message);
  await remove(ann, media);
  await gone(Object.values(others), 'nothing is left of the messages');
  await until(() => !files(stack).length, 'nothing is left of the image, nor of its preview');
  assert.deepEqual(await left([answer]), [answer]);
  // A client that comes back gets the rest, in order.
  const stream = await site.stream('sse', ben, { since: '0' });
  const { data } = await stream.message(answer);
  assert.equal(data.parent_message, null);
  stream.close();
});

test('a reaction that was taken back, or became another', { timeout: 180_000 }, async () => {
  const [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
  const w = Object.fromEntries(['taken', 'replaced', 'shared'].map((name) => [name, word(name)]));
  const room = await desk.group(ann, [ben, cid]), message = await desk.say(ann, room, 'hello');
  await react(ben, message, 'add', w.replaced);
  await react(cid, message, 'add', w.shared);
  await desk.ask(ben, 'message.read', { message_id: [message.id] });
  await desk.say(cid, room, 'an answer', { parent_message_id: message.id });
  await react(ben, message, 'add', w.taken);
  await react(ann, message, 'add', w.shared);
  await there(Object.values(w));
  await react(ben, message, 'remove');
  await react(ann, message, 'remove');
  await gone([w.taken, w.replaced], 'nothing is left of the two');
  assert.deepEqual(await left([w.shared]), [w.shared], 'what somebody else still says stays');
  await until(async () => await stack.query('select count(*) from confab.erased_reaction') === '0',
    'they are not searched for any more', 90_000);
  await allHaveRead(ann, room);
  const stream = await site.stream('sse', ann, { since: '0' });
  const { data } = await stream.message('an answer');
  assert.deepEqual(data.parent_message.reaction_counts, { [w.shared]: 1 });
  assert.deepEqual(data.parent_message.reactions.map(({ user }) => user.id), [cid.user.id]);
  stream.close();
});

test('a room', { timeout: 180_000 }, async () => {
  const [ann, ben, cid, dan] = await people(['ann', 'ben', 'cid', 'dan']);
  const names = ['name', 'said', 'described', 'avatar', 'preference', 'reason'];
  const w = Object.fromEntries(names.map((name) => [name, word(name)]));
  const room = await desk.group(ann, [ben], { name: w.name, description: w.described, join_approval_required: true,
    avatar: `https://a.example/${w.avatar}.png`, property: { preferences: { theme: w.preference } } });
  await desk.say(ben, room, w.said);
  await desk.ask(ann, 'room.add_members', { room_id: room.id, members: [cid.user.id] });
  await desk.ask(cid, 'room.leave', { room_id: room.id });
  await desk.ask(dan, 'room.request', { room_id: room.id, reason: w.reason });
  await desk.ask(ann, 'room.invite', { room_id: room.id, user_id: cid.user.id });
  await desk.ask(ann, 'room.invite', { room_id: room.id });
  const chat = await desk.pair(ann, ben);
  const forward = await desk.say(ann, chat, 'look', { forwarded_from_id: (await desk.messages(ann, room))[0].id });
  await there(Object.values(w));
  await desk.modify(ann, room, 'delete');
  await gone(Object.values(w), 'nothing is left of the room');
  const { forwarded_from } = (await desk.messages(ben, chat)).find(({ id }) => id === forward.id);
  assert.equal(forwarded_from.is_deleted, true);
  // To the members, and to the person who had left before and may not have heard of it.
  assert.equal(await stack.query(`select count(*) from confab.log where payload like
    '%roomdelete.dispatch%${room.id}%'`), '2');
  const tables = ['room', 'member', 'invite', 'invitation', 'join_request', 'left_room', 'message', 'message_state'];
  for (const table of tables)
    assert.equal(await stack.query(`select count(*) from confab.${table}
      where ${table === 'room' ? 'id' : 'room_id'} = '${room.id}'`), '0', table);
});

test('the old texts of a room that was changed', { timeout: 180_000 }, async () => {
  const [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
  const w = Object.fromEntries(['name', 'described', 'avatar', 'preference'].map((name) => [name, word(name)]));
  const now = word('now');
  const room = await desk.group(ann, [ben, cid], { name: w.name, description: w.described, join_approval_required: true,
    avatar: `https://a.example/${w.avatar}.png`, property: { preferences: { theme: w.preference } } });
  const { seq } = await desk.say(ben, room, 'said');
  await desk.ask(cid, 'room.leave', { room_id: room.id });
  await desk.ask(ann, 'room.invite', { room_id: room.id, user_id: cid.user.id });
  const before = await site.stream('sse', ben);
  await there(Object.values(w));
  await desk.modify(ann, room, 'update', { name: now, description: null, avatar: null, property: { preferences: {} } });
  await before.event('roomupdate.dispatch');
  before.close();
  await gone(Object.values(w), 'nothing is left of the old texts');
  // Clients that come back get the same dispatches in the same order, also cid, who has left.
  await until(async () => await stack.query('select count(*) from confab.changed_room') === '0', 'they are done',
    90_000);
  await allHaveRead(ann, room);
  for (const [who, events] of [[ben, ['roomremovemembers.dispatch', 'roomupdate.dispatch']],
    [cid, ['roomexit.dispatch', 'roominvite.dispatch']]]) {
    const stream = await site.stream('sse', who, { since: `${seq}` });
    for (const event of events) {
      const { data } = await stream.event(event);
      assert.equal((data.room ?? data).name, now, event);
      if (data.message) assert.equal(data.message, `You left ${now}`);
    }
    assert.ok(!stream.texts.some((text) => Object.values(w).some((one) => text.includes(one))));
    stream.close();
  }
});

test('a one-to-one that both have deleted', { timeout: 180_000 }, async () => {
  const [ann, ben] = await people(['ann', 'ben']);
  const said = word('said'), chat = await desk.pair(ann, ben);
  await desk.say(ann, chat, said);
  await there([said]);
  await desk.modify(ann, chat, 'delete');
  await desk.modify(ben, chat, 'delete');
  await gone([said], 'nothing is left of it');
});

test('a device', { timeout: 60_000 }, async () => {
  const [ann] = await people(['ann']), device = word('device');
  const stream = await site.stream('ws', ann, { headers: { 'user-agent': device } });
  await there([device]);
  stream.close();
  await gone([device], 'nothing is left of the device');
});
