// The web servers that conf/ has samples for, each in front of the same stack. Those that are not installed are
// skipped.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { KINDS, Site, until } from './support/client.mjs';
import { Stack, freePort } from './support/stack.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../..');
const tool = path.join(top, 'tools/stack');
const FORGED = '203.0.113.9', CLIENT = '198.51.100.7';

const isThere = (program) =>
  ['/usr/sbin', '/usr/bin', '/usr/local/sbin'].some((folder) => existsSync(path.join(folder, program)));

const SERVERS = [['lighttpd', 'lighttpd'], ['nginx', 'nginx'], ['apache', 'apache2'],
  ['apache-fcgid', 'apache2'], ['caddy', 'caddy']];
/** Where the page and the programs are: at the usual place, further down, and as a whole host. */
const MOUNTS = ['/chat/', '/community/chat/', '/'];

for (const mount of MOUNTS) {
  let stack;
  before(async () => {
    stack = await Stack.start(`webserver${mount.replaceAll('/', '-')}`, { env: { STACK_MOUNT: mount } });
  }, { timeout: 60_000 });
  after(() => stack?.stop());

  for (const [name, program] of SERVERS) {
    describe(`${name} at ${mount}`, { skip: isThere(program) ? false : `${program} is not installed` }, () => {
      let site, alice, bob, room;

      before(async () => {
        site = name === 'lighttpd' ? stack.site : await stack.front(name);
        alice = await site.register('alice');
        bob = await site.register('bob');
        room = await site.room(alice, [bob]);
      });

      it('serves the page, its modules and a policy', async () => {
        const page = await site.request('GET', '');
        assert.equal(page.status, 200);
        assert.match(page.headers['content-type'], /^text\/html/);
        assert.match(page.headers['content-security-policy'], /require-trusted-types-for 'script'/);
        const module = await site.request('GET', 'confab.js');
        assert.match(module.headers['content-type'], /javascript/);
        if (mount === '/') return;
        const bare = await site.request('GET', mount.slice(0, -1));
        assert.equal(bare.status, 301);
        assert.equal(new URL(bare.headers.location, site.url).pathname, mount);
      });

      it('lets people log in and out with the cookie', async () => {
        const { status, headers } = await site.request('POST', 'session',
          { body: { username: alice.user.username, password: alice.password } });
        assert.equal(status, 200);
        const cookie = headers['set-cookie'][0].split(';')[0];
        const origin = site.url.origin;
        assert.equal((await site.request('GET', 'session', { headers: { cookie } })).body.user.id, alice.user.id);
        assert.equal(
          (await site.request('POST', 'command',
            { body: { event_type: 'room.list', data: {} }, headers: { cookie, origin } })).status, 200);
        assert.equal((await site.request('POST', 'command', { body: { event_type: 'room.list', data: {} },
          headers: { cookie, origin: 'https://elsewhere.example' } })).status, 403);
        assert.equal((await site.request('DELETE', 'session', { headers: { cookie, origin } })).status, 204);
        assert.equal((await site.request('GET', 'session', { headers: { cookie } })).status, 401);
      });

      it('leaves it to confab to refuse a body', async () => {
        const { status, body } = await site.request('POST', 'command',
          { token: alice.token, raw: `{"event_type":"${'x'.repeat(1_100_000)}"}` });
        assert.deepEqual([status, body.error.code], [413, 4013]);
      });

      it('answers for the streams and the programs', async () => {
        assert.equal((await site.request('GET', 'healthz')).text, 'ok\n');
        assert.equal((await site.request('GET', 'readyz')).text, 'ok\n');
        const metrics = async () => (await site.request('GET', 'metrics')).text;
        await until(async () => /^confab_ready\{program="bridge"\} 1$/m.test(await metrics()), 'the bridge is ready');
        assert.equal(
          (await site.request('GET', 'metrics', { agent: new http.Agent({ localAddress: '127.0.0.2' }) })).status, 403,
          'strangers get no metrics');
        assert.equal(
          (await site.request('GET', 'readyz', { agent: new http.Agent({ localAddress: '127.0.0.2' }) })).status, 200);
      });

      for (const kind of KINDS) {
        it(`passes on at once what comes by ${kind}`, async () => {
          const stream = await site.stream(kind, bob);
          // One after the other: a buffer would keep the first until there is more.
          for (const content of ['first', 'second', 'third']) {
            await site.done(alice, 'message.send', { room_id: room.id, content: `${kind} ${content}` });
            await stream.message(`${kind} ${content}`);
          }
          stream.close();
        });

        it(`does not let a reader by ${kind} forge an address`, async () => {
          const stream = await site.stream(kind, bob, { headers: { 'x-forwarded-for': FORGED } });
          const { stdout } = await run(tool,
            ['sql', stack.dir, `select distinct address from confab.session where account_id = ${bob.user.id}`]);
          assert.equal(stdout.trim(), '127.0.0.1');
          stream.close();
        });
      }

      it('takes commands and a cookie from a WebSocket of its own pages alone', async () => {
        const cookie = `confab=${alice.token}`;
        const socket = await site.stream('ws', null, { headers: { cookie, origin: site.url.origin } });
        const answer = await socket.command('message.send', { room_id: room.id, content: 'up' });
        assert.equal(answer.status, 'success');
        assert.equal((await socket.message('up')).seq, answer.seq);
        socket.close();
        const foreign = await site.stream('ws', null,
          { headers: { cookie, origin: 'https://elsewhere.example' }, wait: false });
        assert.deepEqual(await foreign.over(), { code: 4001 });
      });

      it('has the paths of one-to-one messages', async () => {
        const stream = await site.stream('ws', bob, { payload: 'id', wait: false });
        await stream.until(() => stream.socket.readyState === 1, 'an open socket');
        const { status, body: sent } = await site.request('POST', 'api/v1/message/', { token: alice.token,
          raw: `recipient=${bob.user.username}&body=hi`,
          headers: { 'content-type': 'application/x-www-form-urlencoded' } });
        assert.equal(status, 201);
        await stream.next(({ message }) => message === sent.id);
        stream.close();
        const { pathname } = site.url;
        for (const path of [`api/v1/message/${sent.id}/`, `messages/${sent.id}`])
          assert.equal((await site.request('GET', path, { token: bob.token })).body.id, sent.id);
        const page = await site.request('GET', 'api/v1/user/?limit=1&offset=1', { token: bob.token });
        assert.equal(page.body.previous, `${pathname}api/v1/user/?limit=1&offset=0`);
        assert.equal((await site.request('GET', `messages/?recipient_id=${alice.user.id}`, { token: bob.token }))
          .body.length, 1);
        const { status: refused, headers } = await site.request('GET', 'api/v1/message/');
        assert.deepEqual([refused, headers['content-type']], [403, 'application/json']);
      });

      for (const path of ['ws/', 'ws/messages', 'ws/messages/'])
        it(`has a WebSocket at ${path}`, async () => {
          const socket = await site.stream('ws', bob, { path, protocols: [], wait: false });
          await socket.until(() => socket.socket.readyState === 1, 'an open socket');
          const text = `said at ${path}`;
          socket.send({ message: text });
          await socket.next(({ message }) => message === text);
          socket.close();
        });

      it('has the path of old front ends', async () => {
        const socket = await site.stream('ws', bob, { path: '/messaging/', protocols: [], wait: false });
        await socket.event('chat.notifications');
        socket.close();
      });
    });
  }
}

