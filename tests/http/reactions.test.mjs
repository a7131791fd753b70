// Reactions: at most one by each person to a message.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { site } from './support/client.mjs';
import { CONFLICT, DENIED, Desk, MESSAGE, NOT_FOUND, people, TIME, UUID } from './support/people.mjs';

const desk = new Desk(site);
let ann, ben, cid, eve, room;
before(async () => {
  [ann, ben, cid, eve] = await people(['ann', 'ben', 'cid', 'eve']);
  room = await desk.group(ann, [ben, cid]);
});

const react = (who, { id },
  reaction_content) => desk.ask(who, 'message.react', { message_id: id, type: 'add', reaction_content });
const unreact = (who, { id }) => desk.ask(who, 'message.react', { message_id: id, type: 'remove' });

test('a reaction is added, replaced and taken back, and counted', async () => {
  const message = await desk.say(ann, room);
  const his = await site.stream('ws', cid);
  const { eventType, data, seq } = await react(ben, message, ' 👍 ');
  assert.equal(eventType, 'reaction.dispatch');
  assert.equal(typeof seq, 'number');
  assert.deepEqual(Object.keys(data), ['status', 'type', 'message']);
  assert.deepEqual([data.status, data.type], ['successful', 'add']);
  assert.deepEqual(Object.keys(data.message), MESSAGE);
  const [{ id, created_at, ...reaction }] = data.message.reactions;
  assert.match(id, UUID);
  assert.match(created_at, TIME);
  assert.deepEqual(reaction, { user: ben.shown, reaction_content: '👍' });
  assert.deepEqual(data.message.reaction_counts, { '👍': 1 });
  assert.deepEqual(await his.event('reaction.dispatch'), { eventType, data, seq });

  await desk.refused(ben, 'message.react', { message_id: message.id, type: 'add', reaction_content: '👍' }, 4005,
    CONFLICT);
  await react(cid, message, '👍');
  const replaced = (await react(ben, message, '<b>no</b>')).data.message;
  const own = replaced.reactions.find(({ user }) => user.id === ben.user.id);
  assert.notEqual(own.id, id);
  assert.equal(own.reaction_content, '<b>no</b>');
  assert.deepEqual([replaced.reactions.length, replaced.reaction_counts], [2, { '👍': 1, '<b>no</b>': 1 }]);

  const removed = (await unreact(ben, message)).data;
  assert.deepEqual(Object.keys(removed), ['status', 'message', 'action']);
  assert.deepEqual([removed.status, removed.action, removed.message.reaction_counts],
    ['successful', 'remove', { '👍': 1 }]);
  const again = await unreact(ben, message);
  assert.deepEqual([again.eventType, again.data.status, again.data.action, again.seq],
    ['reaction.dispatch', 'failed', 'remove', undefined]);
  await desk.say(ann, room, 'end');
  await his.message('end');
  assert.equal(his.frames.filter(({ eventType: type }) => type === 'reaction.dispatch').length, 4);
  his.close();
});

test('of a long message that another replies to, a reaction, a receipt and a pin tell the beginning', async () => {
  const long = await desk.say(ann, room, `<b>${'&lt;'.repeat(4000)}</b>`);
  const reply = await desk.say(ben, room, `<i>${'r'.repeat(5000)}</i>`, { parent_message_id: long.id });
  assert.deepEqual([reply.parent_message.content, 'excerpt' in reply.parent_message], [long.content, false]);
  const told = [
    (await react(cid, reply, '+')).data.message,
    (await unreact(cid, reply)).data.message,
    (await desk.ask(ann, 'message.pin', { message_id: reply.id, type: 'add' })).data.message,
    (await desk.ask(cid, 'message.read', { message_id: reply.id })).data,
  ];
  for (const { content, parent_message } of told) {
    assert.equal(content, reply.content);
    assert.deepEqual([parent_message.id, parent_message.excerpt], [long.id, true]);
    assert.match(parent_message.content, /^(&lt;){120,125}$/);
  }
  const forward = await desk.say(ann, room, 'see', { forwarded_from_id: long.id });
  const { forwarded_from } = (await react(cid, forward, '+')).data.message;
  assert.match(forwarded_from.content, /^(&lt;){120,125}$/);
  // Short content stays as it is, formatting included.
  const short = await desk.say(ann, room, '<b>short</b>');
  const { data: { message } } = await react(cid, await desk.say(ben, room, 'x', { parent_message_id: short.id }), '+');
  assert.deepEqual([message.parent_message.content, 'excerpt' in message.parent_message], ['<b>short</b>', false]);
  assert.equal((await desk.messages(ann, room)).find(({ id }) => id === reply.id).parent_message.content, long.content);
});

test('what is no reaction', async () => {
  const message = await desk.say(ann, room);
  const wrong = (data, code,
    detail) =>
      desk.refused(ben, 'message.react', { message_id: message.id, type: 'add', reaction_content: 'x', ...data }, code,
        detail);
  for (const type of ['x', '', null, 7, undefined, {}]) await wrong({ type }, 4003, ['invalid reaction type']);
  for (const [reaction_content, sentence] of [[undefined, 'This field is required.'],
    [null, 'This field may not be null.'], ['', 'This field may not be blank.'],
    ['  ', 'This field may not be blank.'], ['x'.repeat(129), 'Ensure this field has no more than 128 characters.'],
    [['x'], 'Not a valid string.'],
    [{ a: 1 }, 'Not a valid string.'], [true, 'Not a valid string.']])
      await wrong({ reaction_content }, 4003, { reaction_content: [sentence] });
  for (const message_id of [[message.id], [], null, true, {}, 1.5, undefined])
    await wrong({ message_id }, 4003, ['Invalid message_id type']);
  await wrong({ message_id: 'nope' }, 4003, ['“nope” is not a valid UUID.']);
  for (const message_id of [crypto.randomUUID(), 421]) await wrong({ message_id }, 4004, NOT_FOUND);
  await desk.refused(eve, 'message.react', { message_id: message.id, type: 'add', reaction_content: 'x' }, 4002,
    DENIED.message);
  assert.equal((await react(ben, message, '👩‍👩‍👧'.repeat(16))).data.status, 'successful');
});

test('a hundred and more who react at once are all counted, a hundred are listed', async () => {
  const crowd = await people(Array.from({ length: 105 }, (_, i) => `p${i}`));
  const big = await desk.group(ann, crowd, { max_participants: 200 });
  const message = await desk.say(ann, big);
  await Promise.all(crowd.map((who, i) => react(who, message, i % 2 ? 'a' : 'b')));
  await desk.ask(crowd[0], 'message.acknowledged', { message_id: message.id });
  await Promise.all(crowd.map((who) => desk.ask(who, 'message.read', { message_id: message.id })));
  const [shown] = await desk.messages(ann, big);
  assert.deepEqual(shown.reaction_counts, { a: 52, b: 53 });
  assert.deepEqual([shown.reactions.length, shown.read_receipts.length, shown.delivered_to.length], [100, 100, 100]);
  assert.deepEqual([shown.read_count, shown.delivered_count], [105, 105]);
});
