// Retention: the log, messages; the operator's commands for it; and a restore.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KINDS, until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';

let stack, site;
before(async () => {
  stack = await Stack.start('retention');
  ({ site } = stack);
}, { timeout: 60_000 });
after(() => stack?.stop());

const say = (who, room, content) => site.done(who, 'message.send', { room_id: room.id, content });
const contents = async (who,
  room) =>
    (await site.done(who, 'room.messages', { room_id: room.id })).data.data.messages.map(({ content }) => content)
      .reverse();

async function people() {
  const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
  return { ann, ben, room: await site.room(ann, [ben]) };
}

test('a cursor below what the log keeps is answered with session.resync at once, on all transports',
    { timeout: 60_000 }, async () => {
  const { ann, ben, room } = await people();
  const live = await site.stream('ws', ben);
  const { epoch, seq } = live.frames[0].data;
  await say(ann, room, 'in the first partition');
  await live.message('in the first partition');
  // As if a million numbers and eight days had passed.
  await stack.query("select setval('confab.log_seq', 1000000)");
  await say(ann, room, 'in the second');
  await live.message('in the second');
  await stack.query("update confab.log set created_at = now() - interval '8 days' where seq < 1000000");
  const said = await stack.confab('maintain');
  assert.match(said, /^partitions made or dropped: [1-9]/);
  assert.equal(await stack.query('select floor from confab.log_state()'), '999999');
  assert.equal(await stack.query('select string_agg(name, \' \' order by first_seq) from confab.log_partition'),
    'log_1 log_2 log_3 log_4 log_5');
  for (const kind of KINDS) {
    const start = Date.now();
    const stream = await site.stream(kind, ben, { since: `${epoch}:${seq}` });
    const { data } = await stream.event('session.resync');
    assert.ok(Date.now() - start < 5000, `${kind}: at once`);
    assert.equal(data.floor, 999_999);
    assert.equal(data.epoch, epoch);
    assert.ok(data.head > 1_000_000);
    await say(ann, room, `after it, by ${kind}`);
    await stream.message(`after it, by ${kind}`);
    assert.ok(stream.stored.every((frame) => frame.seq > data.head));
    stream.close();
  }
  // A client that was connected throughout, or whose cursor is kept, does not notice.
  const kept = await site.stream('sse', ben, { since: `${epoch}:999999` });
  await kept.message('after it, by poll');
  assert.equal(kept.stored[0].data.content, 'in the second');
  await live.message('after it, by poll');
  assert.equal(live.ended, null);
  kept.close();
  live.close();
});

test('messages are kept as long as the room or the setting says', { timeout: 60_000 }, async () => {
  const { ann, room } = await people();
  const other = await site.room(ann);
  for (const where of [room, other]) for (const days of [40, 20, 0]) {
    await say(ann, where, `${days} days`);
    await stack.query(
      `update confab.message set created_at = now() - interval '${days} days' where room_id = '${where.id}' and `
        + `content = '${days} days'`);
  }
  await stack.confab('setting', 'message_days', '30');
  await stack.confab('keep', other.id, '0');
  assert.match(await stack.confab('maintain'), /^old messages taken away: [01]$/m);
  await until(async () => (await contents(ann, room)).length === 2, 'the upkeep or the command has done it');
  assert.deepEqual(await contents(ann, room), ['20 days', '0 days']);
  assert.deepEqual(await contents(ann, other), ['40 days', '20 days', '0 days']);
  // The programs' upkeep does it by itself.
  await stack.confab('keep', other.id, '10');
  await until(async () => (await contents(ann, other)).length === 1, 'the upkeep has been there', 30_000);
  await stack.confab('setting', 'message_days', '0');
  await assert.rejects(stack.confab('keep', '00000000-0000-0000-0000-000000000000', '1'), /no such room/);
});

test('status says who is connected, where the log stands and who holds it up', { timeout: 60_000 }, async () => {
  const { ann } = await people();
  const streams = await Promise.all(['ws', 'sse'].map((kind) => site.stream(kind, ann)));
  const holder = stack.query('begin; select confab.log_draw(); select pg_sleep(4); rollback');
  const pid = await until(() => stack.query("select pid from pg_stat_activity where wait_event = 'PgSleep'"),
    'a number is held');
  const said = await until(async () => {
    const text = await stack.confab('status');
    return text.includes('holds a number') && text;
  }, 'status shows it');
  const state = (await stack.query('select epoch, floor from confab.log_state()')).split('|');
  assert.match(said, new RegExp(`^database +reachable\nepoch +${state[0]}\nhead +\\d+\nfloor +${state[1]}\n`));
  assert.match(said, new RegExp(`^holds a number pid ${pid} +for [1-4] s, psql, active$`, 'm'));
  assert.match(said, /^streams sse events@\S+ +[1-9]\d*$/m);
  assert.match(said, /^streams websocket bridge@\S+ +[1-9]\d*$/m);
  assert.match(said, /^program events@\S+ heard of \d+ s ago$/m);
  assert.match(said, /^confab_up\{program="command"\} 1$/m);
  await holder;
  for (const stream of streams) stream.close();
});

test('after a restore nobody goes on with numbers that mean something else', { timeout: 60_000 }, async () => {
  const { ann, ben, room } = await people();
  const streams = {};
  for (const kind of KINDS) streams[kind] = await site.stream(kind, ben, { seconds: 2 });
  const { epoch, seq } = streams.ws.frames[0].data;
  const before = Number(await stack.query('select last_value from confab.log_state()'));
  const said = /^epoch (\w+), numbers go on after (\d+)$/m.exec(await stack.confab('restore-done'));
  assert.notEqual(said[1], epoch);
  assert.ok(Number(said[2]) > before + 900_000_000);
  // Connected clients are asked to reconnect; a chain of polls does so by itself.
  assert.deepEqual(await streams.ws.over(), { code: 1012 });
  await streams.sse.over();
  await streams.poll.event('session.resync');
  await until(async () => (await site.request('GET', 'readyz')).status === 200, 'ready');
  for (const kind of KINDS) {
    const stream = await site.stream(kind, ben, { since: `${epoch}:${seq}` });
    const { data } = await stream.event('session.resync');
    assert.equal(data.epoch, said[1]);
    const sent = await say(ann, room, `afterwards, by ${kind}`);
    assert.ok(sent.seq > Number(said[2]));
    await stream.message(`afterwards, by ${kind}`);
    stream.close();
  }
  await streams.poll.message('afterwards, by poll');
  streams.poll.close();
});
