// Front ends that know people and not rooms, written as people write them who start from a tutorial (frontends/): each
// is driven in a browser against the one-to-one messages by plain HTTP and the sockets beside them (docs/direct.md).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { command, DEADLINE, launch, register, url } from './support/browser.mjs';

let browser;
// The pages are made here and come from no address, so Chromium would keep their sockets from a server of this host.
before(async () => { browser = await launch(['--disable-features=LocalNetworkAccessChecks']); });
after(() => browser?.close());

/** The page of a front end at another path of the site, with the account's cookie. */
async function open(name, account, query = {}, { cookie = true } = {}) {
  const context = await browser.newContext();
  const [, key, value] = /^([^=]+)=([^;]*)/.exec(account.cookie);
  if (cookie) await context.addCookies([{ name: key, value, url, httpOnly: true, sameSite: 'Lax' }]);
  await context.route('**/front/end*', (route) => route.fulfill({ contentType: 'text/html; charset=utf-8',
    body: readFileSync(path.join(import.meta.dirname, 'frontends', `${name}.html`), 'utf8') }));
  return [context, await another(context, query)];
}

async function another(context, query) {
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  await page.goto(`${new URL('/front/end', url)}?${new URLSearchParams(query)}`);
  return page;
}

const titled = (page, title) => page.waitForFunction((text) => document.title === text, title);
const texts = (page) => page.locator('#messages li .text').allTextContents();
const post = (from, to, body) => fetch(new URL('api/v1/message/', url), { method: 'POST',
  headers: { Authorization: `Bearer ${from.token}` },
  body: new URLSearchParams({ recipient: to.user.username, body }) });

test('a message centre lists people, pages through a conversation, sends, and learns of new messages', async () => {
  const [ann, ben, cid] = await Promise.all(['ann', 'ben', 'cid'].map(register));
  for (let i = 1; i <= 17; i++) assert.equal((await post(ben, ann, `${i}`)).status, 201);
  const [a, annPage] = await open('center', ann, { user: ann.user.username });
  const [b, benPage] = await open('center', ben, { user: ben.user.username });
  await annPage.locator('#user-list li', { hasText: ben.user.username }).click();
  await titled(annPage, `With ${ben.user.username}`);
  await benPage.locator('#user-list li', { hasText: ann.user.username }).click();
  await titled(benPage, `With ${ann.user.username}`);
  assert.equal(await annPage.locator('#user-list li', { hasText: ann.user.username }).count(), 0);
  assert.deepEqual(await texts(annPage), Array.from({ length: 15 }, (_, i) => `${i + 3}`));
  await annPage.getByRole('button', { name: 'Older' }).click();
  await annPage.locator('#messages li').nth(16).waitFor();
  assert.deepEqual(await texts(annPage), Array.from({ length: 17 }, (_, i) => `${i + 1}`));
  assert.equal(await annPage.getByRole('button', { name: 'Older' }).count(), 0);

  await annPage.locator('#chat-input').fill('<img src=x onerror=alert(1)> & "you"');
  await annPage.getByRole('button', { name: 'Send' }).click();
  await benPage.locator('#messages li.left', { hasText: '<img src=x onerror=alert(1)> & "you"' }).waitFor();
  await annPage.locator('#messages li.right', { hasText: '<img src=x onerror=alert(1)>' }).waitFor();
  assert.equal(await benPage.locator('#messages img').count(), 0);
  assert.equal((await post(cid, ben, 'of another person')).status, 201);
  assert.equal((await post(ben, ann, 'last')).status, 201);
  await annPage.locator('#messages li', { hasText: 'last' }).waitFor();
  await benPage.locator('#messages li', { hasText: 'last' }).waitFor();
  assert.equal(await benPage.locator('#messages li', { hasText: 'of another' }).count(), 0);

  await annPage.locator('#chat-input').fill('  ');
  await annPage.getByRole('button', { name: 'Send' }).click();
  await titled(annPage, 'Error! {"body":["This field may not be blank."]}');
  assert.deepEqual([annPage.problems, benPage.problems], [[], []]);
  await Promise.all([a.close(), b.close()]);
});

test('a chat of two people with tokens shows each message once, whether it is sent by POST or by socket', async () => {
  const [ann, ben] = await Promise.all(['ann', 'ben'].map(register));
  assert.equal((await post(ben, ann, 'before')).status, 201);
  const query = (me, them) => ({ token: me.token, me: me.user.id, them: them.user.id });
  const [a, annPage] = await open('thread', ann, query(ann, ben), { cookie: false });
  const [b, benPage] = await open('thread', ben, query(ben, ann), { cookie: false });
  await titled(annPage, 'Open');
  await titled(benPage, 'Open');
  for (const page of [annPage, benPage]) await page.locator('#messages li', { hasText: 'before' }).waitFor();
  const send = async (page, text) => {
    await page.locator('#content').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    for (const each of [annPage, benPage]) await each.locator('#messages li', { hasText: text }).waitFor();
  };
  await send(annPage, 'by POST');
  await benPage.locator('#by-socket').check();
  await send(benPage, 'by <socket>');
  await send(annPage, 'again');
  await command(ben, 'room.list').then(({ data: [room] }) =>
    command(ben, 'message.send', { room_id: room.id, content: '<b>rich</b>' }));
  await annPage.locator('#messages b', { hasText: 'rich' }).waitFor();
  await benPage.locator('#messages b', { hasText: 'rich' }).waitFor();
  const all = ['before', 'by POST', 'by <socket>', 'again', 'rich'];
  for (const page of [annPage, benPage]) assert.deepEqual(await page.locator('#messages li').allTextContents(), all);
  assert.deepEqual(await annPage.locator('#messages li').evaluateAll((items) => items.map((item) => item.className)),
    ['theirs', 'mine', 'theirs', 'mine', 'theirs']);
  await annPage.reload();
  await annPage.locator('#messages li').nth(4).waitFor();
  assert.deepEqual(await annPage.locator('#messages li').allTextContents(), all);
  assert.deepEqual([annPage.problems, benPage.problems], [[], []]);
  await Promise.all([a.close(), b.close()]);
});

test('the page of a first tutorial shows what is typed in every window of the person, and nobody else\'s', async () => {
  const [ann, ben] = await Promise.all(['ann', 'ben'].map(register));
  const [a, first] = await open('room', ann);
  const second = await another(a, {});
  const [b, other] = await open('room', ben);
  for (const page of [first, second, other]) await titled(page, 'Open');
  const says = (page, text) => page.waitForFunction((line) =>
    document.querySelector('#chat-log').value.endsWith(`${line}\n`), text);
  // A socket gets what is said once the server has opened its stream, which is a moment after it is open.
  for (const page of [first, second, other]) {
    await page.locator('#chat-message-input').fill('here');
    await page.locator('#chat-message-input').press('Enter');
    await says(page, 'here');
  }
  await first.locator('#chat-message-input').fill('hello');
  await first.locator('#chat-message-input').press('Enter');
  await says(first, 'hello');
  await says(second, 'hello');
  assert.equal(await other.locator('#chat-log').inputValue(), 'here\n');
  assert.deepEqual([first.problems, second.problems, other.problems], [[], [], []]);
  await Promise.all([a.close(), b.close()]);
});
