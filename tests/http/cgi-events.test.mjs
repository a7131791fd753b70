// confab-events as a CGI program: a process for each request, nothing lost between them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { Desk, people as made } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

const WAIT = 2; // s
const top = path.resolve(import.meta.dirname, '../..');

let stack, desk;
before(async () => {
  stack = await Stack.start('cgi-events');
  desk = new Desk(stack.site);
}, { timeout: 60_000 });
after(() => stack?.stop());

/** Polls that wait, each anew until it has found a place; resolves when probe() says that none is left. */
async function fill(makers, probe) {
  const waiting = makers.map((make) => make());
  await until(async () => {
    for (const [i, make] of makers.entries()) if (waiting[i].child.exitCode !== null) waiting[i] = make();
    return await probe() && waiting.every(({ child }) => child.exitCode === null);
  }, 'all places are taken', 60_000);
  return waiting;
}

async function end(waiting) {
  for (const { child } of waiting) child.kill('SIGKILL');
  await Promise.all(waiting.map(({ done }) => done));
}

const people = (names) => made(names, (statement) => stack.query(statement));

/** Starts the program for a request: {child, text(), done}, done: {status, headers, body, ms}. */
function start(name, query, { token, method = 'GET', address = '127.0.0.1', env = {} } = {}) {
  const began = performance.now();
  const child = spawn(path.join(top, 'build', process.env.BUILD ?? 'release', 'confab-events'), {
    env: { GATEWAY_INTERFACE: 'CGI/1.1', REQUEST_METHOD: method, REQUEST_URI: `/chat/${name}?${query}`,
      SCRIPT_NAME: `/chat/${name}`, QUERY_STRING: query, REMOTE_ADDR: address, SERVER_PROTOCOL: 'HTTP/1.1',
      CONFAB_CONFIG: path.join(stack.dir, 'confab.conf'), CONFAB_CGI_WAIT: WAIT, ...env,
      ...(token && { HTTP_AUTHORIZATION: `Bearer ${token}` }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '', said = '';
  child.stderr.setEncoding('utf8').on('data', (part) => { said += part; });
  child.stdout.setEncoding('utf8').on('data', (part) => { text += part; });
  const done = new Promise((resolve) => child.on('close', () => {
    const [head, ...body] = text.split('\r\n\r\n');
    resolve({ status: Number(/^Status: (\d+)/.exec(head)?.[1]), head, body: body.join('\r\n\r\n'), said,
      ms: performance.now() - began });
  }));
  return { child, done, text: () => text };
}

async function poll(who, query, options) {
  const { status, body, ms, said } = await start('poll', query, { token: who.token, ...options }).done;
  assert.equal(status, 200, body);
  return { ms, said, ...JSON.parse(body) };
}

const placed = (answer) => new URLSearchParams({ since: answer.cursor, session: answer.session }).toString();

/** The first poll of somebody: its answer and the query of the next. */
async function begin(who) {
  const answer = await poll(who, 'wait=0');
  assert.deepEqual(answer.events.map(({ eventType }) => eventType), ['session.ready', 'chat.notifications']);
  return placed({ ...answer, session: answer.events[0].data.session_id });
}

test('a poll waits for what is said, and for no longer than it may', async () => {
  const [ann, ben] = await people(['ann', 'ben']);
  const room = await desk.group(ann, [ben]), next = await begin(ben);
  const nothing = await poll(ben, next);
  assert.deepEqual(nothing.events, []);
  assert.ok(nothing.ms >= WAIT * 1000 - 100, `${nothing.ms} ms`);
  // Longer than the upkeep takes to come round.
  const waiting = poll(ben, next, { env: { CONFAB_CGI_WAIT: 30 } });
  await new Promise((resolve) => setTimeout(resolve, 7000));
  await desk.say(ann, room, 'hello');
  const { events, ms } = await waiting;
  assert.deepEqual(events.map(({ data }) => data.content), ['hello']);
  assert.ok(ms < 25_000, `${ms} ms`);
});

test('polls one after the other miss nothing, repeat nothing, and keep the order', { timeout: 120_000 }, async () => {
  const [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
  const room = await desk.group(ann, [ben, cid]);
  let next = await begin(ben), talking = true;
  const got = [], said = [];
  const talk = async (who, name) => {
    for (let i = 0; i < 60; i++) said.push((await desk.say(who, room, `${name} ${i}`)).seq);
  };
  const talks = Promise.all([talk(ann, 'a'), talk(ann, 'b'), talk(cid, 'c')]).then(() => { talking = false; });
  for (let last = false; !last;) {
    last = !talking;
    const answer = await poll(ben, `wait=0&${next}`);
    got.push(...answer.events.filter(({ eventType }) => eventType === 'message.dispatch').map(({ seq }) => seq));
    next = next.replace(/since=[^&]*/, `since=${encodeURIComponent(answer.cursor)}`);
  }
  await talks;
  assert.equal(said.length, 180);
  assert.deepEqual(got, said.toSorted((a, b) => a - b));
});

test('who finds every place taken is answered at once; a place is free when its process ends', async () => {
  const [ann] = await people(['ann']);
  const next = await begin(ann), slow = { token: ann.token, env: { CONFAB_CGI_WAIT: 50 } };
  // A fifth of this address does not wait, one of another does.
  const waiting = await fill([1, 2, 3, 4].map(() => () => start('poll', next, slow)),
    async () => (await poll(ann, next)).ms < WAIT * 1000 - 500);
  assert.ok((await poll(ann, next, { address: '127.0.0.2' })).ms > WAIT * 1000 - 100);
  const refused = await start('events', '', { token: ann.token }).done;
  assert.equal(refused.status, 503);
  assert.match(refused.head, /Retry-After: \d+/);
  assert.equal(JSON.parse(refused.body).error.code, 4053);
  waiting[0].child.kill('SIGKILL');
  await waiting[0].done;
  assert.ok((await poll(ann, next)).ms > WAIT * 1000 - 100);
  await end(waiting);
});

test('a host takes only so many', async () => {
  const [ann] = await people(['ann']), next = await begin(ann);
  const env = { CONFAB_CGI_WAITERS: 2, CONFAB_RUN_DIR: path.join(stack.dir, 'media') };
  const slow = { token: ann.token, env: { ...env, CONFAB_CGI_WAIT: 50 } };
  // The one that looks may take a place before they do; it gives it back soon.
  const waiting = await fill(
    ['127.0.0.1', '127.0.0.2'].map((address) => () => start('poll', next, { ...slow, address })),
    async () => (await poll(ann, next, { address: '127.0.0.3', env })).ms < WAIT * 1000 - 500);
  await end(waiting);
});

test('without a run_dir polls wait all the same', async () => {
  const [ann] = await people(['ann']), next = await begin(ann);
  const env = { CONFAB_RUN_DIR: path.join(stack.dir, 'never/there') }, made = () => readdirSync('/tmp')
    .filter((name) => name.startsWith(`confab-${process.geteuid()}-`));
  const before = new Set(made());
  const answers = [await poll(ann, next, { env }), await poll(ann, next, { env })];
  const [substitute] = made().filter((name) => !before.has(name));
  after(() => rmSync(path.join('/tmp', substitute), { recursive: true }));
  assert.equal(statSync(path.join('/tmp', substitute)).mode & 0o777, 0o700);
  for (const { ms } of answers) assert.ok(ms >= WAIT * 1000 - 100, `${ms} ms`);
  // Said once, and where it is now.
  const lines = answers.map(({ said }) => said.split('\n').filter((line) => / state run_dir=/.test(line)));
  assert.deepEqual(lines.map(({ length }) => length), [1, 0]);
  assert.ok(lines[0][0].includes(`never/there why="No such file or directory" instead=/tmp/${substitute}`),
    lines[0][0]);
  assert.deepEqual(answers.map(({ said }) => / state path=/.test(said)), [false, false]);
  // Nobody else can make a folder that is taken for ours.
  chmodSync(path.join('/tmp', substitute), 0o755);
  const { ms, said } = await poll(ann, next, { env });
  assert.ok(ms < 60_000 && / state path=\S*never\/there/.test(said), said);
});

test('an event stream lives as long as its process', async () => {
  const [ann, ben] = await people(['ann', 'ben']);
  const room = await desk.group(ann, [ben]), stream = start('events', '', { token: ben.token });
  await until(() => stream.text().includes('session.ready'), 'the first frame');
  assert.match(stream.text(), /^Status: 200 OK\r\n[^]*Content-Type: text\/event-stream/);
  await desk.say(ann, room, 'by CGI');
  await until(() => stream.text().includes('by CGI'), 'the message');
  stream.child.kill('SIGTERM');
  await stream.done;
});

test('what is wrong is said in the usual form', async () => {
  const [ann] = await people(['ann']);
  const answer = async (...words) => { const { status } = await start(...words).done; return status; };
  assert.equal(await answer('poll', ''), 401);
  assert.equal(await answer('poll', '', { token: 'x' }), 401);
  assert.equal(await answer('poll', '', { token: ann.token, method: 'POST' }), 405);
  assert.equal(await answer('nothing', '', { token: ann.token }), 404);
  assert.equal(await answer('poll', '', { token: ann.token, env: { HTTP_COOKIE: 'x'.repeat(70_000) } }), 431);
  const away = await start('poll', '', { token: ann.token, env: { CONFAB_DATABASE: 'host=/nonexistent' } }).done;
  assert.equal(away.status, 503);
  assert.ok(away.ms < 8000, `${away.ms} ms`);
});
