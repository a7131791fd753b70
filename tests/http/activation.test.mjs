// Inherited sockets: of systemd, or of a web server that starts the programs itself. They stay open while programs stop
// and start, so no client is refused, and a stopped program exits cleanly.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Site, unique, until } from './support/client.mjs';
import { Follower } from './support/follower.mjs';
import { freePort, isAlive, Stack } from './support/stack.mjs';

const STOPS = 3;
const bin = path.resolve(new URL('.', import.meta.url).pathname, '../../build', process.env.BUILD ?? 'release');

// Like systemd with Accept=no and StandardInput=socket, Restart=always: prints each process that it starts and how it
// ended.
const MANAGER = `use IO::Socket::UNIX; use IO::Handle; STDOUT->autoflush(1);
my ($path, @program) = @ARGV; my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 2048) or die "$path: $!";
  chmod 0660, $path;
my $over; $SIG{TERM} = sub { $over = 1 };
until ($over) {
  my $pid = fork; unless ($pid) { open STDIN, '<&', $socket; open STDOUT, '>&', *STDERR; exec @program; die }
  print "started $pid\\n"; waitpid $pid, 0; print "ended $?\\n" }`;

let stack, site;
const children = [];
before(async () => {
  stack = await Stack.start('activation');
  ({ site } = stack);
}, { timeout: 60_000 });
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await stack?.stop();
});

function start(command, output) {
  const [first, ...rest] = [...stack.owner(), ...command];
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  child.stdout.setEncoding('utf8').on('data', output);
  return child;
}

/** Sends messages all the time; each must be answered. */
function talk(at, who, room) {
  const sent = [];
  let talking = true;
  const running = Promise.all([1, 2, 3, 4].map(async () => {
    while (talking) {
      const content = unique();
      const { status, text } = await at.command(who, 'message.send', { room_id: room.id, content });
      assert.equal(status, 200, text);
      sent.push(content);
    }
  }));
  return { sent, stop: () => { talking = false; return running; } };
}

test('programs at sockets of systemd\'s are stopped and started under load', { timeout: 120_000 }, async () => {
  const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
  const room = await site.room(ann, [ben]);
  const { epoch, seq } = (await site.stream('ws', ben)).frames[0].data;
  const managers = {};
  for (const name of ['command', 'events', 'bridge']) {
    await stack.kill(name, 'SIGTERM');
    const socket = path.join(stack.dir, 'run', `${name}.sock`), log = [];
    rmSync(socket, { force: true });
    managers[name] = { log,
      child: start(['perl', '-e', MANAGER, socket, path.join(bin, `confab-${name}`), '-c',
        path.join(stack.dir, 'confab.conf')],
      (text) => log.push(...text.trim().split('\n'))) };
  }
  await until(async () => (await site.request('GET', 'readyz').catch(() => ({}))).status === 200, 'ready');
  const followers = ['ws', 'sse', 'poll'].map((kind) => new Follower(site, kind, ben, epoch, seq));
  const speech = talk(site, ann, room);
  for (let i = 0; i < STOPS; i++)
    for (const { log } of Object.values(managers)) {
      const before = speech.sent.length, lines = log.length;
      process.kill(Number(log.at(-1).split(' ')[1]), 'SIGTERM');
      await until(() => log.length === lines + 2, 'it has ended, and another was started', 60_000);
      assert.equal(log.at(-2), 'ended 0');
      await until(() => speech.sent.length > before + 20, 'answers');
    }
  await speech.stop();
  for (const follower of followers) {
    await until(() => follower.contents().length >= speech.sent.length, `all ${speech.sent.length} by ${follower.kind}`,
      60_000);
    assert.deepEqual([...follower.contents()].sort(), [...speech.sent].sort());
    follower.close();
  }
  for (const { log, child } of Object.values(managers)) {
    child.kill('SIGTERM');
    process.kill(Number(log.at(-1).split(' ')[1]), 'SIGTERM');
    await until(() => child.exitCode !== null, 'the manager ends', 60_000);
  }
  await stack.again();
});

/** A lighttpd that starts confab-command itself: its process, and the program's. */
async function spawning() {
  const port = await freePort(), conf = path.join(stack.dir, 'spawning.conf');
  writeFileSync(conf, `server.modules = ("mod_fastcgi")
server.port = ${port}
server.bind = "127.0.0.1"
server.document-root = "/nonexistent"
server.errorlog = "${stack.dir}/log/spawning.log"
server.feature-flags = ("server.graceful-shutdown-timeout" => 20)
fastcgi.server = ("/chat/command" => (("socket" => "${stack.dir}/run/spawned", "max-procs" => 1, "check-local" =>
  "disable",
  "bin-path" => "${bin}/confab-command -c ${stack.dir}/confab.conf")))
`);
  const server = start(['lighttpd', '-D', '-f', conf], () => {});
  const program = () =>
    readFileSync(`/proc/${server.pid}/task/${server.pid}/children`,
      'utf8').trim().split(' ').filter(Boolean).map(Number)
    .find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('confab-command'));
  await until(program, 'it has started the program');
  return { server, program, at: new Site(`http://127.0.0.1:${port}/chat/`) };
}

test('a web server that starts programs itself stops them gently: what is under way is answered', { timeout: 120_000 },
    async () => {
  const ann = await until(() => site.register('ann').catch(() => null), 'an account');
  const room = await site.room(ann);
  const { server, program, at } = await spawning();
  const say = () =>
    at.request('POST', 'command',
      { token: ann.token, agent: false,
        body: { event_type: 'message.send', data: { room_id: room.id, content: unique() } } });
  await until(async () => (await say().catch(() => ({}))).status === 200, 'an answer');
  for (const signal of ['SIGUSR1', 'SIGINT']) {
    const pid = program();
    const held = stack.query('begin; lock table confab.message in share mode; select pg_sleep(2); commit');
    await until(async () =>
      await stack.query("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") === '1',
      'the table is held');
    const answers = Promise.all([1, 2, 3, 4].map(say));
    await until(async () => Number(await stack.query("select count(*) from pg_locks where not granted")) >= 4,
      'four commands wait');
    server.kill(signal);
    assert.deepEqual((await answers).map(({ status }) => status), [200, 200, 200, 200], signal);
    await held;
    await until(() => !isAlive(pid), `the program ends after ${signal}`, 60_000);
    if (signal === 'SIGUSR1')
      await until(async () => program() !== pid && (await say().catch(() => ({}))).status === 200, 'a new one answers',
        60_000);
  }
  await until(() => server.exitCode !== null, 'the server has ended', 60_000);
});
