// A message that is sent again with the same key is stored once, and answered with the same bytes as the first time.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { site, unique } from './support/client.mjs';
import { Desk, people } from './support/people.mjs';

const desk = new Desk(site);
const USED = { client_id: ['Already used for another message.'] };
let ann, ben, room, other;
before(async () => {
  [ann, ben] = await people(['ann', 'ben']);
  [room, other] = await Promise.all([desk.group(ann, [ben]), desk.group(ann)]);
});

const post = (who, data, headers) => site.command(who, 'message.send', data, headers);
const stored = async (client_id) =>
  (await desk.messages(ann, room)).filter((message) => message.client_id === client_id).length;

/** A frame as received, without the id of its command. */
const bare = (stream,
  id) => stream.texts.find((text) => text.endsWith(`,"id":"${id}"}`)).replace(`,"id":"${id}"}`, '}');

test('the key in the body and in the header are the same key, and the body\'s counts', async () => {
  const client_id = unique(), data = { room_id: room.id, content: '<b>once</b>' };
  const first = await post(ann, data, { 'idempotency-key': client_id });
  assert.equal(first.body.data.client_id, client_id);
  for (const again of [await post(ann, data, { 'idempotency-key': client_id }), await post(ann, { ...data, client_id }),
    await post(ann, { ...data, client_id }, { 'idempotency-key': unique() })]) {
    assert.equal(again.status, 200);
    assert.equal(again.text, first.text);
  }
  assert.equal(await stored(client_id), 1);
});

test('twenty copies of the first attempt at once, over HTTP and WebSockets, make one message', async () => {
  const client_id = unique(), data = { room_id: room.id, content: 'once', client_id };
  const sockets = await Promise.all([site.stream('ws', ann), site.stream('ws', ann)]);
  const his = await site.stream('ws', ben);
  const [posts] = await Promise.all([
    Promise.all(Array.from({ length: 10 }, () => post(ann, data))),
    Promise.all(sockets.flatMap((socket) => Array.from({ length: 5 }, () => socket.command('message.send', data))))]);
  const told = await his.message('once');
  const text = his.texts.find((line) => line.includes(client_id));
  for (const answer of posts) assert.deepEqual([answer.status, answer.text], [200, text]);
  let acknowledged = 0;
  for (const socket of sockets)
    for (let i = 1; i <= 5; i++) {
      const frame = socket.frames.find(({ id }) => id === `c${i}`);
      if (frame.status) {
        acknowledged++;
        assert.deepEqual(frame, { id: `c${i}`, status: 'success', seq: told.seq });
      } else {
        assert.equal(bare(socket, `c${i}`), text);
      }
    }
  assert.ok(acknowledged <= 1);
  await desk.say(ann, room, 'end');
  await his.message('end');
  for (const stream of [his, ...sockets]) {
    assert.equal(stream.frames.filter(({ data: d, id }) => d?.client_id === client_id && id === undefined).length, 1);
    stream.close();
  }
  assert.equal(await stored(client_id), 1);
});

test('a repeat changes its transport, and comes long after', async () => {
  const socket = await site.stream('ws', ann);
  const client_id = unique(), data = { room_id: room.id, content: 'first by WebSocket', client_id };
  const { seq } = await socket.command('message.send', data);
  await socket.message(data.content);
  const text = socket.texts.find((line) => line.includes(client_id));
  await desk.ask(ben, 'message.read', { message_id: JSON.parse(text).data.id });
  await desk.ask(ben, 'message.react', { message_id: JSON.parse(text).data.id, type: 'add', reaction_content: 'x' });
  assert.equal((await post(ann, data)).text, text);
  const again = await socket.command('message.send', data);
  assert.deepEqual([again.seq, bare(socket, again.id)], [seq, text]);
  socket.close();
});

test('other content, another room, other media are refused; somebody else\'s key is another key', async () => {
  const media = (media_url) => ({ extra_fields: { media: [{ media_url, media_type: 'image' }] } });
  for (const first of [{ content: 'x' }, media('a')]) {
    const client_id = unique();
    const data = { room_id: room.id, client_id, ...first };
    const sent = await post(ann, data);
    for (const change of [{ content: 'y', extra_fields: {} }, media('b'), { room_id: other.id }])
      await desk.refused(ann, 'message.send', { ...data, ...change }, 4003, USED);
    const header = await post(ann, { room_id: room.id, content: 'z' }, { 'idempotency-key': client_id });
    assert.deepEqual([header.status, header.body.error.detail], [422, USED]);
    assert.equal((await post(ann, data)).text, sent.text);
    assert.notEqual((await post(ben, data)).body.seq, sent.body.seq);
  }
});

test('a key lives as long as its message, also when that was edited', async () => {
  const client_id = unique(), data = { room_id: room.id, content: 'v1', client_id };
  const first = await post(ann, data), message_id = first.body.data.id;
  await desk.ask(ann, 'message.modify', { action: 'update', message_id, extra_fields: { content: 'v2' } });
  assert.equal((await post(ann, data)).text, first.text);
  await desk.refused(ann, 'message.send', { ...data, content: 'v2' }, 4003, USED);
  await desk.ask(ann, 'message.modify', { action: 'delete', message_id });
  const next = await post(ann, { ...data, content: 'v3' });
  assert.deepEqual([next.status, next.body.data.content], [200, 'v3']);
  assert.ok(next.body.seq > first.body.seq);
});

test('a repeat finds the first message though what it replied to or forwarded is gone', async () => {
  for (const field of ['parent_message_id', 'forwarded_from_id']) {
    const original = await desk.say(ann, room, 'original');
    const data = { room_id: room.id, content: field, client_id: unique(), extra_fields: { [field]: original.id } };
    const first = await post(ben, data);
    assert.equal(first.status, 200, first.text);
    await desk.ask(ann, 'message.modify', { action: 'delete', message_id: original.id });
    const again = await post(ben, data);
    assert.deepEqual([again.status, again.body.data.id], [200, first.body.data.id]);
  }
});

test('a refused attempt leaves no key', async () => {
  const client_id = unique();
  assert.equal((await post(ann, { room_id: room.id, content: ' ', client_id })).status, 422);
  assert.equal((await post(ben, { room_id: other.id, content: 'x', client_id })).status, 403);
  assert.equal((await post(ann, { room_id: room.id, content: 'now', client_id })).body.data.content, 'now');
});

test('what is no key', async () => {
  const data = { room_id: room.id, content: 'x' };
  for (const client_id of [7, true, [], {}])
    await desk.refused(ann, 'message.send', { ...data, client_id }, 4003, { client_id: ['Not a valid string.'] });
  await desk.refused(ann, 'message.send', { ...data, client_id: 'ü'.repeat(65) }, 4003,
    { client_id: ['Ensure this field has no more than 64 characters.'] });
  assert.equal((await desk.say(ann, room, 'x', undefined, { client_id: 'ü'.repeat(56) + unique() })).client_id.length,
    64);
  for (const client_id of [null, '']) {
    const [one, two] = [await desk.say(ann, room, 'x', undefined, { client_id }),
      await desk.say(ann, room, 'x', undefined, { client_id })];
    assert.notEqual(one.id, two.id);
    assert.ok(!('client_id' in one));
  }
});
