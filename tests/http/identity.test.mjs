// Identities that a third party vouches for: the host application by its tokens, the web server by REMOTE_USER. And
// tickets.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { KINDS, unique, until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';
import { HostKeys, openFolder } from './support/token.mjs';

const run = promisify(execFile);
const folder = openFolder('identity');
const keys = new HostKeys(folder);
const issuer = 'https://host.example', audience = 'chat';
/** Streams end within a second; a busy machine gets two seconds. */
const SOON = 2000;
let stack, site;

/** The web server's configuration: users with its own passwords, and requests over https. */
const WEB_SERVER = `
auth.backend = "plain"
auth.backend.plain.userfile = "${folder}/users"
$REQUEST_HEADER["x-test-auth"] == "1" { auth.require = ("/chat/" => ("method" => "basic", "realm" => "x", "require"
  => "valid-user")) }
$REQUEST_HEADER["x-test-https"] == "1" { setenv.set-environment = ("HTTPS" => "on") }
`;
const basic = (name) =>
  ({ 'x-test-auth': '1', authorization: `Basic ${Buffer.from(`${name}:word`).toString('base64')}` });
const remoteNames = ['carol', 'dave.x', 'erin@example.org'];

async function restart(name, environment = {}) {
  await stack.kill(name, 'SIGTERM');
  Object.assign(process.env, environment);
  await stack.program(name);
  await until(() =>
    site.request('GET', name === 'session' ? 'session' : 'readyz').then(({ status }) => status < 500, () => false),
    `${name} answers`);
}

before(async () => {
  writeFileSync(path.join(folder, 'users'), remoteNames.map((name) => `${name}:word\n`).join(''));
  Object.assign(process.env, {
    CONFAB_JWT_KEYS: keys.list, CONFAB_JWT_ISSUER: issuer, CONFAB_JWT_AUDIENCE: audience, CONFAB_TRUST_REMOTE_USER: '1',
  });
  stack = await Stack.start('identity');
  site = stack.site;
  const file = path.join(stack.dir, 'lighttpd.conf');
  writeFileSync(file,
    readFileSync(file, 'utf8').replace('server.modules = (', 'server.modules = ("mod_auth", "mod_authn_file", ')
      + WEB_SERVER);
  await restart('lighttpd');
});
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const claims = (fields = {}) => ({ sub: `s-${unique()}`, iss: issuer, aud: audience, ...fields });
const token = (fields, options) => keys.make(claims(fields), options);
const whoami = async (options) => {
  const { status, text, body } = await site.request('GET', 'session', options);
  assert.equal(status, 200, text);
  return body.user;
};
const admin = (...words) =>
  run(path.join('build', process.env.BUILD ?? 'release', 'confab'),
    ['-c', path.join(stack.dir, 'confab.conf'), ...words]);
const ticketOf = async (who) => (await site.request('POST', 'session/ticket', { token: who.token })).body.ticket;

/** The user of a stream, from its first frame. */
async function readyUser(stream) {
  const frame = await stream.until(() => stream.frames[0], 'the first frame');
  assert.equal(frame.eventType, 'session.ready');
  return frame.data.user;
}

/** One stream of each kind, all open. */
async function allStreams(who, options = {}) {
  const streams = await Promise.all(KINDS.map((kind) => site.stream(kind, who, options)));
  await Promise.all(
    streams.map((stream) => stream.until(() => stream.cursor || stream.frames.length, 'an open stream')));
  return streams;
}

/** Checks that all of them end within a second with the code to authenticate again. */
async function allEnd(streams) {
  const [socket, sse, poll] = await Promise.all(streams.map((stream) => stream.over(SOON)));
  assert.deepEqual(socket, { code: 4001 });
  assert.deepEqual(sse, { status: 200 });
  assert.equal(poll.status, 401);
}

