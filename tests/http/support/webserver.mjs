// What a web server has to do for confab, one check after the other, for tests/http/webserver.test.mjs: each takes a
// Row and says in a few words what it has seen.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KINDS, until } from './client.mjs';
import * as http2 from './http2.mjs';

export const USER = { name: 'zoe', password: 'a word' };
const FORGED = '203.0.113.9', CLIENT = '198.51.100.7', STRANGER = '127.0.0.2';
export const SERVERS = [['lighttpd', 'lighttpd'], ['nginx', 'nginx'], ['apache', 'apache2'],
  ['apache-fcgid', 'apache2'], ['caddy', 'caddy']];
const PROMPT = 100; // ms within which an event is there
const ROUNDS = 8; // of which the best counts: a web server that holds events back does so in each
const ELSEWHERE = 'https://elsewhere.example';
const SANDBOX = "sandbox; default-src 'none'";

export const isThere = (program) =>
  ['/usr/sbin', '/usr/bin', '/usr/local/sbin'].some((folder) => existsSync(path.join(folder, program)));

/** A web server at a mount point, plain or behind HAProxy, which then speaks TLS and HTTP/2. */
export class Row {
  /** By the name of the check, what was seen. */
  cells = {};

  async start(stack, server, isProxied) {
    Object.assign(this, { stack, server, isProxied, mount: stack.env.STACK_MOUNT });
    this.front = isProxied ? `haproxy-${server}` : server;
    if (this.isProxied) await this.stack.front(`${this.server}-tls`);
    this.site = await this.stack.front(this.front);
    /** By HTTP/1.1, and by HTTP/2 where there is TLS. */
    this.sites = [this.site];
    const { port } = this.site.url;
    if (this.isProxied) this.sites.push(this.stack.at(port, { module: http2 }, 'https'));
    /** From another address than the web server's own, which is that of a proxy. */
    this.strange = this.stack.at(port, { from: STRANGER }, isProxied ? 'https' : 'http');
    [this.alice, this.bob] = [await this.site.register('alice'), await this.site.register('bob')];
    this.room = await this.site.room(this.alice, [this.bob]);
    const { headers } = await this.site.request('POST', 'session',
      { body: { username: this.bob.user.username, password: this.bob.password } });
    [this.cookie] = headers['set-cookie'][0].split(';');
    return this;
  }

  async fill(name, check) {
    this.cells[name] = '**fails**';
    this.cells[name] = await check();
  }

  /** The head of a request with the cookie, as of the page or of another. */
  from(origin = this.site.url.origin) {
    return { cookie: this.cookie, origin };
  }

  /** A message of alice's. */
  say(content, site = this.site) {
    return site.done(this.alice, 'message.send', { room_id: this.room.id, content });
  }
}

async function login({ sites, bob, isProxied }) {
  for (const site of sites) {
    const { status, headers } = await site.request('POST', 'session',
      { body: { username: bob.user.username, password: bob.password } });
    assert.equal(status, 200);
    const [set] = headers['set-cookie'];
    assert.match(set, isProxied ? /^__Host-confab=.*; Secure/ : /^confab=(?!.*; Secure)/);
    const cookie = set.split(';')[0], { origin } = site.url;
    assert.equal((await site.request('GET', 'session', { headers: { cookie } })).body.user.id, bob.user.id);
    assert.equal((await site.request('DELETE', 'session', { headers: { cookie, origin } })).status, 204);
    assert.equal((await site.request('GET', 'session', { headers: { cookie } })).status, 401);
  }
  return isProxied ? '`__Host-`' : 'yes';
}

async function command(row) {
  for (const site of row.sites)
    for (const [origin, expected] of [[site.url.origin, 200], [ELSEWHERE, 403]])
      assert.equal((await site.request('POST', 'command',
        { body: { event_type: 'room.list', data: {} }, headers: row.from(origin) })).status, expected);
  return 'yes';
}

/** Messages one after the other, as a buffer would keep each until there is more; the longest way of one, in ms. */
async function longest(row, site, kind, events) {
  const stream = await site.stream(kind, null, { headers: row.from() });
  let most = 0;
  for (let i = 0; i < events; i++) {
    const content = `${kind} ${i} ${Math.random()}`;
    const begun = performance.now();
    const arrived = stream.message(content).then(() => performance.now() - begun);
    await row.say(content, site);
    most = Math.max(most, await arrived);
  }
  stream.close();
  return most;
}

/** events: how many, of which each has to be prompt; without, three are only waited for. */
const transport = (kind) => async (row, { events }) => {
  let worst = 0;
  // WebSockets over HTTP/2 are checked by themselves.
  for (const site of kind === 'ws' ? [row.site] : row.sites) {
    let best = Infinity;
    for (let round = 0; round < (events ? ROUNDS : 1) && best > PROMPT; round++)
      best = Math.min(best, await longest(row, site, kind, events ?? 3));
    if (events) assert.ok(best <= PROMPT, `an event by ${kind} took ${best.toFixed()} ms`);
    worst = Math.max(worst, best);
  }
  if (kind === 'ws') {
    await foreignSocket(row);
    if (row.isProxied) await extendedConnect(row);
  }
  return `${worst.toFixed()} ms`;
};

