// The outbox, with a server that the test simulates.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { ConfabError } from '../../htdocs/confab.js';
import { Emitter } from '../../htdocs/confab/emitter.js';
import { Outbox } from '../../htdocs/confab/outbox.js';
import { FakeBrowser, FakeStorage, settle } from './support/fakes.mjs';

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(Math, 'random', () => 0.5);
  globalThis.localStorage = new FakeStorage();
});
afterEach(() => {
  mock.timers.reset();
  Math.random.mock.restore();
});

class FakeClient extends Emitter {
  base = new URL('http://chat.test/chat/');
  user = { id: 1, username: 'ann' };
  sent = [];
  users = [];
  /** The answers to the next commands; after these, success. */
  answers = [];

  async command(name, data) {
    this.sent.push(data.content);
    this.users.push(data.as_user);
    const next = this.answers.shift();
    if (next) throw next;
    return { status: 'success', seq: this.sent.length };
  }
}

async function open(client = new FakeClient()) {
  const outbox = new Outbox(client);
  await outbox.open();
  return { client, outbox };
}

const states = (outbox) => [...outbox.items.values()].map(({ text, state }) => `${text} ${state}`);
const error = (code, retryAfter) => new ConfabError(code, 'a reason', retryAfter);

test('messages go one after the other, and stay until their dispatch comes', async () => {
  const { client, outbox } = await open();
  const items = ['a', 'b & c'].map((text) => outbox.sendText('r', text));
  assert.deepEqual(states(outbox), ['a queued', 'b & c queued']);
  await settle();
  assert.deepEqual(client.sent, ['a', 'b &amp; c']);
  assert.deepEqual(states(outbox), ['a sent', 'b & c sent']);
  outbox.settle(items[0].client_id);
  assert.deepEqual(states(outbox), ['b & c sent']);
  assert.deepEqual(outbox.shelf.all, []);
});

test('without a network it tries again, in order, with the same client_id, and sooner when the network is back',
    async () => {
  const { client, outbox } = await open();
  client.answers = [error(0), error(0), error(0)];
  for (const text of ['a', 'b']) outbox.sendText('r', text);
  await settle();
  assert.deepEqual(states(outbox), ['a queued', 'b queued']);
  assert.equal(outbox.items.values().next().value.error.code, 0);
  mock.timers.tick(250);
  await settle();
  assert.deepEqual(client.sent, ['a', 'a']);
  client.emit('state', 'open');
  await settle();
  client.emit('state', 'open');
  await settle();
  assert.deepEqual(client.sent, ['a', 'a', 'a', 'a', 'b']);
});

test('who is told to wait waits so long at least, whatever happens meanwhile', async () => {
  for (const code of [4029, 4053]) {
    const { client, outbox } = await open();
    client.answers = [error(code, 7)];
    outbox.sendText('r', 'a');
    await settle();
    client.emit('state', 'open');
    mock.timers.tick(7000);
    await settle();
    assert.deepEqual(client.sent, ['a']);
    mock.timers.tick(250); // the jitter
    await settle();
    assert.deepEqual(client.sent, ['a', 'a']);
  }
});

test('what is refused says why and lets the next pass; it can be tried again or thrown away', async () => {
  const { client, outbox } = await open();
  client.answers = [error(4002), error(4003)];
  const [a, b] = ['a', 'b', 'c'].map((text) => outbox.sendText('r', text));
  await settle();
  assert.deepEqual(states(outbox), ['a failed', 'b failed', 'c sent']);
  assert.equal(a.error.code, 4002);
  await a.retry();
  await b.discard();
  await settle();
  assert.deepEqual(states(outbox), ['a sent', 'c sent']);
  assert.deepEqual(client.sent, ['a', 'b', 'c', 'a']);
});

test('what was not sent is there after a reload, failed ones as failed', async () => {
  const { client, outbox } = await open();
  client.answers = [error(4002), error(0)];
  for (const text of ['a', 'b', 'c']) outbox.sendText('r', text);
  await settle();
  outbox.close();
  const again = new Outbox(client);
  await again.open();
  await settle();
  assert.deepEqual(states(again), ['a failed', 'b sent', 'c sent']);
  assert.equal(again.items.values().next().value.error.message, 'a reason');
});

test('a lost log-in keeps what is unsent until there is one again', async () => {
  const { client, outbox } = await open();
  client.answers = [error(4001)];
  outbox.sendText('r', 'a');
  await settle();
  assert.deepEqual(states(outbox), ['a queued']);
  client.emit('state', 'open');
  await settle();
  assert.deepEqual(states(outbox), ['a sent']);
});