for (const alg of ['HS256', 'RS256', 'ES256', 'EdDSA'])
  test(`a token signed with ${alg} is good for everything`, async () => {
    const name = `host-${unique()}`;
    const who =
      { token: token({ preferred_username: name, email: `${name}@example.org`, given_name: 'Hö', family_name: 'St' },
      { alg }) };
    const made = await site.command(who, 'room.create', { type: 'GroupChat', name: 'x', participants: [] });
    assert.equal(made.status, 200, made.text);
    const user = await whoami(who);
    assert.deepEqual({ ...user, id: 0 },
      { id: 0, username: name, email: `${name}@example.org`, first_name: 'Hö', last_name: 'St' });
    for (const kind of KINDS) {
      const stream = await site.stream(kind, who);
      assert.deepEqual(await readyUser(stream), user);
      if (kind === 'ws') assert.equal((await stream.command('session.heartbeat', {})).status, 'success');
      stream.close();
    }
  });

test('a token in the query opens streams only', async () => {
  const it = token();
  assert.equal((await site.request('GET', `poll?wait=0&token=${it}`)).status, 200);
  const sse = await site.stream('sse', null, { headers: {}, wait: false });
  await sse.over();
  assert.equal(sse.status, 401);
  assert.equal((await site.request('GET', `session?token=${it}`)).status, 401);
  assert.equal((await site.request('POST', `command?token=${it}`, { body: { event_type: 'room.list' } })).status, 401);
});

test('a stream may be the first to bring a token', async () => {
  for (const kind of KINDS) {
    const who = { token: token({ preferred_username: `first-${unique()}` }) };
    const stream = await site.stream(kind, who);
    assert.equal((await whoami(who)).id, (await readyUser(stream)).id);
    stream.close();
  }
});

test('tokens that are not good are refused everywhere', async () => {
  const now = Math.floor(Date.now() / 1000);
  const bad = {
    'expired': token({ exp: now - 61 }),
    'not yet valid': token({ nbf: now + 120 }),
    'issued later': token({ iat: now + 120 }),
    'without exp': token({ exp: undefined }),
    'without sub': token({ sub: undefined }),
    'of another issuer': token({ iss: 'https://other.example' }),
    'for another audience': token({ aud: 'mail' }),
    'signed with another secret': token({}, { secret: 'x'.repeat(40) }),
    'with the public key as the secret': token({},
      { alg: 'HS256', header: { kid: 'rs256' }, secret: keys.publicPem.RS256 }),
    'with the public key as the secret, called RS256': token({}, { alg: 'RS256', secret: keys.publicPem.RS256 }),
    'of an unknown key': token({}, { header: { kid: 'other' } }),
    'with alg none': token({}, { header: { alg: 'none' } }),
    'unsigned': token({}, { header: { alg: 'none' } }).replace(/[^.]*$/, ''),
    'with crit': token({}, { header: { crit: ['exp'] } }),
    'too long': token({ x: 'x'.repeat(5000) }),
    'cut': token().slice(0, -1),
  };
  for (const [what, it] of Object.entries(bad)) {
    for (const [method, target] of [['GET', 'session'], ['DELETE', 'session'], ['POST', 'session/ticket'],
        ['POST', 'command'], ['GET', 'events'], ['GET', 'poll']]) {
      const { status, body } = await site.request(method, target,
        { token: it, ...(target === 'command' && { body: { event_type: 'room.list' } }) });
      assert.equal(status, 401, `${what}: ${method} ${target}`);
      assert.equal(body.error.code, 4001);
    }
    const socket = await site.stream('ws', { token: it }, { wait: false });
    assert.equal((await socket.over()).code, 4001, what);
  }
});

test('a token that was refused is in no log', async () => {
  const it = token({ exp: 1 });
  await site.request('GET', 'session', { token: it });
  await site.request('GET', `poll?token=${it}`);
  const { stdout } = await run('grep',
    ['-rlF', it.split('.')[2], path.join(stack.dir, 'log')]).catch(({ stdout: none }) => ({ stdout: none }));
  assert.equal(stdout, '');
});

