// Recipients: each dispatch goes to exactly the right people, on every device and transport, with the same bytes in the
// same order; and to nobody else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, site } from './support/client.mjs';
import { Desk, ids, people } from './support/people.mjs';

const desk = new Desk(site);
const SIGNALS = ['messagetyping.dispatch', 'presence.dispatch'];

/** The streams of all people, and the dispatches that each of them should get. */
class Audience {
  constructor(everybody, streams) {
    this.everybody = everybody;
    this.streams = streams;
    this.wanted = new Map(everybody.map((who) => [who, []]));
  }

  static async open(everybody) {
    const streams = new Map();
    for (const who of everybody)
      streams.set(who, await Promise.all([...KINDS, 'ws'].map((kind) => site.stream(kind, who))));
    return new Audience(everybody, streams);
  }

  /** Runs a step; receivers: {eventType: [who…]} in the order of the log. */
  async after(what, receivers) {
    const answer = await what();
    for (const [type, list] of Object.entries(receivers)) for (const who of list) this.wanted.get(who).push(type);
    // Between two long-polls, dispatches of a room that was left in the meantime are not sent any more: let everything
    // arrive before the next step.
    for (const who of this.everybody)
      for (const stream of this.streams.get(who))
        await stream.until(() => stream.stored.length >= this.wanted.get(who).length, JSON.stringify(receivers));
    return answer;
  }

  /** Compares. A dispatch of a room of its own shows each stream that everything before has arrived. */
  async compare() {
    for (const who of this.everybody) {
      const fence = await desk.group(who);
      const [first, ...others] = this.streams.get(who);
      const of = (stream) => {
        const end = stream.texts.findIndex((text) => text.includes(fence.id));
        return stream.texts.slice(0,
          end).filter((text) => /"seq":\d+}$/.test(text) && !SIGNALS.some((name) => text.includes(name)));
      };
      for (const stream of [first, ...others])
        await stream.until(() => stream.frames.some(({ data }) => data?.id === fence.id), 'the fence');
      assert.deepEqual(of(first).map((text) => JSON.parse(text).eventType), this.wanted.get(who), who.user.username);
      const seqs = of(first).map((text) => JSON.parse(text).seq);
      assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
      for (const stream of others) assert.deepEqual(of(stream), of(first));
    }
  }

  close() {
    for (const list of this.streams.values()) for (const stream of list) stream.close();
  }
}

test('in a group', { timeout: 120_000 }, async () => {
  const everybody = await people(['ann', 'ben', 'cid', 'dan', 'eve']);
  const [ann, ben, cid, dan] = everybody;
  const all = await Audience.open(everybody);
  const three = [ann, ben, cid];
  const room = await all.after(() => desk.group(ann, [ben, cid]), { 'roomcreate.dispatch': three });
  const data = { room_id: room.id };
  const first = await all.after(() => desk.say(ann, room), { 'message.dispatch': three });
  const second = await all.after(() => desk.say(ben, room, 'r', { parent_message_id: first.id }),
    { 'message.dispatch': three });
  await all.after(() => desk.ask(cid, 'message.acknowledged', { message_id: [first.id, second.id] }),
    { 'messagedelivered.dispatch': [ann, ben] });
  await all.after(() => desk.ask(cid, 'message.acknowledged', { message_id: first.id }), {});
  await all.after(() => desk.ask(cid, 'message.read', { message_id: [first.id] }), { 'readreceipt.dispatch': three });
  await all.after(() => desk.ask(cid, 'message.read', { message_id: first.id }), {});
  await all.after(() => desk.ask(ann, 'message.read', { message_id: first.id }), {});
  await all.after(() => desk.ask(ben, 'message.react', { message_id: first.id, type: 'add', reaction_content: 'x' }),
    { 'reaction.dispatch': three });
  await all.after(() => desk.ask(ben, 'message.react', { message_id: first.id, type: 'remove' }),
    { 'reaction.dispatch': three });
  await all.after(() => desk.ask(ben, 'message.react', { message_id: first.id, type: 'remove' }), {});
  await all.after(() => desk.ask(ann, 'message.pin', { message_id: first.id, type: 'add' }),
    { 'messagepin.dispatch': three });
  await all.after(() => desk.ask(ann, 'message.pin', { message_id: first.id, type: 'add' }), {});
  await all.after(() =>
    desk.ask(ann, 'message.modify', { action: 'update', message_id: first.id, extra_fields: { content: 'y' } }),
    { 'messagemodification.dispatch': three });
  await all.after(() => desk.ask(ben, 'message.modify', { action: 'delete', message_id: second.id }),
    { 'messagemodification.dispatch': three });
  await all.after(() => desk.ask(ben, 'room.read', { ...data, seq: first.seq }), { 'roomread.dispatch': three });
  await all.after(() => desk.ask(ben, 'room.read', { ...data, seq: 1 }), {});
  await all.after(() => desk.modify(ann, room, 'update', { join_approval_required: true }),
    { 'roomupdate.dispatch': three });
  await all.after(() => desk.modify(ann, room, 'add_admin', { users: ids([ben]) }), { 'roomupdate.dispatch': three });
  await all.after(() => desk.ask(dan, 'room.request', data), { 'roomrequest.dispatch': [ann, ben] });
  await all.after(() => desk.ask(ann, 'room.answer', { ...data, user_id: dan.user.id, accept: false }),
    { 'roomrequest.dispatch': [dan] });
  for (const event of ['room.list', 'room.info', 'room.messages', 'room.pins', 'room.permissions', 'room.invite',
    'room.invites', 'session.list', 'user.list']) await desk.ask(ann, event, data);
  await all.after(() => desk.ask(ben, 'room.add_members', { ...data, members: [dan.user.id] }),
    { 'roomaddmembers.dispatch': [ann, ben, cid, dan] });
  await all.after(() => desk.ask(ben, 'room.add_members', { ...data, members: [] }),
    { 'roomaddmembers.dispatch': [ann, ben, cid, dan] });
  await all.after(() => desk.ask(ben, 'room.remove_members', { ...data, members: ids([cid, dan]) }),
    { 'roomremovemembers.dispatch': [ann, ben], 'roomexit.dispatch': [cid, dan] });
  await all.after(() => desk.ask(ben, 'room.remove_members', { ...data, members: ids([cid]) }),
    { 'roomremovemembers.dispatch': [ann, ben] });
  await all.after(() => desk.say(ann, room), { 'message.dispatch': [ann, ben] });
  await all.after(() => desk.ask(ann, 'room.leave', data),
    { 'roomremovemembers.dispatch': [ben], 'roomexit.dispatch': [ann], 'roomupdate.dispatch': [ben] });
  await all.after(() => desk.ask(ben, 'room.add_members', { ...data, members: ids([cid]) }),
    { 'roomaddmembers.dispatch': [ben, cid] });
  await all.after(() => desk.modify(ben, room, 'delete'), { 'roomdelete.dispatch': [ben, cid] });
  await all.compare();
  all.close();
});

