// Delivered and read: the dispatches, their recipients, and the unread counts.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { site } from './support/client.mjs';
import { DENIED, Desk, NOT_FOUND, people, TIME } from './support/people.mjs';

const desk = new Desk(site);
let ann, ben, cid, eve;
before(async () => { [ann, ben, cid, eve] = await people(['ann', 'ben', 'cid', 'eve']); });

const ack = (who,
  ...messages) =>
    desk.ask(who, 'message.acknowledged',
      { message_id: messages.length === 1 ? messages[0].id : messages.map(({ id }) => id) });
const read = (who,
  ...messages) =>
    desk.ask(who, 'message.read',
      { message_id: messages.length === 1 ? messages[0].id : messages.map(({ id }) => id) });
const SUCCESS = { status: 'success' };
const of = (stream, name) => stream.frames.filter(({ eventType }) => eventType === name);

/** Waits until everything before has arrived at the streams. */
async function settled(who, room, ...streams) {
  const { content } = await desk.say(who, room);
  for (const stream of streams) await stream.message(content);
}

test('acknowledging is told to each sender, once, as a list', async () => {
  const room = await desk.group(ann, [ben, cid]);
  const m1 = await desk.say(ann, room), m2 = await desk.say(ben, room), m3 = await desk.say(ann, room);
  const [hers, his, theirs] = await Promise.all([ann, ben, cid].map((who) => site.stream('ws', who)));
  assert.deepEqual(await ack(cid, m1, m2, m3, m1), SUCCESS);
  const toAnn = await hers.event('messagedelivered.dispatch'), toBen = await his.event('messagedelivered.dispatch');
  assert.deepEqual(toAnn.data.map(({ id }) => id).sort(), [m1.id, m3.id].sort());
  assert.deepEqual(toBen.data, [{ ...m2, delivered_to: [cid.user.username], delivered_count: 1 }]);
  assert.deepEqual(await ack(cid, m1), SUCCESS);
  assert.deepEqual((await ack(ben, m1)), SUCCESS);
  const [one] = (await hers.event('messagedelivered.dispatch')).data;
  assert.deepEqual([one.delivered_to, one.delivered_count, one.read_receipts],
    [[cid.user.username, ben.user.username], 2, []]);
  // The caller's own message: the caller is its sender, and gets the dispatch.
  const own = await ack(ann, m1);
  assert.equal(own.eventType, 'messagedelivered.dispatch');
  assert.deepEqual(own.data[0].delivered_to, [cid.user.username, ben.user.username, ann.user.username]);
  await settled(ann, room, hers, his, theirs);
  assert.deepEqual([hers, his, theirs].map((stream) => of(stream, 'messagedelivered.dispatch').length), [3, 1, 0]);
  for (const stream of [hers, his, theirs]) stream.close();
});

test('reading is told to each room: a Message for one id, a list for a list', async () => {
  const room = await desk.group(ann, [ben, cid]), other = await desk.group(ann, [ben]);
  const m1 = await desk.say(ann, room), m2 = await desk.say(ann, room), m3 = await desk.say(ann, other),
    own = await desk.say(ben, room);
  const hers = await site.stream('ws', ann), theirs = await site.stream('ws', cid);
  const one = await read(ben, m1);
  assert.equal(one.eventType, 'readreceipt.dispatch');
  const [{ read_at, ...receipt }] = one.data.read_receipts;
  assert.match(read_at, TIME);
  assert.deepEqual(receipt, { reader: ben.shown });
  assert.deepEqual(one.data,
    { ...m1, read_receipts: [{ ...receipt, read_at }], read_count: 1, delivered_to: [ben.user.username],
      delivered_count: 1 });
  assert.deepEqual(await theirs.event('readreceipt.dispatch'), one);
  for (const messages of [[m1], [own], [m1, own]]) assert.deepEqual(await read(ben, ...messages), SUCCESS);
  // Messages read already and the caller's own are skipped; the rest is stored.
  const rest = await read(ben, m1, m2, m3, own);
  assert.ok(Array.isArray(rest.data));
  const [, first, second] = [await hers.event('readreceipt.dispatch'), await hers.event('readreceipt.dispatch'),
    await hers.event('readreceipt.dispatch')];
  assert.deepEqual([first, second].map(({ data }) => data.map(({ id }) => id)).sort(), [[m2.id], [m3.id]].sort());
  await settled(ann, room, hers, theirs);
  assert.deepEqual([hers, theirs].map((stream) => of(stream, 'readreceipt.dispatch').length), [3, 2]);
  assert.deepEqual([hers, theirs].map((stream) => of(stream, 'messagedelivered.dispatch').length), [0, 0]);
  hers.close();
  theirs.close();
});

test('over a WebSocket, whoever is owed no dispatch is answered with success, with or without an id', async () => {
  const room = await desk.group(ann, [ben]), messages = [await desk.say(ann, room), await desk.say(ann, room)];
  const stream = await site.stream('ws', ben);
  await stream.event('chat.notifications');
  stream.send({ event_type: 'message.acknowledged', data: { message_id: messages[0].id } });
  assert.deepEqual(await stream.next(), SUCCESS);
  const { seq, ...rest } = await stream.command('message.acknowledged', { message_id: messages[1].id });
  assert.deepEqual([typeof seq, rest], ['number', { ...SUCCESS, id: 'c1' }]);
  stream.send({ event_type: 'message.acknowledged', data: { message_id: messages[0].id } });
  await stream.until(() => stream.frames.filter(({ status, id }) => status && !id).length === 2, 'the second success');
  // A dispatch that also goes to the caller is its own answer.
  stream.send({ event_type: 'message.read', data: { message_id: messages[0].id } });
  await stream.event('readreceipt.dispatch');
  await stream.command('session.heartbeat');
  assert.equal(stream.frames.filter(({ status }) => status).length, 4);
  stream.close();
});

