// The client library in real browsers: several tabs of one person, transports that change, networks that fail, pages
// that are reloaded.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { command, DEADLINE, launch, makeRoom, PASSWORD, register, url, wire } from './support/browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** A person's browser, logged in by cookie. */
async function browserOf(account, at = url) {
  const context = await browser.newContext();
  await context.request.post(new URL('session', at).href,
    { data: { username: account.user.username, password: PASSWORD } });
  context.setDefaultTimeout(DEADLINE);
  return context;
}

/** A tab with only a client and a store: globalThis.chat = {client, store, said, twice}. */
async function tab(context, room, { at = url, ...options } = {}) {
  const page = await context.newPage();
  await page.goto(new URL('confab.js', at).href);
  await enter(page, room, options);
  return page;
}

function enter(page, room, options) {
  return page.evaluate(async ([id, given]) => {
    const { Client, Store } = await import('./confab.js');
    const client = new Client({ url: './', ...given }), store = new Store(client);
    globalThis.chat = { client, store, said: [], seqs: [] };
    client.on('dispatch', ({ eventType, data, seq }) => {
      globalThis.chat.seqs.push(seq);
      if (eventType === 'message.dispatch') globalThis.chat.said.push(data.content);
    });
    await client.start();
    await store.load();
    await store.openRoom(id);
  }, [room.id, options]);
}

const holds = (page, content) => page.waitForFunction((wanted) => globalThis.chat.said.includes(wanted), content);
const shown = (page,
  room) => page.evaluate((id) => globalThis.chat.store.messages(id).map(({ content }) => content), room.id);
const states = (page,
  room) =>
    page.evaluate((id) => globalThis.chat.store.messages(id).map(({ content, state }) => `${content} ${state}`),
      room.id);
const isLeading = (page) => page.evaluate(() => globalThis.chat.client.share.isLeading);
const until = (page, state) => page.waitForFunction((wanted) => globalThis.chat.client.state === wanted, state);