test('the same person is the same account, by whichever token', async () => {
  const sub = `s-${unique()}`;
  const first = await whoami({ token: token({ sub, preferred_username: `p-${unique()}`, email: 'old@example.org' }) });
  const later =
    await whoami({ token: token({ sub, preferred_username: 'renamed', email: 'new@example.org' }, { alg: 'ES256' }) });
  assert.deepEqual(later, { ...first, email: 'new@example.org' });
});

test('first requests at the same time make one account and one log-in', async () => {
  const who = { token: token({ preferred_username: `busy-${unique()}` }) };
  const answers = await Promise.all([...Array(8).keys()].map((i) => i % 2
    ? site.request('GET', 'session', who).then(({ body }) => body.user.id)
    : site.stream('sse', who).then(async (stream) => {
      const { id } = await readyUser(stream);
      stream.close();
      return id;
    })));
  assert.equal(new Set(answers).size, 1);
  assert.equal(await stack.query(`select count(*) from confab.login where account_id = ${answers[0]}`), '1');
});

test('a user name that is taken is not taken over', async () => {
  const owner = await site.register('owner');
  const guest = await whoami({ token: token({ preferred_username: owner.user.username.toUpperCase() }) });
  assert.notEqual(guest.id, owner.user.id);
  assert.equal(guest.username, `${owner.user.username.toUpperCase()}-2`);
  assert.equal((await whoami({ token: owner.token })).id, owner.user.id);
});

test('a user name is made of whatever there is', async () => {
  const mark = unique();
  assert.equal((await whoami({ token: token({ preferred_username: `a b<${mark}>` }) })).username, `a_b_${mark}_`);
  assert.equal((await whoami({ token: token({ email: `${mark}.m@example.org` }) })).username, `${mark}.m`);
  assert.equal((await whoami({ token: token({ sub: `auth0|${mark}` }) })).username, `auth0_${mark}`);
  assert.equal(
    (await whoami(
      { token: token({ preferred_username: `${mark}${'é'.repeat(100)}`, given_name: 'x'.repeat(500) }) })).username,
      `${mark}${'é'.repeat(64 - mark.length)}`);
});

test('logging a token out ends its streams, and the token stays out', async () => {
  const sub = `s-${unique()}`;
  const who = { token: token({ sub }) }, other = { token: token({ sub, jti: '2' }) };
  const kept = await site.stream('ws', other);
  const streams = await allStreams(who);
  assert.equal((await site.request('DELETE', 'session', who)).status, 204);
  await allEnd(streams);
  for (let i = 0; i < 2; i++) {
    assert.equal((await site.request('GET', 'session', who)).status, 401);
    assert.equal((await site.command(who, 'room.list')).status, 401);
    assert.equal((await site.request('GET', 'poll?wait=0', who)).status, 401);
  }
  assert.equal((await kept.command('session.heartbeat', {})).status, 'success');
  kept.close();
});

test('a stream or a ticket that is asked for while the log-in ends is refused', async () => {
  const ann = await site.register('ann');
  const isWaited = async (event) =>
    (await stack.query(`select count(*) from pg_stat_activity where wait_event = '${event}'`)) !== '0';
  const ending = stack.query(`delete from confab.login where account_id = ${ann.user.id}; select pg_sleep(3)`);
  await until(() => isWaited('PgSleep'), 'a log-in that ends');
  const asked = Promise.all(KINDS.map((kind) => site.stream(kind, ann, { wait: false })));
  const ticket = site.request('POST', 'session/ticket', ann);
  await until(() => isWaited('transactionid'), 'someone who waits for its end');
  const [socket, sse, poll] = await Promise.all((await asked).map((stream) => stream.over()));
  assert.deepEqual([socket.code, sse.status, poll.status, (await ticket).status], [4001, 401, 401, 401]);
  await ending;
});

