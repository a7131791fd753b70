// The programs and their database: another client encoding, no schema yet, an older schema.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
    const config = path.join(program.dir, 'confab.conf');
    await writeFile(config, '');
    program.process = spawn(path.join(bin, `confab-${name}`), [], {
      env: {
        ...process.env, CONFAB_DATABASE: `host=${stack.run} dbname=${database}`, CONFAB_RUN_DIR: program.dir,
        CONFAB_CONFIG: config,
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
    // Its upkeep continues from then on.
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

test('connections that were made while the database takes no writes are not kept', { timeout: 90_000 }, async () => {
  const [alice, bob] = [await site.register(), await site.register()];
  const room = await site.room(alice, [bob]);
  const readOnly = async (value) => {
    await stack.query(`alter system set default_transaction_read_only = ${value}`);
    await stack.query('select pg_reload_conf()');
  };
  await readOnly('on');
  await stack.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'confab-%'`);
  await until(async () => (await site.request('GET', 'readyz')).text === 'the database is away\n', 'that it is away');
  assert.equal((await site.command(alice, 'message.send', { room_id: room.id, content: 'no' })).body.error.code, 4053);
  await readOnly('off');
  await until(async () => (await site.request('GET', 'readyz')).status === 200, 'that it is back', 30_000);
  // Nothing was restarted. Each program recovers by itself.
  for (const kind of KINDS) {
    const stream = await until(() => site.stream(kind, bob).catch(() => null), `a stream by ${kind}`, 30_000);
    const content = `again ${unique()}`;
    await until(async () =>
      (await site.command(alice, 'message.send', { room_id: room.id, content })).status === 200, 'a message');
    await stream.message(content);
    stream.close();
  }
});
