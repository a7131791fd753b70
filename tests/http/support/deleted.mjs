// Deletion looks the same to every client, whether rows are deleted or hidden (setting message_soft_delete).
import assert from 'node:assert/strict';
import { NOT_FOUND, people } from './people.mjs';

/** Deletes a message that is in every possible place, and searches all of them. */
export async function deletedEverywhere(desk, query) {
  const [ann, ben] = await people(['ann', 'ben'], query);
  const room = await desk.group(ann, [ben]), other = await desk.group(ann, [ben]);
  const before = await desk.say(ann, room, 'before');
  const gone = await desk.say(ann, room, `gonesecret @${ben.user.username}`);
  await desk.ask(ben, 'message.read', { message_id: gone.id });
  await desk.ask(ben, 'message.react', { message_id: gone.id, type: 'add', reaction_content: '👍' });
  await desk.ask(ann, 'message.pin', { message_id: gone.id, type: 'add' });
  await desk.ask(ann, 'message.modify',
    { action: 'update', message_id: gone.id, extra_fields: { content: `gonesecret again @${ben.user.username}` } });
  const reply = await desk.say(ben, room, 'reply', { parent_message_id: gone.id });
  const forward = await desk.say(ben, other, 'forward', { forwarded_from_id: gone.id });
  const again = await desk.say(ben, other, 'forward', { forwarded_from_id: forward.id });
  assert.equal(reply.parent_message.content, `gonesecret again @${ben.user.username}`);
  assert.equal(again.forwarded_from.forwarded_from, null);
  await desk.ask(ben, 'message.modify', { action: 'delete', message_id: reply.id });

  const told = await desk.site.stream('ws', ben);
  const { data } = await desk.ask(ann, 'message.modify', { action: 'delete', message_id: gone.id });
  assert.deepEqual(data,
    { status: 'successful', action: 'delete', message_ids: [gone.id], room_id: room.id, user: ann.ref });
  assert.deepEqual((await told.event('messagemodification.dispatch')).data, data);
  told.close();

  for (const who of [ann, ben]) {
    const texts = await Promise.all([
      desk.ask(who, 'room.list'), desk.ask(who, 'room.messages', { room_id: room.id }),
      desk.ask(who, 'room.messages', { room_id: other.id }),
      desk.ask(who, 'room.messages', { room_id: room.id, paginate: { page: 1, size: 9 } }),
      desk.ask(who, 'room.messages', { room_id: room.id, limit: 9 }),
      desk.ask(who, 'room.pins', { room_id: room.id })]);
    for (const text of texts) assert.ok(!JSON.stringify(text).includes('gonesecret'), JSON.stringify(text));
    assert.deepEqual((await desk.data(who, 'message.search', { query: 'gonesecret' })).results, []);
    assert.deepEqual((await desk.item(who, room)).last_message, (await desk.messages(who, room))[0]);
    for (const [event, fields] of [['message.read', {}], ['message.acknowledged', {}],
      ['message.react', { type: 'add', reaction_content: 'x' }],
      ['message.pin', { type: 'add' }], ['message.history', {}], ['message.modify', { action: 'delete' }],
      ['message.modify', { action: 'update', extra_fields: { content: 'x' } }]])
      await desk.refused(who, event, { message_id: gone.id, ...fields }, 4004, NOT_FOUND);
    await desk.refused(who, 'message.read', { message_id: [before.id, gone.id] }, 4004, NOT_FOUND);
    for (const field of ['parent_message_id', 'forwarded_from_id'])
      await desk.refused(who, 'message.send', { room_id: room.id, content: 'x', extra_fields: { [field]: gone.id } },
        4003,
        { [field]: [`Invalid pk "${gone.id}" - object does not exist.`] });
  }
  assert.deepEqual((await desk.messages(ann, other)).map(({ forwarded_from }) => forwarded_from?.content),
    ['forward', undefined]);
  const { forwarded_from } = (await desk.messages(ann, other))[1];
  assert.deepEqual(forwarded_from, { id: gone.id, room: { id: room.id }, sender: ann.shown, is_deleted: true });
  const item = await desk.item(ben, room);
  assert.deepEqual([item.unread, item.mentions, item.last_message.id], [1, 0, before.id]);
  assert.deepEqual((await desk.notifications(ben, room)).map(({ message }) => message.id), [before.id]);
  assert.deepEqual(await desk.notifications(ann, room), []);

  // An existing reply to it has lost its parent.
  const parent = await desk.say(ann, room, 'parent');
  const child = await desk.say(ben, room, 'child', { parent_message_id: parent.id });
  await desk.ask(ann, 'message.modify', { action: 'delete', message_id: [parent.id] });
  const [{ id, parent_message, parent_deleted }] = await desk.messages(ben, room);
  assert.deepEqual([id, parent_message, parent_deleted], [child.id, null, true]);
}