test('disabling an account ends the streams of built-in and other log-ins, and keeps it out', async () => {
  const sub = `s-${unique()}`;
  for (const who of [await site.register('gone'), { token: token({ sub }) }]) {
    const user = await whoami(who);
    const streams = await allStreams(who);
    await admin('account', 'disable', user.username);
    await allEnd(streams);
    assert.equal((await site.request('GET', 'session', who)).status, 401);
    assert.equal((await site.command(who, 'room.list')).status, 401);
    assert.equal((await site.request('GET', 'events', who)).status, 401);
    if (!who.user) assert.equal((await site.command({ token: token({ sub, jti: '2' }) }, 'room.list')).status, 401);
    await admin('account', 'enable', user.username);
    assert.equal((await site.command(who, 'room.list')).status, 401, 'what was ended stays ended');
  }
  assert.equal((await site.command({ token: token({ sub, jti: '3' }) }, 'room.list')).status, 200);
});

test('a changed password ends the streams, within a second, on every transport', async () => {
  const ann = await site.register('ann');
  const streams = await allStreams(ann);
  const child = admin('account', 'password', ann.user.username);
  child.child.stdin.end('another password\n');
  await child;
  await allEnd(streams);
});

test('an account of the host application has no password here', async () => {
  const who = { token: token({ preferred_username: `nopass-${unique()}` }) };
  const { username } = await whoami(who);
  const { status, body } = await site.request('POST', 'session/password',
    { ...who, body: { old_password: 'x', new_password: 'a new password' } });
  assert.equal(status, 403);
  assert.equal(body.error.code, 4002);
  assert.equal((await site.request('POST', 'session', { body: { username, password: 'x' } })).status, 401);
});

test('whom the web server has authenticated is logged in', async () => {
  const headers = { ...basic('carol'), origin: site.url.origin };
  const user = await whoami({ headers });
  assert.equal(user.username, 'carol');
  assert.equal((await site.request('POST', 'command', { body: { event_type: 'room.list' }, headers })).status, 200);
  const sse = await site.stream('sse', null, { headers });
  assert.deepEqual(await readyUser(sse), user);
  // Logging out ends the streams; a user whom the web server still vouches for reconnects.
  assert.equal((await site.request('DELETE', 'session', { headers })).status, 204);
  assert.deepEqual(await sse.over(SOON), { status: 200 });
  assert.equal((await whoami({ headers })).id, user.id);
  assert.equal((await whoami({ headers: basic('erin@example.org') })).username, 'erin_example.org');
});

test('a web server\'s own log-in is as easy to abuse as a cookie: the origin counts', async () => {
  const say = (headers) =>
    site.request('POST', 'command', { body: { event_type: 'room.list' }, headers: { ...basic('carol'), ...headers } });
  assert.equal((await say({ origin: site.url.origin })).status, 200);
  assert.equal((await say({ origin: 'https://evil.example' })).status, 403);
  assert.equal((await say({})).status, 403);
  assert.equal(
    (await site.request('DELETE', 'session',
      { headers: { ...basic('carol'), origin: 'https://evil.example' } })).status, 403);
  assert.equal(
    (await site.request('POST', 'session/ticket',
      { headers: { ...basic('carol'), origin: 'https://evil.example' } })).status, 403);
});

test('no header says who one is', async () => {
  for (const headers of [{ 'remote-user': 'carol' }, { remote_user: 'carol' }, { 'x-remote-user': 'carol' },
    { 'http-remote-user': 'carol' }, { 'confab-via': 'ws', 'confab-login': 'a'.repeat(64) }])
    for (const target of ['session', 'poll?wait=0', 'events'])
      assert.equal((await site.request('GET', target, { headers })).status, 401, JSON.stringify(headers));
});