// TLS ends in HAProxy, as docs/install.md has it.
describe('behind HAProxy', { skip: isThere('haproxy') ? false : 'haproxy is not installed' }, () => {
  const doc = readFileSync(path.join(top, 'docs/install.md'), 'utf8');
  let stack, folder;

  before(async () => {
    stack = await Stack.start('webserver-tls',
      { env: { STACK_MOUNT: '/community/chat/', CONFAB_TRUSTED_PROXIES: '127.0.0.1' } });
    folder = mkdtempSync(path.join(tmpdir(), 'confab-tls-'));
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
      '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${folder}/key`, '-out',
      `${folder}/cert`]);
    writeFileSync(`${folder}/site.pem`, readFileSync(`${folder}/cert`, 'utf8') + readFileSync(`${folder}/key`, 'utf8'));
  }, { timeout: 60_000 });
  after(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true });
  });

  /** HAProxy before a web server: its site, and how to end it. */
  async function proxy(to) {
    const port = await freePort();
    const [, conf] = /^```haproxy\n([^]*?)^```/m.exec(doc);
    writeFileSync(`${folder}/haproxy.cfg`, conf.replace('*:443', `127.0.0.1:${port}`)
      .replace('/etc/haproxy/site.pem', `${folder}/site.pem`).replace('127.0.0.1:80', to.url.host)
      // A client of another machine: one at the proxy's own address is no proof.
      .replace('%[src]', CLIENT));
    const child = spawn('/usr/sbin/haproxy', ['-db', '-f', `${folder}/haproxy.cfg`], { stdio: 'ignore' });
    const site = new Site(`https://127.0.0.1:${port}${to.url.pathname}`);
    await until(() => site.request('GET', 'readyz').then(({ status }) => status === 200, () => false),
      'HAProxy answers');
    return { site, end: () => child.kill() };
  }

  /** One request over HTTP/2: {status, headers, text}. */
  function byHttp2(site, method, path, headers = {}, body = '') {
    const session = http2.connect(site.url.origin, { rejectUnauthorized: false });
    return new Promise((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':method': method, ':path': new URL(path, site.url).pathname, ...headers });
      let answer, text = '';
      stream.on('response', (got) => { answer = got; }).on('error', reject);
      stream.setEncoding('utf8').on('data', (part) => { text += part; })
        .on('end', () => resolve({ status: answer[':status'], headers: answer, text }));
      if (method !== 'GET') stream.end(body);
    }).finally(() => session.close());
  }

  for (const [name, program] of SERVERS)
    it(name, { skip: isThere(program) ? false : `${program} is not installed`, timeout: 60_000 }, async () => {
      const { site, end } = await proxy(await stack.front(name, { STACK_TLS: '1' }));
      try {
        const [alice, bob] = [await site.register('alice'), await site.register('bob')];
        const login = JSON.stringify({ username: bob.user.username, password: bob.password });
        const { status, headers } = await byHttp2(site, 'POST', 'session',
          { 'content-type': 'application/json' }, login);
        assert.equal(status, 200);
        const [set] = headers['set-cookie'];
        assert.match(set, /^__Host-confab=.*; Secure/);
        const [cookie] = set.split(';'), { origin } = site.url;
        assert.equal((await byHttp2(site, 'GET', '')).status, 200);
        assert.notEqual((await site.request('GET', 'metrics')).status, 200, 'strangers get no metrics');
        const command = (from) => site.request('POST', 'command', { headers: { cookie, origin: from },
          body: { event_type: 'room.list', data: {} } });
        assert.equal((await command(origin)).status, 200);
        assert.equal((await command('https://elsewhere.example')).status, 403);
        const room = await site.room(alice, [bob]);
        for (const kind of KINDS) {
          const stream = await site.stream(kind, null,
            { headers: { cookie, origin, 'x-forwarded-for': FORGED, 'x-forwarded-proto': 'http' } });
          for (const content of ['first', 'second', 'third']) {
            await site.done(alice, 'message.send', { room_id: room.id, content: `${kind} ${content}` });
            await stream.message(`${kind} ${content}`);
          }
          const addresses = 'select distinct address from confab.session where account_id';
          assert.equal(await stack.query(`${addresses} = ${bob.user.id}`), CLIENT);
          stream.close();
        }
      } finally {
        end();
      }
    });
});
