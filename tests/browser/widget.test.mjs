// The widget in foreign pages: at another path of the site, under a strict Content-Security-Policy, beside their own
// code.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { command, DEADLINE, launch, makeRoom, PASSWORD, register, url } from './support/browser.mjs';

const CSP = [
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'",
  "require-trusted-types-for 'script'; trusted-types confab",
].join('; ');
const mount = new URL(url).pathname;

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** A page of a shop that contains the widget. `body` is the shop's. */
async function shop(account, body, { lang = 'en', dir = 'ltr', cookie = true, csp = CSP, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 720 }, ...options });
  if (cookie && account)
    await context.request.post(new URL('session', url).href,
      { data: { username: account.user.username, password: PASSWORD } });
  await context.route('**/shop/page', (route) => route.fulfill({
    contentType: 'text/html; charset=utf-8', headers: { 'Content-Security-Policy': csp },
    body: `<!doctype html><html lang="${lang}" dir="${dir}"><meta charset="utf-8"><title>Shop</title><h1>Tea and `
      + `cups</h1><p>Everything for the table.</p>${body}`,
  }));
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|Refused/.test(message.text())) page.problems.push(message.text());
  });
  await page.goto(new URL('/shop/page', url).href);
  return page;
}

const script = (attributes = '') => `<script type="module" src="${mount}widget.js" ${attributes}></script>`;
const contents = (page) => page.locator('confab-chat .message .content').allTextContents();
const sees = (page, text) => page.locator('confab-chat .message .content', { hasText: text }).waitFor();

async function say(page, text) {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('textbox', { name: 'Message' }).press('Enter');
}

