// Uploads: several at once that wait, fail and are retried, each with its own room; and how the recipients see the
// files.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { command, enterRoom, launch, makeRoom, openAs, register, say } from './support/browser.mjs';

let browser, ann, ben, room, hers, his;
before(async () => {
  browser = await launch();
  [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  room = await makeRoom(ann, [ben]);
  [hers, his] = [await openAs(browser, ann), await openAs(browser, ben)];
  await Promise.all([hers, his].map((page) => enterRoom(page, room.name)));
});
after(() => browser?.close());

/** A message with files shows its text below the first of them. */
const message = (page, words) => page.locator('#messages .message:not(.pending)', { hasText: words });
const sees = (page, words) => message(page, words).waitFor();
const text = (name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`what is in ${name}`) });
const choose = (page, ...files) => page.locator('input[type=file]').setInputFiles(files);

/** Holds uploads back until the gate is opened. */
async function gate(page) {
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  await page.route('**/media?*', async (route) => {
    await opened;
    await route.continue().catch(() => {}); // it may have been aborted
  });
  return async () => {
    open();
    await page.unroute('**/media?*');
  };
}

/** Drops, or pastes, files onto an element as a browser would. */
function give(page, selector, kind, names) {
  return page.locator(selector).evaluate((element, [event, list]) => {
    const data = new DataTransfer();
    for (const name of list) data.items.add(new File([`what is in ${name}`], name, { type: 'text/plain' }));
    element.dispatchEvent(event === 'paste'
      ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
      : new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [kind, names]);
}

test('files are dropped and pasted, several at once; a message that is sent too soon waits for them', async () => {
  const open = await gate(hers);
  await give(hers, '#messages', 'dragover', ['a.txt']);
  await hers.locator('.room.dropping').waitFor();
  await give(hers, '#messages', 'drop', ['a.txt', 'b.txt']);
  await give(hers, '#text', 'paste', ['c.txt']);
  await hers.locator('.uploads li').nth(2).waitFor();
  await say(hers, 'three files');
  await hers.locator('.send.busy').waitFor();
  assert.equal(await message(hers, 'three files').count(), 0);
  await open();
  await sees(his, 'three files');
  for (const name of ['a.txt', 'b.txt', 'c.txt'])
    await his.getByRole('link', { name: new RegExp(name.replace('.', '\\.')) }).waitFor();
  assert.equal(await hers.locator('.uploads li').count(), 0);
});

test('one that fails says why, is tried again or taken off; what is on its way can be given up', async () => {
  await hers.route('**/media?*', (route) => route.abort());
  await choose(hers, text('lost.txt'), text('unwanted.txt'));
  await hers.locator('.uploads .failed').nth(1).waitFor();
  await hers.getByRole('button', { name: 'Take unwanted.txt off' }).click();
  await hers.unroute('**/media?*');
  await hers.locator('.uploads').getByRole('button', { name: 'Try again' }).click();
  await hers.locator('.uploads .done').waitFor();
  const open = await gate(hers);
  await choose(hers, text('slow.txt'));
  await hers.getByRole('progressbar', { name: 'Uploading slow.txt' }).waitFor();
  await hers.getByRole('button', { name: 'Take slow.txt off' }).click();
  await open();
  await say(hers, 'found again');
  await his.getByRole('link', { name: /lost\.txt/ }).waitFor();
  assert.equal(await his.getByRole('link', { name: /slow\.txt|unwanted\.txt/ }).count(), 0);
});

test('what is chosen in one room stays there while one looks into another', async () => {
  const other = await makeRoom(ann, [ben]);
  await hers.locator('#room-list').getByRole('button', { name: new RegExp(other.name) }).waitFor();
  await choose(hers, text('here.txt'));
  await hers.locator('.uploads .done').waitFor();
  await enterRoom(hers, other.name);
  assert.equal(await hers.locator('.uploads li').count(), 0);
  await say(hers, 'nothing with it');
  await sees(hers, 'nothing with it');
  await enterRoom(hers, room.name);
  await say(hers, 'with it');
  await his.getByRole('link', { name: /here\.txt/ }).waitFor();
});

test('of too many files those that have room are taken, and the page says so', async () => {
  await choose(hers, ...Array.from({ length: 23 }, (_, i) => text(`n${i}.txt`)));
  await hers.getByText('At most 20 files go with one message.').waitFor();
  assert.equal(await hers.locator('.uploads li').count(), 20);
  await hers.locator('.uploads .done').nth(19).waitFor();
  await say(hers, 'twenty');
  await sees(his, 'twenty');
  assert.equal(await message(his, 'twenty').getByRole('link').count(), 20);
});

/** A second of sound as a WAV file. */
function wav() {
  const rate = 8000,
    samples = Buffer.from(Array.from({ length: rate }, (_, i) => 128 + Math.round(60 * Math.sin(i / 4))));
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  for (const [at, value, size] of [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, rate, 4], [28, rate, 4], [32, 1, 2],
    [34, 8, 2], [40, samples.length, 4]])
    head.writeUIntLE(value, at, size);
  head.write('data', 36);
  return Buffer.concat([head, samples]);
}

/** Some frames of a film, as the browser itself records it. */
async function film(page) {
  return Buffer.from(await page.evaluate(() => new Promise((resolve) => {
    const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: 'video/webm;codecs=vp8' }), parts = [];
    let frames = 0;
    const draw = () => {
      pen.fillStyle = `hsl(${frames * 20} 60% 50%)`;
      pen.fillRect(0, 0, 300, 150);
      if (++frames < 40) requestAnimationFrame(draw);
      else recorder.stop();
    };
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = async () => resolve([...new Uint8Array(await new Blob(parts).arrayBuffer())]);
    recorder.start();
    draw();
  })));
}

test('sound and video that lie here are played here', async () => {
  await hers.bringToFront();
  await choose(hers, { name: 'bell.wav', mimeType: 'audio/x-wav', buffer: wav() },
    { name: 'film.webm', mimeType: 'video/webm', buffer: await film(hers) });
  await hers.locator('.uploads .done').nth(1).waitFor();
  await say(hers, 'see and hear');
  for (const kind of ['audio', 'video']) {
    const player = message(his, 'see and hear').locator(kind);
    await player.waitFor();
    await player.evaluate(async (media) => {
      media.muted = true;
      await media.play();
      if (media.currentTime === 0) await new Promise((resolve) => {
        media.addEventListener('timeupdate', () => media.currentTime > 0 && resolve(), { passive: true });
      });
    });
    assert.equal(await player.evaluate(({ error }) => error), null);
  }
  assert.deepEqual([...hers.problems, ...his.problems], []);
  const { data } = await command(ben, 'room.messages', { room_id: room.id, limit: 1 });
  assert.deepEqual(data.data.messages[0].attachments.map(({ media_type }) => media_type).sort(), ['audio', 'video']);
});
