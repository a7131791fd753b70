// Log-ins through the web server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { site, unique } from './support/client.mjs';

const login = (username, password,
  headers) => site.request('POST', 'session', { body: { username, password }, headers });
const cookieOf = ({ headers }) => headers['set-cookie'][0];

test('registering answers 201 with the account, a token and a cookie', async () => {
  const username = `Zoë.${unique()}`;
  const { status, body, headers } = await site.request('POST', 'session/register',
    { body: { username, password: 'a good password', email: 'z@example.org', first_name: 'Zoë' } });
  assert.equal(status, 201);
  assert.deepEqual(Object.keys(body), ['user', 'token', 'expires_at']);
  assert.deepEqual(Object.keys(body.user), ['id', 'username', 'email', 'first_name', 'last_name']);
  assert.deepEqual({ ...body.user, id: 0 },
    { id: 0, username, email: 'z@example.org', first_name: 'Zoë', last_name: '' });
  assert.match(body.token, /^[\w-]{43}$/);
  assert.match(cookieOf({ headers }), /; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax/);
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.match(headers['x-request-id'], /^[0-9a-f]{20}-[1-9]\d*$/);
  assert.ok(new Date(body.expires_at) > Date.now());
});

test('what a form can offer is told to anybody', async () => {
  const { status, body } = await site.request('GET', 'session/options');
  assert.deepEqual([status, body], [200, { allow_register: true, password_reset: false }]);
  assert.equal((await site.request('POST', 'session/options', { body: {} })).status, 405);
});

test('logging in gives another token; both work, by header, by cookie', async () => {
  const ann = await site.register('ann');
  const again = await login(ann.user.username.toUpperCase(), ann.password);
  assert.equal(again.status, 200);
  assert.deepEqual(again.body.user, ann.user);
  assert.notEqual(again.body.token, ann.token);
  for (const options of [{ token: ann.token }, { token: again.body.token },
      { headers: { cookie: cookieOf(again).split(';')[0] } }]) {
    const { status, body } = await site.request('GET', 'session', options);
    assert.equal(status, 200);
    assert.deepEqual(body.user, ann.user);
    assert.equal(body.token, undefined);
  }
});

test('a wrong password and an unknown name get the same answer', async () => {
  const ann = await site.register('ann');
  const wrong = await login(ann.user.username, 'not the password');
  const unknown = await login(`nobody-${unique()}`, 'not the password');
  assert.equal(wrong.status, 401);
  assert.equal(unknown.status, 401);
  assert.equal(wrong.text, unknown.text);
  assert.equal(wrong.body.error.code, 4001);
  assert.equal(wrong.headers['set-cookie'], undefined);
});

test('what is wrong with a registration is said by field', async () => {
  const ann = await site.register('ann');
  const attempt = async (body) => {
    const answer = await site.request('POST', 'session/register', { body });
    assert.equal(answer.status, 422);
    assert.equal(answer.body.error.code, 4003);
    return Object.keys(answer.body.error.detail).join();
  };
  const password = 'a good password';
  assert.equal(await attempt({ username: ann.user.username.toUpperCase(), password }), 'username');
  assert.equal(await attempt({ username: 'has space', password }), 'username');
  assert.equal(await attempt({ username: '', password }), 'username');
  assert.equal(await attempt({ username: 'x'.repeat(65), password }), 'username');
  assert.equal(await attempt({ username: 7, password }), 'username');
  assert.equal(await attempt({ password }), 'username');
  assert.equal(await attempt({ username: `u-${unique()}`, password: 'short' }), 'password');
  assert.equal(await attempt({ username: `u-${unique()}`, password: null }), 'password');
  assert.equal(await attempt({ username: `u-${unique()}`, password: 'x'.repeat(2000) }), 'password');
});

