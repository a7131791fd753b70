// Debian's chromium, driven by playwright-core.
import net from 'node:net';
import { chromium } from 'playwright-core';
import { record } from './coverage.mjs';

export const url = process.env.CONFAB_URL ?? 'http://127.0.0.1:8080/chat/';
export const DEADLINE = 40_000; // more than a connection waits between attempts

/** args: more switches. */
export async function launch(args = []) {
  return record(await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', ...args],
  }));
}

async function api(path, body, token) {
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return { ...answer, cookie: response.headers.getSetCookie()[0] };
}

export const PASSWORD = 'browser-password';

/** A new account, logged in: {user, token, cookie}. */
export function register(name) {
  return api('session/register',
    { username: `${name}-${Math.random().toString(36).slice(2, 10)}`, password: PASSWORD });
}

export function command(account, event_type, data) {
  return api('command', { event_type, data }, account.token);
}

/** A group of these people; its id and name. */
export async function makeRoom(creator, others, name = `room ${Math.random().toString(36).slice(2, 8)}`) {
  const { data } = await command(creator, 'room.create',
    { type: 'GroupChat', name, participants: others.map(({ user }) => user.id) });
  return { id: data.id, name };
}

/** A page for a person, logged in; `form`: by the form. `without`: globals that this browser lacks. */
export async function openAs(browser, account, { without = [], query = '', at = url, form = false, ...options } = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|Trusted Type/.test(message.text())) page.problems.push(message.text());
  });
  await page.addInitScript((names) => {
    for (const name of names)
      if (name === 'events') {
        // SSE does not work either: its requests never get a streaming answer.
        const real = globalThis.fetch;
        globalThis.fetch = (where,
          init) => String(where).includes('/events') ? Promise.reject(new TypeError('blocked')) : real(where, init);
      } else {
        delete globalThis[name];
      }
  }, without);
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(account.cookie);
  if (!form) await context.addCookies([{ name, value, url: at, httpOnly: true, sameSite: 'Lax' }]);
  await page.goto(at + query);
  if (form) await logIn(page, account);
  await page.locator('#chat').waitFor();
  return page;
}

export async function logIn(page, account) {
  await page.getByLabel('User name').fill(account.user.username);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Opens a room of the list by its name. */
export async function enterRoom(page, name) {
  await page.locator('#room-list').getByRole('button', { name: new RegExp(name) }).click();
  await page.locator('#room-name', { hasText: name }).waitFor();
}

export async function say(page, text) {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByLabel('Message', { exact: true }).press('Enter');
}

/** The message with this text, as its list item. */
export function message(page, text) {
  return page.locator('#messages .message', { has: page.locator('.content', { hasText: text }) });
}

/** The one message with this text; fails when there are several. */
export async function sees(page, text) {
  await page.locator('#messages .message:not(.pending) .content', { hasText: text }).waitFor();
}

/** Chooses an item of a message's menu. */
export async function act(page, text, action) {
  const one = message(page, text);
  await one.focus();
  await one.press('Enter');
  await page.getByRole('menuitem', { name: action }).click();
}

/** Two people in a group of their own, each with a page that shows it. */
export async function twoPeople(browser, options) {
  const [ann, ben] = await Promise.all([register('ann'), register('ben')]);
  const room = await makeRoom(ann, [ben]);
  const pages = await Promise.all([openAs(browser, ann, options), openAs(browser, ben, options)]);
  await Promise.all(pages.map((page) => enterRoom(page, room.name)));
  return { ann, ben, room, pages, close: () => Promise.all(pages.map((page) => page.context().close())) };
}

export async function connectedBy(page, name) {
  await page.locator('#connection.open', { hasText: name }).waitFor({ state: 'attached' });
}

/** A proxy to the server that can be interrupted: {url, cut(), mend(), close()}. */
export async function wire() {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  let whole = true;
  const keep = (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  };
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  const server = net.createServer((near) => {
    keep(near);
    if (!whole) return near.destroy();
    const far = net.connect(Number(port), hostname);
    keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${new URL(url).pathname}`,
    cut,
    mend: () => { whole = true; },
    close: () => { cut(); server.close(); },
  };
}
