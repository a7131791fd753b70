// At each limit the protocol's error comes at once, and running work continues.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';

const ACCOUNT = 80, ALL = 100, WAITING = 4, WORKERS = 2, ASKED = 64;
const QUICK = 2000; // ms within which a refusal comes, on a busy machine

let stack, site;
before(async () => {
  stack = await Stack.start('overload',
    { env: { CONFAB_MAX_STREAMS: ALL, CONFAB_ACCOUNT_STREAMS: ACCOUNT, CONFAB_WAITING_COMMANDS: WAITING,
    CONFAB_COMMAND_WORKERS: WORKERS, CONFAB_COMMAND_QUEUE: 100, CONFAB_RATE_LIMITS: 0, CONFAB_HEARTBEAT: 2,
    CONFAB_STALL_TIMEOUT: 5 } });
  ({ site } = stack);
}, { timeout: 60_000 });
after(() => stack?.stop());

test('a heartbeat of an event stream is five writes, of which the first has the cursor', async () => {
  const stream = await site.stream('sse', await site.register());
  let text = '';
  stream.response.on('data', (part) => { text += part; });
  await until(() => /: heartbeat\nid: .+\n\n(:\n\n){4}: heartbeat\nid: /.test(text), `a heartbeat, here ${text}`);
  stream.close();
});

const many = (n, make) => Promise.all(Array.from({ length: n }, (_, i) => make(i)));

/** A stream that is expected to be refused: how, and how fast. */
async function refused(kind, who) {
  const start = Date.now();
  if (kind === 'ws') {
    const stream = await site.stream('ws', who, { wait: false });
    const { code } = await stream.over();
    return { code, took: Date.now() - start };
  }
  const { status, body, headers } = await site.request('GET', kind === 'sse' ? 'events' : 'poll', { token: who.token });
  return { status, code: body.error.code, retry: Number(headers['retry-after']), took: Date.now() - start };
}

async function check(kind, who, expected) {
  const { took, ...how } = await refused(kind, who);
  assert.deepEqual(how, kind === 'ws' ? { code: 1013 } : expected);
  assert.ok(took < QUICK, `${kind} was refused after ${took} ms`);
}

test('an account has so many streams, and a program', { timeout: 60_000 }, async () => {
  const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
  const room = await site.room(ann, [ben]);
  for (const kind of ['ws', 'sse']) {
    const own = await many(ACCOUNT, () => site.stream(kind, ann));
    const tooMany = { status: 429, code: 4029, retry: 10 };
    await check(kind, ann, tooMany);
    if (kind === 'sse') await check('poll', ann, tooMany);
    const others = await many(ALL - ACCOUNT, () => site.stream(kind, ben));
    const full = { status: 503, code: 4053, retry: 2 };
    await check(kind, ben, full);
    if (kind === 'sse') await check('poll', ben, full);
    await site.done(ann, 'message.send', { room_id: room.id, content: `to all on ${kind}` });
    await Promise.all([...own, ...others].map((stream) => stream.message(`to all on ${kind}`)));
    own[0].close();
    await until(async () => {
      const stream = await site.stream(kind, ann, { wait: false });
      await stream.until(() => stream.frames.length || stream.ended, 'an answer');
      own.push(stream);
      return !stream.ended && stream.status !== 429 && stream.status !== 503 && stream.frames.length;
    }, 'a place that was given up is given away', 30_000);
    for (const stream of [...own, ...others]) stream.close();
  }
  const sessions = () => stack.query('select count(*) from confab.session');
  await until(async () => await sessions() === '0', 'no session is left of the refused', 60_000);
});

test('a WebSocket whose client answers no PING is closed after 10 s, whatever comes on it; one that is silent '
  + 'otherwise is kept', { timeout: 60_000 }, async () => {
  const [ann, ben] = await many(2, () => site.register('ann'));
  const room = await site.room(ann, [ben]);
  const chatter = setInterval(() => { void site.done(ben, 'message.send', { room_id: room.id, content: 'and on' }); },
    500);
  const deaf = await site.stream('ws', ann, { autoPong: false }), silent = await site.stream('ws', ben);
  let pings = 0;
  silent.socket.on('ping', () => { pings++; });
  const start = Date.now();
  const { code } = await deaf.over(30_000);
  const took = Date.now() - start;
  clearInterval(chatter);
  assert.equal(code, 4008);
  assert.ok(took > 10_000 && took < 16_000, `closed after ${took} ms`);
  await until(() => pings >= 2, 'more than one PING', 20_000);
  assert.equal((await silent.command('session.heartbeat', {})).status, 'success');
  silent.close();
});

/** Blocks sending for some seconds: workers wait in the middle of a command. */
async function hold(seconds) {
  const over = stack.query(`begin; lock table confab.message in share mode; select pg_sleep(${seconds}); commit`);
  await until(async () =>
    await stack.query("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") === '1',
    'the table is held');
  return { over };
}

test('commands that have to wait too long in line are refused, the others carried out', { timeout: 60_000 },
    async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const streams = await many(ACCOUNT, () => site.stream('ws', ann));
  const holder = await hold(4);
  const start = Date.now(), answers = [];
  const asked = Promise.all(streams.map(async (stream, i) => {
    const answer = await stream.command('message.send', { room_id: room.id, content: `${i}` });
    answers.push({ ...answer, took: Date.now() - start });
  }));
  const left = ACCOUNT - ASKED - WAITING;
  await until(() => answers.length >= left, 'refusals', QUICK);
  assert.equal(answers.length, left);
  for (const { error } of answers) assert.deepEqual(error, { code: 4053, detail: 'Temporarily unavailable.' });
  const { text } = await site.request('GET', 'metrics');
  assert.match(text, new RegExp(`^confab_questions_waiting\\{program="bridge"\\} ${WAITING}$`, 'm'));
  assert.match(text, new RegExp(`^confab_questions_refused_total\\{program="bridge"\\} ${left}$`, 'm'));
  await Promise.all([asked, holder.over]);
  assert.equal(answers.filter(({ status }) => status === 'success').length, ASKED + WAITING);
  for (const stream of streams) stream.close();
});

test('requests that find the queue full are refused, the others carried out', { timeout: 60_000 }, async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const holder = await hold(4);
  const answers = [];
  const direct = (i) => site.request('POST', 'command', { token: ann.token, agent: false,
    body: { event_type: 'message.send', data: { room_id: room.id, content: `${i}` } } })
      .then((answer) => answers.push(answer));
  const all = many(200, direct);
  await until(() => answers.length > 0, 'refusals', QUICK);
  for (const { status, body, headers } of answers) {
    assert.equal(status, 503);
    assert.equal(body?.error?.code, 4053);
    assert.ok(Number(headers['retry-after']) >= 1);
  }
  await Promise.all([all, holder.over]);
  assert.ok(answers.every(({ status }) => status === 200 || status === 503));
  assert.ok(answers.filter(({ status }) => status === 200).length >= 100);
});