test('logging out ends the log-in and its cookie', async () => {
  const ann = await site.register('ann');
  const gone = await site.request('DELETE', 'session', { token: ann.token });
  assert.equal(gone.status, 204);
  assert.equal(gone.text, '');
  assert.match(cookieOf(gone), /Max-Age=0/);
  for (const [method, path] of [['GET', 'session'], ['DELETE', 'session'], ['GET', 'poll'], ['GET', 'events']])
    assert.equal((await site.request(method, path, { token: ann.token })).status, 401);
  assert.equal((await site.command(ann, 'room.list')).status, 401);
});

test('logging out ends the streams of that log-in and no others', async () => {
  const ann = await site.register('ann');
  const { body: other } = await login(ann.user.username, ann.password);
  const [socket, sse,
    kept] = await Promise.all([site.stream('ws', ann), site.stream('sse', ann), site.stream('ws', other)]);
  await site.request('DELETE', 'session', { token: ann.token });
  assert.deepEqual(await socket.over(), { code: 4001 });
  await sse.over();
  assert.equal((await kept.command('session.heartbeat', {})).status, 'success');
  kept.close();
});

test('without a log-in nothing is told', async () => {
  for (const token of [undefined, 'x', 'A'.repeat(43), 'é', `${'A'.repeat(43)} x`]) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${encodeURI(token)}` };
    for (const [method, path] of [['GET', 'session'], ['DELETE', 'session'], ['POST', 'command'], ['GET', 'events'],
        ['GET', 'poll']]) {
      const { status, body } = await site.request(method, path, { headers, ...(method === 'POST' && { body: {} }) });
      assert.equal(status, 401, `${method} ${path}`);
      assert.equal(body.error.code, 4001);
    }
    const socket = await site.stream('ws', null, { headers, wait: false });
    assert.deepEqual(await socket.over(), { code: 4001 });
    assert.equal(socket.frames.length, 0);
  }
});

test('a cookie does nothing for another origin', async () => {
  const ann = await site.register('ann');
  const cookie = cookieOf(await login(ann.user.username, ann.password)).split(';')[0];
  const own = site.url.origin, foreign = 'https://evil.example';
  const say = (headers) => site.request('POST', 'command', { body: { event_type: 'session.heartbeat' }, headers });
  assert.equal((await say({ cookie, origin: own })).status, 200);
  assert.equal((await say({ cookie, origin: foreign })).status, 403);
  assert.equal((await say({ cookie, 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await say({ cookie, origin: 'null' })).status, 403);
  assert.equal((await site.request('DELETE', 'session', { headers: { cookie, origin: foreign } })).status, 403);
  assert.equal((await site.request('GET', 'events', { headers: { cookie, origin: foreign } })).status, 403);
  const socket = await site.stream('ws', null, { headers: { cookie, origin: foreign }, wait: false });
  assert.deepEqual(await socket.over(), { code: 4001 });
  const good = await site.stream('ws', null, { headers: { cookie, origin: own } });
  good.close();
  // A token in the request, unlike a cookie, was put there on purpose.
  assert.equal((await site.request('POST', 'command',
    { body: { event_type: 'session.heartbeat' }, token: ann.token, headers: { origin: foreign } })).status, 200);
});

test('other methods, types and bodies are refused', async () => {
  const ann = await site.register('ann');
  const put = await site.request('PUT', 'session', { body: {}, token: ann.token });
  assert.equal(put.status, 405);
  assert.equal(put.headers.allow, 'GET, POST, DELETE');
  assert.equal((await site.request('GET', 'session/register', { token: ann.token })).status, 405);
  assert.equal((await site.request('GET', 'session/nowhere', { token: ann.token })).status, 404);
  assert.equal(
    (await site.request('POST', 'session',
      { raw: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 415);
  for (const raw of ['', '[]', '{', 'null', '"x"', '{"username":{"a":1},"password":"x"}', '\xff'])
    assert.equal((await site.request('POST', 'session', { raw })).status, 422, raw);
  assert.equal((await site.request('POST', 'session', { raw: `{"username":"${'x'.repeat(70_000)}"}` })).status, 413);
});
