// Downloads, by the program and by each web server; and the collection of unused uploads.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Site, unique, until } from './support/client.mjs';
import { KINDS, png } from './support/files.mjs';
import { variables } from './support/fastcgi.mjs';
import { get, kept, program, request, send, site, stack, upload, useStack, web } from './support/media.mjs';
import { freePort, isAlive } from './support/stack.mjs';
import { HostKeys, openFolder } from './support/token.mjs';

const folder = openFolder('media');
const keys = new HostKeys(folder);
process.env.CONFAB_JWT_KEYS = keys.list;
useStack('media-download');
after(() => rmSync(folder, { recursive: true }));

describe('downloading', () => {
  test('an upload that was not sent is seen by its uploader alone', async () => {
    const [ann, bob] = [await site.register('ann'), await site.register('bob')];
    await site.room(ann, [bob]);
    const asset = await upload(ann, 'x.png', png(10, 10));
    assert.equal((await get(ann, asset.media_url)).status, 200);
    for (const url of [asset.media_url, asset.metadata.preview]) {
      assert.equal((await get(bob, url)).status, 404);
      assert.equal((await get(null, url)).status, 401);
    }
    const room = await site.room(bob, [ann]);
    const { status, body } = await site.command(bob, 'message.send',
      { room_id: room.id, extra_fields: { media: [asset] } });
    assert.equal(status, 422);
    assert.deepEqual(body.error.detail, [{ media_url: ['Unknown upload.'] }]);
  });

  test('what was sent is seen by the members, and by nobody else, until they are removed', async () => {
    const [ann, bob, cid] = await Promise.all(['ann', 'bob', 'cid'].map((name) => site.register(name)));
    const room = await site.room(ann, [bob]);
    const asset = await upload(ann, 'x.png', png(10, 10));
    const { data } = await send(ann, room, asset);
    assert.deepEqual({ ...data.attachments[0], id: 0 }, { id: 0, ...asset });
    for (const url of [asset.media_url, asset.metadata.preview]) {
      assert.equal((await get(bob, url)).status, 200);
      assert.equal((await get(cid, url)).status, 404);
    }
    await site.done(ann, 'room.remove_members', { room_id: room.id, members: [bob.user.id] });
    for (const url of [asset.media_url, asset.metadata.preview]) assert.equal((await get(bob, url)).status, 404);
    assert.equal((await get(ann, asset.media_url)).status, 200);
  });

  test('it can be sent on by who sees it, and outlives the first message', async () => {
    const [ann, bob, cid] = await Promise.all(['ann', 'bob', 'cid'].map((name) => site.register(name)));
    const asset = await upload(ann, 'x.txt', Buffer.from(unique()));
    const { data: { id } } = await send(ann, await site.room(ann, [bob]), asset);
    await send(bob, await site.room(bob, [cid]), asset);
    assert.equal((await get(cid, asset.media_url)).status, 200);
    await site.done(ann, 'message.modify', { action: 'delete', message_id: id });
    assert.deepEqual([(await get(ann, asset.media_url)).status, (await get(bob, asset.media_url)).status,
      (await get(cid, asset.media_url)).status], [404, 200, 200]);
  });

  test('a deleted message takes it along', async () => {
    const [ann, bob] = [await site.register('ann'), await site.register('bob')];
    const asset = await upload(ann, 'x.txt', Buffer.from(unique()));
    const { data: { id } } = await send(ann, await site.room(ann, [bob]), asset);
    await site.done(ann, 'message.modify', { action: 'delete', message_id: id });
    assert.deepEqual([(await get(ann, asset.media_url)).status, (await get(bob, asset.media_url)).status], [404, 404]);
  });

  test('a cookie is enough to look at it', async () => {
    const ann = await site.register('ann');
    const login = await site.request('POST', 'session',
      { body: { username: ann.user.username, password: ann.password } });
    const asset = await upload(ann, 'x.txt', Buffer.from('text'));
    assert.equal((await get(null, asset.media_url, { cookie: login.headers['set-cookie'][0].split(';')[0] })).status,
      200);
  });

  test('a token of the host application is enough, the first time too', async () => {
    const ann = { token: keys.make({ sub: unique() }) }, bob = { token: keys.make({ sub: unique() }) };
    const { media_url } = await upload(ann, 'x.txt', Buffer.from('text'), 'text/plain', web);
    assert.equal((await get(ann, media_url)).status, 200);
    assert.equal((await get(bob, media_url)).status, 404);
    assert.equal((await get({ token: `${ann.token}x` }, media_url)).status, 401);
  });

  test('as plain CGI it does one request', async () => {
    const ann = await site.register('ann');
    const cgi = async (method, where, input = '') => {
      const child = spawn(program.path, [],
        { stdio: ['pipe', 'pipe', 'inherit'],
          env: { ...program.environment, CONFAB_CONFIG: path.join(stack.dir, 'confab.conf'),
        GATEWAY_INTERFACE: 'CGI/1.1',
        ...variables(method, where,
          { token: ann.token, length: input.length, headers: { 'content-type': 'text/plain' } }) } });
      const taken = finished(child.stdin.end(input)); // a web server reports an error when its pipe breaks
      const parts = [];
      for await (const part of child.stdout) parts.push(part);
      await taken;
      return Buffer.concat(parts).toString();
    };
    const answer = await cgi('POST', '/chat/media?name=x.txt', 'by itself');
    assert.match(answer, /^Status: 201 Created\r\n/);
    const { media_url } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
    const file = await cgi('GET', media_url);
    assert.match(file, /^Status: 200 OK\r\n[^]*\r\nContent-Length: 9\r\n(?:[^\r\n]+\r\n)*\r\nby itself$/);
    assert.match(await cgi('POST', '/chat/media?name=x.txt', 'x'.repeat(1_200_000)), /^Status: 413 /);
    assert.match(await cgi('POST', `${media_url}/x`, 'x'.repeat(1_200_000)), /^Status: 405 /);
  });

  test('what a browser could run is saved, never shown', async () => {
    const ann = await site.register('ann');
    const polyglot = Buffer.concat([KINDS.find(([name]) => name === 'moving.gif')[1],
      Buffer.from('=1;alert(1)<script>alert(1)</script>')]);
    for (const [name, bytes, disposition] of [['x.html', Buffer.from('plain text'), 'attachment'],
      ['x.pdf', KINDS.find(([n]) => n === 'report.pdf')[1], 'attachment'],
      ['x.gif', polyglot, 'inline'], ['x.js', polyglot, 'inline'], ['x.svg', png(2, 2), 'inline'],
      ['x.mp4', KINDS.find(([n]) => n === 'film.mp4')[1], 'inline']]) {
      const asset = await upload(ann, name, bytes, 'text/html');
      const { headers } = await get(ann, asset.media_url);
      assert.equal(headers['content-disposition'].split(';')[0], disposition, name);
      assert.equal(headers['content-type'].split(';')[0], asset.mime_type);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['content-security-policy'], "sandbox; default-src 'none'");
      assert.equal(headers['cache-control'], 'private, max-age=86400, immutable');
      for (const name of ['x-sendfile', 'x-accel-redirect']) assert.equal(headers[name], undefined);
    }
  });

  for (const by of ['the web server', 'the program']) {
    const at = () => (by === 'the program' ? program : web);

    test(`parts of a file are sent by ${by}`, async () => {
      const ann = await site.register('ann');
      const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => 32 + (i % 90)));
      const { media_url } = await upload(ann, 'x.txt', bytes, 'text/plain', at());
      const etag = (await get(ann, media_url, {}, at())).headers.etag;
      for (const [range, first, end] of [['bytes=0-0', 0, 1], ['bytes=100-199', 100, 200],
        ['bytes=199990-', 199990, 200000], ['bytes=-5', 199995, 200000],
        ['bytes=150000-999999', 150000, 200000], ['bytes=-999999', 0, 200000]]) {
        const part = await get(ann, media_url, { range }, at());
        assert.equal(part.status, 206, range);
        assert.equal(part.headers['content-range'], `bytes ${first}-${end - 1}/200000`);
        assert.ok(part.bytes.equals(bytes.subarray(first, end)));
        assert.equal(part.headers['x-content-type-options'], 'nosniff');
      }
      const beyond = await get(ann, media_url, { range: 'bytes=200000-' }, at());
      assert.equal(beyond.status, 416);
      for (const range of ['lines=1-2',
        ...(by === 'the program' ? ['bytes=x', 'bytes=5-2', 'bytes=-', 'bytes=0-1,5-6'] : [])])
        assert.ok((await get(ann, media_url, { range }, at())).bytes.equals(bytes), range);
      assert.equal((await get(ann, media_url, { range: 'bytes=0-9', 'if-range': etag }, at())).status, 206);
      assert.equal((await get(ann, media_url, { range: 'bytes=0-9', 'if-range': '"other"' }, at())).status, 200);
    });

    test(`what the client has is not sent again by ${by}`, async () => {
      const ann = await site.register('ann');
      const { media_url } = await upload(ann, 'x.txt', Buffer.from(unique()), 'text/plain', at());
      const { headers: { etag } } = await get(ann, media_url, {}, at());
      assert.match(etag, /^"[0-9a-f]{64}"$/);
      for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        const { status, bytes, headers } = await get(ann, media_url, { 'if-none-match': header }, at());
        assert.deepEqual([status, bytes.length, headers.etag], [304, 0, etag], header);
      }
      assert.equal((await get(ann, media_url, { 'if-none-match': '"x"' }, at())).status, 200);
      const bob = await site.register('bob');
      assert.equal((await get(bob, media_url, { 'if-none-match': etag }, at())).status, 404);
      const head = await at().request('HEAD', media_url, { token: ann.token });
      assert.deepEqual([head.status, head.bytes.length], [200, 0]);
    });
  }
});

