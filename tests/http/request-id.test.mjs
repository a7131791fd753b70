// X-Request-Id: every response has its own, whatever answers; the log names the request that failed by it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';

const ID = /^[0-9a-f]{20}-[1-9]\d*$/;
const HANDSHAKE = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
let stack, ann;
before(async () => {
  stack = await Stack.start('request-id', { unchecked: true });
  ann = await stack.site.register('ann');
}, { timeout: 60_000 });
after(() => stack?.stop());

// A WebSocket whose client has gone is not opened.
const sockets = [];
after(() => { for (const socket of sockets) socket.destroy(); });

/** The head of an answer whose body does not end: {status, headers}. */
function head(where, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(where, stack.site.url), { method, headers, agent: false });
    const take = (response, socket) => {
      if (socket) sockets.push(socket);
      else response.destroy();
      resolve({ status: response.statusCode, headers: response.headers });
    };
    request.on('response', (response) => take(response)).on('upgrade', take).on('error', reject).end();
  });
}

/** The answer of the bridge itself: a web server refuses some handshakes by itself. */
async function handshake(headers, method = 'GET', where = '/chat/ws') {
  const socket = net.connect(path.join(stack.run, 'bridge.sock'));
  const lines = Object.entries({ host: 'localhost', ...HANDSHAKE, ...headers }).map((field) => field.join(': '));
  socket.write(`${method} ${where} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  const [bytes] = await once(socket, 'data');
  socket.destroy();
  const text = bytes.toString('latin1');
  return { status: Number(text.split(' ')[1]),
    headers: { 'x-request-id': /^X-Request-Id: (.*)\r$/m.exec(text)?.[1] } };
}

test('every response has an id of its own', async () => {
  const bearer = { authorization: `Bearer ${ann.token}` }, wrong = { authorization: 'Bearer wrong' };
  const answers = [
    [200, head('events', bearer)], [401, head('events', wrong)], [401, head('events')],
    [405, head('events', {}, 'PUT')],
    [200, head('poll?wait=0', bearer)], [401, head('poll', wrong)], [405, head('poll', bearer, 'POST')],
    [200, head('healthz')], [200, head('readyz')], [200, head('metrics')],
    [404, head('metrics', { 'x-forwarded-for': '192.0.2.1' })],
    [101, head(`ws?token=${ann.token}`, HANDSHAKE)], [101, head('ws?token=wrong', HANDSHAKE)],
    [400, handshake({ 'content-length': '1' })], [400, handshake({ host: '' })], [405, handshake({}, 'POST')],
    [426, handshake({ 'sec-websocket-version': '12' })], [426, handshake({ upgrade: 'h2c' })],
    [431, handshake({ cookie: 'x'.repeat(20_000) })],
    [400, handshake({}, 'GET', '/chat/ws/messages/?recipient_id=x')],
    [200, stack.site.command(ann, 'user.list', {})], [401, stack.site.command({ token: 'wrong' }, 'user.list', {})],
    [405, head('command')], [422, stack.site.request('POST', 'command', { raw: '{', token: ann.token })],
    [401, stack.site.request('POST', 'session', { body: { username: 'nobody', password: 'wrong' } })],
    [200, head('session/options')], [404, head('media/1', bearer)], [401, head('media/1')],
    [403, head('api/v1/message/')],
  ];
  const ids = new Set();
  for (const [i, [wanted, answer]] of answers.entries()) {
    const { status, headers } = await answer;
    assert.equal(status, wanted, `answer ${i}`);
    assert.match(headers['x-request-id'] ?? 'none', ID, `answer ${i}, ${status}`);
    ids.add(headers['x-request-id']);
  }
  assert.equal(ids.size, answers.length);
});

const log = (program) => readFileSync(path.join(stack.dir, 'log', `${program}.out`), 'utf8');

/** The line of a program's log that names the request of this answer. */
async function line(program, { headers }) {
  const name = new RegExp(`^.*request=${headers['x-request-id']}\\b.*$`, 'm');
  await until(() => name.test(log(program)), `a line of ${program}`);
  return name.exec(log(program))[0];
}

test('the log names the request that failed', async () => {
  const refused = await stack.site.request('POST', 'session', { body: { username: 'nobody', password: 'wrong' } });
  assert.match(await line('session', refused), / login request=\S+ refused=true address=/);
  await stack.query('alter table confab.login rename to login_away');
  const bearer = { authorization: `Bearer ${ann.token}` };
  for (const [program, event, answer] of [
    ['events', 'stream_open', await head('events', bearer)],
    ['events', 'stream_open', await head('poll', bearer)],
    ['bridge', 'stream_open', await head(`ws?token=${ann.token}`, HANDSHAKE)],
    ['command', 'command', await stack.site.command(ann, 'user.list', {})],
    ['session', 'session', await stack.site.request('POST', 'session',
      { body: { username: ann.user.username, password: ann.password } })],
  ]) {
    assert.ok(answer.status === 101 || answer.status >= 500, `${program}: ${answer.status}`);
    assert.match(await line(program, answer), new RegExp(` ${event} request=.* why="`));
  }
  await stack.query('alter table confab.login_away rename to login');
});
