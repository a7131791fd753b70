// Two people in two browsers, on each transport.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { command, connectedBy, enterRoom, launch, makeRoom, openAs, register, say, sees, twoPeople,
  wire } from './support/browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

async function chatBothWays([hers, his]) {
  await say(hers, 'Is the kettle on?');
  await sees(his, 'Is the kettle on?');
  await say(his, 'It has just boiled.');
  await sees(hers, 'It has just boiled.');
  for (const page of [hers, his]) {
    assert.deepEqual(await page.locator('#messages .content').allTextContents(),
      ['Is the kettle on?', 'It has just boiled.']);
    assert.deepEqual(page.problems, []);
  }
}

for (const [name, without] of [['WebSocket', []], ['server-sent events', ['WebSocket']],
    ['long-poll', ['WebSocket', 'events']]]) {
  test(`two people chat over ${name}`, async () => {
    const { pages } = await twoPeople(browser, { without });
    await Promise.all(pages.map((page) => connectedBy(page, name)));
    await chatBothWays(pages);
    await Promise.all(pages.map((page) => page.context().close()));
  });
}

test('a reload keeps the log-in, the room and the history', async () => {
  const { pages: [page, other], ben, room } = await twoPeople(browser);
  await command(ben, 'message.send', { room_id: room.id, content: 'before the reload' });
  await sees(page, 'before the reload');
  await page.reload();
  await sees(page, 'before the reload');
  await command(ben, 'message.send', { room_id: room.id, content: 'after the reload' });
  await sees(page, 'after the reload');
  await Promise.all([page, other].map((one) => one.context().close()));
});

for (const [transport, name] of [['ws', 'WebSocket'], ['sse', 'server-sent events'], ['poll', 'long-poll']])
  test(`what was said while the ${name} stream was cut arrives once, in order`, async (t) => {
    const ann = await register('ann'), ben = await register('ben');
    const room = await makeRoom(ann, [ben]);
    const line = await wire();
    t.after(() => line.close());
    const page = await openAs(browser, ann, { at: line.url, query: `?transport=${transport}` });
    await enterRoom(page, room.name);
    await connectedBy(page, name);
    line.cut();
    await page.locator('#connection.waiting').waitFor({ state: 'attached' });
    const said = Array.from({ length: 20 }, (_, i) => `line ${i} of ${transport}`);
    for (const content of said) await command(ben, 'message.send', { room_id: room.id, content });
    line.mend();
    // The event of a browser: a client that waits tries at once. An attempt that was running when the connection was
    // restored may still fail.
    await page.waitForFunction(() => dispatchEvent(new Event('online')) && document.querySelector('#connection.open'));
    await sees(page, said[19]);
    assert.deepEqual(await page.locator('#messages .content').allTextContents(), said);
    await page.context().close();
  });

test('a message that could not be sent is sent once when the network is back', async (t) => {
  const ann = await register('ann'), ben = await register('ben');
  const room = await makeRoom(ann, [ben]);
  const line = await wire();
  t.after(() => line.close());
  const page = await openAs(browser, ann, { at: line.url, query: '?transport=poll' });
  await enterRoom(page, room.name);
  line.cut();
  await say(page, 'held back');
  await page.locator('#messages li.pending', { hasText: 'held back' }).waitFor();
  line.mend();
  await sees(page, 'held back');
  const { data } = await command(ben, 'room.messages', { room_id: room.id });
  assert.deepEqual(data.data.messages.map(({ content }) => content), ['held back']);
  await page.context().close();
});

test('hostile content is shown and does nothing', async () => {
  const { pages, ben, room } = await twoPeople(browser);
  const [page] = pages;
  for (const content of ['<img src=x onerror="globalThis.hit = 1">one', '<script>globalThis.hit = 1</script>two',
    '<a href="javascript:globalThis.hit=1">three</a>', '<svg onload="globalThis.hit=1">four',
    '<b onclick=globalThis.hit=1>five'])
    await command(ben, 'message.send', { room_id: room.id, content });
  await say(page, '<b>typed & meant</b>');
  await sees(page, 'five');
  await sees(page, '<b>typed & meant</b>');
  for (const link of await page.locator('#messages a').all()) assert.equal(await link.getAttribute('href'), null);
  // The disallowed markup is shown as text.
  assert.equal(await page.locator('#messages .content :is(img, script, svg, [onclick])').count(), 0);
  assert.equal(await page.evaluate(() => globalThis.hit), undefined);
  assert.deepEqual(page.problems, []);
  await Promise.all(pages.map((one) => one.context().close()));
});

test('older messages come when one scrolls up', async () => {
  const ann = await register('ann');
  const room = await makeRoom(ann, []);
  for (let i = 0; i < 120; i++) await command(ann, 'message.send', { room_id: room.id, content: `entry ${i}` });
  const page = await openAs(browser, ann);
  await enterRoom(page, room.name);
  await sees(page, 'entry 119');
  assert.equal(await page.locator('#messages .message').count(), 50);
  const first = page.locator('#messages .content', { hasText: /^entry 0$/ });
  while (!await first.count()) {
    const before = await page.locator('#messages .message').count();
    await page.locator('#messages').evaluate((list) => { list.scrollTop = 0; });
    await page.waitForFunction((n) => document.querySelectorAll('#messages .message').length > n, before);
  }
  assert.equal(await page.locator('#messages .message').count(), 120);
  await page.context().close();
});

test('on a phone the list and the conversation take turns', async () => {
  const { pages, room } = await twoPeople(browser, { viewport: { width: 375, height: 700 }, hasTouch: true });
  const [page] = pages;
  await say(page, 'from the phone');
  await sees(pages[1], 'from the phone');
  assert.equal(await page.locator('.rooms').isVisible(), false);
  await page.getByRole('button', { name: 'Back to the list' }).click();
  assert.equal(await page.locator('.room').isVisible(), false);
  await page.getByRole('button', { name: new RegExp(room.name) }).waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await Promise.all(pages.map((one) => one.context().close()));
});

test('logging out ends the stream and asks for the password again', async () => {
  const ann = await register('ann');
  const page = await openAs(browser, ann, { form: true });
  await connectedBy(page, 'WebSocket');
  await page.locator('.me').click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  assert.equal(await page.locator('#chat').count(), 0);
  await page.context().close();
});
