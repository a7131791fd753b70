// A thousand rooms and ten thousand messages: the page stays small, and scrolling smooth. The figures are printed; the
// bounds are wide.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { enterRoom, launch, logIn, makeRoom, openAs, register, url } from './support/browser.mjs';

const ROOMS = 1_000, MESSAGES = 10_000;
const BOUND = 250; // ms that the median frame may take, on any machine
const top = path.join(import.meta.dirname, '../..');

let browser, ann, room;
before(async () => {
  browser = await launch();
  const [first, ben] = await Promise.all([register('ann'), register('ben')]);
  ann = first;
  room = await makeRoom(ann, [ben], 'Ten thousand');
  const sql = `
    select count(confab.ensure_room('speed ' || ${ann.user.id} || ' ' || i, 'GroupChat', 'Room ' || i,
      array[${ann.user.id}, ${ben.user.id}])) from generate_series(1, ${ROOMS}) i;
    select count(confab.post('${room.id}', case when i % 3 = 0 then ${ann.user.id} else ${ben.user.id} end,
      'message ' || i || repeat(' and some more words', i % 7)))
    from generate_series(1, ${MESSAGES}) i;`;
  await promisify(execFile)(path.join(top, 'tools/stack'), ['sql', process.env.CONFAB_DIR, sql]);
});
after(() => browser?.close());

/** Scrolls an element for a second; the times between frames, sorted. */
function scroll(page, selector, step) {
  return page.locator(selector).evaluate((element, by) => new Promise((resolve) => {
    const frames = [], start = performance.now();
    let last = start;
    const frame = (now) => {
      frames.push(now - last);
      last = now;
      element.scrollTop += by;
      if (now - start < 1_000) requestAnimationFrame(frame);
      else resolve(frames.slice(1).sort((a, b) => a - b));
    };
    requestAnimationFrame(frame);
  }), step);
}

const say = (frames) =>
  [0.5, 0.95].map((share) => `${frames[Math.floor(frames.length * share)].toFixed(1)} ms`).join(', 95 %: ');

test('all modules are asked for at once', async () => {
  const page = await openAs(browser, ann);
  const { named, loaded } = await page.evaluate(() => ({
    named: [...document.querySelectorAll('link[rel=modulepreload]')].map(({ href }) => href)
      .filter((href) => !href.includes('/lang/')),
    loaded: [...new Set(performance.getEntriesByType('resource').map(({ name }) => name))]
      .filter((name) => name.endsWith('.js') && !/\/lang\/|\/main\.js$/.test(name)),
  }));
  assert.deepEqual(named.sort(), loaded.sort());
  // Each module is used: the graph of imports reaches it.
  const sources = await Promise.all([...named,
    new URL('app/main.js', page.url()).href].map(async (where) => [where, await (await fetch(where)).text()]));
  const imported =
    new Set(sources.flatMap(([where, text]) =>
      [...text.matchAll(/^(?:import|export) .*?from '(.+)';$/gm)].map(([, path]) => new URL(path, where).href)));
  assert.deepEqual([...imported].sort(), named);
  await page.context().close();
});

test('once the stream stands, the first view takes one round trip', async (t) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}#${room.id}`);
  await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
  const wire = []; // messages sent and received, in order
  page.on('websocket',
    (socket) => socket.on('framesent', ({ payload }) => wire.push(`up ${JSON.parse(payload).event_type}`))
    .on('framereceived', ({ payload }) => wire.push(`down ${JSON.parse(payload).eventType}`)));
  page.on('request', (request) => {
    if (/\/(command|session)$/.test(request.url()))
      wire.push(`up ${request.postDataJSON()?.event_type ?? request.method()}`);
  });
  await logIn(page, ann);
  await page.locator('.message').nth(10).waitFor();
  await page.locator('#room-list button').first().waitFor();
  // A slow machine may get a dispatch before it shows the message; its acknowledgement is not a request.
  const first = wire.findIndex((line) => /^down room(list|messages)/.test(line)),
    asked = wire.slice(0, first).filter((line) => line.startsWith('up') && line !== 'up message.acknowledged');
  t.diagnostic(`before the first view: ${asked.join(', ')}`);
  assert.deepEqual(asked.sort(), ['up POST', 'up room.list', 'up room.messages']);
  await context.close();
});

