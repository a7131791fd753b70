// chat.notifications: the notifications at a new connection, and the actions that clear them.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { site } from './support/client.mjs';
import { Desk, people, UUID } from './support/people.mjs';

const desk = new Desk(site);
let ann, ben, cid, room;
beforeEach(async () => {
  [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
  room = await desk.group(ann, [ben, cid]);
});

const of = async (who,
  where = room) =>
    (await desk.notifications(who, where))
      .map(({ notification_type, message }) => [notification_type, message.content]);

test('each kind, newest first, to everybody else', async () => {
  const first = await desk.say(ann, room, 'first');
  const mention = await desk.say(ann, room, `hey @${ben.user.username}, and @${ann.user.username}`,
    { parent_message_id: first.id });
  const reply = await desk.say(ann, room, 'reply', { parent_message_id: first.id });
  const { data: { message } } = await desk.ask(cid, 'message.react',
    { message_id: first.id, type: 'add', reaction_content: '👍' });
  assert.deepEqual(mention.mentions, [ben.ref]);
  const list = await desk.notifications(ben, room);
  assert.deepEqual(list.map(({ notification_type }) => notification_type),
    ['REACTION', 'REPLY', 'MENTION', 'NEW_MESSAGE']);
  assert.deepEqual(list[3].message, message);
  assert.deepEqual(list[0].message, message);
  assert.deepEqual(list[0].reaction, message.reactions[0]);
  assert.deepEqual(list[1].message.id, reply.id);
  assert.deepEqual(Object.keys(list[1]), ['id', 'notification_type', 'message']);
  assert.equal(new Set(list.map(({ id }) => id)).size, 4);
  for (const { id } of list) assert.match(id, UUID);
  assert.deepEqual(await desk.notifications(ben, room), list);
  assert.deepEqual((await of(cid)).map(([type]) => type), ['REPLY', 'REPLY', 'NEW_MESSAGE']);
  assert.deepEqual(await of(ann), [['REACTION', 'first']]);
});

test('of very long messages, the newest million bytes', async () => {
  const text = 'x'.repeat(95_000);
  for (let i = 0; i < 14; i++) await desk.say(ann, room, `${i} ${text}`);
  const list = await desk.notifications(ben, room);
  assert.deepEqual(list.map(({ message }) => parseInt(message.content)), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
});

test('the first frame of a stream, with rooms by age and {} for nobody\'s news', async () => {
  const older = room, newer = await desk.group(ann, [ben]);
  await desk.say(ann, newer, 'newer');
  await desk.say(ann, older, 'older');
  const plain = await site.stream('ws', ben, { protocols: [] });
  const [frame] = plain.frames;
  assert.deepEqual(Object.keys(frame).sort(), ['data', 'epoch', 'eventType', 'seq', 'session_id']);
  assert.equal(frame.eventType, 'chat.notifications');
  assert.match(frame.session_id, UUID);
  assert.deepEqual(Object.keys(frame.data), [newer.id, older.id]);
  for (const kind of ['ws', 'sse', 'poll']) {
    const stream = await site.stream(kind, ben);
    await stream.until(() => stream.frames.length >= 2, 'two frames');
    assert.deepEqual(stream.frames.slice(0, 2).map(({ eventType }) => eventType),
      ['session.ready', 'chat.notifications']);
    assert.deepEqual(stream.frames[1].data, frame.data);
    stream.close();
  }
  const hers = await site.stream('ws', ann, { protocols: [] });
  assert.deepEqual(hers.frames[0].data, {});
  plain.close();
  hers.close();
});

test('acknowledging, reading and room.read each clear', async () => {
  const sent = [];
  for (let i = 0; i < 4; i++) sent.push(await desk.say(ann, room, `${i}`));
  await desk.ask(ben, 'message.acknowledged', { message_id: sent[3].id });
  assert.deepEqual((await of(ben)).map(([, content]) => content), ['2', '1', '0']);
  await desk.ask(ben, 'message.read', { message_id: sent[2].id });
  assert.deepEqual((await of(ben)).map(([, content]) => content), ['1', '0']);
  await desk.ask(ben, 'room.read', { room_id: room.id, seq: sent[1].seq });
  assert.deepEqual(await of(ben), []);
  assert.equal((await of(cid)).length, 4);
});

test('a reaction notifies until its message is acknowledged again, or the room is read', async () => {
  const one = await desk.say(ann, room, 'one'), two = await desk.say(ann, room, 'two');
  await desk.ask(ben, 'message.read', { message_id: [one.id, two.id] });
  const react = (who, { id },
    reaction_content) => desk.ask(who, 'message.react', { message_id: id, type: 'add', reaction_content });
  await react(cid, one, 'x');
  assert.deepEqual(await of(ben), [['REACTION', 'one']]);
  await desk.ask(ben, 'message.acknowledged', { message_id: one.id });
  assert.deepEqual(await of(ben), []);
  await react(cid, one, 'y');
  assert.deepEqual(await of(ben), [['REACTION', 'one']]);
  await desk.ask(ben, 'room.read', { room_id: room.id, seq: two.seq });
  assert.deepEqual(await of(ben), []);
  // The author is notified, too; removing the reaction removes the notification.
  assert.deepEqual(await of(ann), [['REACTION', 'one']]);
  await desk.ask(cid, 'message.react', { message_id: one.id, type: 'remove' });
  assert.deepEqual(await of(ann), []);
});

test('reading a message clears its reactions too', async () => {
  const one = await desk.say(ann, room, 'one');
  await desk.ask(cid, 'message.react', { message_id: one.id, type: 'add', reaction_content: 'x' });
  assert.equal((await of(ben)).length, 2);
  await desk.ask(ben, 'message.read', { message_id: one.id });
  assert.deepEqual(await of(ben), []);
  await desk.ask(cid, 'message.react', { message_id: one.id, type: 'add', reaction_content: 'y' });
  assert.deepEqual(await of(ben), [['REACTION', 'one']]);
});

test('deleting the message, the room, or leaving it clears', async () => {
  const one = await desk.say(ann, room, 'one');
  await desk.ask(cid, 'message.react', { message_id: one.id, type: 'add', reaction_content: 'x' });
  await desk.ask(ann, 'message.modify', { action: 'delete', message_id: one.id });
  assert.deepEqual(await of(ben), []);
  await desk.say(ann, room, 'two');
  await desk.ask(ben, 'room.leave', { room_id: room.id });
  assert.deepEqual(await of(ben), []);
  await desk.ask(ann, 'room.invite', { room_id: room.id, user_id: ben.user.id });
  await desk.ask(ben, 'room.answer', { room_id: room.id, accept: true });
  assert.deepEqual(await of(ben), []);
  await desk.say(ann, room, 'three');
  assert.deepEqual(await of(ben), [['NEW_MESSAGE', 'three']]);
  await desk.ask(ann, 'room.modify', { room_id: room.id, action: 'delete' });
  assert.deepEqual(await of(ben), []);
});

test('a mention is of a member, by the whole name, whatever its case; an edit changes it', async () => {
  const [outside] = await people(['outside']);
  const name = ben.user.username;
  const mentioned = async (content) => (await desk.say(ann, room, content)).mentions.map(({ id }) => id);
  for (const content of [`@${name}`, `(@${name})`, `@${name.toUpperCase()}!`, `<b>@${name}</b>`, `x @${name}.`,
    `@${name} @${name}`])
    assert.deepEqual(await mentioned(content), [ben.user.id], content);
  for (const content of [`x@${name}`, `@@${name}`, `@${name}x`, `@${outside.user.username}`, name, `@ ${name}`])
    assert.deepEqual(await mentioned(content), [], content);
  const { id } = await desk.say(ann, room, 'nobody');
  const edit = async (content) =>
    (await desk.ask(ann, 'message.modify',
      { action: 'update', message_id: id, extra_fields: { content } })).data.message.mentions;
  assert.deepEqual(await edit(`@${name}`), [ben.ref]);
  assert.equal((await of(ben))[0][0], 'MENTION');
  assert.deepEqual(await edit('nobody'), []);
  assert.equal((await of(ben))[0][0], 'NEW_MESSAGE');
});

test('at most a hundred of a room', async () => {
  const sent = [];
  for (let i = 0; i < 12; i++)
    sent.push(...await Promise.all(Array.from({ length: 10 }, (_, j) => desk.say(ann, room, `${i * 10 + j}`))));
  const list = await desk.notifications(ben, room);
  const newest = sent.map(({ seq }) => seq).sort((a, b) => b - a).slice(0, 100);
  assert.deepEqual(list.map(({ message }) => message.seq), newest);
  assert.equal((await desk.item(ben, room)).unread, 120);
});
