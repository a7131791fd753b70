// What requests without a valid log-in may cost is bounded by address, in each program; those of others go on. Requests
// go to the programs without a web server, so that they come from several addresses.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { FastcgiRequest, variables } from './support/fastcgi.mjs';
import { Stack } from './support/stack.mjs';

const BURST = 15; // a quarter of a minute's
const WRONG = 'w'.repeat(43); // in the form of a token
let stack, ann;
before(async () => {
  stack = await Stack.start('address-budget',
    { env: { CONFAB_RATE_LIMITS: 1, CONFAB_RATE_ADDRESS: 4 * BURST, CONFAB_SESSION_WORKERS: 2 } });
  ann = await stack.site.register('ann');
}, { timeout: 60_000 });
after(() => stack?.stop());

let addresses = 0;
const newAddress = () => `10.2.0.${++addresses}`;

function open(program, address, method, where, { token, body, type = 'application/json' } = {}) {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const request = new FastcgiRequest(path.join(stack.run, `${program}.sock`),
    { ...variables(method, `/chat/${where}`, { token, length: bytes?.length,
      headers: bytes ? { 'content-type': type } : {} }), REMOTE_ADDR: address });
  if (bytes) request.write(bytes);
  request.end();
  return request;
}
const ask = (...args) => open(...args).response();
const command = (address, token, body = '{"event_type": "user.list", "data": {}}') =>
  ask('command', address, 'POST', 'command', { token, body });

/** Asks until the address is told to wait: how many times something else came. */
async function exhaust(status, again) {
  for (let n = 0; n <= 4 * BURST; n++) {
    const answer = await again();
    if (answer.status === 429) {
      const seconds = answer.headers['retry-after'];
      assert.ok(Number(seconds) >= 1 && Number(seconds) <= 30, seconds);
      assert.deepEqual(answer.body, { error: { code: 4029, detail: seconds } });
      return n;
    }
    assert.equal(answer.status, status);
  }
  throw new Error('never told to wait');
}

const of = (address, options) => ({
  'a command without a token': [401, () => command(address)],
  'a command with a wrong token': [401, () => command(address, WRONG)],
  'another method': [405, () => ask('command', address, 'GET', 'command')],
  'another type': [415, () => ask('command', address, 'POST', 'command', { token: ann.token, body: 'x', type: 'a/b' })],
  'plain HTTP without a token': [403, () => ask('command', address, 'GET', 'messages/')],
  'plain HTTP with a wrong token': [403, () => ask('command', address, 'GET', 'api/v1/message/', { token: WRONG })],
  'a question who is logged in': [401, () => ask('session', address, 'GET', 'session', { token: WRONG })],
  'a ticket': [401, () => ask('session', address, 'POST', 'session/ticket', { token: WRONG, body: '{}' })],
  'what a form can offer': [200, () => ask('session', address, 'GET', 'session/options')],
  'a file': [401, () => ask('media', address, 'GET', `media/${crypto.randomUUID()}/x`, { token: WRONG })],
  'an upload': [401, () => ask('media', address, 'POST', 'media?name=x', { body: 'x', type: 'text/plain' })],
  'a stream without a token': [401, () => ask('events', address, 'GET', 'events')],
  'an event stream': [401, () => ask('events', address, 'GET', 'events', { token: WRONG })],
  'a poll': [401, () => ask('events', address, 'GET', 'poll', { token: WRONG })],
  ...options,
});

for (const name of Object.keys(of('')))
  test(`${name}: an address without a log-in has to wait in the end, another not`, { timeout: 60_000 }, async () => {
    const [status, again] = of(newAddress())[name];
    const n = await exhaust(status, again);
    // It gains one each second.
    assert.ok(n >= BURST - 1, `${n}`);
    const [, other] = of(newAddress())[name];
    assert.equal((await other()).status, status);
  });

test('log-ins that are known are not held up, nor counted', { timeout: 60_000 }, async () => {
  const address = newAddress();
  assert.equal((await command(address, ann.token)).status, 200);
  await exhaust(401, () => command(address));
  assert.equal((await command(address, ann.token)).status, 200);
  const own = newAddress();
  for (let i = 0; i < 2 * BURST; i++)
    assert.equal((await ask('events', own, 'GET', 'poll?wait=0', { token: ann.token })).status, 200);
});

test('a body that nobody wants counts by its length', async () => {
  const address = newAddress();
  assert.equal((await command(address, undefined, 'x'.repeat(1_000_000))).status, 401);
  const { status, headers } = await command(address);
  assert.equal(status, 429);
  // The debt is a bucket at most.
  assert.ok(Number(headers['retry-after']) <= BURST + 1, headers['retry-after']);
});

test('an address counts as its network', { timeout: 60_000 }, async () => {
  let n = 0;
  await exhaust(401, () => command(`2001:db8:0:1::${(++n).toString(16)}`));
  assert.equal((await command('2001:db8:0:2::1')).status, 401);
});

/** The close code of a WebSocket that is opened with this token. */
async function closeOf(address, token) {
  const socket = net.connect(path.join(stack.run, 'bridge.sock'));
  socket.write(`GET /chat/ws?token=${token} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n`
    + 'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    + `X-Forwarded-For: ${address}\r\n\r\n`);
  let bytes = Buffer.alloc(0), at = -1;
  while (at < 0 || bytes.length < at + 8) {
    const [part] = await once(socket, 'data');
    bytes = Buffer.concat([bytes, part]);
    at = bytes.indexOf('\r\n\r\n');
  }
  socket.destroy();
  return bytes[at + 4] === 0x88 ? bytes.readUInt16BE(at + 6) : null;
}

test('WebSockets of such an address are told to come back later', { timeout: 60_000 }, async () => {
  const address = newAddress();
  let n = 0, code;
  while ((code = await closeOf(address, WRONG)) === 4001) assert.ok(++n < 4 * BURST);
  assert.equal(code, 1013);
  assert.ok(n >= BURST - 1, `${n}`);
  assert.equal(await closeOf(newAddress(), WRONG), 4001);
  assert.equal(await closeOf(newAddress(), ann.token), null);
});

test('an address that asks much leaves a worker of confab-session to others', { timeout: 60_000 }, async () => {
  const address = newAddress(), another = newAddress();
  const login = (from) => open('session', from, 'POST', 'session',
    { body: JSON.stringify({ username: ann.user.username, password: ann.password }) });
  for (let i = 0; i < 6; i++) assert.equal((await login(address).response()).status, 200);
  const psql = execFile('psql', ['-Xq', '-h', stack.run, '-U', 'confab_admin', 'confab']);
  psql.stdin.write('begin; lock table confab.attempt;\n');
  const waiting = (wanted) => until(async () => await stack.query(`select count(*) from pg_locks
    where relation = 'confab.attempt'::regclass and not granted`) === `${wanted}`, `${wanted} wait`);
  await until(async () => await stack.query(`select count(*) from pg_locks
    where relation = 'confab.attempt'::regclass and granted`) !== '0', 'the lock');
  const first = login(address).response();
  await waiting(1);
  const { status, headers } = await login(address).response();
  assert.deepEqual([status, headers['retry-after']], [429, '1']);
  const other = login(another).response();
  await waiting(2);
  psql.stdin.end('rollback;\n');
  assert.deepEqual([(await first).status, (await other).status], [200, 200]);
});

test('the metrics count what was refused', async () => {
  const { text } = await stack.site.request('GET', 'metrics');
  for (const program of ['command', 'session', 'media'])
    assert.match(text, new RegExp(`^confab_rate_limited_total\\{program="${program}",by="stranger"\\} [1-9]`, 'm'));
});
