// Two people use everything that can be done with messages, in one conversation.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { act, command, enterRoom, launch, makeRoom, message, openAs, register, say, sees, twoPeople,
  url } from './support/browser.mjs';

let browser, two, hers, his;
before(async () => {
  browser = await launch();
  two = await twoPeople(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  [hers, his] = two.pages;
});
after(() => browser?.close());

describe('messages', () => {
  test('a reply shows what it answers, and leads there', async () => {
    await say(hers, 'Who has the long ladder?');
    await sees(his, 'Who has the long ladder?');
    await act(his, 'Who has the long ladder?', 'Reply');
    await his.locator('.context', { hasText: 'Who has the long ladder?' }).waitFor();
    await say(his, 'I have.');
    const answer = message(hers, 'I have.');
    await answer.locator('.quote', { hasText: 'Who has the long ladder?' }).click();
    await hers.locator('.message.flash', { hasText: 'Who has the long ladder?' }).waitFor();
  });

  test('an edit is seen, with what stood there before', async () => {
    await say(his, 'It stands behind the shad.');
    await sees(his, 'It stands behind the shad.');
    await his.getByLabel('Message', { exact: true }).press('ArrowUp');
    const field = his.getByLabel('Edit the message');
    assert.equal(await field.inputValue(), 'It stands behind the shad.');
    await field.fill('It stands behind the shed.');
    await field.press('Enter');
    await message(hers, 'behind the shed.').getByText('edited').waitFor();
    await act(hers, 'behind the shed.', 'Earlier versions');
    await hers.locator('.versions', { hasText: 'behind the shad.' }).waitFor();
    await hers.getByRole('button', { name: 'Close' }).click();
  });

  test('a reaction is chosen, counted and taken back', async () => {
    const one = message(hers, 'behind the shed.');
    await one.hover();
    await one.getByRole('button', { name: 'React' }).click();
    await hers.getByRole('button', { name: '🎉' }).click();
    const shown = message(his, 'behind the shed.').locator('.reactions button', { hasText: '🎉' });
    await shown.click();
    await message(hers, 'behind the shed.').locator('.reactions button', { hasText: '2' }).click();
    await message(his, 'behind the shed.').locator('.reactions button', { hasText: '1' }).click();
    await message(hers, 'behind the shed.').locator('.reactions').waitFor({ state: 'detached' });
  });

  test('a name is completed, and the mention is marked', async () => {
    const text = hers.getByLabel('Message', { exact: true });
    await text.pressSequentially(`@${two.ben.user.username.slice(0, 4)}`);
    await hers.getByRole('option').first().waitFor();
    await text.press('Enter');
    assert.equal(await text.inputValue(), `@${two.ben.user.username} `);
    await text.pressSequentially('do you hear?');
    await text.press('Enter');
    await his.locator('.message.named', { hasText: 'do you hear?' }).waitFor();
  });

  test('that one is typing is seen', async () => {
    const shown = hers.locator('#room-about.typing', { hasText: 'typing' });
    // It is sent once in two seconds.
    for (let i = 0; i < 30 && !await shown.isVisible(); i++) {
      await his.getByLabel('Message', { exact: true }).press('h');
      await shown.waitFor({ timeout: 500 }).catch(() => {});
    }
    assert.ok(await shown.isVisible());
    await his.getByLabel('Message', { exact: true }).fill('');
  });

  test('what was delivered and read is marked, and who has read it is told', async () => {
    await his.bringToFront();
    await say(hers, 'Read this, please.');
    await message(hers, 'Read this, please.').locator('.mark.read').waitFor();
    await act(hers, 'Read this, please.', 'Seen by');
    await hers.getByRole('dialog').locator('.person', { hasText: two.ben.user.username }).waitFor();
    await hers.getByRole('button', { name: 'Close' }).click();
    await hers.reload();
    await message(hers, 'Read this, please.').locator('.mark.read').waitFor();
  });

  test('what is very long is folded until one wants all of it', async () => {
    await command(two.ben, 'message.send',
      { room_id: two.room.id, content: `A long story. ${'And on it went. '.repeat(300)}` });
    const one = message(hers, 'A long story.'), height = () => one.evaluate((node) => node.offsetHeight);
    await one.getByRole('button', { name: 'Show all' }).waitFor();
    const folded = await height();
    await one.getByRole('button', { name: 'Show all' }).click();
    await one.getByRole('button', { name: 'Show all' }).waitFor({ state: 'detached' });
    assert.ok(await height() > 2 * folded);
    await act(hers, 'A long story.', 'React');
    await hers.getByRole('button', { name: '🎉' }).click();
    await one.locator('.reactions').waitFor();
    assert.ok(await height() > 2 * folded); // it stays unfolded when it is redrawn
  });

  test('of a text that takes a browser seconds only the beginning is laid out', async () => {
    // Words of Arabic letters without spaces, in two elements.
    await command(two.ben, 'message.send',
      { room_id: two.room.id, content: `<b>A long word.</b> <i>${'ب'.repeat(20_000)}</i> end` });
    const one = message(hers, 'A long word.'), length = () => one.locator('.content').evaluate(
      (node) => node.textContent.length);
    await one.getByRole('button', { name: 'Show all' }).waitFor();
    assert.equal(await length(), 4000);
    await one.getByRole('button', { name: 'Show all' }).click();
    await one.getByRole('button', { name: 'Show all' }).waitFor({ state: 'detached' });
    assert.equal(await length(), 20_017);
    await act(hers, 'A long word.', 'React');
    await hers.getByRole('button', { name: '😀', exact: true }).click();
    await one.locator('.reactions').waitFor();
    assert.equal(await length(), 20_017); // it stays whole when it is redrawn
  });

  test('a pin is seen by both', async () => {
    await act(hers, 'Who has the long ladder?', 'Pin');
    await his.getByRole('button', { name: 'Pinned messages' }).click();
    await his.getByRole('dialog').getByRole('button', { name: /Who has the long ladder/ }).click();
    await his.locator('.message.flash', { hasText: 'Who has the long ladder?' }).waitFor();
  });

  test('a forwarded message says whose it was', async () => {
    const other = await makeRoom(two.ann, [two.ben]);
    await his.locator('#room-list').getByRole('button', { name: new RegExp(other.name) }).waitFor();
    await act(his, 'Read this, please.', 'Forward');
    await his.getByRole('dialog').getByRole('button', { name: new RegExp(other.name) }).click();
    await enterRoom(hers, other.name);
    await hers.locator('.forwarded', { hasText: two.ann.user.username }).waitFor();
    await Promise.all([enterRoom(hers, two.room.name), enterRoom(his, two.room.name)]);
  });

  test('a deleted message is gone for both', async () => {
    await say(his, 'Forget it.');
    await sees(hers, 'Forget it.');
    await act(his, 'Forget it.', 'Delete');
    await his.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await message(hers, 'Forget it.').waitFor({ state: 'detached' });
  });

  test('addresses become links that open elsewhere', async () => {
    await say(hers, 'See https://example.org/a?b=1&c=<2>.');
    const link = message(his, 'See').locator('a');
    assert.equal(await link.getAttribute('href'), 'https://example.org/a?b=1&c=');
    assert.match(await link.getAttribute('rel'), /noopener/);
    assert.equal(await message(his, 'See').locator('.content').textContent(), 'See https://example.org/a?b=1&c=<2>.');
  });

  test('a picture that lies elsewhere is sent by its address', async () => {
    await hers.getByRole('button', { name: 'Attach' }).click();
    await hers.getByRole('menuitem', { name: /A link/ }).click();
    const dialog = hers.getByRole('dialog');
    await dialog.getByLabel('Address').fill('javascript:alert(1)');
    await dialog.getByRole('button', { name: 'Attach' }).click();
    await dialog.getByText('no web address').waitFor();
    await dialog.getByLabel('Address').fill(new URL('/chat/icon.svg?x=.png', url).href);
    await dialog.getByLabel('Kind').selectOption('image');
    await dialog.getByRole('button', { name: 'Attach' }).click();
    await say(hers, 'our sign');
    await message(his, 'our sign').locator('figure img').waitFor();
    await his.waitForFunction(() => document.querySelector('figure img').naturalWidth > 0);
  });

  test('a file from here is sent, or the page says why not', async () => {
    const file = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('beans') };
    const [answer] = await Promise.all([hers.waitForResponse(/\/media\?name=note\.txt/),
      hers.locator('input[type=file]').setInputFiles(file)]);
    if (answer.status() === 404) {
      await hers.locator('.uploads .failed', { hasText: 'This server does not take files.' }).waitFor();
      await hers.getByRole('button', { name: 'Take note.txt off' }).click();
    } else {
      assert.equal(answer.status(), 201);
      await hers.locator('.uploads .done').waitFor();
      await hers.getByRole('button', { name: 'Send' }).click();
      await his.getByRole('link', { name: /note\.txt/ }).waitFor();
    }
    assert.equal(await hers.locator('.uploads li').count(), 0);
  });

  test('what was begun is there again', async () => {
    const other = await makeRoom(two.ann, []);
    await hers.getByLabel('Message', { exact: true }).fill('not yet done');
    await enterRoom(hers, other.name);
    assert.equal(await hers.getByLabel('Message', { exact: true }).inputValue(), '');
    await hers.locator('#room-list .draft + span', { hasText: 'not yet done' }).waitFor();
    await enterRoom(hers, two.room.name);
    assert.equal(await hers.getByLabel('Message', { exact: true }).inputValue(), 'not yet done');
    await hers.getByLabel('Message', { exact: true }).fill('');
  });

  test('what was said long ago is found by its words, and shown where it was said', async () => {
    await command(two.ann, 'message.send', { room_id: two.room.id, content: 'the rhubarb is red' });
    await Promise.all(Array.from({ length: 120 },
      (_, i) => command(two.ann, 'message.send', { room_id: two.room.id, content: `filler ${i}` })));
    await hers.reload();
    await message(hers, 'filler').first().waitFor();
    assert.equal(await message(hers, 'rhubarb').count(), 0);
    await hers.keyboard.press('Control+k');
    await hers.getByLabel('Search', { exact: true }).fill('rhubarb');
    await hers.locator('#found mark', { hasText: 'rhubarb' }).click();
    await hers.locator('.message.flash', { hasText: 'rhubarb' }).waitFor();
    await hers.getByRole('button', { name: 'To the newest messages' }).click();
    await hers.getByRole('button', { name: 'To the newest messages' }).waitFor({ state: 'hidden' });
    await hers.getByLabel('Search', { exact: true }).press('Escape');
  });

  test('nothing of all this was against the page’s own rules', () => {
    assert.deepEqual([...hers.problems, ...his.problems], []);
  });
});

test('what is new stands below a line, the title counts, and a second device sees that it was read', async () => {
  const [cat, dan] = await Promise.all([register('cat'), register('dan')]);
  const room = await makeRoom(cat, [dan]);
  const [one, other] = await Promise.all([openAs(browser, cat), openAs(browser, cat)]);
  for (const content of ['first', 'second']) await command(dan, 'message.send', { room_id: room.id, content });
  for (const page of [one, other]) {
    await page.locator('#room-list .unread', { hasText: '2' }).waitFor();
    await page.waitForFunction(() => document.title === '(2) confab');
  }
  await enterRoom(one, room.name);
  await one.locator('.new-line + .message', { hasText: 'first' }).waitFor();
  for (const page of [one, other]) {
    await page.locator('#room-list .unread').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.title === 'confab');
  }
  await Promise.all([one, other].map((page) => page.context().close()));
});