/** An IndexedDB in which one operation fails. */
function database({ isSilent = false, isFull = false } = {}) {
  const transaction = () => {
    const it = { objectStore: () => ({ put: () => ({}), delete: () => ({}), getAll: () => ({ result: [] }) }) };
    queueMicrotask(() => (isFull ? it.onabort() : it.oncomplete()));
    return it;
  };
  return { open: () => {
    const request = { result: { transaction } };
    if (!isSilent) queueMicrotask(() => request.onsuccess());
    return request;
  } };
}

test('storage that is full, silent, refused or missing costs no message, and what would not be kept is known',
    async () => {
  const refused = { getItem() { throw new Error('refused'); }, setItem() { throw new Error('refused'); } };
  for (const [indexedDB, localStorage, isKept] of [[database(), refused, true],
    [database({ isFull: true }), refused, false],
    [database({ isSilent: true }), new FakeStorage(), true], [database({ isSilent: true }), undefined, false],
    [undefined, undefined, false]]) {
    Object.assign(globalThis, { indexedDB, localStorage });
    const client = new FakeClient(), outbox = new Outbox(client), opening = outbox.open();
    await settle();
    mock.timers.tick(3000);
    await opening;
    client.answers = [error(0)];
    outbox.sendText('r', 'a');
    await settle();
    assert.deepEqual(outbox.loose.map(({ text }) => text), isKept ? [] : ['a']);
    client.emit('state', 'open');
    await settle();
    assert.deepEqual([client.sent, states(outbox), outbox.loose], [['a', 'a'], ['a sent'], []]);
  }
  delete globalThis.indexedDB;
});

test('a message that the server fails on lets those of other rooms go first', async () => {
  const { client, outbox } = await open();
  client.answers = [error(4053), undefined, error(4053)];
  for (const [room, text] of [['r', 'poison'], ['r', 'after it'], ['s', 'other']]) outbox.sendText(room, text);
  for (let i = 0; i < 3; i++) {
    await settle();
    mock.timers.tick(1000);
  }
  await settle();
  assert.deepEqual(client.sent, ['poison', 'other', 'poison', 'poison', 'after it']);
});

test('each message goes as the one who wrote it, also when somebody else has logged in meanwhile', async () => {
  const { client, outbox } = await open();
  client.answers = [error(0)];
  outbox.sendText('r', 'hers');
  await settle();
  client.user = { id: 2, username: 'ben' };
  await outbox.open();
  outbox.sendText('r', 'his');
  await settle();
  assert.deepEqual([client.sent, client.users], [['hers', 'his'], [1, 2]]);
  assert.deepEqual(states(outbox), ['his sent']);
  client.user = { id: 1, username: 'ann' };
  await outbox.open();
  await settle();
  assert.deepEqual([client.sent.at(-1), client.users.at(-1)], ['hers', 1]);
});

test('a tab whose turn to send has not come goes on for the next person', async () => {
  const browser = new FakeBrowser();
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { locks: browser.locks } });
  globalThis.BroadcastChannel = browser.BroadcastChannel;
  const first = await open(), second = await open();
  first.client.answers = [error(0)];
  first.outbox.sendText('r', 'a');
  second.outbox.sendText('r', 'b');
  await settle();
  second.client.user = { id: 2, username: 'ben' };
  await second.outbox.open();
  second.outbox.sendText('r', 'c');
  await settle();
  assert.deepEqual([second.client.sent, second.client.users], [['c'], [2]]);
  for (const { outbox } of [first, second]) outbox.close();
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: {} });
});

test('of two tabs one sends at a time; both show it, and one goes on when the other is closed', async () => {
  const browser = new FakeBrowser();
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { locks: browser.locks } });
  globalThis.BroadcastChannel = browser.BroadcastChannel;
  const first = await open(), second = await open();
  first.client.answers = [error(0)];
  first.outbox.sendText('r', 'a');
  await settle();
  assert.deepEqual(states(second.outbox), ['a queued']);
  second.outbox.sendText('r', 'b');
  await settle();
  assert.deepEqual(first.client.sent, ['a', 'a', 'b']);
  assert.deepEqual(second.client.sent, []);
  first.client.answers = [error(0)];
  first.outbox.sendText('r', 'c');
  await settle();
  first.outbox.close();
  await settle();
  assert.deepEqual(second.client.sent, ['c']);
  assert.deepEqual(states(second.outbox), ['a sent', 'b sent', 'c sent']);
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: {} });
});
