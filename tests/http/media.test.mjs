// Uploads: through the web server, and directly to the program where a web server would interfere.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { unique, until } from './support/client.mjs';
import { jpeg, KINDS, png, REFUSED } from './support/files.mjs';
import { get, kept, MIB, post, program, request, site, spooled, stack, upload, useStack } from './support/media.mjs';

useStack('media');

describe('uploading', () => {
  for (const [name, bytes, declared, mime, type, width = null, height = null] of KINDS)
    test(`${name} is ${type} ${mime}`, async () => {
      const ann = await site.register('ann');
      const asset = await upload(ann, name, bytes, declared);
      const id = asset.media_url.split('/')[3];
      const preview = ['jpg', 'png', 'webp'].includes(name.split('.')[1]) ? `/chat/media/${id}/preview` : null;
      assert.deepEqual(asset,
        { media_url: `/chat/media/${id}/${name}`, media_type: type, file_size: bytes.length, mime_type: mime,
          caption: null,
        metadata: { name, width, height, preview } });
      const back = await get(ann, asset.media_url);
      assert.deepEqual(back.bytes, bytes);
      assert.equal(back.headers['content-type'].split(';')[0], mime);
    });

  for (const [name, bytes, declared] of REFUSED)
    test(`${name} called ${declared} is refused`, async () => {
      const ann = await site.register('ann');
      const { status, body } = await post(ann, name, bytes, declared);
      assert.equal(status, 422);
      assert.match(body.error.detail.file[0], /^Files of the type .* can't be sent\.$/);
      await until(() => spooled(path.join(stack.dir, 'media')).length === 0, 'nothing is left');
    });

  test('a directory that takes no file is said at start', () => {
    const file = path.join(program.dir, 'no-directory');
    writeFileSync(file, '');
    for (const [directory, why] of [[file, 'Not a directory'], ['/proc/nowhere', 'No such file or directory']]) {
      const { status, stderr } = spawnSync(program.path, ['-c', path.join(stack.dir, 'confab.conf')],
        { encoding: 'utf8', timeout: 10_000,
          env: { ...program.environment, CONFAB_RUN_DIR: program.dir,
            CONFAB_MEDIA_DIR: directory } });
      assert.equal(status, 2);
      assert.equal(stderr, `confab-media: media_dir: ${directory}: ${why}\n`);
    }
  });

  test('a form is taken too, and only its first file', async () => {
    const ann = await site.register('ann');
    const form = new FormData();
    form.append('comment', 'none');
    form.append('file', new Blob(['Dear all,\r\n--\r\n'], { type: 'text/plain' }), 'a "letter".txt');
    form.append('more', new Blob(['another'], { type: 'text/plain' }), 'another.txt');
    const response = await fetch(new URL('media', site.url),
      { method: 'POST', body: form, headers: { authorization: `Bearer ${ann.token}` } });
    const asset = await response.json();
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('location'), asset.media_url);
    assert.equal((await get(ann, asset.media_url)).text, 'Dear all,\r\n--\r\n');
    assert.match(asset.metadata.name, /letter.*\.txt$/);
  });

  test('a form without a file, or cut short, is refused', async () => {
    const ann = await site.register('ann');
    for (const raw of ['--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
      '--x\r\nContent-Disposition: form-data; filename="a"\r\n\r\n1\r\n', 'nothing'])
      assert.deepEqual(
        (await request('POST', 'media',
          { token: ann.token, raw: Buffer.from(raw),
            headers: { 'content-type': 'multipart/form-data; boundary=x' } })).body,
        { error: { code: 4003, detail: { file: ['No file was submitted.'] } } });
  });

  test('an empty file is refused', async () => {
    const ann = await site.register('ann');
    assert.deepEqual((await post(ann, 'x', Buffer.alloc(0))).body.error,
      { code: 4003, detail: { file: ['The submitted file is empty.'] } });
  });

  test('names lose what is dangerous, and keep the rest', async () => {
    const ann = await site.register('ann');
    for (const [name, clean, encoded = clean] of [
      ['../../etc/passwd', 'passwd'], ['C:\\temp\\x.txt', 'x.txt'], ['..', 'file'], ['', 'file'],
      ['preview', 'preview', '_preview'],
      ['a\r\nSet-Cookie: x=1.txt', 'aSet-Cookie: x=1.txt', 'aSet-Cookie%3A%20x%3D1.txt'],
      ['evil\u202Etxt.exe', 'eviltxt.exe'], ['\u200b', 'file'], ['\u2800.txt', 'file.txt'],
      ['Grüße "an" alle.txt', 'Grüße "an" alle.txt', 'Gr%C3%BC%C3%9Fe%20%22an%22%20alle.txt'],
      ['<script>.txt', '<script>.txt', '%3Cscript%3E.txt'],
      [`${'ü'.repeat(300)}.txt`, `${'ü'.repeat(98)}.txt`, `${'%C3%BC'.repeat(98)}.txt`]]) {
      const asset = await upload(ann, name, Buffer.from('a text'), 'text/plain', program);
      assert.equal(asset.metadata.name, clean);
      assert.equal(asset.media_url.split('/')[4], encoded);
      const { status, headers } = await get(ann, asset.media_url, {}, program);
      assert.equal(status, 200);
      assert.match(headers['content-disposition'],
        /^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''[\w!#$&+.^`|~%-]*$/);
      assert.equal(decodeURIComponent(headers['content-disposition'].split("''")[1]), clean);
      assert.equal(headers['set-cookie'], undefined);
    }
  });

  test('who has not logged in, or is on another origin with a cookie, uploads nothing', async () => {
    const ann = await site.register('ann');
    const login = await site.request('POST', 'session',
      { body: { username: ann.user.username, password: ann.password } });
    const cookie = login.headers['set-cookie'][0].split(';')[0], raw = Buffer.from('text');
    assert.equal((await request('POST', 'media', { raw })).status, 401);
    assert.equal((await request('POST', 'media', { raw, token: 'A'.repeat(43) })).status, 401);
    assert.equal((await request('POST', 'media', { raw, headers: { cookie } })).status, 403);
    assert.equal((await request('POST', 'media', { raw, headers: { cookie, origin: 'https://evil.example' } })).status,
      403);
    assert.equal((await request('POST', 'media', { raw, headers: { cookie, origin: site.url.origin } })).status, 201);
  });

  test('other methods and places are refused', async () => {
    const ann = await site.register('ann');
    const put = await request('PUT', 'media', { token: ann.token, raw: Buffer.from('x') });
    assert.deepEqual([put.status, put.headers.allow], [405, 'POST']);
    assert.equal((await request('GET', 'media', { token: ann.token })).status, 405);
    assert.equal(
      (await request('POST', `media/${'0'.repeat(8)}-0000-0000-0000-000000000000/x`,
        { token: ann.token, raw: Buffer.from('x') })).status, 405);
    for (const where of ['media/x', 'media/x/y', `media/${'0'.repeat(8)}-0000-0000-0000-000000000000`,
      `media/${'0'.repeat(8)}-0000-0000-0000-000000000000/x`])
      assert.equal((await request('GET', where, { token: ann.token })).status, 404, where);
  });

  test('the same content is kept once', async () => {
    const [ann, bob] = [await site.register('ann'), await site.register('bob')];
    const bytes = randomBytes(600).toString('hex'), had = kept().length;
    const [one, two] = [await upload(ann, 'one.txt', Buffer.from(bytes)),
      await upload(bob, 'two.txt', Buffer.from(bytes))];
    assert.equal(kept().length, had + 1);
    assert.notEqual(one.media_url, two.media_url);
    assert.equal((await get(bob, one.media_url)).status, 404);
    assert.equal((await get(bob, two.media_url)).text, bytes);
  });

  test('a body of unknown length is taken', async () => {
    const ann = await site.register('ann');
    const { status, body } = await request('POST', 'media?name=x.txt',
      { token: ann.token, raw: [Buffer.from('one '), Buffer.from('two')], headers: { 'content-type': 'text/plain' } });
    assert.equal(status, 201);
    assert.equal((await get(ann, body.media_url)).text, 'one two');
  });
});

describe('limits', () => {
  const too = (answer) => {
    assert.equal(answer.status, 413);
    assert.deepEqual(answer.body, { error: { code: 4013, detail: 'A file has at most 1048576 bytes.' } });
    assert.deepEqual(spooled(program.media), []);
  };

  test('what is announced as too large is not read', async () => {
    const ann = await site.register('ann');
    const asked = program.open('POST', '/chat/media', { token: ann.token, length: 50 * MIB });
    asked.end();
    too(await asked.response());
  });

  test('what turns out to be too large is not kept', async () => {
    const ann = await site.register('ann');
    const asked = program.open('POST', '/chat/media', { token: ann.token });
    for (let i = 0; i < 12; i++) asked.write(Buffer.alloc(MIB / 10, 'x'));
    asked.end();
    too(await asked.response());
  });

  test('nor as a form', async () => {
    const ann = await site.register('ann');
    const raw = Buffer.concat([Buffer.from('--x\r\nContent-Disposition: form-data; filename="a"\r\n\r\n'),
      Buffer.alloc(MIB + 1, 'x'), Buffer.from('\r\n--x--\r\n')]);
    too(await program.request('POST', 'media',
      { token: ann.token, raw, headers: { 'content-type': 'multipart/form-data; boundary=x' } }));
  });

  test('the last byte that is allowed is', async () => {
    const ann = await site.register('ann');
    assert.equal((await post(ann, 'x.txt', Buffer.alloc(MIB, 'l'), 'text/plain', program)).status, 201);
  });

  test('the uploads of an account have a limit together', async () => {
    const [ann, bob] = [await site.register('ann'), await site.register('bob')];
    await upload(ann, 'a.txt', Buffer.alloc(MIB, 'q'), 'text/plain', program);
    await upload(ann, 'b.txt', Buffer.alloc(MIB - 10, 'q'), 'text/plain', program);
    const refused = await post(ann, 'c.txt', Buffer.alloc(11, 'r'), 'text/plain', program);
    assert.equal(refused.status, 422);
    assert.deepEqual(refused.body.error,
      { code: 4003, detail: { file: ['Your uploads may have 2097152 bytes in all; 10 are left.'] } });
    assert.equal((await post(ann, 'c.txt', Buffer.alloc(10, 'r'), 'text/plain', program)).status, 201);
    assert.equal((await post(bob, 'c.txt', Buffer.alloc(11, 'r'), 'text/plain', program)).status, 201);
    assert.deepEqual(spooled(program.media), []);
  });

  test('an upload that is cut off leaves nothing', async () => {
    const ann = await site.register('ann');
    const before = kept(program.media), rows = await stack.query('select count(*) from confab.media');
    for (const length of [MIB, undefined]) {
      const asked = program.open('POST', '/chat/media', { token: ann.token, length });
      await asked.write(Buffer.alloc(200_000, 'x'));
      await until(() => spooled(program.media).length === 1, 'the upload is under way');
      asked.socket.destroy();
      await until(() => spooled(program.media).length === 0, 'nothing is left');
    }
    const short = program.open('POST', '/chat/media', { token: ann.token, length: 100 });
    await short.write(Buffer.alloc(50, 'x'));
    short.end();
    assert.deepEqual((await short.response()).body,
      { error: { code: 4003, detail: ['The body is shorter than announced.'] } });
    assert.deepEqual(kept(program.media), before);
    assert.equal(await stack.query('select count(*) from confab.media'), rows);
  });

  test('nor does one whose process is killed', async () => {
    const ann = await site.register('ann');
    const asked = program.open('POST', '/chat/media', { token: ann.token, length: MIB });
    await asked.write(Buffer.alloc(200_000, 'x'));
    await until(() => spooled(program.media).length === 1, 'the upload is under way');
    process.kill(program.worker, 'SIGKILL');
    await until(() => spooled(program.media).length === 0, 'the next process has removed it');
    asked.socket.destroy();
  });

  test('nor does one that is cut off on its way to the web server', async () => {
    const ann = await site.register('ann');
    const had = kept().length;
    const socket = net.connect(site.url.port, '127.0.0.1');
    socket.write(
      `POST /chat/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ann.token}\r\nContent-Length: 400000\r\n\r\n`);
    await new Promise((resolve) => socket.write(Buffer.alloc(200_000, 'x'), resolve));
    socket.destroy();
    assert.equal((await post(ann, 'next.txt', Buffer.from(unique()))).status, 201);
    assert.equal(kept().length, had + 1);
  });

  test('an upload that stalls does not hold its process', async () => {
    const ann = await site.register('ann');
    const asked = program.open('POST', '/chat/media', { token: ann.token, length: MIB });
    await asked.write(Buffer.alloc(1000, 'x'));
    assert.equal((await post(ann, 'next.txt', Buffer.from(unique()), 'text/plain', program)).status, 201);
    assert.deepEqual(spooled(program.media), []);
    asked.socket.destroy();
  });

  test('nor does a download that nobody reads', async () => {
    const ann = await site.register('ann');
    const asset = await upload(ann, 'x.txt', Buffer.alloc(MIB, 's'), 'text/plain', program);
    const asked = program.open('GET', asset.media_url, { token: ann.token });
    asked.end();
    asked.socket.pause();
    assert.equal((await get(ann, asset.media_url, {}, program)).bytes.length, MIB);
    asked.socket.destroy();
  });
});

describe('images', () => {
  test('a preview has what is seen and nothing else', async () => {
    const ann = await site.register('ann');
    const bytes = jpeg(6);
    assert.ok(bytes.includes('SECRET PLACE'));
    const asset = await upload(ann, 'x.jpg', bytes);
    const preview = await get(ann, asset.metadata.preview);
    assert.equal(preview.headers['content-type'], 'image/webp');
    assert.match(preview.headers['content-disposition'], /^inline; filename="x\.jpg\.webp"/);
    assert.equal(preview.bytes.toString('latin1', 0, 4) + preview.bytes.toString('latin1', 8, 12), 'RIFFWEBP');
    assert.ok(!preview.bytes.includes('SECRET') && !preview.bytes.includes('EXIF') && !preview.bytes.includes('Exif'));
  });

  test('broken images are taken without a preview', async () => {
    const ann = await site.register('ann');
    const whole = png(300, 200);
    for (const [name, bytes] of [['cut.png', whole.subarray(0, whole.length - 30)],
        ['cut.jpg', jpeg(1).subarray(0, 250)], ['long.gif', Buffer.from('GIF89a')]]) {
      const { status, body } = await post(ann, name, bytes);
      assert.equal(status, 201);
      assert.equal(body.metadata.preview, null, name);
    }
  });
});