test('a name of the web server is not the account of that name', async () => {
  const owner = await site.request('POST', 'session/register',
    { body: { username: 'dave.x', password: 'a good password' } });
  assert.equal(owner.status, 201);
  const user = await whoami({ headers: basic('dave.x') });
  assert.notEqual(user.id, owner.body.user.id);
  assert.equal(user.username, 'dave.x-2');
  // Nor is a token whose subject is that name, from any issuer.
  assert.notEqual((await whoami({ token: token({ sub: 'dave.x' }) })).id, user.id);
});

test('REMOTE_USER is nobody unless it is trusted', async () => {
  await restart('session', { CONFAB_TRUST_REMOTE_USER: '0' });
  assert.equal((await site.request('GET', 'session', { headers: basic('carol') })).status, 401);
  await restart('session', { CONFAB_TRUST_REMOTE_USER: '1' });
  assert.equal((await site.request('GET', 'session', { headers: basic('carol') })).status, 200);
});

test('a ticket opens one stream, once', async () => {
  for (const who of [await site.register('ann'), { token: token() }]) {
    const user = await whoami(who);
    for (const kind of KINDS) {
      const { status, body } = await site.request('POST', 'session/ticket', { token: who.token });
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body), ['ticket', 'expires_in']);
      assert.equal(body.expires_in, 30);
      const open = () => kind === 'ws'
        ? site.stream('ws', null, { path: `ws?ticket=${body.ticket}`, wait: false })
        : site.request('GET', `${kind === 'sse' ? 'events' : 'poll'}?wait=0&ticket=${body.ticket}`);
      if (kind === 'ws') {
        const socket = await open();
        assert.deepEqual(await readyUser(socket), user);
        assert.equal((await socket.command('session.heartbeat', {})).status, 'success');
        socket.close();
        assert.equal((await (await open()).over()).code, 4001);
      } else if (kind === 'poll') {
        const first = await open();
        assert.equal(first.status, 200);
        assert.deepEqual(first.body.events[0].data.user, user);
        // The next poll of the chain needs a ticket of its own.
        assert.equal((await open()).status, 401);
        const next = await site.request('GET', `poll?wait=0&since=${first.body.cursor}&ticket=${await ticketOf(who)}`);
        assert.equal(next.status, 200);
        assert.deepEqual(next.body.events, []);
      } else {
        const url = new URL(`events?ticket=${body.ticket}`, site.url);
        const response = await fetch(url);
        assert.equal(response.status, 200);
        await response.body.cancel();
        assert.equal((await fetch(url)).status, 401);
      }
    }
  }
});

test('a ticket is no token, and a token no ticket', async () => {
  const ann = await site.register('ann');
  const it = await ticketOf(ann);
  assert.equal((await site.request('GET', `poll?wait=0&token=${it}`)).status, 401);
  assert.equal((await site.request('GET', `poll?wait=0&ticket=${ann.token}`)).status, 401);
  assert.equal((await site.request('GET', 'session', { token: it })).status, 401);
  assert.equal((await site.request('GET', `session?ticket=${it}`)).status, 401);
  assert.equal((await site.request('POST', `command?ticket=${it}`, { body: { event_type: 'room.list' } })).status, 401);
  assert.equal((await site.request('GET', `poll?wait=0&ticket=${it}`)).status, 200, 'none of this has used it up');
});

test('a ticket ends with its time, and with its log-in', async () => {
  const ann = await site.register('ann');
  const late = await ticketOf(ann);
  await stack.query(
    `update confab.ticket set expires_at = now() where login_id in (select id from confab.login where account_id = `
      + `${ann.user.id})`);
  assert.equal((await site.request('GET', `poll?wait=0&ticket=${late}`)).status, 401);
  const orphan = await ticketOf(ann);
  assert.equal(
    await stack.query(
      `select count(*) from confab.ticket t join confab.login l on l.id = t.login_id where l.account_id = `
        + `${ann.user.id}`), '1',
    'the expired one went when another was made');
  assert.equal((await site.request('DELETE', 'session', { token: ann.token })).status, 204);
  assert.equal((await site.request('GET', `poll?wait=0&ticket=${orphan}`)).status, 401);
  assert.equal((await site.request('POST', 'session/ticket', { token: ann.token })).status, 401);
  assert.equal((await site.request('POST', 'session/ticket')).status, 401);
});

