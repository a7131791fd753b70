// The programs and their database: another client encoding, no schema yet, an older schema.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { KINDS, unique, until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const bin = path.join(top, 'build', process.env.BUILD ?? 'release');

let stack, site;
before(async () => {
  stack = await Stack.start('database', { env: { PGCLIENTENCODING: 'LATIN1' } });
  ({ site } = stack);
}, { timeout: 60_000 });
after(() => stack?.stop());

test('every character is delivered, whatever client encoding the environment names', async () => {
  const [alice, bob] = [await site.register(), await site.register()];
  const room = await site.room(alice, [bob]);
  const content = `€ 😀 ${unique()}`;
  for (const kind of KINDS) {
    const stream = await site.stream(kind, bob);
    await site.done(alice, 'message.send', { room_id: room.id, content: `${content} ${kind}` });
    await stream.message(`${content} ${kind}`);
    stream.close();
  }
});

/** A delivering program of its own on another database of the stack's cluster. */
class Program {
  lines = '';

  static async start(name, database) {
    const program = new Program();
    program.dir = await mkdtemp(path.join(os.tmpdir(), 'confab-database-'));
    program.process = spawn(path.join(bin, `confab-${name}`), [], {
      env: {
        ...process.env, CONFAB_DATABASE: `host=${stack.run} dbname=${database}`, CONFAB_RUN_DIR: program.dir,
        CONFAB_CONFIG: '/dev/null',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    program.process.stderr.on('data', (chunk) => { program.lines += chunk; });
    return program;
  }

  async stop() {
    this.process.kill('SIGTERM');
    if (this.process.exitCode === null) await once(this.process, 'exit');
    await rm(this.dir, { recursive: true, force: true });
  }
}

test('a program that was started before the schema says what to do, and serves when it is there', async () => {
  await stack.query('create database later');
  const program = await Program.start('events', 'later');
  try {
    await until(() => program.lines.includes('run confab upgrade'), 'the advice in the log');
    await stack.confabOn('later', 'upgrade');
    await until(() => program.lines.includes('tail_start'), 'the start of the tail');
    // Its upkeep goes on from then.
    const processes = () => stack.queryOn('later', 'select count(*) from confab.process');
    await until(async () => await processes() === '1', 'a sign of life');
  } finally {
    await program.stop();
  }
});

test('an older schema is not served, and both versions are named', async () => {
  await stack.query('create database older');
  await stack.confabOn('older', 'upgrade');
  await stack.queryOn('older',
    "create or replace function confab.version() returns text language sql immutable as $$ select '0.0.1' $$");
  const program = await Program.start('bridge', 'older');
  try {
    const advice = /version is 0\.0\.1, older than this program \(\d+\.\d+\.\d+\): run confab upgrade/;
    await until(() => advice.test(program.lines), 'the advice in the log');
    assert.doesNotMatch(program.lines, /tail_start/);
  } finally {
    await program.stop();
  }
});
