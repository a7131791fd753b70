// Details that users have met: keys, drafts, copies, phones, images from other hosts, blocking.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { act, command, enterRoom, launch, makeRoom, message, openAs, register, say, sees, twoPeople,
  url } from './support/browser.mjs';

let browser, two, hers, his;
before(async () => {
  browser = await launch();
  two = await twoPeople(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  [hers, his] = two.pages;
});
after(() => browser?.close());

const text = (page) => page.getByLabel('Message', { exact: true });

test('a key acts on the message that has the focus, wherever the mouse rests, and the question says which',
    async () => {
  await hers.evaluate(() => {}); // the page is loaded
  for (let i = 1; i <= 12; i++) await command(two.ann, 'message.send', { room_id: two.room.id, content: `item ${i}.` });
  await sees(hers, 'item 12.');
  await message(hers, 'item 10.').hover();
  await message(hers, 'item 12.').focus();
  for (let i = 0; i < 8; i++) await hers.keyboard.press('ArrowUp');
  await hers.keyboard.press('Delete');
  await hers.getByRole('dialog').locator('.meant', { hasText: 'item 4.' }).waitFor();
  await hers.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await message(hers, 'item 4.').waitFor({ state: 'detached' });
  assert.equal(await message(hers, 'item 10.').count(), 1);
  // The focus moves to a neighbour.
  await hers.waitForFunction(() => document.activeElement?.classList.contains('message'));
  assert.match(await hers.evaluate(() => document.activeElement.textContent), /item 5\./);
});

test('the focus of a message that is deleted comes to its neighbour, even one that changes at once', async () => {
  const { room } = two, ids = [];
  for (const content of ['pear 1.', 'pear 2.', 'pear 3.'])
    ids.push((await command(two.ann, 'message.send', { room_id: room.id, content })).data.id);
  await sees(hers, 'pear 3.');
  await message(hers, 'pear 1.').focus();
  // Both arrive while the page is busy, so it draws them together.
  const busy = hers.evaluate(() => { for (const end = performance.now() + 1500; performance.now() < end;); });
  for (const i of [1, 2])
    await command(two.ann, 'message.modify',
      { action: 'update', message_id: ids[i], extra_fields: { content: `pear ${i + 1}, peeled.` } });
  await command(two.ann, 'message.modify', { action: 'delete', message_id: ids[0] });
  await busy;
  await message(hers, 'pear 1.').waitFor({ state: 'detached' });
  assert.match(await hers.evaluate(() => document.activeElement.textContent), /pear 2, peeled\./);
});

test('lines stay lines when they are edited and copied, and an edit that is left gives the draft back', async () => {
  await text(hers).fill('first line\nsecond line');
  await text(hers).press('Enter');
  await sees(hers, 'second line');
  await act(hers, 'second line', 'Copy');
  assert.equal(await hers.evaluate(() => navigator.clipboard.readText()), 'first line\nsecond line');
  await text(hers).fill('a draft');
  await act(hers, 'second line', 'Edit');
  assert.equal(await hers.getByLabel('Edit the message').inputValue(), 'first line\nsecond line');
  await hers.keyboard.press('Escape');
  assert.equal(await text(hers).inputValue(), 'a draft');
  await text(hers).press('End');
  await text(hers).press('!');
  await hers.reload();
  await hers.waitForFunction(() => document.querySelector('#text')?.value === 'a draft!');
  await text(hers).fill('');
});

test('text with a file is a message with a file: mentions, links, all of it', async () => {
  const long = `for @${two.ben.user.username} see https://example.org/x ${'and so on '.repeat(150)}end`;
  await hers.locator('input[type=file]')
    .setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('beans') });
  await hers.locator('.uploads .done').waitFor();
  await text(hers).fill(long);
  await text(hers).press('Enter');
  const one = message(his, 'and so on');
  await one.locator('.file').waitFor();
  assert.equal(await one.locator('.content').textContent(), long);
  assert.ok(await one.evaluate((node) => node.classList.contains('named')));
  assert.equal(await one.locator('.content a').getAttribute('href'), 'https://example.org/x');
  await act(hers, 'and so on', 'Edit');
  await hers.getByLabel('Edit the message').fill('shorter');
  await hers.getByLabel('Edit the message').press('Enter');
  await message(his, 'shorter').locator('.file').waitFor();
});

