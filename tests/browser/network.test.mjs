// The network fails and returns; several tabs share a connection.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { command, connectedBy, enterRoom, launch, makeRoom, message, openAs, register, say, sees,
  wire } from './support/browser.mjs';

let browser, ann, ben, room;
before(async () => {
  browser = await launch();
  [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  room = await makeRoom(ann, [ben]);
});
after(() => browser?.close());

test('without a network the page says so and what waits, and sends it in order when it is back', async (t) => {
  const line = await wire();
  t.after(() => line.close());
  const page = await openAs(browser, ann, { at: line.url });
  await enterRoom(page, room.name);
  line.cut();
  for (const text of ['one', 'two']) await say(page, text);
  await page.locator('.offline', { hasText: '2 messages wait to be sent.' }).waitFor();
  assert.equal(await page.locator('.message.pending').count(), 2);
  await page.getByRole('button', { name: 'Try now' }).click();
  line.mend();
  await page.locator('.offline').waitFor({ state: 'hidden' });
  await sees(page, 'two');
  await page.locator('.message.pending').first().waitFor({ state: 'detached' });
  const { data } = await command(ben, 'room.messages', { room_id: room.id });
  assert.deepEqual(data.data.messages.map(({ content }) => content), ['two', 'one']);
  await page.context().close();
});

test('a room that was entered without a network is there when it is back', async (t) => {
  const other = await makeRoom(ben, [ann]);
  await command(ben, 'message.send', { room_id: other.id, content: 'Long ago' });
  const line = await wire();
  t.after(() => line.close());
  const page = await openAs(browser, ann, { at: line.url });
  await page.locator('#room-list').getByRole('button', { name: new RegExp(other.name) }).waitFor();
  line.cut();
  await page.locator('#connection.waiting').waitFor({ state: 'attached' });
  await enterRoom(page, other.name);
  await page.locator('.timeline .hint', { hasText: 'Not connected' }).waitFor();
  line.mend();
  await sees(page, 'Long ago');
  await command(ben, 'message.send', { room_id: other.id, content: 'Just now' });
  await sees(page, 'Just now');
  await page.context().close();
});

test('what the server refuses says why and stays until it is given up', async () => {
  const other = await makeRoom(ben, [ann]);
  const page = await openAs(browser, ann);
  await enterRoom(page, other.name);
  await page.getByLabel('Message', { exact: true }).fill('x'.repeat(100_001));
  await page.getByLabel('Message', { exact: true }).press('Enter');
  await page.locator('.message.failed').getByText(/Not sent: At most 100,000 characters/).waitFor();
  await page.reload();
  await page.locator('.message.failed').getByRole('button', { name: 'Discard' }).click();
  await page.locator('.message.failed').waitFor({ state: 'detached' });
  await page.context().close();
});

test('two tabs show the same, over one connection, and one goes on when the other is closed', async () => {
  const page = await openAs(browser, ann);
  const second = await page.context().newPage();
  await second.goto(page.url());
  for (const one of [page, second]) {
    await enterRoom(one, room.name);
    await connectedBy(one, 'WebSocket');
  }
  await say(page, 'from the first tab');
  await sees(second, 'from the first tab');
  await say(second, 'from the second tab');
  await sees(page, 'from the second tab');
  await page.close();
  await command(ben, 'message.send', { room_id: room.id, content: 'are you still there?' });
  await sees(second, 'are you still there?');
  assert.equal(await message(second, 'from the first tab').count(), 1);
  await second.context().close();
});