describe('collecting', () => {
  test('what was not sent for a day is gone, and what was sent is not', async () => {
    const [ann, bob] = [await site.register('ann'), await site.register('bob')];
    const room = await site.room(ann, [bob]);
    const [loose, sent] = [await upload(ann, 'loose.png', png(31, 17)),
      await upload(ann, 'sent.txt', Buffer.from(unique()))];
    await send(ann, room, sent);
    const had = kept().length;
    await stack.query(
      `update confab.media set loose_since = loose_since - interval '25 hours', created_at = created_at - interval
        '25 hours'
      where id in ('${loose.media_url.split('/')[3]}', '${sent.media_url.split('/')[3]}')`);
    await until(() => kept().length === had - 2, 'the file and its preview are gone');
    assert.equal((await get(ann, loose.media_url)).status, 404);
    assert.equal((await get(bob, sent.media_url)).status, 200);
    await until(async () =>
      await stack.query('select count(*) from confab.media_content where doomed_at is not null') === '0',
      'the rows are gone');
  });

  test('the files of deleted messages go at once', async () => {
    const [ann, bob] = [await site.register('ann'), await site.register('bob')];
    const asset = await upload(ann, 'x.txt', Buffer.from(unique()));
    const { data: { id } } = await send(ann, await site.room(ann, [bob]), asset);
    const had = kept().length;
    await site.done(ann, 'message.modify', { action: 'delete', message_id: id });
    await until(() => kept().length === had - 1, 'the file is gone');
  });

  test('no process was lost', async () => {
    assert.ok(isAlive(stack.pid('media')));
    assert.doesNotMatch(readFileSync(path.join(stack.dir, 'log/media.out'), 'utf8'), / worker | error /);
  });
});

