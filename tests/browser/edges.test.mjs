// What pages of this kind are known to get wrong: scripts, clocks, keyboards, storage, names, links.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from '../http/support/people.mjs';
import { command, enterRoom, launch, makeRoom, message, openAs, PASSWORD, register, say, sees, twoPeople,
  url } from './support/browser.mjs';

let browser, two, hers, his;
before(async () => {
  browser = await launch();
  two = await twoPeople(browser);
  [hers, his] = two.pages;
});
after(() => browser?.close());

const text = (page) => page.getByLabel('Message', { exact: true });
const close = (page) => page.context().close();
const send = (who, room, content, more = {}) =>
  command(who, 'message.send', { room_id: room.id, content, ...more }).then(({ data }) => data);

/** Does it again where a message was just drawn anew, by a receipt or its dispatch. */
async function again(action) {
  for (let i = 0; i < 9; i++)
    try {
      return await action();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  return action();
}

/** Whether the characters of a text go from left to right. */
function isLeftToRight(locator) {
  return locator.evaluate((element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), lefts = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      for (let i = 0; i < node.data.length; i++) {
        const range = document.createRange();
        range.setStart(node, i);
        range.setEnd(node, i + 1);
        const { left, width } = range.getBoundingClientRect();
        if (width) lefts.push(left);
      }
    return lefts.every((left, i) => !i || left >= lefts[i - 1]);
  });
}

test('a page that is refused its storage logs out like any other', async () => {
  const context = await browser.newContext(), page = await context.newPage();
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(globalThis, name, { get() { throw new DOMException('refused', 'SecurityError'); } });
  });
  await page.goto(url);
  await page.getByLabel('User name').fill(two.ben.user.username);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.locator('#chat').waitFor();
  await page.locator('.me').click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  assert.equal(await page.locator('#chat').count(), 0);
  await close(page);
});

test('pictures that arrive late do not move what is read', async () => {
  const room = await makeRoom(two.ann, [two.ben]);
  const picture = await hers.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 300, height: 900 });
    canvas.getContext('2d').fillRect(0, 0, 300, 900);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
    return (await fetch('media?name=tall.png', { method: 'POST', body: blob,
      headers: { 'Content-Type': 'image/png' } })).json();
  });
  for (let i = 0; i < 30; i++)
    await send(two.ann, room, `line ${i}.`,
      i % 3 ? {} : { extra_fields: { with_text: true, media: [{ ...picture, metadata: {} }] } });
  const page = await openAs(browser, two.ben);
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  await page.route('**/media/**', async (route) => {
    await opened;
    await route.continue().catch(() => {});
  });
  await enterRoom(page, room.name);
  await sees(page, 'line 29.');
  await page.mouse.move(700, 400);
  for (let i = 0; i < 3; i++) await page.mouse.wheel(0, -300);
  await page.waitForTimeout(300);
  const [seen, at] = await page.evaluate(() => {
    const list = document.querySelector('#messages'), top = list.getBoundingClientRect().top;
    const first = [...list.querySelectorAll('.message')].find((one) => one.getBoundingClientRect().top > top + 40);
    return [first.dataset.seq, first.getBoundingClientRect().top];
  });
  open();
  await page.waitForFunction(() => [...document.querySelectorAll('#messages img')]
    .filter((one) => one.getBoundingClientRect().bottom > -2000).every(({ complete }) => complete));
  await page.waitForTimeout(300);
  const now = await page.locator(`.message[data-seq="${seen}"]`).evaluate((one) => one.getBoundingClientRect().top);
  assert.ok(Math.abs(now - at) < 2, `${at} became ${now}`);
  await close(page);
});

test('a single character is a word to search for in Chinese', async () => {
  await send(two.ann, two.room, '我们喝茶吧');
  await hers.getByRole('searchbox', { name: 'Search' }).fill('茶');
  await hers.locator('#found button', { hasText: '喝茶' }).waitFor();
  await hers.keyboard.press('Escape');
});

