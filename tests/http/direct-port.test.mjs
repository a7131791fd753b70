// The port where the bridge listens by itself, with TLS and without.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { Site, until } from './support/client.mjs';
import { Stack, freePort } from './support/stack.mjs';
import { openFolder } from './support/token.mjs';

const folder = openFolder('direct-port');
const certificate = path.join(folder, 'site.crt'), key = path.join(folder, 'site.key');

/** A certificate for this host, at the place that the options name. */
function makeCertificate() {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-days', '9', '-subj', '/CN=localhost', '-keyout', `${key}.new`, '-out', `${certificate}.new`],
  { stdio: 'ignore' });
  for (const file of [key, certificate]) copyFileSync(`${file}.new`, file);
  execFileSync('chmod', ['644', key]);
}

/** A TLS connection; resolves when it is made. */
async function connectTls(port, options = {}) {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** The end of a connection: what it received. */
function ended(socket, deadline = 15_000) {
  let text = '';
  socket.on('data', (part) => { text += part; }).on('error', () => {});
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`still open: ${text}`)), deadline).unref();
    socket.on('close', () => resolve(text));
  });
}

describe('with TLS', () => {
  let stack, port, direct, alice, bob, room;
  const cookie = () => `__Host-confab=${alice.token}`;

  before(async () => {
    makeCertificate();
    port = await freePort();
    stack = await Stack.start('direct-tls', { env: { CONFAB_LISTEN: `127.0.0.1:${port}`,
      CONFAB_TLS_CERTIFICATE: certificate, CONFAB_TLS_KEY: key, CONFAB_REQUEST_TIMEOUT: '2',
      CONFAB_ALLOWED_ORIGINS: 'https://shop.example' } });
    direct = new Site(`https://127.0.0.1:${port}/chat/`);
    [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => stack.site.register(name)));
    room = await stack.site.room(alice, [bob]);
  }, { timeout: 60_000 });
  after(() => stack?.stop());

  it('gives what the site gives, both ways', async () => {
    const stream = await direct.stream('ws', bob), socket = await direct.stream('ws', alice);
    const answer = await socket.command('message.send', { room_id: room.id, content: 'straight' });
    assert.equal((await stream.message('straight')).seq, answer.seq);
    const [address] = await Promise.all([stack.query(
      `select distinct address from confab.session where account_id = ${bob.user.id}`)]);
    assert.equal(address, '127.0.0.1');
    stream.close();
    socket.close();
  });

  it('keeps the order of much, and of what is large', async () => {
    const stream = await direct.stream('ws', bob), contents = [];
    for (let i = 0; i < 60; i++) contents.push(`${i} `.padEnd(i % 10 ? 20 : 90_000, 'x').trim());
    stream.socket.pause();
    for (const content of contents) await stack.site.done(alice, 'message.send', { room_id: room.id, content });
    stream.socket.resume();
    for (const content of contents) await stream.message(content);
    const seen = stream.frames.filter(({ eventType }) => eventType === 'message.dispatch')
      .map(({ data }) => data.content);
    assert.deepEqual(seen.slice(-60), contents);
    const longest = '漢'.repeat(90_000);
    const answer = await stream.command('message.send', { room_id: room.id, content: longest });
    assert.equal(answer.status, 'success');
    stream.close();
  });

  it('takes a cookie from the page of the same host, and from those that are allowed', async () => {
    const open = (origin) => direct.stream('ws', null, { headers: { cookie: cookie(), origin }, wait: false });
    for (const origin of ['https://127.0.0.1', 'https://shop.example']) {
      const stream = await open(origin);
      await stream.until(() => stream.frames[0]?.eventType === 'session.ready', origin);
      stream.close();
    }
    for (const origin of ['https://elsewhere.example', 'https://127.0.0.1:3000', 'http://127.0.0.1', 'null'])
      assert.deepEqual(await (await open(origin)).over(), { code: 4001 }, origin);
  });

  it('does not believe what a client says of itself', async () => {
    const stream = await direct.stream('ws', bob,
      { headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http' } });
    assert.equal(await stack.query(
      `select count(*) from confab.session where address like '203.%'`), '0');
    stream.close();
  });

  it('has WebSockets and nothing else', async () => {
    const ask = async (head) => {
      const socket = await connectTls(port);
      socket.write(`${head}\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
      return (await ended(socket)).split('\r\n')[0];
    };
    assert.match(await ask('GET / HTTP/1.1'), / 404 /);
    assert.match(await ask('GET /chat/ HTTP/1.1'), / 404 /);
    assert.match(await ask('POST /chat/command HTTP/1.1'), / 404 /);
    assert.match(await ask('GET /chat/ws HTTP/1.1'), / 426 /);
    assert.match(await ask('nonsense'), / 400 /);
    const other = await direct.stream('ws', bob, { path: 'events', wait: false });
    assert.match((await other.over()).error, /404/);
    // The paths of tutorials are there, too.
    const talk = await direct.stream('ws', bob, { path: 'ws/messages/', protocols: [], wait: false });
    await talk.until(() => talk.socket.readyState === 1, 'an open socket');
    talk.close();
  });

  it('answers neither plain HTTP nor old TLS nor HTTP/2', async () => {
    const plain = net.connect(port, '127.0.0.1');
    plain.write('GET /chat/ws HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.doesNotMatch(await ended(plain), /HTTP\//);
    for (const options of [{ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
      { ALPNProtocols: ['h2'] }])
      await assert.rejects(connectTls(port, options));
    const socket = await connectTls(port, { ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(socket.alpnProtocol, 'http/1.1');
    socket.destroy();
  });

  it('drops handshakes that do not come to their end, and serves the others meanwhile', async () => {
    const quiet = net.connect(port, '127.0.0.1'), half = await connectTls(port);
    half.write('GET /chat/ws HTTP/1.1\r\nHost: x\r\n');
    const stream = await direct.stream('ws', bob);
    await Promise.all([ended(quiet), ended(half)]);
    stream.close();
  });

  it('has so many handshakes of one address at a time; other addresses come in', async () => {
    const kept = await direct.stream('ws', bob);
    const flood = Array.from({ length: 300 },
      () => net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.3' }));
    for (const socket of flood) socket.on('error', () => {});
    await until(() => flood.filter((socket) => socket.destroyed || socket.readableEnded || socket.closed).length >= 172
      || flood.filter((socket) => socket.resume().readableEnded).length >= 172, 'the rest is refused');
    const other = await direct.stream('ws', bob);
    await stack.site.done(alice, 'message.send', { room_id: room.id, content: 'all the same' });
    await Promise.all([kept.message('all the same'), other.message('all the same')]);
    for (const socket of flood) socket.destroy();
    kept.close();
    other.close();
  });

  it('reads a new certificate after SIGHUP, and keeps the old one when that can not be used', async () => {
    const print = async () => {
      const socket = await connectTls(port), { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const stream = await direct.stream('ws', bob), first = await print();
    makeCertificate();
    process.kill(stack.pid('bridge'), 'SIGHUP');
    await until(async () => await print() !== first, 'the new certificate');
    const second = await print();
    writeFileSync(certificate, 'nothing of the kind');
    process.kill(stack.pid('bridge'), 'SIGHUP');
    await until(() => /reload why="[^"]*site\.crt: no certificate in PEM/.test(
      readFileSync(path.join(stack.dir, 'log/bridge.out'), 'utf8')), 'it is said');
    assert.equal(await print(), second);
    await stack.site.done(alice, 'message.send', { room_id: room.id, content: 'still here' });
    await stream.message('still here');
    stream.close();
    makeCertificate();
  });

  it('is handed over from one program to the next', async () => {
    const stream = await direct.stream('ws', bob);
    let isOver = false, opened = 0;
    const opening = (async () => {
      while (!isOver) {
        (await direct.stream('ws', bob)).close();
        opened++;
      }
    })();
    await stack.restart('bridge');
    isOver = true;
    await opening;
    assert.ok(opened > 0);
    assert.deepEqual(await stream.over(), { code: 1012 });
  });
});

describe('without TLS, and what can not be', () => {
  let stack;
  after(() => stack?.stop());

  it('serves plain WebSockets, to a proxy of its own', async () => {
    const port = await freePort();
    stack = await Stack.start('direct-plain',
      { env: { CONFAB_LISTEN: `127.0.0.1:${port}`, CONFAB_TRUSTED_PROXIES: '127.0.0.1' } });
    const direct = new Site(`http://127.0.0.1:${port}/chat/`), bob = await stack.site.register('bob');
    const stream = await direct.stream('ws', bob,
      { headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' } });
    assert.equal(await stack.query(
      `select distinct address from confab.session where account_id = ${bob.user.id}`), '203.0.113.9');
    stream.close();
  });

  it('says in one line what is wrong with its options', async () => {
    const file = path.join(folder, 'confab.conf'), own = readFileSync(path.join(stack.dir, 'confab.conf'), 'utf8');
    const refused = (lines) => {
      writeFileSync(file, `${own}\nrun_dir = ${folder}\n${lines}\n`);
      try {
        execFileSync(path.resolve('build', process.env.BUILD ?? 'release', 'confab-bridge'), ['-c', file],
          { stdio: 'pipe', timeout: 10_000, env: { ...process.env, CONFAB_LISTEN: undefined } });
      } catch (error) {
        assert.notEqual(error.status, null, `it ran: ${error.stderr}`);
        return `${error.stderr}`.trim();
      }
      return assert.fail('it ended well');
    };
    makeCertificate();
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const at = `listen = 127.0.0.1:${await freePort()}`;
    for (const [lines, sentence] of [
      ['listen = 8443', /listen takes ADDRESS:PORT .*not "8443"/],
      ['listen = localhost:8443', /listen takes ADDRESS:PORT/],
      ['listen = 127.0.0.1:99999', /listen takes ADDRESS:PORT/],
      [`${at}\ntls_certificate = ${certificate}`, /tls_certificate is set without tls_key/],
      [`${at}\ntls_key = ${key}`, /tls_key is set without tls_certificate/],
      [`${at}\ntls_certificate = ${folder}/none\ntls_key = ${key}`, /\/none: No such file/],
      [`${at}\ntls_certificate = ${key}\ntls_key = ${key}`, /site\.key: no certificate in PEM/],
      [`${at}\ntls_certificate = ${certificate}\ntls_key = ${certificate}`, /no key of that certificate/],
      [`${at}\ntls_certificate = ${folder}\ntls_key = ${key}`, /directory/],
      [`listen = 192.0.2.1:8443`, /not an address of this machine/],
      [`listen = 127.0.0.1:${taken.address().port}`, /can't listen at .*: another program does/],
    ]) {
      const said = refused(lines);
      assert.match(said, sentence);
      assert.equal(said.split('\n').length, 1, said);
    }
    taken.close();
    rmSync(folder, { recursive: true });
  });
});
