// Accounts, rooms and their members, through the pages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from '../http/support/people.mjs';
import { command, enterRoom, launch, makeRoom, openAs, PASSWORD, register, say, sees,
  url } from './support/browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

async function begin(page, what) {
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByRole('menuitem', { name: what }).click();
}

async function pick(page, { user }) {
  await page.getByRole('dialog').getByLabel('Find people').fill(user.username);
  await page.getByRole('dialog').locator(`[data-user="${user.id}"] button`).click();
}

const close = (...pages) => Promise.all(pages.map((page) => page.context().close()));

test('an invitation stands in the list until it is accepted or refused', async () => {
  const [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  const rooms = await Promise.all(['Tea', 'Rain'].map((name) => makeRoom(ann, [], name)));
  const page = await openAs(browser, ben), invitations = page.locator('.invitations li');
  await page.getByText('No conversations yet').waitFor();
  for (const { id } of rooms) await command(ann, 'room.invite', { room_id: id, user_id: ben.user.id });
  const toTea = invitations.filter({ hasText: 'Tea' }), toRain = invitations.filter({ hasText: 'Rain' });
  assert.match(await toTea.textContent(), new RegExp(`^${ann.user.username} invites you to Tea\\.`));
  await toTea.getByRole('button', { name: 'Accept' }).click();
  await page.locator('#room-list').getByRole('button', { name: /Tea/ }).waitFor();
  await page.reload();
  await toRain.getByRole('button', { name: 'Refuse' }).click();
  await toRain.waitFor({ state: 'detached' });
  assert.equal(await invitations.count(), 0);
  assert.equal(await page.locator('#room-list').getByRole('button', { name: /Rain/ }).count(), 0);
  // Typing, and the end of typing.
  await command(ann, 'message.typing', { room_id: rooms[0].id });
  await page.locator('#room-list .typing').waitFor();
  await command(ann, 'message.typing', { room_id: rooms[0].id, typing: false });
  await page.locator('#room-list .typing').waitFor({ state: 'detached', timeout: 3000 });
  await close(page);
});

test('one signs up, is told what is wrong, and begins to chat with somebody', async () => {
  const ben = await register('ben');
  const his = await openAs(browser, ben);
  const context = await browser.newContext(), page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Make a new account' }).click();
  const name = `new-${Math.random().toString(36).slice(2, 8)}`;
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill('x');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.locator('#login-error:not(:empty)').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByLabel('E-mail address').fill(`${name}@example.org`);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('No conversations yet').waitFor();
  assert.equal(await page.evaluate(async () => (await (await fetch('session')).json()).user.email),
    `${name}@example.org`);
  await begin(page, 'Write to somebody');
  await pick(page, ben);
  await page.locator('#room-name', { hasText: ben.user.username }).waitFor();
  await page.locator('#room-about', { hasText: 'online' }).waitFor();
  await say(page, 'Hello, I am new here.');
  await enterRoom(his, name);
  await sees(his, 'Hello, I am new here.');
  await close(page, his);
});

test('a group is made, people come by a link, get a role, and are removed', async () => {
  const [ann, ben, cat] = await Promise.all(['ann', 'ben', 'cat'].map(register));
  const [hers, his] = await Promise.all([openAs(browser, ann), openAs(browser, ben)]);
  await begin(hers, 'New group');
  const dialog = hers.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Tea');
  await pick(hers, cat);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await hers.locator('#room-name', { hasText: 'Tea' }).waitFor();
  await hers.locator('#details').click();
  await hers.locator('.panel', { hasText: '2 members' }).waitFor();
  await hers.getByRole('button', { name: 'New link' }).click();
  await dialog.getByRole('button', { name: 'Create' }).click();
  const link = await hers.locator('#invite-link').inputValue();
  await hers.keyboard.press('Escape');

  await begin(his, 'Join by a link');
  await his.getByRole('dialog').getByLabel('Link').fill(link);
  await his.getByRole('dialog').getByRole('button', { name: 'Join' }).click();
  await his.locator('#room-name', { hasText: 'Tea' }).waitFor();

  const row = hers.locator(`.panel [data-user="${ben.user.id}"]`);
  await row.getByRole('button').click();
  await hers.getByRole('menuitem', { name: 'Make administrator' }).click();
  await row.getByText('Administrator').waitFor();
  await hers.getByRole('button', { name: 'Settings of the conversation' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('Green tea');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await his.locator('#room-name', { hasText: 'Green tea' }).waitFor();
  await row.getByRole('button').click();
  await hers.getByRole('menuitem', { name: 'Remove from the conversation' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await his.getByText('Choose a conversation').waitFor();
  assert.equal(await his.locator('#room-list button').count(), 0);
  assert.deepEqual([...hers.problems, ...his.problems], []);
  await close(hers, his);
});

test('single rights are given and taken, seen by who may, and make a difference', async () => {
  const [ann, ben] = await Promise.all(['ann', 'ben'].map(register));
  const { data: { id } } = await command(ann, 'room.create',
    { type: 'Channel', name: 'News', subscribers: [ben.user.id] });
  const [hers, his] = [await openAs(browser, ann, { query: `#${id}` }),
    await openAs(browser, ben, { query: `#${id}` })];
  await his.getByText('Only moderators write in this channel.').waitFor();
  await hers.locator('#details').click();
  const row = hers.locator(`.panel [data-user="${ben.user.id}"]`), dialog = hers.getByRole('dialog');
  const rights = async (change) => {
    await row.getByRole('button').click();
    await hers.getByRole('menuitem', { name: 'Single rights' }).click();
    const shown = await Promise.all(['May write',
      'May add people'].map((name) => dialog.getByRole('switch', { name }).isChecked()));
    await dialog.getByText(change).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    return shown;
  };
  assert.deepEqual(await rights('May write'), [false, false]);
  await row.locator('.rights', { hasText: 'May write' }).waitFor();
  await say(his, 'I may now.');
  await sees(hers, 'I may now.');
  assert.deepEqual(await rights('May write'), [true, false]);
  await row.locator('.rights').waitFor({ state: 'detached' });
  await his.getByText('Only moderators write in this channel.').waitFor();
  assert.equal(await his.locator('#text').isVisible(), false);
  await close(hers, his);
});

test('people have the pictures that the host gives them, of this host alone', async () => {
  const [ann, ben, cem] = await Promise.all(['ann', 'ben', 'cem'].map((name) => register(name)));
  const picture = new URL('icon.svg', url);
  await sql(`update confab.account set avatar = '${picture.pathname}', is_staff = true where id = ${ben.user.id}`);
  await sql(`update confab.account set avatar = 'https://elsewhere.example/x.png' where id = ${cem.user.id}`);
  const { data: pair } = await command(ann, 'room.create', { type: 'OneToOneChat', participants: [ben.user.id] });
  const group = await makeRoom(ann, [ben, cem], 'Tea');
  for (const who of [ben, cem]) await command(who, 'message.send', { room_id: group.id, content: 'hello' });
  await command(ben, 'message.send', { room_id: pair.id, content: 'hello' });
  const page = await openAs(browser, ann), asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await enterRoom(page, 'Tea');
  const rows = page.locator('.message.first');
  assert.equal(await rows.nth(0).locator('.avatar img').getAttribute('src'), picture.href);
  assert.ok(await rows.nth(0).locator('.avatar img').evaluate((img) => img.decode().then(() => img.naturalWidth > 0)));
  assert.equal(await rows.nth(1).locator('.avatar img').count(), 0);
  assert.match(await rows.nth(1).locator('.avatar .initials').textContent(), /^C/);
  const listed = page.locator('#room-list').getByRole('button', { name: new RegExp(`^${ben.user.username}`) });
  assert.equal(await listed.locator('.avatar img').getAttribute('src'), picture.href);
  assert.deepEqual(asked.filter((address) => address.includes('elsewhere')), []);
  await close(page);
});

test('anybody joins a public channel by its address, reads there, and leaves', async () => {
  const [ann, ben] = await Promise.all(['ann', 'ben'].map(register));
  const { data: { id } } = await command(ann, 'room.create',
    { type: 'Channel', name: 'News', extra_fields: { is_public: true } });
  await command(ann, 'message.send', { room_id: id, content: 'There is news.' });
  const page = await openAs(browser, ben, { query: `#join/${id}` });
  await sees(page, 'There is news.');
  await page.getByText('Only moderators write in this channel.').waitFor();
  await page.locator('#details').click();
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await page.getByText('Choose a conversation').waitFor();
  await close(page);
});

test('the list is filtered and searched by name', async () => {
  const [ann, ben] = await Promise.all(['ann', 'ben'].map(register));
  const room = await makeRoom(ann, [ben], 'Orchard');
  await makeRoom(ann, [ben], 'Meadow');
  await command(ben, 'message.send', { room_id: room.id, content: 'apples' });
  const page = await openAs(browser, ann);
  await page.locator('#room-list button').nth(1).waitFor();
  await page.getByRole('button', { name: 'Unread', exact: true }).click();
  await page.locator('#room-list li:only-child', { hasText: 'Orchard' }).waitFor();
  await page.getByRole('button', { name: 'Channels', exact: true }).click();
  await page.getByText('Nothing here.').waitFor();
  await page.getByLabel('Search', { exact: true }).fill('mead');
  await page.locator('.results').getByRole('button', { name: 'Meadow' }).click();
  await page.locator('#room-name', { hasText: 'Meadow' }).waitFor();
  await close(page);
});

test('settings: the theme is kept, another device is logged out, a block is taken back', async () => {
  const [ann, ben] = await Promise.all(['ann', 'ben'].map(register));
  await command(ann, 'user.block', { user_id: ben.user.id });
  const [page, other] = [await openAs(browser, ann), await openAs(browser, ann, { form: true })];
  await page.locator('.me').click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Theme').selectOption('dark');
  await dialog.getByRole('button', { name: 'Unblock' }).click();
  await dialog.getByText('Nobody.').waitFor();
  await dialog.getByRole('button', { name: 'Log out there' }).click();
  await other.getByRole('button', { name: 'Log in' }).waitFor();
  await page.reload();
  await page.locator('#chat').waitFor();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
  await close(page, other);
});