test('acknowledged first, read later: one delivery, one receipt', async () => {
  const room = await desk.pair(cid, ben), message = await desk.say(cid, room);
  await ack(ben, message);
  const { data } = await read(ben, message);
  assert.deepEqual([data.delivered_count, data.read_count, data.delivered_to], [1, 1, [ben.user.username]]);
  await Promise.all(Array.from({ length: 10 }, () => read(ben, message)));
  const [shown] = await desk.messages(cid, room);
  assert.deepEqual([shown.delivered_count, shown.read_count, shown.read_receipts.length], [1, 1, 1]);
});

for (const event of ['message.acknowledged', 'message.read'])
  test(`${event} of a list is all or nothing`, async () => {
    const room = await desk.group(ann, [ben]), hidden = await desk.say(ann, await desk.group(ann));
    const message = await desk.say(ann, room), gone = await desk.say(ann, room);
    await desk.ask(ann, 'message.modify', { action: 'delete', message_id: gone.id });
    const wrong = (message_id, code, detail) => desk.refused(ben, event, { message_id }, code, detail);
    for (const id of [gone.id, crypto.randomUUID(), 421]) await wrong([message.id, id], 4004, NOT_FOUND);
    await wrong([message.id, hidden.id], 4002, DENIED.message);
    await wrong(hidden.id, 4002, DENIED.message);
    await wrong([message.id, 'nope'], 4003, ['“nope” is not a valid UUID.']);
    for (const id of [null, true, {}, 1.5, undefined, [null], [[message.id]]])
      await wrong(id, 4003, ['Invalid message_id type']);
    await wrong(Array.from({ length: 201 }, () => message.id), 4003, ['At most 200 messages at once.']);
    assert.deepEqual((await desk.messages(ann, room)), [message]);
    assert.deepEqual(await desk.ask(ben, event, { message_id: [] }), SUCCESS);
    assert.equal((await desk.item(ben, room)).unread, 1);
  });

test('unread counts the others\' messages without a receipt, after what was read in one go', async () => {
  const room = await desk.group(ann, [ben]);
  const sent = [];
  for (let i = 0; i < 6; i++) sent.push(await desk.say(ann, room, i === 5 ? `@${ben.user.username}` : `${i}`));
  await desk.say(ben, room, 'own');
  const counts = async (who) => {
    const { unread, mentions, last_read_seq } = await desk.item(who, room);
    return [unread, mentions, last_read_seq];
  };
  assert.deepEqual(await counts(ben), [6, 1, 0]);
  assert.deepEqual(await counts(ann), [1, 0, 0]);
  await ack(ben, sent[0]);
  assert.deepEqual(await counts(ben), [6, 1, 0]);
  await read(ben, sent[3]);
  assert.deepEqual(await counts(ben), [5, 1, 0]);
  const { eventType, data, seq } = await desk.ask(ben, 'room.read', { room_id: room.id, seq: sent[2].seq });
  assert.deepEqual([eventType, data, typeof seq],
    ['roomread.dispatch', { room_id: room.id, user: ben.ref, seq: sent[2].seq }, 'number']);
  assert.deepEqual(await counts(ben), [2, 1, sent[2].seq]);
  for (const back of [sent[2].seq, sent[1].seq, 0])
    assert.deepEqual(await desk.ask(ben, 'room.read', { room_id: room.id, seq: back }), SUCCESS);
  assert.deepEqual(await counts(ben), [2, 1, sent[2].seq]);
  // A greater seq counts as that of the newest message.
  const last = await desk.say(ann, room, 'last');
  assert.equal((await desk.ask(ben, 'room.read', { room_id: room.id, seq: 9e15 })).data.seq, last.seq);
  assert.deepEqual(await counts(ben), [0, 0, last.seq]);
  const next = await desk.say(ann, room, 'next');
  assert.deepEqual(await counts(ben), [1, 0, last.seq]);
  await desk.ask(ann, 'message.modify', { action: 'delete', message_id: next.id });
  assert.deepEqual(await counts(ben), [0, 0, last.seq]);
  for (const wrong of [-1, 'x', 1.5, null, true, [], {}, 1e300])
    await desk.refused(ben, 'room.read', { room_id: room.id, seq: wrong }, 4003,
      { seq: ['A valid integer is required.'] });
  await desk.refused(ben, 'room.read', { room_id: room.id }, 4003, { seq: ['This field is required.'] });
  await desk.refused(eve, 'room.read', { room_id: room.id, seq: 1 }, 4004, NOT_FOUND);
});

test('a member who came later has nothing unread from before', async () => {
  const room = await desk.group(ann);
  await desk.say(ann, room, `for @${cid.user.username}`);
  await desk.ask(ann, 'room.add_members', { room_id: room.id, members: [cid.user.id] });
  assert.equal((await desk.item(cid, room)).unread, 0);
  await desk.say(ann, room, 'now');
  assert.equal((await desk.item(cid, room)).unread, 1);
});

test('what was read of very long messages is told in dispatches of about a million bytes', async () => {
  const room = await desk.group(ann, [ben]);
  const stream = await site.stream('ws', ann);
  const sent = [];
  for (let i = 0; i < 13; i++) sent.push(await desk.say(ann, room, 'x'.repeat(99_000)));
  await read(ben, ...sent);
  const told = () => of(stream, 'readreceipt.dispatch').map(({ data }) => data);
  await stream.until(() => told().flat().length === 13, 'all receipts');
  assert.ok(told().length > 1);
  assert.deepEqual(told().flat().map(({ id }) => id).sort(), sent.map(({ id }) => id).sort());
  for (const { read_count } of told().flat()) assert.equal(read_count, 1);
  stream.close();
});
