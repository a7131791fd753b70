// An unannounced restore: the database becomes an older state of itself, and its numbers are used again. Cursors from
// before are not continued in the middle: every client gets session.resync.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { KINDS, unique, until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';

const run = promisify(execFile);
const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => a - b);
const bin = (name) => path.join('/usr/lib/postgresql', versions.at(-1), 'bin', name);

let stack, site, ann, room;
before(async () => {
  stack = await Stack.start('restored');
  ({ site } = stack);
  ann = await site.register('ann');
  room = await site.room(ann);
}, { timeout: 60_000 });
after(() => stack?.stop());

const say = (content) => site.done(ann, 'message.send', { room_id: room.id, content });
const dumped = () => path.join(stack.dir, 'backup.dump');
const backUp = () => run(bin('pg_dump'), ['-Fc', '-f', dumped(), stack.other('confab')]);

/** Replaces the database by the backup, like an operator who has not read the manual. */
async function restore() {
  await stack.queryOn('postgres', 'drop database confab with (force)');
  await stack.queryOn('postgres', 'create database confab');
  await run(bin('pg_restore'), ['--no-comments', '-d', stack.other('confab'), dumped()]);
}

/** Continues from a cursor on each transport; returns the first frames other than greetings. */
async function resumed(since) {
  const told = {};
  for (const kind of KINDS) {
    const stream = await site.stream(kind, ann, { since });
    const first = await stream.next(({ eventType }) => !['session.ready', 'chat.notifications'].includes(eventType));
    told[kind] = first.eventType;
    stream.close();
  }
  return told;
}

const RESYNC = { ws: 'session.resync', sse: 'session.resync', poll: 'session.resync' };
const epoch = () => stack.query('select epoch from confab.epoch');

for (const running of [true, false])
  test(`is noticed by programs that ${running ? 'run' : 'start after it'}`, { timeout: 120_000 }, async () => {
    await say(`kept ${unique()}`);
    await backUp();
    const lost = [];
    for (let i = 0; i < 5; i++) lost.push(await say(`lost ${unique()}`));
    const before = await epoch(), cursor = `${before}:${lost.at(-1).seq}`;
    if (!running) {
      // The last row read is written to the file within a second.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      for (const name of ['events', 'bridge']) await stack.kill(name, 'SIGKILL');
    }
    await restore();
    if (!running) for (const name of ['events', 'bridge']) await stack.program(name);
    await until(async () => await epoch().catch(() => before) !== before, 'another epoch', 30_000);
    // The new head passes the old cursor.
    for (let i = 0; i < 8; i++) await until(() => say(`new ${unique()}`).catch(() => null), 'a message');
    assert.deepEqual(await resumed(cursor), RESYNC);
    // Only once: the next cursors are served.
    const now = await epoch(), next = await say(`after ${unique()}`);
    await until(async () => {
      // A stream that was opened before its program had noticed has to reconnect.
      const stream = await site.stream('sse', ann, { since: `${now}:${next.seq - 1}` });
      const told = await stream.message(next.data.content).catch(() => null);
      stream.close();
      return told;
    }, 'what came after it');
    assert.equal(await epoch(), now);
  });

test('readers that start at the same time on a new database agree that it is new', { timeout: 60_000 }, async () => {
  await stack.queryOn('postgres', 'create database fresh');
  await stack.confabOn('fresh', 'upgrade');
  const before = await stack.queryOn('fresh', 'select epoch from confab.epoch');
  const answers = await Promise.all(Array.from({ length: 12 },
    () => stack.queryOn('fresh', 'select confab.log_witness(null, null, null)')));
  assert.deepEqual(new Set(answers), new Set(['t']));
  assert.equal(await stack.queryOn('fresh', 'select epoch from confab.epoch'), before);
});

test('a restart of everything changes no epoch', { timeout: 60_000 }, async () => {
  const before = await epoch(), last = await say(`before ${unique()}`);
  for (const name of ['events', 'bridge']) await stack.restart(name);
  await until(async () => (await site.request('GET', 'readyz')).status === 200, 'readiness');
  const next = await say(`after ${unique()}`);
  const stream = await site.stream('ws', ann, { since: `${before}:${last.seq}` });
  await stream.message(next.data.content);
  stream.close();
  assert.equal(await epoch(), before);
});
