// The widget in sites that set their own sizes, give tokens, and have nothing to show yet.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { command, DEADLINE, launch, makeRoom, register, url } from './support/browser.mjs';

const mount = new URL(url).pathname;

let browser, ann, ben, room;
before(async () => {
  browser = await launch();
  [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  room = await makeRoom(ann, [ben], 'Tea');
});
after(() => browser?.close());

/** A page of a site that gives its visitor's token by script. */
async function site(token, attributes, style = '') {
  const context = await browser.newContext();
  await context.route('**/shop/token', (route) => token
    ? route.fulfill({ contentType: 'text/plain', body: token }) : route.fulfill({ status: 403, body: '' }));
  await context.route('**/shop/page', (route) => route.fulfill({
    contentType: 'text/html; charset=utf-8',
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title><style>${style}</style>`
      + `<script type="module" src="${mount}widget.js"></script>`
      + `<confab-chat token-url="/shop/token" ${attributes}></confab-chat>`,
  }));
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE);
  page.asked = 0;
  page.on('request', (request) => { if (request.url().endsWith('/shop/token')) page.asked++; });
  await page.goto(new URL('/shop/page', url).href);
  return page;
}

const close = (page) => page.context().close();

test('a visitor with a token opens a file', async () => {
  const uploaded = await (await fetch(new URL('media?name=beans.txt', url), { method: 'POST', body: 'green beans',
    headers: { 'Content-Type': 'text/plain', Authorization: `Bearer ${ben.token}` } })).json();
  await command(ben, 'message.send', { room_id: room.id, extra_fields: { media: [uploaded] } });
  const page = await site(ann.token, `room="${room.id}"`);
  const link = page.locator('confab-chat .message a', { hasText: 'beans.txt' });
  await link.waitFor();
  const saving = page.waitForEvent('download');
  await link.click();
  const saved = await saving;
  assert.equal(saved.suggestedFilename(), 'beans.txt');
  assert.equal(await readFile(await saved.path(), 'utf8'), 'green beans');
  // What can't be had any more is said.
  await page.route('**/media/**', (route) => route.fulfill({ status: 404, body: '' }));
  await link.click();
  await page.locator('confab-chat').getByRole('alert').filter({ hasText: 'beans.txt' }).waitFor();
  await close(page);
});

test('the list names what a message without words is', async () => {
  const page = await site(ann.token, '');
  const row = page.locator('confab-chat .rooms li', { hasText: 'Tea' });
  await row.filter({ hasText: 'Attachment' }).or(row.filter({ hasText: 'beans' })).waitFor();
  assert.doesNotMatch(await row.textContent(), /Media Files/);
  await close(page);
});

test('of a very long text the widget shows the beginning, and the rest when it is wanted', async () => {
  const other = await makeRoom(ann, [ben], 'Long');
  await command(ann, 'message.send', { room_id: other.id, content: `<b>long</b> ${'ب'.repeat(20_000)}` });
  const page = await site(ben.token, `room="${other.id}"`);
  const content = page.locator('.message .content');
  await page.getByRole('button', { name: 'Show all' }).waitFor();
  assert.equal(await content.evaluate((node) => node.textContent.length), 4000);
  await page.getByRole('button', { name: 'Show all' }).click();
  assert.equal(await content.evaluate((node) => node.textContent.length), 20_005);
  assert.equal(await page.getByRole('button', { name: 'Show all' }).count(), 0);
  await close(page);
});

test('sizes are the same on a site whose rem is 10 pixels', async () => {
  const sizes = [];
  for (const style of ['', 'html { font-size: 62.5% }']) {
    const page = await site(ann.token, `room="${room.id}"`, style);
    await page.getByRole('heading', { name: 'Tea', exact: true }).waitFor();
    sizes.push(await page.evaluate(() => {
      const root = document.querySelector('confab-chat').shadowRoot;
      return [...root.querySelectorAll('h2, textarea, button, .message')].map((one) =>
        [one.className, getComputedStyle(one).fontSize, one.getBoundingClientRect().height]);
    }));
    await close(page);
  }
  assert.ok(sizes[0].length > 3);
  assert.deepEqual(sizes[1], sizes[0]);
});

test('a site whose token says no is not asked again, and the visitor is told', async () => {
  const page = await site('', 'login-url="/log-in"');
  await page.locator('confab-chat').getByRole('link', { name: /log in/i }).waitFor();
  const asked = page.asked;
  await page.waitForTimeout(3000);
  assert.equal(page.asked, asked);
  assert.ok(asked <= 2, `${asked} times`);
  await close(page);
});

test('a visitor without conversations begins one with whom the site names', async () => {
  const [cat, dan] = await Promise.all([register('cat'), register('dan')]);
  const page = await site(cat.token, `contact="${dan.user.id}"`);
  await page.locator('confab-chat').getByRole('button', { name: /chat|write|begin|start/i }).first().click();
  await page.getByRole('textbox', { name: 'Message' }).fill('Is anybody there?');
  await page.getByRole('textbox', { name: 'Message' }).press('Enter');
  await page.locator('confab-chat .mine', { hasText: 'Is anybody there?' }).waitFor();
  await page.locator('confab-chat .mine:not(.sending, .queued)').waitFor();
  const { data: [only] } = await command(dan, 'room.list', {});
  assert.equal(only.last_message.content, 'Is anybody there?');
  await close(page);
});

test('a reply whose parent is deleted says so', async () => {
  const { data: parent } = await command(ben, 'message.send', { room_id: room.id, content: 'ask me' });
  await command(ann, 'message.send',
    { room_id: room.id, content: 'I do', extra_fields: { parent_message_id: parent.id } });
  const page = await site(ann.token, `room="${room.id}"`);
  const quote = page.locator('confab-chat .message', { hasText: 'I do' }).locator('.quote');
  await quote.filter({ hasText: 'ask me' }).waitFor();
  await command(ben, 'message.modify', { message_id: [parent.id], action: 'delete' });
  await quote.filter({ hasText: 'deleted' }).waitFor();
  await close(page);
});