test('shortcuts go by the key’s place where its letter is of another script, and with Caps Lock', async () => {
  const press = (selector, init) => hers.locator(selector).evaluate((target, how) => {
    target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...how }));
  }, init);
  await text(hers).focus();
  await press('#text', { key: 'л', code: 'KeyK', ctrlKey: true });
  await hers.waitForFunction(() => document.activeElement.id === 'search');
  await hers.keyboard.press('Escape');
  const panel = hers.locator('#details[aria-expanded="true"]');
  await press('#text', { key: 'ˆ', code: 'KeyI', altKey: true }); // Option on a Mac
  await panel.waitFor();
  await press('#text', { key: 'Dead', code: 'KeyI', altKey: true });
  await panel.waitFor({ state: 'detached' });
  await say(hers, 'to be edited');
  await sees(hers, 'to be edited');
  for (const how of [{ key: 'у', code: 'KeyE' }, { key: 'E', code: 'KeyE' }]) {
    const own = message(hers, 'to be edited'), field = hers.getByLabel('Edit the message');
    await again(async () => {
      await own.focus();
      await own.evaluate((target, init) => {
        target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }));
      }, how);
      await field.waitFor({ timeout: 1000 });
    });
    await hers.keyboard.press('Escape');
  }
});

test('at midnight today becomes yesterday', async () => {
  // In the zone where the day is about to end.
  const hour = new Date().getUTCHours(), west = hour < 12 ? hour + 1 : hour - 23;
  const page = await openAs(browser, two.ben,
    { timezoneId: west === 0 ? 'Etc/GMT' : `Etc/GMT${west > 0 ? '+' : ''}${west}` });
  await page.clock.install();
  await page.reload();
  await enterRoom(page, two.room.name);
  await send(two.ann, two.room, 'before midnight');
  await sees(page, 'before midnight');
  const days = page.locator('#messages .day');
  assert.equal(await days.last().textContent(), 'Today');
  await page.clock.fastForward('01:01:00');
  await page.clock.runFor(61_000);
  await days.last().filter({ hasText: 'Yesterday' }).waitFor();
  await close(page);
});

test('an error is in the page’s language, at its field, and goes when the field is mended', async () => {
  const context = await browser.newContext({ locale: 'de-DE' }), page = await context.newPage();
  await page.goto(url);
  await page.getByLabel('Benutzername').fill(two.ben.user.username);
  await page.getByLabel('Passwort').fill('not the password');
  await page.getByRole('button', { name: 'Anmelden' }).click();
  const problem = page.locator('#login-error');
  await problem.filter({ hasText: /falsch/i }).waitFor();
  await page.getByRole('button', { name: 'Neues Konto' }).click();
  await page.getByLabel('Passwort').fill('short');
  await page.getByRole('button', { name: 'Konto anlegen' }).click();
  const field = page.locator('[name=password][aria-invalid=true]');
  await field.waitFor();
  assert.equal(await field.getAttribute('aria-describedby'), 'login-error');
  assert.doesNotMatch(await problem.textContent(), /characters|password/);
  await field.fill('long enough now');
  await field.waitFor({ state: 'detached' });
  assert.equal(await problem.textContent(), '');
  await close(page);
});