async function two() {
  const [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  return { ann, ben, room: await makeRoom(ann, [ben], 'Tea') };
}

test('one room in the flow of a page: what is written in it arrives, both ways, and no policy is broken', async () => {
  const { ann, ben, room } = await two();
  const page = await shop(ann, `${script()}<confab-chat room="${room.id}"></confab-chat>`);
  await page.getByRole('heading', { name: 'Tea', exact: true }).waitFor();
  await command(ben, 'message.send', { room_id: room.id, content: 'Is the <b>kettle</b> on?' });
  await sees(page, 'Is the kettle on?');
  await say(page, '<i>Yes</i> & no');
  await page.locator('confab-chat .mine:not(.sending, .queued)', { hasText: '<i>Yes</i> & no' }).waitFor();
  assert.deepEqual(await contents(page), ['Is the kettle on?', '<i>Yes</i> & no']);
  assert.equal(await page.locator('confab-chat .message b').textContent(), 'kettle');
  assert.equal(await page.locator('confab-chat style, confab-chat [style], iframe').count(), 0);
  const { data } = await command(ben, 'room.messages', { room_id: room.id });
  assert.deepEqual(data.data.messages.map(({ content }) => content),
    ['&lt;i&gt;Yes&lt;/i&gt; &amp; no', 'Is the <b>kettle</b> on?']);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('floating, with the list: closed it counts what is unread, the keyboard alone opens, reads, answers and closes it',
    async () => {
  const { ann, ben, room } = await two();
  for (const content of ['one', '<p>and</p><ul><li>two</li><li>three</li></ul>'])
    await command(ben, 'message.send', { room_id: room.id, content });
  const page = await shop(ann, `<a href="#x">first link</a>${script('data-mode="floating" data-heading="Help"')}`);
  const launcher = page.getByRole('button', { name: 'Open chat, 2 unread messages' });
  await launcher.waitFor();
  assert.equal(await launcher.getAttribute('aria-expanded'), 'false');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Help' }).waitFor();
  await page.getByRole('button', { name: /^Tea.*and two three.*2 unread messages/ }).waitFor();
  await page.keyboard.press('Enter'); // focus is on the first room
  await sees(page, 'two');
  await page.getByRole('button', { name: 'Open chat', exact: true }).waitFor(); // read now
  await page.keyboard.type('three');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('lines');
  await page.keyboard.press('Enter');
  await page.locator('confab-chat .mine', { hasText: 'three\nlines' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => document.querySelector('confab-chat').shadowRoot.activeElement.className),
    'launcher');
  await command(ben, 'message.send', { room_id: room.id, content: 'four' });
  await page.getByRole('button', { name: 'Open chat, 1 unread message' }).waitFor();
  const { data } = await command(ann, 'room.list');
  assert.equal(data[0].unread, 1);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('the roles that a screen reader needs are there', async () => {
  const { ann, ben, room } = await two();
  await command(ben, 'message.send', { room_id: room.id, content: 'hello' });
  const page = await shop(ann, `${script()}<confab-chat room="${room.id}"></confab-chat>`);
  await sees(page, 'hello');
  const log = page.getByRole('log', { name: 'Messages' });
  assert.equal(await log.getAttribute('aria-live'), 'polite');
  await page.getByRole('region', { name: 'Tea' }).waitFor();
  await page.getByRole('button', { name: 'Send' }).waitFor();
  assert.equal(await page.getByRole('status').count(), 1);
  const kept = await log.locator('.message').first().evaluateHandle((node) => node);
  await command(ben, 'message.send', { room_id: room.id, content: 'again' });
  await sees(page, 'again');
  assert.ok(await kept.evaluate((node) => node.isConnected)); // an announced message is not announced again
  await page.context().close();
});

test('a site says who its visitor is by a token of its own, and is asked again when that has ended', async () => {
  const { ann, ben, room } = await two();
  let asked = 0, token = ann.token;
  const page = await shop(null, '', { cookie: false });
  await page.context().route('**/shop/token', (route) => {
    asked++;
    return route.fulfill({ contentType: 'text/plain', body: token });
  });
  await page.context().route('**/shop/page', (route) => route.fulfill({
    contentType: 'text/html', headers: { 'Content-Security-Policy': CSP },
    body: `<!doctype html><title>Shop</title>${script()}<confab-chat room="${room.id}" `
      + `token-url="/shop/token"></confab-chat>` }));
  await page.reload();
  await page.getByRole('heading', { name: 'Tea', exact: true }).waitFor();
  const before = asked;
  const login = await (await fetch(new URL('session', url), {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: ann.user.username, password: PASSWORD }) })).json();
  token = login.token;
  await fetch(new URL('session', url), { method: 'DELETE', headers: { Authorization: `Bearer ${ann.token}` } });
  await command(ben, 'message.send', { room_id: room.id, content: 'with the new token' });
  await sees(page, 'with the new token');
  assert.ok(asked > before);
  await page.context().close();
});

test('a page may give a token by script, before or after the widget is there, and keeps its focus', async () => {
  const { ann, room } = await two();
  const page = await shop(null, '<input aria-label="Search the shop">', { cookie: false });
  await page.getByLabel('Search the shop').focus();
  await page.evaluate(async ([id, token, source]) => {
    const early = document.createElement('confab-chat');
    early.token = async () => token;
    early.setAttribute('room', id);
    document.body.append(early);
    await import(source);
    const late = document.createElement('confab-chat');
    late.token = token;
    for (const [name, value] of [['mode', 'floating'], ['open', ''], ['room', id]]) late.setAttribute(name, value);
    document.body.append(late);
  }, [room.id, ann.token, `${mount}widget.js`]);
  for (const role of ['region', 'dialog']) await page.getByRole(role, { name: 'Tea' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Search the shop');
  const { data } = await command(ann, 'session.list', {});
  assert.equal(data.sessions.length, 1); // the widgets share one session
  await page.context().close();
});

test('who is not logged in is told so, and the page is told too', async () => {
  const page = await shop(null, `${script()}<confab-chat login-url="/login"></confab-chat>`, { cookie: false });
  const link = page.getByRole('link', { name: 'Please log in to chat.' });
  assert.equal(await link.getAttribute('href'), '/login');
  await page.context().close();
});

test('in Arabic it reads from right to left; in a language it lacks, in English', async () => {
  const { ann, room } = await two();
  const page = await shop(ann, `${script()}<confab-chat room="${room.id}"></confab-chat>`, { lang: 'ar', dir: 'rtl' });
  await page.getByRole('button', { name: 'إرسال' }).waitFor();
  assert.equal(await page.locator('confab-chat .panel').evaluate((node) => getComputedStyle(node).direction), 'rtl');
  const other = await shop(ann, `${script()}<confab-chat room="${room.id}"></confab-chat>`, { lang: 'tlh' });
  await other.getByRole('button', { name: 'Send' }).waitFor();
  const german = await shop(ann, `${script()}<confab-chat room="${room.id}" lang="de-AT"></confab-chat>`);
  await german.getByRole('button', { name: 'Senden' }).waitFor();
  for (const one of [page, other, german]) await one.context().close();
});

test('colours are the site\'s to choose, and dark follows the person', async () => {
  const { ann, room } = await two();
  const paper = (page) => page.locator('confab-chat .panel').evaluate((node) => getComputedStyle(node).backgroundColor);
  const body = `${script()}<confab-chat room="${room.id}"></confab-chat>`;
  for (const [colorScheme, expected] of [['light', 'rgb(255, 255, 255)'], ['dark', 'rgb(35, 37, 36)']]) {
    const page = await shop(ann, body, { colorScheme });
    await page.getByRole('heading', { name: 'Tea', exact: true }).waitFor();
    assert.equal(await paper(page), expected);
    await page.evaluate(() =>
      document.querySelector('confab-chat').style.setProperty('--confab-paper', 'rgb(1, 2, 3)'));
    assert.equal(await paper(page), 'rgb(1, 2, 3)');
    await page.context().close();
  }
});

test('frameworks may move it, take it out, put it back; the page\'s styles and shortcuts do not reach in', async () => {
  const { ann, room } = await two();
  const page = await shop(ann,
    `${script()}<div id="a"><confab-chat room="${room.id}"></confab-chat></div><div id="b"></div>`,
    { csp: CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'") });
  await page.getByRole('heading', { name: 'Tea', exact: true }).waitFor();
  await page.evaluate(() => {
    const style = document.createElement('style');
    style.textContent =
      '* { display: none !important } button { position: fixed !important } '
      + 'div, confab-chat, body, html { display: block !important }';
    document.head.append(style);
    globalThis.keys = 0;
    document.addEventListener('keydown', () => globalThis.keys++);
    document.querySelector('#b').append(document.querySelector('confab-chat'));
  });
  await page.getByRole('heading', { name: 'Tea', exact: true }).waitFor();
  await say(page, 'moved');
  await page.locator('confab-chat .mine', { hasText: 'moved' }).waitFor();
  assert.equal(await page.evaluate(() => globalThis.keys), 0);
  assert.equal(await page.getByRole('button', { name: 'Send' }).evaluate((node) => getComputedStyle(node).position),
    'static');
  const client = await page.evaluateHandle(() => document.querySelector('confab-chat').client);
  await page.evaluate(() => document.querySelector('confab-chat').remove());
  assert.equal(await client.evaluate((one) => one.state), 'stopped');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('hostile content is shown and does nothing', async () => {
  const { ann, ben, room } = await two();
  const page = await shop(ann, `${script()}<confab-chat room="${room.id}"></confab-chat>`);
  for (const content of ['<img src=x onerror="globalThis.hit = 1">one', '<script>globalThis.hit = 1</script>two',
    '<a href="javascript:globalThis.hit=1">three</a>'])
    await command(ben, 'message.send', { room_id: room.id, content });
  await command(ben, 'room.modify', { room_id: room.id, action: 'update', data: { name: '<b>x</b>' } }).catch(() => {});
  await sees(page, 'three');
  assert.equal(await page.locator('confab-chat :is(img, script, [onerror], a[href])').count(), 0);
  assert.equal(await page.evaluate(() => globalThis.hit), undefined);
  await page.context().close();
});

test('older messages come by scrolling or by the button, and what is read stays in place', async () => {
  const { ann, room } = await two();
  for (let i = 0; i < 120; i++) await command(ann, 'message.send', { room_id: room.id, content: `entry ${i}` });
  const page = await shop(ann, `${script()}<confab-chat room="${room.id}"></confab-chat>`);
  await sees(page, 'entry 119');
  assert.equal(await page.locator('confab-chat .message').count(), 50);
  for (const count of [100, 120]) {
    await page.getByRole('button', { name: 'Older messages' }).press('Enter');
    await page.waitForFunction((n) =>
      document.querySelector('confab-chat').shadowRoot.querySelectorAll('.message').length >= n, count);
  }
  assert.deepEqual(await contents(page), Array.from({ length: 120 }, (_, i) => `entry ${i}`));
  await page.context().close();
});
