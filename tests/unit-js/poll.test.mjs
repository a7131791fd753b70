// Long-polls against a server that answers at once when it has no place for one more, as under plain CGI.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Client } from '../../htdocs/confab.js';
import { answer, dispatch, FakeSocket, FakeStorage, settle } from './support/fakes.mjs';

const READY = { eventType: 'session.ready',
  data: { session_id: 's 1', user: { id: 1, username: 'ann' }, seq: 1, epoch: 'e', heartbeat: 25 } };
const HEADERS = { 'Retry-After': '2' };

let client, polls, streams, held, probes, places, refuses, waiting;

/** A server. places: how many polls may wait; refuses: event streams are refused. */
beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  FakeSocket.all = [];
  globalThis.WebSocket = FakeSocket;
  globalThis.localStorage = new FakeStorage();
  [polls, streams, held, probes, places, refuses, waiting] = [[], 0, [], 0, 0, true, []];
  globalThis.fetch = async (url, { signal } = {}) => {
    const { pathname, searchParams } = new URL(url);
    if (pathname.endsWith('healthz')) probes++;
    if (pathname.endsWith('events')) {
      streams++;
      return refuses ? answer(503, { error: { code: 4053 } }, HEADERS) : new Promise(() => {});
    }
    if (!pathname.endsWith('poll')) return answer(200, {});
    polls.push({ at: Date.now(), session: searchParams.get('session'), since: searchParams.get('since') });
    if (searchParams.get('session') === null) return batch([READY], 'e:1');
    if (held.length) return batch(held.splice(0), `e:${10 + polls.length}`);
    if (!places) return batch([], searchParams.get('since'));
    return new Promise((resolve, reject) => {
      waiting.push((events) => resolve(batch(events, 'e:5')));
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  };
});

afterEach(() => {
  client.stop();
  mock.timers.reset();
});

const batch = (events, cursor) => ({ ...answer(200, { events, cursor }), body: true });

function connect(transports) {
  client = new Client({ url: 'http://chat.test/chat/', transports });
  client.seen = [];
  client.on('dispatch', ({ seq }) => client.seen.push(seq));
  client.start();
  return settle();
}

async function pass(ms) {
  for (let at = 0; at < ms; at += 100) {
    mock.timers.tick(100);
    await settle();
  }
}

test('who may not wait asks less and less often, and never stops', async () => {
  await connect(['poll']);
  await pass(120_000);
  const gaps = polls.slice(2).map(({ at }, i) => at - polls[i + 1].at);
  assert.deepEqual(gaps.slice(0, 5), [1000, 2000, 4000, 7000, 7000]);
  assert.ok(polls.length < 24, `${polls.length}`);
  assert.equal(client.state, 'open');
  assert.equal(probes, 0);
  assert.deepEqual(polls.at(-1), { ...polls.at(-1), session: 's 1', since: 'e:1' });
});

test('who does something is told at once, and who types does not ask for each key', async () => {
  await connect(['poll']);
  await pass(40_000);
  held.push(dispatch(11));
  const before = polls.length;
  await pass(1000); // the last poll may just have been
  client.idle.touch();
  await settle();
  await pass(100);
  assert.deepEqual(client.seen, [11]);
  const start = polls.length;
  for (let i = 0; i < 50; i++) {
    client.idle.touch();
    await pass(100);
  }
  assert.ok(polls.length - start <= 6, `${polls.length - start}`);
  assert.ok(before < start);
});

test('when a dispatch has come the next poll is soon', async () => {
  await connect(['poll']);
  await pass(40_000);
  held.push(dispatch(11));
  await pass(7000);
  assert.deepEqual(client.seen, [11]);
  const at = polls.findLast(({ since }) => since === 'e:1').at;
  assert.deepEqual(polls.filter((one) => one.at >= at && one.at < at + 3200).map((one) => one.at - at).slice(0, 3),
    [0, 0, 1000]);
});

test('a poll that was allowed to wait is followed by the next at once', async () => {
  places = 1;
  await connect(['poll']);
  for (let i = 0; i < 5; i++) {
    await pass(5000);
    waiting.shift()([]);
    await settle();
  }
  assert.equal(polls.length, 7);
  assert.equal(waiting.length, 1);
});

test('a stopped client asks no more', async () => {
  await connect(['poll']);
  await pass(10_000);
  client.stop();
  const { length } = polls;
  await pass(20_000);
  assert.equal(polls.length, length);
});

test('without WebSockets, and with event streams refused, polls are found and remembered', async () => {
  const transports = ['ws', 'sse', 'poll'];
  await connect(transports);
  for (let i = 0; i < 40 && client.transport === 'ws'; i++) {
    if (FakeSocket.last.readyState === 0) FakeSocket.last.ends(1006); // 404
    await pass(500);
  }
  assert.equal(client.transport, 'sse');
  await pass(15_000);
  assert.equal(client.transport, 'poll');
  assert.equal(client.state, 'open');
  assert.deepEqual([FakeSocket.all.length, streams], [2, 2]);
  client.stop();
  await connect(transports);
  assert.equal(client.state, 'open');
  assert.equal(client.transport, 'poll');
  assert.deepEqual([FakeSocket.all.length, streams], [2, 2]);
});

test('an event stream that is cut again and again gives way', async () => {
  refuses = false;
  await connect(['sse', 'poll']);
  await pass(25_000); // no frame comes
  assert.equal(client.transport, 'poll');
  assert.equal(streams, 2);
});