async function two() {
  const [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  return { ann, ben, room: await makeRoom(ann, [ben]) };
}

async function sessionsOf(account) {
  return (await command(account, 'session.list', {})).data.sessions;
}

test('three tabs share one stream, and when the leading one is closed in mid-flow nothing is lost or doubled in the '
  + 'others', async () => {
  const { ann, ben, room } = await two();
  const context = await browserOf(ann);
  const pages = [await tab(context, room), await tab(context, room), await tab(context, room)];
  assert.deepEqual(await Promise.all(pages.map(isLeading)), [true, false, false]);
  assert.equal((await sessionsOf(ann)).length, 1);
  const all = Array.from({ length: 60 }, (_, i) => `line ${i}`);
  let rest = pages;
  for (const [i, content] of all.entries()) {
    const sent = command(ben, 'message.send', { room_id: room.id, content });
    if (i === 20 || i === 40) {
      const leaders = await Promise.all(rest.map(isLeading));
      const leader = rest[leaders.indexOf(true)];
      rest = rest.filter((page) => page !== leader);
      await Promise.all([sent, leader.close()]);
    }
    await sent;
    // The next one is closed when another tab leads.
    if (i === 30)
      await Promise.race(
        rest.map((page) =>
          page.waitForFunction(() =>
            globalThis.chat.client.share.isLeading && globalThis.chat.client.state === 'open')));
  }
  const [last] = rest;
  await holds(last, all.at(-1));
  assert.deepEqual(await last.evaluate(() => globalThis.chat.said), all);
  assert.deepEqual(await shown(last, room), all);
  assert.ok(await isLeading(last));
  await context.close();
});

test('a tab that opens late, or a reload, finds its place at the leader', async () => {
  const { ann, ben, room } = await two();
  const context = await browserOf(ann);
  const first = await tab(context, room);
  await command(ben, 'message.send', { room_id: room.id, content: 'before' });
  await holds(first, 'before');
  const second = await tab(context, room);
  await second.reload();
  await enter(second, room, {});
  await command(ben, 'message.send', { room_id: room.id, content: 'after' });
  for (const page of [first, second]) await holds(page, 'after');
  assert.deepEqual(await shown(second, room), ['before', 'after']);
  assert.deepEqual(
    await second.evaluate(() =>
      [globalThis.chat.client.share.isLeading, globalThis.chat.client.state, globalThis.chat.client.transport]), [false,
      'open', 'ws']);
  assert.deepEqual(await second.evaluate((id) => globalThis.chat.store.notifications.rooms.get(id).length, room.id), 2);
  await context.close();
});

test('what is written in a tab that does not lead is sent, seen in all, and known as its own', async () => {
  const { ann, room } = await two();
  const context = await browserOf(ann);
  const pages = [await tab(context, room), await tab(context, room)];
  await pages[1].evaluate((id) => { globalThis.chat.store.send(id, 'from the second'); }, room.id);
  for (const page of pages) {
    await holds(page, 'from the second');
    assert.deepEqual(await states(page, room), ['from the second undefined']);
  }
  await context.close();
});

test('idle in every tab is idle for others; presence reaches the tab that does not lead', async () => {
  const { ann, ben, room } = await two();
  const [hers, his] = [await browserOf(ann), await browserOf(ben)];
  const pages = [await tab(hers, room), await tab(hers, room)], other = [await tab(his, room), await tab(his, room)];
  await other[1].evaluate((id) => globalThis.chat.store.watch({ rooms: [id] }), room.id);
  const seen = (status) =>
    other[1].waitForFunction(([id, wanted]) => globalThis.chat.store.presence(id)?.status === wanted,
      [ann.user.id, status]);
  await seen('online');
  for (const page of pages) await page.evaluate(() => {
    globalThis.chat.client.idle.touch();
    globalThis.chat.client.idle.set(true);
  });
  await seen('idle');
  await pages[1].evaluate(() => globalThis.chat.client.idle.touch());
  await seen('online');
  await pages[0].evaluate((id) => globalThis.chat.client.typing(id), room.id);
  await other[1].waitForFunction((id) => globalThis.chat.store.typing(id).length === 1, room.id);
  await hers.close();
  await his.close();
});

test('the transport changes in mid-flow, again and again, and nothing is lost or doubled', async () => {
  const { ann, ben, room } = await two();
  const context = await browserOf(ann);
  const page = await tab(context, room);
  const all = Array.from({ length: 90 }, (_, i) => `line ${i}`);
  for (const [i, content] of all.entries()) {
    await command(ben, 'message.send', { room_id: room.id, content });
    if (i % 10 === 5)
      await page.evaluate((name) => globalThis.chat.client.connection.use(name),
        ['sse', 'poll', 'ws'][(i - 5) / 10 % 3]);
  }
  await holds(page, all.at(-1));
  assert.deepEqual(await page.evaluate(() => globalThis.chat.said), all);
  assert.deepEqual(await shown(page, room), all);
  const seqs = await page.evaluate(() => globalThis.chat.seqs);
  assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
  await context.close();
});

test('offline and back: what others said arrives, what one wrote is sent, each once and in order', async (t) => {
  const { ann, ben, room } = await two();
  const line = await wire();
  t.after(() => line.close());
  const context = await browserOf(ann, line.url);
  const page = await tab(context, room, { at: line.url });
  line.cut();
  await until(page, 'waiting');
  await page.evaluate((id) => {
    for (const text of ['mine 1', 'mine 2', 'mine 3']) globalThis.chat.store.send(id, text); }, room.id);
  for (let i = 0; i < 5; i++) await command(ben, 'message.send', { room_id: room.id, content: `his ${i}` });
  assert.match((await states(page, room)).join(), /^mine 1 (queued|sending),mine 2 queued,mine 3 queued$/);
  line.mend();
  await page.evaluate(() => globalThis.chat.client.hurry());
  await holds(page, 'mine 3');
  const expected = ['his 0', 'his 1', 'his 2', 'his 3', 'his 4', 'mine 1', 'mine 2', 'mine 3'];
  assert.deepEqual(await states(page, room), expected.map((content) => `${content} undefined`));
  const { data } = await command(ben, 'room.messages', { room_id: room.id });
  assert.deepEqual(data.data.messages.map(({ content }) => content).reverse(), expected);
  await context.close();
});

test('the outbox survives a reload: what the server has already is not sent twice, the rest follows in order',
    async () => {
  const { ann, ben, room } = await two();
  const context = await browserOf(ann);
  // The first command arrives and its answer is lost; those after it do not arrive at all.
  let arrived = 0;
  await context.route('**/command', async (route) => {
    if (!route.request().postData().includes('message.send')) return route.continue();
    if (!arrived++) await route.fetch();
    await route.abort();
  });
  const page = await tab(context, room, { transports: ['poll'] });
  await page.evaluate((id) => { for (const text of ['one', 'two', 'three']) globalThis.chat.store.send(id, text); },
    room.id);
  await holds(page, 'one');
  await page.waitForFunction((id) =>
    globalThis.chat.store.messages(id).some(({ state, error }) => state === 'queued' && error), room.id);
  await page.reload();
  await enter(page, room, { transports: ['poll'] });
  await page.waitForFunction((id) => globalThis.chat.store.outbox.of(id).length === 2, room.id);
  assert.deepEqual((await states(page, room)).map((text) => text.split(' ')[0]), ['one', 'two', 'three']);
  await context.unroute('**/command');
  await holds(page, 'three');
  const { data } = await command(ben, 'room.messages', { room_id: room.id });
  assert.deepEqual(data.data.messages.map(({ content }) => content).reverse(), ['one', 'two', 'three']);
  await page.waitForFunction(() => globalThis.chat.store.outbox.shelf.all.length === 0);
  await context.close();
});

test('a message that is refused says why, also after a reload, and can be tried again', async () => {
  const { ann, ben, room } = await two();
  const context = await browserOf(ben);
  const page = await tab(context, room);
  await command(ann, 'room.modify', { room_id: room.id, action: 'update', data: { group_locked: true } });
  await page.evaluate((id) => { globalThis.chat.store.send(id, 'may I?'); }, room.id);
  await page.waitForFunction((id) => globalThis.chat.store.messages(id)[0]?.state === 'failed', room.id);
  await page.reload();
  await enter(page, room, {});
  const error = await page.waitForFunction((id) => globalThis.chat.store.messages(id)[0]?.error?.message, room.id);
  assert.equal(await error.jsonValue(), 'User is not authorized to send message to this room');
  await command(ann, 'room.modify', { room_id: room.id, action: 'update', data: { group_locked: false } });
  await page.evaluate((id) => globalThis.chat.store.messages(id)[0].retry(), room.id);
  await holds(page, 'may I?');
  await context.close();
});

test('logging out in one tab ends it in all of them, and logging in again begins anew', async () => {
  const { ann, ben, room } = await two();
  const context = await browserOf(ann);
  const pages = [await tab(context, room), await tab(context, room), await tab(context, room)];
  await pages[1].evaluate(() => globalThis.chat.client.logOut());
  for (const page of [pages[0], pages[2]]) await until(page, 'unauthenticated');
  await context.request.post(new URL('session', url).href,
    { data: { username: ann.user.username, password: PASSWORD } });
  for (const page of [pages[2], pages[0]]) await page.evaluate(() => globalThis.chat.client.start());
  await command(ben, 'message.send', { room_id: room.id, content: 'are you there?' });
  for (const page of [pages[0], pages[2]]) await holds(page, 'are you there?');
  await context.close();
});

test('without Web Locks tabs have one stream in common too', async () => {
  const { ann, ben, room } = await two();
  const context = await browserOf(ann);
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }));
  const pages = [await tab(context, room), await tab(context, room)];
  await command(ben, 'message.send', { room_id: room.id, content: 'to both' });
  for (const page of pages) await holds(page, 'to both');
  assert.equal((await sessionsOf(ann)).length, 1);
  await context.close();
});
