// The web servers that conf/ has samples for, each in front of the same stack: plain at three places, and behind
// HAProxy, which ends TLS. Those that are not installed are skipped. With SERVERS_PAGE, the file of a page, HAProxy is
// at all three, more is measured, and the table in that page is made anew (make test-servers).
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { after, before, describe, it } from 'node:test';
import { buffering } from './support/buffering.mjs';
import { KINDS, until } from './support/client.mjs';
import * as http2 from './support/http2.mjs';
import { enter } from './support/library.mjs';
import { Stack } from './support/stack.mjs';
import { CHECKS, Row, SERVERS, USER, Vanished, addresses, interrupted, isThere } from './support/webserver.mjs';

const page = process.env.SERVERS_PAGE;
/** Where the page and the programs are: at the usual place, further down, and as a whole host. */
const MOUNTS = ['/chat/', '/community/chat/', '/'];
/** Whether everything is tried at a place: HAProxy, and what takes time. */
const isWhole = (mount) => page || mount === '/community/chat/';
const EVENTS = 20; // that are measured by each transport
const NOTICED = 30; // s until a gone client is noticed
const STREAMS_END = 12_000; // ms to watch a stream after its web server has read its configuration again
const PROGRAMS = ['command', 'session', 'media', 'events', 'bridge'];
const missing = (...programs) => {
  const not = programs.find((program) => !isThere(program));
  return not ? `${not} is not installed` : false;
};

/** What each row was seen to do. */
const rows = [];
let behind = '';

for (const mount of MOUNTS)
  describe(`at ${mount}`, () => {
    const own = [];
    let stack, vanished;

    before(async () => {
      stack = await Stack.start(`servers${MOUNTS.indexOf(mount)}`, { env: { STACK_MOUNT: mount,
        STACK_USER: `${USER.name}:${USER.password}`, CONFAB_TRUST_REMOTE_USER: '1',
        CONFAB_TRUSTED_PROXIES: '127.0.0.1', ...!page && { CONFAB_HEARTBEAT: '5' } } });
      vanished = new Vanished(stack);
    }, { timeout: 60_000 });
    after(() => stack?.stop(), { timeout: 60_000 });

    for (const [server, program] of SERVERS)
      for (const isProxied of [false, true]) {
        if (isProxied && !isWhole(mount)) continue;
        const skip = missing(program, ...isProxied ? ['haproxy'] : []);
        describe(`${server}${isProxied ? ' behind HAProxy' : ''}`, { skip }, () => {
          const row = new Row();

          before(async () => {
            await row.start(stack, server, isProxied);
            if (isWhole(mount)) row.isGone = vanished.add(row);
            own.push(row);
            rows.push(row);
          }, { timeout: 60_000 });

          for (const [name, check] of CHECKS)
            it(`does ${name}`, { timeout: 120_000 }, () =>
              row.fill(name, () => check(row, { events: page && EVENTS })));
          it('lets no reader forge an address', () => addresses(row));
          if (isProxied) it('has no metrics for strangers, and the page', async () => {
            for (const site of row.sites) {
              assert.equal((await site.request('GET', '')).status, 200);
              assert.equal((await site.request('GET', 'metrics')).status, 403);
            }
          });
          else others(row);
        });
      }

    if (isWhole(mount)) describe('all of them', () => {
      // Before what ends streams in any case.
      it('notice soon that a reader has gone', { timeout: 120_000 }, () =>
        Promise.all(own.map((row) => row.fill('gone', async () => {
          const seconds = await row.isGone;
          if (page) assert.ok(seconds <= NOTICED, `${seconds} s`);
          return `${seconds.toFixed(1)} s`;
        }))));

      it('wait for programs that are restarted', { timeout: 120_000 }, async () => {
        let restarted;
        const restart = () => (restarted ??= Promise.all(PROGRAMS.map((name) => stack.restart(name))));
        await Promise.all(own.map((row) => row.fill('drain', async () =>
          `0 of ${(await interrupted(row, restart)).said} lost`)));
      });

      it('read their configuration again and break nothing', { timeout: 120_000 }, () =>
        Promise.all(own.map((row) => row.fill('reload', async () => {
          const { ended, after: seconds } =
            await interrupted(row, () => stack.restart(row.front), page ? STREAMS_END : 2_000);
          return ended ? `${ended} of 2 streams end in ${seconds.toFixed()} s` : 'streams stay';
        }))));
    });
  });

