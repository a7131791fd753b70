// Passwords: forgotten, replaced by a link, changed. On a stack of its own that sends mail.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { unique, until } from '../http/support/client.mjs';
import { Stack } from '../http/support/stack.mjs';
import { openFolder } from '../http/support/token.mjs';
import { DEADLINE, launch } from './support/browser.mjs';

const folder = openFolder('account'), OLD = 'a good password', NEW = 'a better password';
let browser, stack, url;
before(async () => {
  writeFileSync(path.join(folder, 'mail.sh'), 'f=$(mktemp "$1/part.XXXXXX"); cat >"$f"; mv "$f" "$1/mail.${f##*.}"\n');
  Object.assign(process.env,
    { CONFAB_MAIL_COMMAND: `/bin/sh ${folder}/mail.sh ${folder}`,
      CONFAB_RESET_URL: 'https://chat.example/chat/#reset=' });
  [browser, stack] = [await launch(), await Stack.start('account')];
  url = stack.site.url;
});
after(async () => {
  await browser?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function open(address = url) {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(DEADLINE);
  await page.goto(String(address));
  return page;
}

async function logIn(page, name, password) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

async function register() {
  const username = `ann-${unique()}`, email = `${username}@mail.example`;
  const { status } = await stack.site.request('POST', 'session/register', { body: { username, password: OLD, email } });
  assert.equal(status, 201);
  return { username, email };
}

const mailTo = (email) =>
  readdirSync(folder).filter((name) => /^mail\.(?!sh$)/.test(name))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
  .find((text) => text.includes(`To: ${email}`));

test('who has forgotten a password gets a link, and behind it a page for a new one', async () => {
  const { username, email } = await register();
  const page = await open();
  await page.getByLabel('User name').fill(username);
  await page.getByRole('button', { name: 'Forgotten your password?' }).click();
  const dialog = page.getByRole('dialog');
  assert.equal(await dialog.getByRole('textbox').inputValue(), username); // the name that was typed already
  await dialog.getByRole('textbox').fill(email);
  await dialog.getByRole('button', { name: 'Send the link' }).click();
  await page.getByText('a link is on its way').waitFor();
  const link = /https:\/\/chat\.example\/chat\/(#reset=\S+)/.exec(await until(() => mailTo(email), 'a mail'));

  const other = await open(new URL(link[1], url));
  const field = other.getByLabel('New password');
  assert.equal(await field.getAttribute('autocomplete'), 'new-password');
  assert.equal(new URL(other.url()).hash, ''); // the history does not show the token
  await field.fill('x');
  await other.getByRole('button', { name: 'Save the password' }).click();
  await other.locator('#login-error:not(:empty)').waitFor();
  await field.fill(NEW);
  await other.getByRole('button', { name: 'Show what is typed' }).click();
  assert.equal(await field.getAttribute('type'), 'text');
  await other.getByRole('button', { name: 'Save the password' }).click();
  await other.getByText('The new password is saved. Log in with it.').waitFor();
  await logIn(other, username, NEW);
  await other.locator('#chat').waitFor();

  const again = await open(new URL(link[1], url));
  await again.getByLabel('New password').fill(OLD);
  await again.getByRole('button', { name: 'Save the password' }).click();
  await again.locator('#login-error:not(:empty)').waitFor(); // a link is valid once
  await again.getByRole('button', { name: 'Back to logging in' }).click();
  await again.getByLabel('User name').waitFor();
  for (const one of [page, other, again]) await one.context().close();
});

test('a password is changed: here one stays, elsewhere one is asked for it, with a draft kept', async () => {
  const { username } = await register();
  const [page, other] = [await open(), await open()];
  for (const one of [page, other]) {
    await logIn(one, username, OLD);
    await one.locator('#chat').waitFor();
  }
  await other.getByRole('button', { name: 'New conversation' }).click();
  await other.getByRole('menuitem', { name: 'New group' }).click();
  await other.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Notes');
  await other.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await other.getByLabel('Message', { exact: true }).fill('half a thought');

  await page.locator('.me').click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Change the password' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change the password' });
  await dialog.getByLabel('Present password').fill('wrong');
  await dialog.getByLabel('New password').fill(NEW);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Wrong password.').waitFor();
  await dialog.getByLabel('Present password').fill(OLD);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The new password is saved.').waitFor();

  await other.getByText('Please log in again.').waitFor();
  await logIn(other, username, NEW);
  await other.locator('#room-list').getByRole('button', { name: /Notes/ }).click();
  await other.locator('#room-name', { hasText: 'Notes' }).waitFor();
  assert.equal(await other.getByLabel('Message', { exact: true }).inputValue(), 'half a thought');
  for (const one of [page, other]) await one.context().close();
});
