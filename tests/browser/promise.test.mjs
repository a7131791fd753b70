// A typed message is sent once, as its author, or is still there: tested in real browsers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { command, enterRoom, launch, logIn, makeRoom, openAs, register, say, sees, url } from './support/browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const contents = async (account, room) => {
  const { data } = await command(account, 'room.messages', { room_id: room.id });
  return data.data.messages.map(({ content, sender }) => `${sender.username}: ${content}`);
};

test('what waits in one tab is not sent as the next person who logs in in another', async () => {
  const [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  const room = await makeRoom(ann, [ben]);
  const first = await openAs(browser, ann, { form: true }), second = await first.context().newPage();
  await second.goto(url);
  await enterRoom(second, room.name);
  // Messages do not get through.
  await first.context().route('**/command', (route) => route.abort());
  for (const page of [first, second])
    await page.evaluate(() => { WebSocket.prototype.send = () => { throw new Error('cut'); }; });
  await say(second, 'a word of ann');
  await second.locator('.message.pending', { hasText: 'a word of ann' }).waitFor();
  await first.getByRole('button', { name: ann.user.username }).click();
  await first.getByRole('menuitem', { name: 'Log out' }).click();
  await first.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
  await logIn(first, ben);
  await first.locator('#chat').waitFor();
  await second.getByLabel('User name').waitFor(); // it shows no conversations any more
  await first.context().unroute('**/command');
  await first.reload();
  await enterRoom(first, room.name);
  await say(first, 'a word of ben');
  await sees(first, 'a word of ben');
  assert.deepEqual(await contents(ben, room), [`${ben.user.username}: a word of ben`]);
  // When she is logged in again, her message is sent as hers.
  await first.getByRole('button', { name: ben.user.username }).click();
  await first.getByRole('menuitem', { name: 'Log out' }).click();
  await logIn(first, ann);
  await first.locator('#chat').waitFor();
  for (let i = 0; i < 100 && (await contents(ben, room)).length < 2; i++) await new Promise((done) => {
    setTimeout(done, 100);
  });
  assert.deepEqual(await contents(ben, room),
    [`${ann.user.username}: a word of ann`, `${ben.user.username}: a word of ben`]);
  await first.context().close();
});

test('that the network is gone is said within a second', async () => {
  const ann = await register('ann'), page = await openAs(browser, ann);
  await page.locator('#connection.open').waitFor({ state: 'attached' });
  await page.context().setOffline(true);
  await page.locator('#connection.waiting').waitFor({ state: 'attached', timeout: 1000 });
  await page.context().setOffline(false);
  await page.locator('#connection.open').waitFor({ state: 'attached', timeout: 5000 });
  await page.context().close();
});