/** What else a web server has to do, which is not in the table. */
function others(row) {
  it('serves the page, its modules and a policy', async () => {
    const { site, mount } = row;
    const { status, headers } = await site.request('GET', '');
    assert.equal(status, 200);
    assert.match(headers['content-type'], /^text\/html/);
    assert.match(headers['content-security-policy'], /require-trusted-types-for 'script'/);
    const module = await site.request('GET', 'confab.js');
    assert.match(module.headers['content-type'], /javascript/);
    // A program's answer has no headers of the page.
    const answer = await site.request('GET', 'session');
    assert.deepEqual([answer.headers['cache-control'], answer.headers['content-security-policy']],
      ['no-store', undefined]);
    if (mount === '/') return;
    const bare = await site.request('GET', mount.slice(0, -1));
    assert.equal(bare.status, 301);
    assert.equal(new URL(bare.headers.location, site.url).pathname, mount);
  });

  it('answers for the streams and the programs', async () => {
    const { site, strange } = row;
    assert.equal((await site.request('GET', 'healthz')).text, 'ok\n');
    assert.equal((await site.request('GET', 'readyz')).text, 'ok\n');
    const metrics = async () => (await site.request('GET', 'metrics')).text;
    await until(async () => /^confab_ready\{program="bridge"\} 1$/m.test(await metrics()), 'the bridge is ready');
    assert.equal((await strange.request('GET', 'metrics')).status, 403, 'strangers get no metrics');
    assert.equal((await strange.request('GET', 'readyz')).status, 200);
  });

  it('has the paths of one-to-one messages', async () => {
    const { site, alice, bob } = row;
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
    const list = await site.request('GET', 'api/v1/user/?limit=1&offset=1', { token: bob.token });
    assert.equal(list.body.previous, `${pathname}api/v1/user/?limit=1&offset=0`);
    assert.equal((await site.request('GET', `messages/?recipient_id=${alice.user.id}`, { token: bob.token }))
      .body.length, 1);
    const { status: refused, headers } = await site.request('GET', 'api/v1/message/');
    assert.deepEqual([refused, headers['content-type']], [403, 'application/json']);
  });

  for (const path of ['ws/', 'ws/messages', 'ws/messages/'])
    it(`has a WebSocket at ${path}`, async () => {
      const socket = await row.site.stream('ws', row.bob, { path, protocols: [], wait: false });
      await socket.until(() => socket.socket.readyState === 1, 'an open socket');
      const text = `said at ${path}`;
      socket.send({ message: text });
      await socket.next(({ message }) => message === text);
      socket.close();
    });

  it('has the path of old front ends', async () => {
    const socket = await row.site.stream('ws', row.bob, { path: '/messaging/', protocols: [], wait: false });
    await socket.event('chat.notifications');
    socket.close();
  });
}

describe('behind a proxy that buffers and cuts off after a minute', () => {
  it('the client notices, and goes over to long-poll', { timeout: 180_000 }, async () => {
    behind = await buffered;
  });
});

/** A client behind such a proxy, which takes its time, beside the other tests; what was seen. */
async function throughBuffers() {
  const stack = await Stack.start('servers-buffering');
  try {
    const { site } = stack, proxy = await buffering(site);
    const [ann, ben] = [await site.register('ann'), await site.register('ben')];
    const room = await site.room(ann, [ben]);
    const begun = performance.now();
    const { client } = await enter(ben, { url: proxy.url.href });
    await until(() => client.transport === 'poll' && client.state === 'open', 'a long-poll', 90_000);
    const seconds = (performance.now() - begun) / 1000;
    let most = 0;
    for (let i = 0; i < EVENTS; i++) {
      const sent = performance.now();
      const { seq } = await site.done(ann, 'message.send', { room_id: room.id, content: 'through it' });
      await until(() => client.seq >= seq, 'the message', 30_000);
      most = Math.max(most, performance.now() - sent);
    }
    client.stop();
    proxy.close();
    return `after ${seconds.toFixed()} s the client was connected by long-poll; of ${EVENTS} events the slowest took ${
      most.toFixed()} ms from then on.`;
  } finally {
    await stack.stop();
  }
}

let buffered;
before(() => {
  buffered = throughBuffers();
  buffered.catch(() => {}); // the test awaits it
});

after(() => {
  http2.close();
  if (!page) return;
  const names = [...CHECKS.map(([name]) => name), 'drain', 'reload', 'gone'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const table = [line(['', '', 'at', ...names]), line(Array(names.length + 3).fill('---')),
    ...rows.map((row) => line([row.server, row.isProxied ? 'HAProxy' : 'plain', `\`${row.mount}\``,
      ...names.map((name) => row.cells[name] ?? '')])),
    ...SERVERS.filter(([, program]) => !isThere(program)).map(([server]) => `\n${server} is not installed here.`)];
  const made = `${new Date().toISOString().slice(0, 10)}, ${os.cpus().length} cores, ${KINDS.length * EVENTS
  } events in each row.\n\n${table.join('\n')}\n
Behind a second proxy that buffers and cuts off after 60 s: ${behind}`;
  console.error(made);
  writeFileSync(page, readFileSync(page, 'utf8')
    .replace(/(<!-- made by[^\n]*\n)[^]*?(<!-- end -->)/, (all, head, end) => `${head}${made}\n${end}`));
});