test('in a channel and in one-to-ones', { timeout: 120_000 }, async () => {
  const everybody = await people(['ann', 'ben', 'cid', 'eve']);
  const [ann, ben, cid] = everybody;
  const all = await Audience.open(everybody);
  const room = await all.after(() => desk.channel(ann, [], { is_public: true }), { 'roomcreate.dispatch': [ann] });
  for (let i = 0; i < 2; i++)
    await all.after(() => desk.ask(ben, 'room.join', { room_id: room.id }), { 'roomaddmembers.dispatch': [ann, ben] });
  await all.after(() =>
    desk.modify(ann, room, 'add_permission', { users: ids([ben]), permission: ['can_send_messages'] }),
    { 'roomupdate.dispatch': [ann, ben] });
  await all.after(() => desk.say(ben, room), { 'message.dispatch': [ann, ben] });
  await all.after(() => desk.ask(ben, 'room.leave', { room_id: room.id }),
    { 'roomremovemembers.dispatch': [ann], 'roomexit.dispatch': [ben] });
  await all.after(() => desk.ask(ann, 'room.leave', { room_id: room.id }), { 'roomdelete.dispatch': [ann] });
  const chat = await all.after(() => desk.pair(ann, cid), { 'roomcreate.dispatch': [ann, cid] });
  await all.after(() => desk.modify(cid, chat, 'update', { property: { preferences: { a: 1 } } }),
    { 'roomupdate.dispatch': [ann, cid] });
  await all.after(() => desk.modify(ann, chat, 'delete'), { 'roomdelete.dispatch': [ann] });
  await all.after(() => desk.pair(ann, cid), { 'roomcreate.dispatch': [ann] });
  await all.after(() => desk.say(cid, chat), { 'message.dispatch': [ann, cid] });
  await all.after(() => desk.modify(ann, chat, 'delete'), { 'roomdelete.dispatch': [ann] });
  // It is gone for both now; the side that had deleted it before gets no second dispatch.
  await all.after(() => desk.modify(cid, chat, 'delete'), { 'roomdelete.dispatch': [cid] });
  await all.compare();
  all.close();
});

test('who leaves is told after those who stay; the answer to a command is what its caller is owed', async () => {
  const [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
  const room = await desk.group(ann, [ben, cid]);
  const [hers, his] = await Promise.all([ann, ben].map((who) => site.stream('ws', who)));
  const exit = await desk.ask(ben, 'room.leave', { room_id: room.id });
  assert.deepEqual(await his.event('roomexit.dispatch'), exit);
  assert.ok((await hers.event('roomremovemembers.dispatch')).seq < exit.seq);
  const removed = await desk.ask(ann, 'room.remove_members', { room_id: room.id, members: ids([cid]) });
  assert.deepEqual(await hers.event('roomremovemembers.dispatch'), removed);
  // By WebSocket: an acknowledgement with the highest number that was stored.
  await desk.ask(ann, 'room.invite', { room_id: room.id, user_id: ben.user.id });
  await desk.ask(ben, 'room.answer', { room_id: room.id, accept: true });
  const answer = await hers.command('room.remove_members', { room_id: room.id, members: ids([ben]) });
  assert.deepEqual(Object.keys(answer), ['id', 'status', 'seq']);
  await his.event('roomaddmembers.dispatch');
  assert.equal((await his.event('roomexit.dispatch')).seq, answer.seq);
  // A command that stores nothing has no number; a reply is not sent to other devices.
  assert.deepEqual(await hers.command('message.acknowledged', { message_id: [] }), { status: 'success', id: 'c2' });
  assert.deepEqual(await hers.command('session.heartbeat'), { status: 'success', id: 'c3' });
  const list = await hers.command('room.list');
  assert.deepEqual([list.eventType, list.seq], ['roomlist.dispatch', undefined]);
  hers.send({ event_type: 'message.send', data: { room_id: room.id, content: 'no id' } });
  const { seq } = await hers.message('no id');
  hers.send({ event_type: 'session.heartbeat' });
  await hers.until(() => hers.frames.some((frame) => frame.status && frame.id === undefined),
    'the heartbeat\'s answer');
  assert.equal(hers.frames.filter((frame) => frame.status && frame.seq === seq).length, 0);
  hers.close();
  his.close();
});