test('a link for a forgotten password is offered only where mail is sent', async () => {
  const context = await browser.newContext(), page = await context.newPage();
  const asked = page.waitForResponse('**/session/options');
  await page.goto(url);
  assert.deepEqual(await (await asked).json(), { allow_register: true, password_reset: false });
  await page.getByRole('button', { name: 'Make a new account' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Forgotten your password?' }).count(), 0);
  await close(page);
});

test('who asks to join is seen by the administrator at once, and by who administers with her', async () => {
  const [cat, dan] = await Promise.all([register('cat'), register('dan')]);
  const { data: room } = await command(two.ann, 'room.create',
    { type: 'GroupChat', name: 'Closed', participants: [cat.user.id], extra_fields: { join_approval_required: true } });
  await command(two.ann, 'room.modify', { room_id: room.id, action: 'add_admin', data: { users: [cat.user.id] } });
  const pages = [await openAs(browser, two.ann), await openAs(browser, cat)];
  await Promise.all(pages.map((page) => page.locator('#room-list button', { hasText: 'Closed' }).waitFor()));
  await command(dan, 'room.request', { room_id: room.id, reason: 'I like it here' });
  for (const page of pages)
    await page.locator('#room-list li', { hasText: 'Closed' }).getByText('1 request to join').waitFor();
  const [first, second] = pages;
  await enterRoom(first, 'Closed');
  await first.getByRole('button', { name: 'Details, 1 request to join' }).click();
  await first.locator('.panel', { hasText: 'I like it here' }).getByRole('button', { name: 'Accept' }).click();
  await first.getByText('I like it here').waitFor({ state: 'detached' });
  for (const page of pages) await page.getByText('1 request to join').waitFor({ state: 'detached' });
  // After a reload, too.
  await command(two.ann, 'room.remove_members', { room_id: room.id, members: [dan.user.id] });
  await command(dan, 'room.request', { room_id: room.id });
  await second.reload();
  await second.locator('#room-list li', { hasText: 'Closed' }).getByText('1 request to join').waitFor();
  await enterRoom(second, 'Closed');
  await second.getByRole('button', { name: 'Details, 1 request to join' }).waitFor();
  assert.deepEqual(pages.flatMap(({ problems }) => problems), []);
  await Promise.all(pages.map(close));
});

test('a reply whose parent is deleted says so, at once and later', async () => {
  const parent = await send(two.ann, two.room, 'to be answered');
  await send(two.ben, two.room, 'the answer', { extra_fields: { parent_message_id: parent.id } });
  await message(hers, 'the answer').locator('.quote', { hasText: 'to be answered' }).waitFor();
  await command(two.ann, 'message.modify', { message_id: [parent.id], action: 'delete' });
  const quote = (page) => message(page, 'the answer').locator('.quote', { hasText: 'A message that was deleted' });
  await Promise.all([quote(hers).waitFor(), quote(his).waitFor()]);
  await his.reload();
  await quote(his).waitFor();
});

test('the tools of a message do not cover its words', async () => {
  await send(two.ann, two.room, 'short');
  await send(two.ben, two.room, 'a longer message of the other one, with some words');
  for (const words of ['short', 'a longer message of the other one']) {
    const one = message(hers, words).last();
    const isApart = await again(async () => {
      await one.hover();
      await one.locator('.tools').waitFor({ timeout: 1000 });
      return one.evaluate((node) => {
        const [tools, said] = ['.tools', '.content'].map((part) => node.querySelector(part).getBoundingClientRect());
        return tools.left >= said.right || tools.right <= said.left || tools.top >= said.bottom
          || tools.bottom <= said.top;
      });
    });
    assert.ok(isApart, words);
  }
});

test('a name or a reaction that turns text around turns nothing but itself', async () => {
  // Such a name is refused today, and may be there from before.
  const room = await makeRoom(two.ann, [two.ben], 'odd room');
  await sql(`update confab.room set name = U&'odd \\202E room' where id = '${room.id}'`);
  const said = await send(two.ben, room, 'look here');
  await hers.reload();
  await command(two.ben, 'message.react', { message_id: said.id, type: 'add', reaction_content: 'שלום' });
  await hers.locator('#room-list li', { hasText: 'odd' }).waitFor();
  const when = hers.locator('#room-list li', { hasText: 'odd' }).locator('.when');
  assert.ok(await isLeftToRight(when));
  await hers.locator('#room-list li', { hasText: 'odd' }).getByRole('button').click();
  await message(hers, 'look here').locator('.reactions button').waitFor();
  assert.ok(await isLeftToRight(message(hers, 'look here').locator('.meta time, .meta').first()));
  assert.ok(await isLeftToRight(message(hers, 'look here').locator('.reactions button > :last-child').first()));
  // Marks that are stacked up stay in their row.
  const zalgo = await makeRoom(two.ann, [two.ben], `Z${'\u0301'.repeat(60)}`);
  const row = hers.locator(`#room-list li [data-room="${zalgo.id}"], #room-list li[data-key="${zalgo.id}"]`).first();
  await row.waitFor();
  assert.match(await row.locator('.name').evaluate((one) => getComputedStyle(one).overflowY), /hidden|clip/);
  await enterRoom(hers, two.room.name);
});

test('a link in a message opens beside the page, and does nothing in it', async () => {
  const wrong = await openAs(browser, two.ben, { query: '#reset=%e0%a4%a' });
  assert.deepEqual(wrong.problems, []);
  await close(wrong);
  await command(two.ann, 'message.send', { room_id: two.room.id,
    content: '<a href="#reset=mine">password</a> <a href="#join/x">there</a> <a href="https://e.example/">out</a>' });
  const links = message(his, 'password there out').locator('.content a');
  await links.first().waitFor();
  await links.first().click();
  const [, there, out] = await links.all();
  for (const link of [there, out])
    assert.deepEqual(await link.evaluate(({ target, rel }) => [target, rel]), ['_blank', 'noopener noreferrer']);
  const [page] = await Promise.all([his.context().waitForEvent('page'), there.click()]);
  await page.close();
  assert.equal(new URL(his.url()).hash, `#${two.room.id}`);
  await text(his).waitFor();
});

test('the address to join a room that one is in opens the room', async () => {
  const page = await openAs(browser, two.ben, { query: `#join/${two.room.id}` });
  await page.locator('#room-name', { hasText: two.room.name }).waitFor();
  await text(page).waitFor();
  assert.equal(await page.locator('.toast').count(), 0);
  await close(page);
});

test('times have no leading zero where people write none', async () => {
  const page = await openAs(browser, two.ben, { locale: 'en-US', timezoneId: 'Etc/GMT' });
  await enterRoom(page, two.room.name);
  await sees(page, 'the answer');
  const times = await page.locator('#messages .meta').allTextContents();
  assert.ok(times.length);
  for (const time of times) assert.match(time, /(^|\D)(?!0)\d{1,2}:\d\d\s[AP]M/);
  await close(page);
});

test('on a phone in German every filter of the list can be read', async () => {
  const page = await openAs(browser, two.ben,
    { locale: 'de-DE', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await page.locator('#room-list button').first().waitFor();
  for (const chip of await page.locator('.chip:visible').all()) {
    const { x, width } = await chip.boundingBox();
    assert.ok(x >= 0 && x + width <= 390, await chip.textContent());
    assert.ok(await chip.evaluate((one) => one.scrollWidth <= one.clientWidth), await chip.textContent());
  }
  await close(page);
});

test('an empty conversation says so in its middle', async () => {
  const room = await makeRoom(two.ann, [two.ben]);
  await enterRoom(hers, room.name);
  const [hint, list] = await Promise.all([hers.locator('.timeline > .empty:not(:empty)').boundingBox(),
    hers.locator('.timeline').boundingBox()]);
  const middle = (hint.y + hint.height / 2 - list.y) / list.height;
  assert.ok(middle > 0.3 && middle < 0.7, `at ${middle}`);
  await enterRoom(hers, two.room.name);
});

test('in Arabic an empty field reads from the right, and its words from where they begin', async () => {
  const page = await openAs(browser, two.ben, { locale: 'ar' });
  await page.locator('#room-list button', { hasText: two.room.name }).click();
  const field = page.locator('#text');
  const direction = () => field.evaluate((one) => getComputedStyle(one).direction);
  await field.waitFor();
  assert.equal(await direction(), 'rtl');
  await field.fill('hello');
  assert.equal(await direction(), 'ltr');
  await close(page);
});

test('nothing of all this was against the page’s own rules', () => {
  assert.deepEqual([...hers.problems, ...his.problems], []);
});
