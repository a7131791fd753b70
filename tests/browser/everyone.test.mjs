// The application with the keyboard only, right to left, enlarged, and checked by axe-core.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { act, command, enterRoom, launch, makeRoom, message, openAs, register, say, sees, twoPeople,
  url } from './support/browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser, ann, ben, room;
before(async () => {
  browser = await launch();
  [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  room = await makeRoom(ann, [ben], 'Orchard');
  const { data } = await command(ben, 'message.send',
    { room_id: room.id, content: `Hello <b>@${ann.user.username}</b>, see <a href="https://example.org/">this</a>` });
  await command(ann, 'message.react', { type: 'add', message_id: data.id, reaction_content: '👍' });
  await command(ann, 'message.pin', { type: 'add', message_id: data.id });
  await command(ann, 'message.send',
    { room_id: room.id, content: 'Indeed.', extra_fields: { parent_message_id: data.id } });
  await command(ben, 'message.send',
    { room_id: room.id,
      extra_fields:
        { media: [{ media_url: 'https://example.org/plan.pdf', media_type: 'file', mime_type: 'application/pdf',
          caption: 'the plan' }] } });
});
after(() => browser?.close());

/** Fails with the findings of axe-core in the current page. */
async function isAccessible(page, what) {
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
  const { violations } =
    await page.evaluate(
      `${axe}; axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })`);
  const sentence = ({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`;
  assert.deepEqual(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes.map(sentence).join('\n')}`), []);
}

for (const colorScheme of ['light', 'dark'])
  test(`axe-core finds nothing in the ${colorScheme} theme`, async () => {
    const page = await openAs(browser, ann, { colorScheme, form: true });
    const closed = async (action) => {
      await page.keyboard.press('Escape');
      await page.locator('dialog, .popup').waitFor({ state: 'detached' });
      return action;
    };
    await page.locator('#room-list button').waitFor();
    await isAccessible(page, 'rooms');
    await enterRoom(page, 'Orchard');
    await sees(page, 'Indeed.');
    await isAccessible(page, 'conversation');
    await page.locator('#details').click();
    await page.locator('.panel .people').getByText(ben.user.username).waitFor();
    await message(page, 'Indeed.').focus();
    await isAccessible(page, 'details');
    await message(page, 'Indeed.').press('Enter');
    await page.getByRole('menu').waitFor();
    await isAccessible(page, 'menu');
    await closed();
    await page.locator('.me').click();
    await page.getByRole('menuitem', { name: 'Settings' }).click();
    await page.getByText('This device', { exact: true }).waitFor();
    await isAccessible(page, 'settings');
    await closed();
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByRole('menuitem', { name: 'New group' }).click();
    await page.getByRole('dialog').locator('.person').first().waitFor();
    await isAccessible(page, 'new group');
    await closed();
    await page.getByLabel('Search', { exact: true }).fill('indeed');
    await page.locator('#found mark').waitFor();
    await isAccessible(page, 'search');
    await page.locator('.me').click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    await isAccessible(page, 'log-in');
    assert.deepEqual(page.problems, []);
    await page.context().close();
    ann = await again(ann);
  });

/** Logs in again after a page has logged out. */
async function again(account) {
  const response = await fetch(new URL('session', url), {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: account.user.username, password: 'browser-password' }),
  });
  return { ...await response.json(), cookie: response.headers.getSetCookie()[0] };
}

test('everything is done by keyboard', async () => {
  const { pages: [page, other], close } = await twoPeople(browser);
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.className);
  await page.reload();
  await page.locator('#room-list button').waitFor();
  await page.keyboard.press('Control+k');
  assert.equal(await focused(), 'search');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.room.open').waitFor();
  while (await focused() !== 'text') await page.keyboard.press('F6');
  await page.keyboard.type('By keys alone');
  await page.keyboard.press('Enter');
  await sees(other, 'By keys alone');
  await sees(page, 'By keys alone');
  await page.keyboard.press('F6');
  await page.keyboard.press('F6');
  assert.match(await focused(), /\bmessage\b/);
  await page.keyboard.press('r');
  await page.locator('.context').waitFor();
  assert.equal(await focused(), 'text');
  await page.keyboard.type('An answer');
  await page.keyboard.press('Enter');
  await other.locator('.quote', { hasText: 'By keys alone' }).waitFor();
  while (!/\bmessage\b/.test(await focused())) await page.keyboard.press('F6');
  const text = await page.evaluate(() => document.activeElement.querySelector('.content').textContent);
  await page.keyboard.press('+');
  await page.getByRole('group', { name: 'Emoji' }).waitFor();
  await act(other, text, 'React');
  await other.getByRole('group', { name: 'Emoji' }).getByRole('button').first().click();
  await page.locator('.reactions button').waitFor(); // the element to which the focus returns is redrawn
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await other.locator('.reactions button').nth(1).waitFor();
  await page.locator('.message:focus').waitFor(); // the focus returns
  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.message:focus').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, 'solid'); // the focus is visible
  await close();
});

