// The result of make bundles, behind nginx like an operator's: the transferred bytes, caching, and that the chat works
// as before.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort, Stack } from '../http/support/stack.mjs';
import { DEADLINE, launch } from './support/browser.mjs';

const run = promisify(execFile), top = path.resolve(import.meta.dirname, '../..');
let browser, stack, url, account;
before(async () => {
  browser = await launch();
  const folder = path.join(process.env.CONFAB_DIR, 'bundled');
  await run(process.execPath, [path.join(top, 'tools/bundle.mjs'), folder]);
  process.env.STACK_HTDOCS = folder;
  stack = await Stack.start('bundles');
  const port = await freePort();
  await run(path.join(top, 'tools/stack'), ['front', stack.dir, 'nginx', `${port}`]);
  url = `http://127.0.0.1:${port}/chat/`;
  account = await stack.site.register('ann');
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

async function open(at = url) {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(DEADLINE);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/401/.test(message.text())) page.problems.push(message.text());
  });
  await page.goto(at);
  return page;
}

/** The resources that a page has fetched: {name, bytes, sent}; sent is 0 for a cached one. */
const fetched = (page) =>
  page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => /\.(js|css)$/.test(name))
  .map(({ name, encodedBodySize, transferSize }) =>
    ({ name: new URL(name).pathname, bytes: encodedBodySize, sent: transferSize })));
const sum = (list) => list.reduce((all, { bytes }) => all + bytes, 0);

for (const [entry, most] of [['confab.js', 15.2], ['widget.js', 30]])
  test(`${entry} and all it loads is less than ${most} KB on its way`, async (t) => {
    const page = await open(`${url}icon.svg`);
    await page.evaluate((where) => import(where), url + entry);
    const files = await fetched(page);
    t.diagnostic(`${entry}: ${sum(files)} bytes in ${files.length} requests`);
    assert.ok(files.length > 1);
    assert.ok(sum(files) < most * 1024, `${sum(files)} bytes`);
    await page.context().close();
  });

test('the application is a few files, and those with their content in their name are kept', async (t) => {
  const page = await open();
  await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
  const files = await fetched(page);
  t.diagnostic(`the application: ${sum(files)} bytes in ${files.length} requests`);
  assert.ok(files.length < 12 && sum(files) < 60 * 1024);
  for (const { name } of files) {
    const response = await page.request.get(new URL(name, url).href);
    assert.equal(response.headers()['content-encoding'], 'gzip', name);
    assert.equal(response.headers()['cache-control'],
      name.includes('/chunks/') ? 'public, max-age=31536000, immutable' : 'no-cache', name);
  }
  await page.reload();
  await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
  const again = await fetched(page);
  assert.deepEqual(again.filter(({ name }) => name.includes('/chunks/')).map(({ sent }) => sent)
    .filter((sent) => sent > 0), []);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('it is the same chat, and the widget finds its way', async () => {
  const page = await open();
  await page.getByLabel('User name').fill(account.user.username);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByRole('menuitem', { name: 'New group' }).click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Tea');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await page.locator('#room-name', { hasText: 'Tea' }).waitFor();
  await page.getByLabel('Message', { exact: true }).fill('in small parts');
  await page.getByLabel('Message', { exact: true }).press('Enter');
  await page.locator('.message:not(.pending)', { hasText: 'in small parts' }).waitFor();
  await page.evaluate(async (widget) => {
    await import(widget);
    document.body.append(document.createElement('confab-chat'));
  }, `${url}widget.js`);
  await page.locator('confab-chat').getByRole('button', { name: /^Tea/ }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
