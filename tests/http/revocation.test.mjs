// A member who is removed and added again while everybody sends gets nothing of the time in between, and everything
// else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, site } from './support/client.mjs';
import { Desk, ids, people } from './support/people.mjs';

const desk = new Desk(site);
const ROUNDS = 12;

/** The room that a dispatch is about. */
const roomOf = ({ data }) => data.room_id ?? data.room?.id ?? data.message?.room.id ?? data.id;

/**
 * Dispatches requested after a removal are not sent any more; otherwise each period of membership is complete, up to
 * the last request.
 */
function checkPolled(got, wanted, removals) {
  let from = 0;
  for (const to of [...removals, Infinity]) {
    const within = (seq) => seq >= from && seq < to;
    const part = got.filter(within), whole = wanted.filter(within);
    assert.deepEqual(part, to === Infinity ? whole : whole.slice(0, part.length), `between ${from} and ${to}`);
    from = to;
  }
  assert.deepEqual(got, [...new Set(got)].sort((a, b) => a - b));
}

test('removal revokes at once, on every transport', { timeout: 120_000 }, async () => {
  const [owner, victim,
    ...talkers] = await people(['owner', 'victim', ...Array.from({ length: 8 }, (_, i) => `t${i}`)]);
  const room = await desk.group(owner, [victim, ...talkers]);
  const witness = await site.stream('ws', owner);
  const streams = await Promise.all(KINDS.map((kind) => site.stream(kind, victim)));
  let talking = true, sent = 0;
  const talks = talkers.map(async (who) => {
    while (talking) {
      await desk.say(who, room, 'x');
      sent++;
    }
  });
  const members = { room_id: room.id, members: ids([victim]) };
  const pace = () => { const enough = sent + 16; return witness.until(() => sent >= enough, 'talk'); };
  for (let i = 0; i < ROUNDS; i++) {
    await pace();
    await desk.ask(owner, 'room.remove_members', members);
    // Half of the times nothing is sent in between.
    if (i % 2) await pace();
    await desk.ask(owner, 'room.add_members', members);
  }
  await pace();
  talking = false;
  await Promise.all(talks);
  const last = await desk.say(owner, room, 'last');
  for (const stream of [witness, ...streams]) await stream.message('last');

  const told = witness.stored.filter((frame) => roomOf(frame) === room.id);
  const removals = told.filter(({ eventType }) => eventType === 'roomremovemembers.dispatch').map(({ seq }) => seq);
  const returns = told.filter(({ eventType }) => eventType === 'roomaddmembers.dispatch').map(({ seq }) => seq);
  assert.deepEqual([removals.length, returns.length], [ROUNDS, ROUNDS]);
  const isOut = (seq) => removals.some((from, i) => seq >= from && seq < returns[i]);
  const wanted = told.filter(({ seq }) => !isOut(seq)).map(({ seq }) => seq);
  assert.ok(told.length - wanted.length > ROUNDS, 'something was said meanwhile');
  for (const [i, stream] of streams.entries()) {
    const got = stream.stored.filter((frame) => frame.eventType !== 'roomexit.dispatch' && roomOf(frame) === room.id)
      .map(({ seq }) => seq);
    if (KINDS[i] !== 'poll') assert.deepEqual(got, wanted, KINDS[i]);
    else checkPolled(got, wanted, removals);
    const exits = stream.stored.filter(({ eventType }) => eventType === 'roomexit.dispatch').map(({ seq }) => seq);
    assert.equal(exits.length, ROUNDS);
    exits.forEach((seq, n) => assert.ok(seq > removals[n] && seq < returns[n]));
    assert.equal(stream.stored.at(-1).seq, last.seq);
  }
  for (const stream of [witness, ...streams]) stream.close();
});

test('whoever is out can not come back to it by a cursor, nor by any command', async () => {
  const [ann, ben] = await people(['ann', 'ben']);
  const room = await desk.group(ann, [ben]);
  const stream = await site.stream('ws', ben);
  const { seq, data: { epoch } } = stream.frames[0];
  const message = await desk.say(ann, room, `secret @${ben.user.username}`);
  await stream.message(message.content);
  await desk.ask(ann, 'room.remove_members', { room_id: room.id, members: ids([ben]) });
  const exit = await stream.event('roomexit.dispatch');
  await desk.say(ann, room, 'more secret');
  for (const kind of KINDS) {
    const again = await site.stream(kind, ben, { since: `${epoch}:${seq ?? stream.frames[0].data.seq}` });
    await again.until(() => again.stored.some(({ seq: s }) => s === exit.seq), 'roomexit');
    assert.deepEqual(again.stored.map(({ eventType }) => eventType), ['roomexit.dispatch'], kind);
    assert.ok(!again.texts.some((text) => text.includes('secret')), kind);
    again.close();
  }
  for (const [event, data, code] of [['message.react', { type: 'add', reaction_content: 'x' }, 4002],
    ['message.read', {}, 4002], ['message.acknowledged', {}, 4002], ['message.history', {}, 4004],
    ['message.pin', { type: 'add' }, 4004]])
    assert.equal((await site.command(ben, event, { message_id: message.id, ...data })).body.error.code, code, event);
  assert.deepEqual((await desk.data(ben, 'message.search', { query: 'secret' })).results, []);
  assert.deepEqual(await desk.data(ben, 'room.list'), []);
  stream.close();
});
