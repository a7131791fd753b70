// While the database is away every client gets an error that says so, streams stay open, and no program exits.
// tests/faults shows that nothing is lost.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';

const PROGRAMS = ['command', 'session', 'media', 'events', 'bridge'];

let stack, site;
before(async () => {
  stack = await Stack.start('away');
  ({ site } = stack);
}, { timeout: 60_000 });
after(() => stack?.stop());

for (const [how, signal] of [['is stopped', 'SIGINT'], ['crashes', 'SIGQUIT']])
  test(`the database ${how} and comes back`, { timeout: 120_000 }, async () => {
    const [ann, ben] = await until(() => Promise.all([site.register('ann'), site.register('ben')]).catch(() => null),
      'accounts');
    const room = await until(() => site.room(ann, [ben]).catch(() => null), 'a room');
    const streams = await Promise.all(['ws', 'sse'].map((kind) => site.stream(kind, ben)));
    const pids = PROGRAMS.map((name) => stack.pid(name));
    await stack.kill('postgres', signal);
    const refused = await until(async () => {
      const answer = await site.command(ann, 'room.list');
      return answer.status === 503 && answer;
    }, 'a refusal');
    assert.equal(refused.body.error.code, 4053);
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.equal(refused.body.error.unknown, undefined);
    await until(async () => (await site.request('GET', 'readyz')).status === 503, 'readyz says no');
    assert.equal((await site.request('GET', 'healthz')).status, 200);
    const login = await site.request('POST', 'session', { body: { username: 'x', password: 'y' } });
    assert.deepEqual([login.status, login.body.error.code], [503, 4053]);
    await stack.again();
    await until(async () =>
      (await site.command(ann, 'message.send', { room_id: room.id, content: how, client_id: how })).status === 200,
      'a message');
    for (const stream of streams) {
      await stream.message(how);
      assert.equal(stream.ended, null);
      stream.close();
    }
    assert.deepEqual(PROGRAMS.map((name) => stack.pid(name)), pids);
  });