test('a thousand rooms are a few rows, and scroll', async (t) => {
  const start = performance.now();
  const page = await openAs(browser, ann);
  await page.locator('#room-list button').first().waitFor();
  t.diagnostic(`from opening the page to ${ROOMS} rooms: ${Math.round(performance.now() - start)} ms`);
  const frames = await scroll(page, '.virtual', 400);
  t.diagnostic(`rooms, a frame: ${say(frames)}`);
  assert.ok(await page.locator('#room-list li').count() < 60);
  assert.equal(await page.locator('#room-list li').first().getAttribute('aria-setsize'), String(ROOMS + 1));
  assert.ok(frames[frames.length >> 1] < BOUND);
  await page.context().close();
});

test('a thousand members are shown when one asks for all, and one of them is mentioned', async (t) => {
  const sql = `
    insert into confab.account (username) select 'crowd-${ann.user.id}-' || i from generate_series(1, 1199) i;
    select confab.ensure_room('crowd ${ann.user.id}', 'Channel', 'Crowd', array[${ann.user.id}] || array(select id
      from confab.account where username like 'crowd-${ann.user.id}-%'));`;
  const { stdout } = await promisify(execFile)(path.join(top, 'tools/stack'), ['sql', process.env.CONFAB_DIR, sql]);
  const page = await openAs(browser, ann, { query: `#${stdout.trim().split('\n').pop()}` });
  await page.locator('#room-about', { hasText: '1,200 members' }).waitFor();
  await page.locator('#details').click();
  await page.locator('.panel li.person').nth(59).waitFor();
  const ms = await page.getByRole('button', { name: 'Show all' }).evaluate((button) => new Promise((resolve) => {
    const start = performance.now();
    button.click();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
  }));
  t.diagnostic(`1,000 members are there after ${Math.round(ms)} ms`);
  assert.equal(await page.locator('.panel li.person').count(), 1000);
  await page.locator('.members h3', { hasText: '1,200 members' }).waitFor();
  await page.locator('.members input').fill(`crowd-${ann.user.id}-1150`);
  await page.locator('.panel li.person', { hasText: `crowd-${ann.user.id}-1150` }).waitFor();
  assert.equal(await page.locator('.panel li.person').count(), 1);
  await page.locator('#text').pressSequentially(`@crowd-${ann.user.id}-1150`);
  await page.getByRole('option', { name: `crowd-${ann.user.id}-1150` }).waitFor();
  await page.locator('#text').fill('');
  await page.locator('#text').pressSequentially(`@crowd-${ann.user.id}-77`);
  await page.getByRole('option').first().waitFor();
  assert.ok(await page.getByRole('option').count() <= 8);
  await page.context().close();
});

test('ten thousand messages are a few hundred, and scroll', async (t) => {
  const page = await openAs(browser, ann);
  await page.getByLabel('Search', { exact: true }).waitFor();
  await enterRoom(page, room.name);
  // The room opens where the person stopped reading.
  await page.locator('.message').nth(10).waitFor();
  await page.getByRole('button', { name: 'To the newest messages' }).click();
  await page.locator('.message', { hasText: `message ${MESSAGES}` }).waitFor();
  const frames = [];
  for (let i = 0; i < 4; i++) frames.push(...await scroll(page, '#messages', i < 3 ? -120 : 60));
  t.diagnostic(`messages, a frame: ${say(frames.sort((a, b) => a - b))}`);
  const { count, span } = await page.evaluate(() => {
    const seqs = [...document.querySelectorAll('.message')].map((node) => Number(node.dataset.seq));
    return { count: seqs.length, span: seqs.every((seq, i) => !i || seq > seqs[i - 1]) };
  });
  t.diagnostic(`${count} messages in the page`);
  assert.ok(count > 50 && count <= 400 && span);
  assert.ok(frames[frames.length >> 1] < BOUND);
  await page.context().close();
});