/** No reader forges an address, or the scheme. */
export async function addresses(row) {
  const { user, token } = await row.strange.register('eve');
  for (const kind of KINDS) {
    const stream = await row.strange.stream(kind, { token },
      { headers: { 'x-forwarded-for': FORGED, 'x-forwarded-proto': row.isProxied ? 'http' : 'https' } });
    assert.equal(await row.stack.query(`select address from confab.session where account_id = ${user.id}
      and id = '${stream.frames[0].data.session_id}'`), row.isProxied ? CLIENT : STRANGER, kind);
    stream.close();
  }
}

async function foreignSocket(row) {
  const socket = await row.site.stream('ws', null, { headers: row.from() });
  const answer = await socket.command('message.send', { room_id: row.room.id, content: 'up' });
  assert.equal((await socket.message('up')).seq, answer.seq);
  socket.close();
  const foreign = await row.site.stream('ws', null, { headers: row.from(ELSEWHERE), wait: false });
  assert.deepEqual(await foreign.over(), { code: 4001 });
}

/** A WebSocket in a stream of HTTP/2 (RFC 8441), as browsers open it: the first frame comes. */
async function extendedConnect(row) {
  const session = http2.sessionOf(row.site.url.origin), { url } = row.site;
  await until(() => session.remoteSettings?.enableConnectProtocol, 'extended CONNECT is offered');
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https',
    ':authority': url.host, ':path': `${url.pathname}ws`, 'sec-websocket-version': '13',
    'sec-websocket-protocol': 'confab.v1', ...row.from() });
  let status, text = '';
  stream.on('response', (got) => { status = got[':status']; }).on('data', (part) => { text += part; });
  await until(() => text.includes('session.ready'), `the first frame by HTTP/2, here ${status} ${text}`);
  assert.equal(status, 200);
  stream.close();
}

async function resume(row) {
  for (const site of row.sites)
    for (const kind of site === row.site ? KINDS : ['sse', 'poll']) {
      const stream = await site.stream(kind, row.bob);
      const first = `before ${Math.random()}`, second = `after ${Math.random()}`;
      await row.say(first);
      const { seq } = await stream.message(first);
      stream.close();
      await row.say(second);
      const again = await site.stream(kind, row.bob, { since: `${stream.frames[0].data.epoch}:${seq}` });
      await again.message(second);
      assert.ok(!again.stored.some(({ data }) => data.content === first), 'nothing comes twice');
      again.close();
    }
  return 'yes';
}

const FILE = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `line ${i} of a file\n`).join('')); // 1.2 MB

async function upload(row) {
  for (const site of row.sites) {
    const { status, body, text } = await site.request('POST', 'media?name=a.txt',
      { headers: { ...row.from(site.url.origin), 'content-type': 'text/plain' }, raw: FILE });
    assert.equal(status, 201, text);
    assert.equal(body.file_size, FILE.length);
    row.asset = body;
  }
  return 'yes';
}

/** The answer has the headers of confab and no others of their names: a page's policy would forbid a picture. */
function isConfabs(headers) {
  assert.equal(headers['content-security-policy'], SANDBOX);
  assert.equal(headers['cache-control'], 'private, max-age=86400, immutable');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.match(headers['content-disposition'], /^attachment; filename="a.txt"/);
  assert.match(headers['content-type'], /^text\/plain/);
  for (const name of ['x-sendfile', 'x-accel-redirect', 'status']) assert.equal(headers[name], undefined, name);
}

async function range(row) {
  for (const site of row.sites) {
    const { status, headers, text } = await site.request('GET', row.asset.media_url,
      { headers: { ...row.from(), range: 'bytes=5-14' } });
    assert.deepEqual([status, text], [206, FILE.toString('utf8', 5, 15)]);
    assert.equal(headers['content-range'], `bytes 5-14/${FILE.length}`);
    isConfabs(headers);
    const beyond = await site.request('GET', row.asset.media_url,
      { headers: { ...row.from(), range: `bytes=${FILE.length}-` } });
    assert.equal(beyond.status, 416);
  }
  return 'yes';
}

/** confab-media says where the file is, and no more: if it comes, and not that header, the web server has sent it. */
async function sendfile(row) {
  for (const site of row.sites) {
    const { status, headers, text } = await site.request('GET', row.asset.media_url, { headers: row.from() });
    assert.equal(status, 200);
    assert.ok(text === FILE.toString(), 'the whole file');
    isConfabs(headers);
    assert.equal((await site.request('GET', row.asset.media_url)).status, 401);
  }
  const pid = row.stack.pid(`media-${row.isProxied ? `${row.server}-tls` : row.server}`);
  const [, way] = /\0CONFAB_SENDFILE=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'));
  return way === 'none' ? 'no' : `\`${way}\``;
}