test('a stream that a ticket opened ends with the log-in', async () => {
  const ann = await site.register('ann');
  const socket = await site.stream('ws', null, { path: `ws?ticket=${await ticketOf(ann)}` });
  const response = await fetch(new URL(`events?ticket=${await ticketOf(ann)}`, site.url));
  assert.equal((await site.request('DELETE', 'session', { token: ann.token })).status, 204);
  assert.deepEqual(await socket.over(SOON), { code: 4001 });
  for await (const part of response.body) assert.ok(part);
});

test('a ticket needs no allowed origin; making one by cookie does', async () => {
  const ann = await site.register('ann');
  const headers = { origin: 'https://evil.example' };
  const socket = await site.stream('ws', null, { path: `ws?ticket=${await ticketOf(ann)}`, headers });
  socket.close();
  assert.equal(
    (await site.request('POST', 'session/ticket', { headers: { ...headers, cookie: `confab=${ann.token}` } })).status,
    403);
  assert.equal(
    (await site.request('POST', 'session/ticket',
      { headers: { origin: site.url.origin, cookie: `confab=${ann.token}` } })).status, 200);
});

test('behind https the cookie is secure and bound to the host', async () => {
  const username = `tls-${unique()}`, password = 'a good password', https = { 'x-test-https': '1' };
  const { status, headers, body } = await site.request('POST', 'session/register',
    { body: { username, password }, headers: https });
  assert.equal(status, 201);
  assert.equal(headers['set-cookie'].length, 2);
  assert.match(headers['set-cookie'][1],
    /^__Host-confab-device=[\w-]{43}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure$/);
  assert.match(headers['set-cookie'][0],
    /^__Host-confab=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/);
  const cookie = headers['set-cookie'][0].split(';')[0];
  assert.equal((await whoami({ headers: { ...https, cookie } })).id, body.user.id);
  assert.equal((await site.request('GET', 'session', { headers: { cookie } })).status, 401, 'http does not look at it');
  assert.equal((await site.request('GET', 'session', { headers: { ...https, cookie: `confab=${body.token}` } })).status,
    401, 'a cookie that http could have set does not count');
  const gone = await site.request('DELETE', 'session',
    { headers: { ...https, cookie, origin: `https://${site.url.host}` } });
  assert.equal(gone.status, 204);
  assert.match(gone.headers['set-cookie'][0], /^__Host-confab=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax; Secure$/);
});

test('one-to-one messages by plain HTTP know people by the host\'s numbers, from the first request of a token on',
    async () => {
  await admin('setting', 'integer_subjects', JSON.stringify(`jwt:${issuer}`));
  const [mine, theirs] = [4711, 4712].map((sub) => token({ sub: `${sub}`, preferred_username: `n-${sub}` }));
  const ask = (method, who, body) => site.request(method, 'messages/', { token: who, body });
  assert.deepEqual((await ask('GET', theirs)).body, []);
  const { status, body: sent } = await ask('POST', mine, { recipient: 4712, content: 'by number' });
  assert.equal(status, 201);
  assert.deepEqual([sent.sender, sent.recipient], [4711, 4712]);
  assert.deepEqual((await ask('GET', theirs)).body, [sent]);
  for (const [method, body] of [['GET'], ['POST', { recipient: 4712, content: 'x' }]]) {
    const old = await ask(method, token({ sub: '4711', exp: Math.floor(Date.now() / 1000) - 3600 }), body);
    assert.deepEqual([old.status, old.body.error.code], [403, 4001]);
  }
});
