// Several tabs of one browser: which one leads, which frames the others get, and what happens when the leader closes.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Client } from '../../htdocs/confab.js';
import { answer, dispatch, FakeBrowser, FakeSocket, FakeStorage, fakeWindow, settle } from './support/fakes.mjs';

const clients = [];

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  FakeSocket.all = [];
  const browser = new FakeBrowser();
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { locks: browser.locks } });
  globalThis.BroadcastChannel = browser.BroadcastChannel;
  globalThis.WebSocket = FakeSocket;
  globalThis.localStorage = new FakeStorage();
  globalThis.fetch = async () => answer(200, {});
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.stop();
  await settle();
  mock.timers.reset();
});

async function tab(user = 1) {
  const client = new Client({ url: 'http://chat.test/chat/' });
  clients.push(client);
  client.user = { id: user, username: `u${user}` };
  client.seen = [];
  client.resyncs = 0;
  client.on('dispatch', ({ seq }) => client.seen.push(seq));
  client.on('resync', () => client.resyncs++);
  client.start();
  await settle();
  return client;
}

/** Advances time in steps, for timers that start each other. */
async function pass(ms) {
  for (; ms > 0; ms -= 100) {
    mock.timers.tick(100);
    await settle();
  }
}

const says = async (...seqs) => {
  for (const seq of seqs) FakeSocket.last.says(dispatch(seq));
  await settle();
};

test('of three tabs one has a connection, and all hear what comes', async () => {
  const first = await tab();
  FakeSocket.last.opens({ seq: 5, session_id: 's5' });
  const others = [await tab(), await tab()];
  await says(6, 7);
  FakeSocket.last.says({ eventType: 'messagetyping.dispatch', data: {} });
  assert.equal(FakeSocket.all.length, 1);
  assert.deepEqual([first, ...others].map(({ share }) => share.isLeading), [true, false, false]);
  for (const client of [first, ...others])
    assert.deepEqual([client.seen, client.state, client.transport, client.sessionId], [[6, 7], 'open', 'ws', 's5']);
});

test('a tab that comes late begins where the leader stands', async () => {
  await tab();
  FakeSocket.last.opens({ seq: 5 });
  await says(6, 7);
  const late = await tab();
  assert.deepEqual([late.seq, late.connection.cursor], [7, 'e:7']);
  await says(8);
  assert.deepEqual(late.seen, [8]);
});

test('when the leader closes another takes over from its own cursor: nothing is lost, nothing comes twice',
    async () => {
  const first = await tab();
  FakeSocket.last.opens({ seq: 5 });
  const [second, third] = [await tab(), await tab()];
  await says(6, 7);
  first.stop();
  await settle();
  assert.equal(FakeSocket.all.length, 2);
  assert.equal(FakeSocket.last.url.searchParams.get('since'), 'e:7');
  FakeSocket.last.opens({ seq: 9, session_id: 's2' });
  await says(7, 8, 9, 10);
  for (const client of [second, third]) assert.deepEqual([client.seen, client.sessionId], [[6, 7, 8, 9, 10], 's2']);
  assert.deepEqual([second, third].map(({ resyncs }) => resyncs), [0, 0]);
});

test('a tab that missed something gets it from the leader; when the leader has it no more, it loads anew', async () => {
  await tab();
  FakeSocket.last.opens({ seq: 5 });
  const deaf = await tab();
  await says(6);
  deaf.seq = 4; // as if it had missed the later frames
  deaf.seen = [];
  await says(7);
  assert.equal(deaf.resyncs, 1);
  deaf.seq = 6;
  deaf.seen = [];
  await says(8);
  assert.deepEqual(deaf.seen, [7, 8]);
  assert.equal(deaf.resyncs, 1);
});

test('a leader that sleeps is replaced, and follows when it wakes', async () => {
  const first = await tab();
  FakeSocket.last.opens({ seq: 5 });
  await says(6);
  const channel = globalThis.BroadcastChannel.prototype, { postMessage } = channel;
  channel.postMessage = function (data) { if (!data.welcome) postMessage.call(this, data); }; // it does not answer
  const second = await tab();
  assert.equal(second.state, 'connecting');
  channel.postMessage = postMessage;
  mock.timers.tick(5000);
  await settle();
  assert.deepEqual([first, second].map(({ share }) => share.isLeading), [false, true]);
  FakeSocket.last.opens({ seq: 6, session_id: 'new' });
  await says(7);
  assert.deepEqual([first.seen, second.seen], [[6, 7], [7]]);
  assert.equal(first.state, 'open');
});

test('tabs of different people have nothing in common', async () => {
  await tab(1);
  FakeSocket.last.opens({ seq: 5 });
  const other = await tab(2);
  assert.equal(FakeSocket.all.length, 2);
  FakeSocket.all[0].says(dispatch(6));
  await settle();
  assert.deepEqual(other.seen, []);
});

test('a tab that wants the network back wakes the leader', async () => {
  await tab();
  FakeSocket.last.opens({ seq: 5 });
  const second = await tab();
  FakeSocket.last.ends(1006);
  await settle();
  assert.equal(second.state, 'waiting');
  second.hurry();
  await settle();
  assert.equal(FakeSocket.all.length, 2);
  FakeSocket.last.opens({ seq: 5 });
  await settle();
  assert.equal(second.state, 'open');
});

test('somebody is idle when idle in all tabs', async () => {
  const first = await tab();
  FakeSocket.last.opens({ seq: 5 });
  const second = await tab();
  const told = () =>
    FakeSocket.last.sent.filter(({ event_type }) => event_type === 'session.heartbeat').map(({ data }) => data.idle);
  first.idle.touch();
  second.idle.touch();
  second.idle.set(true);
  await settle();
  assert.deepEqual(told(), []);
  first.idle.set(true);
  await settle();
  assert.deepEqual(told(), [true]);
});

test('without BroadcastChannel each tab has its own connection', async () => {
  delete globalThis.BroadcastChannel;
  await tab();
  await tab();
  assert.equal(FakeSocket.all.length, 2);
});

test('without Web Locks, as on plain http, tabs share one connection too, and another takes over', async () => {
  const window = fakeWindow();
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: {} });
  const begin = async () => {
    const client = await tab();
    await pass(3000);
    return client;
  };
  const first = await begin();
  FakeSocket.last.opens({ seq: 5 });
  const second = await begin(), third = await begin();
  await says(6);
  assert.equal(FakeSocket.all.length, 1);
  for (const client of [first, second, third]) assert.deepEqual([client.seen, client.state], [[6], 'open']);
  first.stop();
  await pass(5000);
  assert.equal(FakeSocket.all.filter(({ readyState }) => readyState < 3).length, 1);
  FakeSocket.last.opens({ seq: 7 });
  await says(7, 8);
  for (const client of [second, third]) assert.deepEqual([client.seen, client.state], [[6, 7, 8], 'open']);
  window.off();
});

test('a log-in that has ended ends in all tabs, and the next leads anew', async () => {
  const first = await tab();
  FakeSocket.last.opens({ seq: 5 });
  const second = await tab();
  FakeSocket.last.ends(4001);
  await settle();
  assert.deepEqual([first.state, second.state], ['unauthenticated', 'unauthenticated']);
  second.start();
  await settle();
  FakeSocket.last.opens({ seq: 6 });
  assert.equal(second.state, 'open');
  assert.ok(second.share.isLeading);
});