async function tooLarge({ sites, alice }) {
  for (const site of sites) {
    const { status, body } = await site.request('POST', 'command',
      { token: alice.token, raw: `{"event_type":"${'x'.repeat(1_100_000)}"}` });
    assert.deepEqual([status, body.error.code], [413, 4013]);
  }
  return 'yes';
}

const basic = (password) => `Basic ${Buffer.from(`${USER.name}:${password}`).toString('base64')}`;

async function remoteUser(row) {
  const authorization = basic(USER.password);
  for (const site of row.sites) {
    const { status, body } = await site.request('GET', 'session', { headers: { authorization } });
    assert.deepEqual([status, body.user.username], [200, USER.name]);
    assert.equal((await site.request('GET', 'session', { headers: { authorization: basic('wrong') } })).status, 401);
    for (const headers of [{ 'remote-user': USER.name }, { remote_user: USER.name }, { 'x-remote-user': USER.name }])
      assert.equal((await site.request('GET', 'session', { headers })).status, 401, 'a header names nobody');
    for (const [origin, expected] of [[site.url.origin, 200], [ELSEWHERE, 403]])
      assert.equal((await site.request('POST', 'command', { headers: { authorization, origin },
        body: { event_type: 'room.list', data: {} } })).status, expected);
    const stream = await site.stream('sse', null, { headers: { authorization } });
    assert.equal(stream.frames[0].data.user.username, USER.name);
    stream.close();
  }
  return 'yes';
}

/** What each web server has to do, in the order of the table. */
export const CHECKS = [
  ['log-in', login], ['command', command], ['WebSocket', transport('ws')], ['SSE', transport('sse')],
  ['long-poll', transport('poll')], ['resume', resume], ['upload', upload], ['range', range], ['sendfile', sendfile],
  ['413', tooLarge], ['REMOTE_USER', remoteUser],
];

/**
 * Something happens to the programs or the web server while people write: no command fails, and readers who come back
 * with their cursor miss nothing. more: ms to wait at most after it has happened, while a stream is open. Returns how
 * many of the two streams ended, and after how many seconds at most.
 */
export async function interrupted(row, happen, more = 0) {
  const streams = await Promise.all(['ws', 'sse'].map((kind) => row.site.stream(kind, row.bob)));
  const began = performance.now(), said = [];
  let isOver = false, after = 0;
  const talk = (async () => {
    while (!isOver) {
      const content = `${row.front} ${said.length} ${Math.random()}`;
      // A connection of its own: one that is kept may end at that moment, whatever the server does.
      const { status, text } = await row.site.request('POST', 'command', { token: row.alice.token, agent: false,
        body: { event_type: 'message.send', data: { room_id: row.room.id, content } } });
      assert.equal(status, 200, text);
      said.push(content);
      if (!streams.every(({ ended }) => ended)) after = (performance.now() - began) / 1000;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  try {
    await Promise.race([happen(), talk]);
    const deadline = performance.now() + more;
    while (performance.now() < deadline && !streams.every(({ ended }) => ended))
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), talk]);
  } finally {
    isOver = true;
  }
  await talk;
  for (const [i, kind] of ['ws', 'sse'].entries()) {
    const stream = streams[i];
    const last = said.at(-1);
    const seen = () => said.filter((content) => stream.texts.some((text) => text.includes(content)));
    if (!stream.ended) await stream.until(() => stream.ended || seen().length === said.length, 'all messages');
    const had = seen();
    assert.deepEqual(had, said.slice(0, had.length), 'none is left out');
    if (had.length < said.length) {
      const { epoch, seq } = stream.frames[0].data;
      const since = Math.max(seq, ...stream.stored.map((frame) => frame.seq));
      const again = await row.site.stream(kind, row.bob, { since: `${epoch}:${since}` });
      await again.message(last);
      for (const content of said.slice(had.length))
        assert.ok(again.texts.some((text) => text.includes(content)), `${content} is not lost`);
      again.close();
    }
    stream.close();
  }
  return { ended: streams.filter(({ ended }) => ended).length, after, said: said.length };
}

/** Readers who have gone, until the programs have noticed it. */
export class Vanished {
  #left = new Map();

  constructor(stack) {
    this.stack = stack;
  }

  /** A reader goes; the seconds until it is noticed, the longest for HTTP/1.1 and 2. */
  async add(row) {
    const times = await Promise.all(row.sites.map(async (site) => {
      // One to whom nothing is sent: what is would tell at once.
      const stream = await site.stream('sse', await site.register('quiet')), { session_id: id } = stream.frames[0].data;
      stream.close();
      return new Promise((resolve) => {
        this.#left.set(id, { resolve, begun: performance.now() });
        if (this.#left.size === 1) this.#look();
      });
    }));
    return Math.max(...times);
  }

  async #look() {
    while (this.#left.size) {
      const asked = [...this.#left];
      const there = (await this.stack.query('select id from confab.session')).split('\n');
      for (const [id, { resolve, begun }] of asked)
        if (!there.includes(id)) {
          this.#left.delete(id);
          resolve((performance.now() - begun) / 1000);
        }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