test('a picture of another host is a link that names it, and nothing is asked for there', async () => {
  const asked = [];
  his.on('request', (request) => { if (!request.url().startsWith(new URL(url).origin)) asked.push(request.url()); });
  await command(two.ann, 'message.send', { room_id: two.room.id, content: 'look',
    extra_fields: { with_text: true,
      media: [{ media_url: 'https://elsewhere.example/a.png', media_type: 'image' }] } });
  const one = message(his, 'look');
  await one.locator('.file small', { hasText: 'elsewhere.example' }).waitFor();
  assert.equal(await one.locator('figure img').count(), 0);
  assert.deepEqual(asked, []);
});

test('a message of many lines is folded by its height', async () => {
  await command(two.ben, 'message.send', { room_id: two.room.id, content: `tall${'<br>'.repeat(200)}end` });
  const one = message(hers, 'tall');
  await one.getByRole('button', { name: 'Show all' }).click();
  // It is as tall as that when it has been laid out.
  const node = await one.elementHandle(), key = await node.getAttribute('data-key');
  await hers.waitForFunction((found) => document.querySelector(`[data-key="${found}"]`).offsetHeight > 3000, key);
});

test('what one has muted in one tab stays muted when another tab chooses something', async () => {
  const other = await hers.context().newPage();
  await other.goto(url);
  await hers.getByRole('button', { name: 'Details' }).click();
  await hers.getByRole('button', { name: 'Mute on this device' }).click();
  await other.locator('#room-list li',
    { hasText: two.room.name }).locator('.marks .icon-bellOff, .marks svg').first().waitFor();
  await other.evaluate(() => localStorage.getItem('confab settings')); // the change has arrived by now
  await other.getByRole('button', { name: two.ann.user.username }).click();
  await other.getByRole('menuitem', { name: 'Settings' }).click();
  await other.getByLabel('Theme').selectOption('dark');
  const { quiet, theme } = await other.evaluate(() => JSON.parse(localStorage.getItem('confab settings')));
  assert.deepEqual([quiet, theme], [[two.room.id], 'dark']);
  await other.close();
  await hers.getByRole('button', { name: 'Notify again' }).click();
  await hers.getByRole('button', { name: 'Details' }).click();
});

test('whom one has blocked one does not write to, and can take that back', async () => {
  const { data } = await command(two.ann, 'room.create', { type: 'OneToOneChat', participants: [two.ben.user.id] });
  await hers.goto(`${url}#${data.id}`);
  await text(hers).waitFor();
  await hers.reload();
  await text(hers).waitFor();
  await hers.getByRole('button', { name: 'Details' }).click();
  await hers.getByRole('button', { name: 'Block' }).click();
  await hers.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
  await hers.getByText('You have blocked this person').waitFor();
  await hers.getByRole('button', { name: 'Unblock' }).click();
  await text(hers).waitFor();
});

test('a notification that can’t be made stops nothing', async () => {
  const page = await openAs(browser, two.ben, { permissions: ['notifications'] });
  await page.evaluate(() => {
    localStorage.setItem('confab settings', JSON.stringify({ notify: true }));
    globalThis.Notification = class { static permission = 'granted'; constructor() {
      throw new TypeError('Illegal constructor');
    } };
  });
  await page.reload();
  await page.evaluate(() => {
    globalThis.Notification = class { static permission = 'granted'; constructor() {
      throw new TypeError('Illegal constructor');
    } };
    Object.defineProperty(document, 'hasFocus', { value: () => false });
  });
  await enterRoom(page, two.room.name);
  await command(two.ann, 'message.send', { room_id: two.room.id, content: 'do you see this?' });
  await sees(page, 'do you see this?');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('on a phone a hit of a search in the conversation opens it, and its field has the focus', async () => {
  const page = await openAs(browser, two.ben,
    { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await enterRoom(page, two.room.name);
  await page.getByRole('button', { name: 'Search in this conversation' }).click();
  await page.waitForFunction(() => document.activeElement?.id === 'search');
  await page.keyboard.type('item 7');
  await page.locator('#found button').first().click();
  await page.locator('.message.flash', { hasText: 'item 7.' }).waitFor();
  await page.context().close();
});

test('a long name does not push the details out of sight', async () => {
  const long = await register('n'.repeat(55)), room = await makeRoom(two.ann, [long]);
  const page = await openAs(browser, two.ann);
  await enterRoom(page, room.name);
  await page.getByRole('button', { name: 'Details' }).click();
  await page.locator('.panel .person', { hasText: 'nnnn' }).waitFor();
  assert.ok(await page.locator('.panel-body').evaluate((node) => node.scrollWidth <= node.clientWidth));
  await page.context().close();
});

test('nothing of all this was against the page’s own rules', () => {
  assert.deepEqual([...hers.problems, ...his.problems], []);
});