test('what comes is said to a screen reader', async () => {
  const { pages: [page, other], ben: him, close } = await twoPeople(browser);
  await say(other, 'Can you hear me?');
  await page.getByRole('status').filter({ hasText: `${him.user.username}: Can you hear me?` })
    .waitFor({ state: 'attached' });
  await close();
});

describe('in other languages', () => {
  test('Arabic runs from right to left', async () => {
    const page = await openAs(browser, ann, { locale: 'ar-EG' });
    await page.locator('#room-list button').click();
    await sees(page, 'Indeed.');
    assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]),
      ['ar', 'rtl']);
    const place = async (selector) => (await page.locator(selector).first().boundingBox()).x;
    assert.ok(await place('.rooms') > await place('.room'));
    assert.ok(await place('.message.mine .bubble') < await place('.message:not(.mine) .bubble'));
    await page.getByRole('button', { name: 'التفاصيل' }).click();
    await page.locator('.panel .person').first().waitFor();
    await isAccessible(page, 'Arabic');
    await page.context().close();
  });

  test('German is German, dates too', async () => {
    const page = await openAs(browser, ann, { locale: 'de-DE' });
    await page.locator('#room-list button').click();
    await page.locator('.day', { hasText: 'Heute' }).waitFor();
    await page.getByPlaceholder('Nachricht schreiben').waitFor();
    await page.context().close();
  });
});

test('the way back leads to the room before; an address leads to a room', async () => {
  const other = await makeRoom(ann, [ben], 'Meadow');
  const page = await openAs(browser, ann, { query: `#${room.id}` });
  await page.locator('#room-name', { hasText: 'Orchard' }).waitFor();
  await enterRoom(page, 'Meadow');
  assert.equal(new URL(page.url()).hash, `#${other.id}`);
  await page.goBack();
  await page.locator('#room-name', { hasText: 'Orchard' }).waitFor();
  await page.goForward();
  await page.locator('#room-name', { hasText: 'Meadow' }).waitFor();
  await page.context().close();
});

test('on a slow network the page says that it loads, not that there is nothing', async () => {
  const page = await openAs(browser, ann, { query: '?transport=poll' });
  await enterRoom(page, 'Orchard');
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  await page.route('**/command', async (route) => {
    if (/room\.(list|messages)/.test(route.request().postData())) await opened;
    await route.continue();
  });
  await page.reload();
  await page.locator('#no-rooms', { hasText: 'Loading…' }).waitFor();
  await page.locator('#no-rooms').evaluate((node) => Promise.all(node.getAnimations().map(({ finished }) => finished)));
  assert.ok(await page.locator('#no-rooms').isVisible());
  open();
  await sees(page, 'Indeed.');
  assert.equal(await page.getByText('Loading…').count(), 0);
  await page.context().close();
});

test('at 320 pixels, with long words and many people, nothing is cut off', async () => {
  const long = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbaubeamten';
  const narrow = await makeRoom(ann, [ben], long);
  for (const content of ['x'.repeat(500), '👩‍👩‍👧‍👦'.repeat(60), `https://example.org/${'a'.repeat(300)}`])
    await command(ben, 'message.send', { room_id: narrow.id, content });
  const page = await openAs(browser, ann, { viewport: { width: 320, height: 640 }, hasTouch: true });
  await isAccessible(page, 'rooms at 320 pixels');
  await enterRoom(page, long);
  await page.locator('.message').nth(2).waitFor();
  const fits = () =>
    page.evaluate(() =>
      [document.documentElement,
        ...document.querySelectorAll('#messages, .room > header, .panel-body')]
          .every((node) => node.scrollWidth <= node.clientWidth));
  assert.ok(await fits());
  await isAccessible(page, 'conversation at 320 pixels');
  await page.locator('#details').click();
  await page.locator('.panel .person').nth(1).waitFor();
  assert.ok(await fits());
  await isAccessible(page, 'details at 320 pixels');
  await page.context().close();
});

test('in forced colours what is chosen is told apart', async () => {
  const page = await openAs(browser, ann, { forcedColors: 'active' });
  await enterRoom(page, 'Orchard');
  const ground = (selector) =>
    page.locator(selector).first().evaluate((node) => getComputedStyle(node).backgroundColor);
  assert.notEqual(await ground('.chip[aria-pressed="true"]'), await ground('.chip[aria-pressed="false"]'));
  assert.notEqual(await ground('#room-list [aria-current="true"]'),
    await ground('#room-list button:not([aria-current])'));
  await page.context().close();
});

test('at 200 % nothing is lost or hidden', async () => {
  const page = await openAs(browser, ann, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
  await enterRoom(page, 'Orchard');
  await sees(page, 'Indeed.');
  for (const part of ['#messages', '#text', '#details']) assert.ok(await page.locator(part).isVisible(), part);
  assert.ok((await page.locator('#messages').boundingBox()).height > 100);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await page.context().close();
});

test('who wants less motion gets none', async () => {
  const page = await openAs(browser, ann, { reducedMotion: 'reduce' });
  await enterRoom(page, 'Orchard');
  await say(page, 'Quietly');
  await sees(page, 'Quietly');
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await page.context().close();
});
