// Uploads that are large, or pretend to be small. They keep the machine busy, so nothing runs at the same time.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { png } from '../http/support/files.mjs';
import { get, MIB, request, site, stack, upload, useStack } from '../http/support/media.mjs';

useStack('media-large');

test('memory does not grow with what is uploaded', async () => {
  const ann = await site.register('ann');
  const peak = () =>
    Math.max(...stack.workers('media')
      .map((pid) => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])));
  await upload(ann, 'small.txt', Buffer.from('small'), 'text/plain');
  const at = peak(), size = 200 * MIB;
  const parts = function* parts() { for (let i = 0; i < 200; i++) yield Buffer.alloc(MIB, `${i} `); };
  const { status, body } = await request('POST', 'media?name=large.txt',
    { token: ann.token, raw: parts(), headers: { 'content-type': 'text/plain', 'content-length': size } });
  assert.equal(status, 201);
  assert.equal(body.file_size, size);
  console.log(`# peak of a worker: ${at} KiB before, ${peak()} KiB after ${size / MIB} MiB`);
  assert.ok(peak() - at < 8192 * (process.env.BUILD === 'asan' ? 8 : 1), `${at} KiB before, ${peak()} KiB after`);
  const { headers } = await request('HEAD', body.media_url, { token: ann.token });
  assert.equal(Number(headers['content-length']), size);
});

test('images that would fill the memory do no harm', async () => {
  const ann = await site.register('ann');
  const workers = stack.workers('media');
  const rows = Buffer.alloc(5001 * 5000); // 25 KB when packed
  for (const [name, bytes, width] of [
    ['wide.png', png(60000, 60000, { rows: Buffer.alloc(1000) }), 60000],
    ['bomb.png', png(5000, 5000, { rows }), 5000],
    ['interlaced.png', png(5000, 5000, { rows, interlaced: true }), 5000]]) {
    const asset = await upload(ann, name, bytes);
    assert.equal(asset.metadata.width, width);
    assert.equal((await get(ann, asset.media_url)).bytes.length, bytes.length);
  }
  assert.deepEqual(stack.workers('media'), workers);
});