// Each web server with its value of sendfile, which the program reads when it starts.
for (const [name, command, sendfile] of [['nginx', 'nginx', 'x-accel-redirect'], ['apache', 'apache2', 'none']]) {
  const isThere = ['/usr/sbin', '/usr/bin', '/usr/local/sbin'].some((folder) => existsSync(path.join(folder, command)));

  describe(`behind ${name}`, { skip: isThere ? false : `${command} is not installed` }, () => {
    let at;

    const restart = async (way) => {
      await stack.kill('media', 'SIGTERM');
      if (way) process.env.CONFAB_SENDFILE = way;
      else delete process.env.CONFAB_SENDFILE;
      await stack.program('media');
      await until(() => existsSync(path.join(stack.dir, 'run/media.sock')), 'the program listens');
    };

    before(async () => {
      await restart(sendfile);
      const port = await freePort();
      await promisify(execFile)(path.resolve(import.meta.dirname, '../../tools/stack'),
        ['front', stack.dir, name, `${port}`]);
      const front = new Site(`http://127.0.0.1:${port}/chat/`);
      at = { request: (method, where, options) => request(method, where, { ...options, at: front }) };
    });

    after(() => restart());

    test('files come and go, in whole and in parts, and no header is lost', async () => {
      const [ann, bob] = [await site.register('ann'), await site.register('bob')];
      const bytes = Buffer.concat([png(64, 64), Buffer.alloc(300_000, 'x')]);
      const { media_url } = await upload(ann, 'x.png', bytes, 'image/png', at);
      assert.equal((await get(bob, media_url, {}, at)).status, 404);
      const whole = await get(ann, media_url, {}, at);
      assert.ok(whole.bytes.equals(bytes));
      for (const [header, value] of Object.entries({
        'content-type': 'image/png', 'x-content-type-options': 'nosniff',
        'content-security-policy': "sandbox; default-src 'none'",
        'cross-origin-resource-policy': 'same-site', 'cache-control': 'private, max-age=86400, immutable',
        'content-disposition': "inline; filename=\"x.png\"; filename*=UTF-8''x.png" }))
        assert.equal(whole.headers[header], value, header);
      assert.match(whole.headers.vary, /^Cookie, ?Authorization$/);
      for (const header of ['x-accel-redirect', 'x-sendfile']) assert.equal(whole.headers[header], undefined);
      const part = await get(ann, media_url, { range: 'bytes=100-199' }, at);
      assert.equal(part.status, 206);
      assert.ok(part.bytes.equals(bytes.subarray(100, 200)));
      assert.equal((await get(ann, media_url, { 'if-none-match': whole.headers.etag }, at)).status, 304);
      assert.equal((await at.request('GET', '/confab-media/', { token: ann.token })).status, 404);
    });
  });
}
