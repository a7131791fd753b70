// The connection, with a mock socket and a clock that the test advances.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Client, ConfabError } from '../../htdocs/confab.js';
import { answer, dispatch, FakeSocket, FakeStorage, fakeWindow, settle } from './support/fakes.mjs';

const clients = [];
let fetches;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  FakeSocket.all = [];
  fetches = [];
  globalThis.WebSocket = FakeSocket;
  globalThis.localStorage = new FakeStorage();
  reachable(true);
});

afterEach(() => {
  for (const client of clients.splice(0)) client.stop();
  mock.timers.reset();
});

/** Whether the server answers requests; streams by HTTP never begin. */
function reachable(yes) {
  globalThis.fetch = async (url, init) => {
    fetches.push({ url: new URL(url), init });
    if (!yes) throw new TypeError('no network');
    if (/events|poll/.test(url)) return new Promise(() => {});
    return answer(200, {});
  };
}

function connect(options = {}) {
  const client = new Client({ url: 'http://chat.test/chat/', ...options });
  clients.push(client);
  client.seen = [];
  client.states = [];
  client.on('dispatch', ({ seq }) => client.seen.push(seq));
  client.on('state', (state) => client.states.push(state));
  client.start();
  return client;
}

async function pass(ms) {
  mock.timers.tick(ms);
  await settle();
}

test('a stream that breaks is taken up from the last dispatch, and what comes twice is told once', async () => {
  const client = connect();
  await settle();
  FakeSocket.last.opens({ seq: 10 });
  for (const seq of [11, 12]) FakeSocket.last.says(dispatch(seq));
  await pass(6000);
  FakeSocket.last.ends(1006);
  assert.equal(client.state, 'waiting');
  await pass(500);
  assert.equal(FakeSocket.all.length, 2);
  assert.equal(FakeSocket.last.url.searchParams.get('since'), 'e:12');
  FakeSocket.last.opens({ seq: 14 });
  for (const seq of [12, 13, 14]) FakeSocket.last.says(dispatch(seq));
  assert.deepEqual(client.seen, [11, 12, 13, 14]);
  assert.deepEqual(client.states, ['connecting', 'open', 'waiting', 'connecting', 'open']);
});

test('what an abandoned socket still brings is dropped', async () => {
  const client = connect();
  await settle();
  const old = FakeSocket.last;
  old.opens();
  client.connection.use('sse');
  old.says(dispatch(5));
  old.ends(1006);
  await settle();
  assert.deepEqual(client.seen, []);
  assert.equal(client.transport, 'sse');
});

test('a transport that brings nothing gives way to the next, which is remembered for an hour', async () => {
  const client = connect();
  await settle();
  for (let i = 0; i < 2; i++) {
    await pass(8000); // the first frame does not come
    await pass(1100);
  }
  assert.equal(client.transport, 'sse');
  assert.ok(fetches.some(({ url }) => url.pathname === '/chat/events'));
  client.connection.options.transports = ['ws', 'sse', 'poll'];
  client.stop();
  globalThis.localStorage.setItem('confab:transport:http://chat.test/chat/',
    JSON.stringify({ name: 'sse', until: Date.now() + 3600_000 }));
  assert.equal(connect().transport, 'sse');
  mock.timers.tick(3600_001);
  assert.equal(connect().transport, 'ws');
});

test('without a network no transport is to blame', async () => {
  reachable(false);
  const client = connect();
  for (let i = 0; i < 6; i++) {
    await settle();
    FakeSocket.last.ends(1006);
    await settle();
    await pass(30_000);
  }
  assert.equal(client.transport, 'ws');
  assert.ok(FakeSocket.all.length > 4);
});

test('a server that restarts is given time, and keeps its transport', async () => {
  mock.method(Math, 'random', () => 0.999);
  const client = connect();
  await settle();
  for (let i = 0; i < 4; i++) {
    FakeSocket.last.opens();
    FakeSocket.last.ends(1012);
    await pass(1900);
    assert.equal(client.state, 'waiting');
    await pass(200);
  }
  assert.equal(client.transport, 'ws');
  Math.random.mock.restore();
});

test('a stream where nothing happens stays open for an hour, and costs little', async () => {
  const client = connect();
  await settle();
  FakeSocket.last.opens();
  for (let minute = 0; minute < 60 * 60; minute++) await pass(1000);
  assert.equal(FakeSocket.all.length, 1);
  assert.deepEqual(client.states, ['connecting', 'open']);
  assert.ok(FakeSocket.last.heartbeats <= 16, String(FakeSocket.last.heartbeats));
  assert.ok(JSON.stringify(FakeSocket.last.sent).length < 1500);
});

test('a network that is half there is noticed within fifteen seconds', async () => {
  const client = connect();
  await settle();
  FakeSocket.last.opens();
  for (let second = 0; second < 600; second++) await pass(1000);
  client.idle.touch(); // the person is active again
  FakeSocket.last.isHalfOpen = true;
  let seconds = 0;
  for (; client.state === 'open' && seconds < 60; seconds++) await pass(1000);
  assert.ok(seconds <= 15, `${seconds} s`);
  assert.equal(client.state, 'waiting');
});

test('that the network is gone is said at once, and that it is back is used at once', async () => {
  const window = fakeWindow(), client = connect({ share: false });
  await settle();
  FakeSocket.last.opens();
  window.tell('offline');
  assert.equal(client.state, 'waiting');
  window.tell('online');
  await settle();
  assert.equal(client.state, 'connecting');
  FakeSocket.last.opens();
  assert.equal(client.state, 'open');
  window.off();
});

test('a stream of somebody else ends the log-in: nothing is sent in the wrong name', async () => {
  const client = connect();
  client.user = { id: 1, username: 'ann' };
  await settle();
  FakeSocket.last.opens();
  FakeSocket.last.ends(1012);
  await pass(4000);
  FakeSocket.last.opens({ user: { id: 2, username: 'ben' } });
  assert.equal(client.state, 'unauthenticated');
  assert.equal(client.user.id, 1);
  await assert.rejects(client.ready().then(() => client.whoAmI()), (error) => error instanceof Error);
});

test('when another tab logs in as somebody else, this one sends nothing any more', async () => {
  const window = fakeWindow();
  globalThis.fetch = async (url, init) => {
    fetches.push({ url: new URL(url), init });
    return answer(200, { user: { id: 1, username: 'ann' } });
  };
  const client = connect({ share: false });
  await client.whoAmI();
  await settle();
  FakeSocket.last.opens();
  const before = fetches.length;
  globalThis.localStorage.setItem(client.mark.key, '2');
  await assert.rejects(client.command('room.join', { room_id: 'r' }), { code: 4001 });
  assert.equal(client.state, 'unauthenticated');
  assert.equal(fetches.length, before);
  window.off();
});

test('an error that does not say of what settles the one command that waits', async () => {
  const client = connect();
  await settle();
  FakeSocket.last.opens();
  const work = client.command('message.send', { content: 'x' });
  FakeSocket.last.says({ error: { code: 4003, detail: 'Invalid JSON.' } });
  await assert.rejects(work, { code: 4003 });
});

test('half characters and NUL never go up', async () => {
  const client = connect();
  await settle();
  FakeSocket.last.opens();
  client.command('message.send',
    { content: 'a\ud83d b\0', extra_fields: { media: [{ caption: '\ude00c' }] } }).catch(() => {});
  client.command('room.modify', { name: 'x\ud83d' }).catch(() => {});
  await settle();
  assert.deepEqual(FakeSocket.last.sent[0].data, { content: 'a b', extra_fields: { media: [{ caption: 'c' }] } });
  assert.deepEqual(JSON.parse(fetches.at(-1).init.body).data, { name: 'x' });
});

test('a request that is never answered ends after half a minute', async () => {
  const client = connect();
  globalThis.fetch = (_, { signal }) => new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  const work = client.request('POST', 'command', {});
  work.catch(() => {});
  await settle();
  await pass(30_000);
  await assert.rejects(work, { code: 0 });
});

test('a source of tokens that gives none means that nobody is logged in, and is not asked again and again',
    async () => {
  let n = 0;
  const client = connect({ token: async () => { n++; return ''; } });
  await settle();
  await pass(60_000);
  assert.equal(client.state, 'unauthenticated');
  assert.equal(n, 1);
  assert.equal(FakeSocket.all.length, 0);
  await assert.rejects(client.command('room.list'), { code: 4001 });
});

test('outside of browsers the token of a log-in is kept, and a log-in that is missing is said', async () => {
  globalThis.fetch = async (url, init) => {
    fetches.push({ url: new URL(url), init });
    return answer(200, { user: { id: 1, username: 'ann' }, token: 'T' });
  };
  const client = new Client({ url: 'http://chat.test/chat/' });
  clients.push(client);
  await client.logIn('ann', 'x');
  client.start();
  await settle();
  assert.equal(FakeSocket.last.url.searchParams.get('token'), 'T');
  client.connection.options.auth.take(undefined);
  FakeSocket.last.ends(4001);
  await settle();
  await assert.rejects(client.ready(), { code: 4001 });
});

test('the list of rooms is asked for page by page, and a room that moves down meanwhile comes once', async () => {
  const client = connect(), asked = [];
  client.command = async (name, data = {}) => {
    asked.push(data);
    return data.before ? { data: [{ id: 'b' }, { id: 'c' }] }
      : { data: [{ id: 'a' }, { id: 'b' }], has_next: true, next: 'n' };
  };
  assert.deepEqual((await client.listRooms()).map(({ id }) => id), ['a', 'b', 'c']);
  assert.deepEqual(asked.map(({ before }) => before), [undefined, 'n']);
});

test('a listener that throws stops no other', () => {
  const seen = [], reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const client = new Client({ url: 'http://chat.test/chat/' });
  client.on('signal', () => { throw new Error('mine'); });
  client.on('signal', (signal) => seen.push(signal));
  client.emit('signal', 1);
  assert.deepEqual([seen, reported], [[1], ['mine']]);
  delete globalThis.reportError;
});

test('a token is asked for again when it is refused, and only then', async () => {
  let n = 0;
  const client = connect({ token: async () => `t${++n}` });
  await settle();
  assert.equal(FakeSocket.last.url.searchParams.get('token'), 't1');
  FakeSocket.last.opens();
  await pass(6000);
  FakeSocket.last.ends(1006);
  await pass(500);
  assert.equal(FakeSocket.last.url.searchParams.get('token'), 't1');
  FakeSocket.last.opens();
  FakeSocket.last.ends(4001);
  await settle();
  await pass(2000);
  assert.equal(FakeSocket.last.url.searchParams.get('token'), 't2');
  assert.ok(!client.states.includes('unauthenticated'));
});

test('a refused token that can\'t be had anew ends the stream', async () => {
  for (const token of ['fixed', () => 'always the same', undefined]) {
    const client = connect({ token });
    await settle();
    FakeSocket.last.ends(4001);
    await settle();
    assert.equal(client.state, 'unauthenticated');
  }
});

test('when who gives tokens is away, it is asked again, and no transport is to blame', async () => {
  let n = 0;
  const client = connect({ token: async () => { if (++n < 6) throw new Error('away'); return 't'; } });
  for (let i = 0; i < 6; i++) {
    await settle();
    await pass(30_000);
  }
  assert.equal(client.transport, 'ws');
  assert.equal(FakeSocket.last.url.searchParams.get('token'), 't');
});

test('start() resolves when the stream is open, and when it can\'t be', async () => {
  const client = connect();
  const started = client.start();
  await settle();
  FakeSocket.last.opens();
  await started;
  const refused = connect();
  const over = refused.start();
  await settle();
  FakeSocket.last.ends(4001);
  await over;
  assert.equal(refused.state, 'unauthenticated');
});

test('a request whose token is refused is repeated with a new one, once', async () => {
  const tokens = ['old', 'new'], used = [];
  globalThis.fetch = async (url, { headers }) => {
    used.push(headers.Authorization);
    return headers.Authorization === 'Bearer new' ? answer(200, { data: [] })
      : answer(401, { error: { code: 4001, detail: 'x' } });
  };
  const client = new Client({ url: 'http://chat.test/chat/', token: () => tokens.shift() ?? 'none' });
  assert.deepEqual(await client.listRooms(), []);
  assert.deepEqual(used, ['Bearer old', 'Bearer new']);
  globalThis.fetch = async () => answer(401, { error: { code: 4001, detail: 'x' } });
  await assert.rejects(client.listRooms(), { code: 4001 });
});

test('a gap is told, and the stream goes on from the head', async () => {
  const client = connect();
  const resync = client.once('resync');
  await settle();
  FakeSocket.last.opens({ seq: 10 });
  FakeSocket.last.says({ eventType: 'session.resync', data: { floor: 90, head: 100, epoch: 'f' } });
  assert.deepEqual(await resync, { floor: 90, head: 100, epoch: 'f' });
  FakeSocket.last.says(dispatch(101));
  assert.deepEqual([client.seen, client.connection.cursor], [[101], 'f:101']);
});

test('commands go over the socket where their answer is the same, and fail when it breaks', async () => {
  const client = connect();
  await settle();
  FakeSocket.last.opens();
  const rooms = client.listRooms();
  const [{ id, event_type }] = FakeSocket.last.sent;
  assert.equal(event_type, 'room.list');
  FakeSocket.last.says({ eventType: 'roomlist.dispatch', data: [7], id });
  assert.deepEqual(await rooms, [7]);
  const late = client.listRooms();
  FakeSocket.last.ends(1006);
  await assert.rejects(late, (error) => error instanceof ConfabError && error.code === 0 && error.retryable);
  globalThis.fetch = async (url, { body }) => answer(200, { data: JSON.parse(body) });
  assert.equal((await client.createRoom({ type: 'Channel', name: 'x' })).event_type, 'room.create');
});

test('an answer that is not the protocol\'s is an error that says when to come back', async () => {
  globalThis.fetch = async () => ({ ...answer(503, null, { 'Retry-After': '4' }), text: async () => '<html>' });
  await assert.rejects(connect().listRooms(), { code: 4053, retryAfter: 4, retryable: true });
  globalThis.fetch = async () => answer(429, { error: { code: 4029, detail: 'slowly' } }, { 'Retry-After': '9' });
  await assert.rejects(connect().listRooms(), { code: 4029, retryAfter: 9 });
});

test('idle is told once nothing was done for five minutes, and taken back at the first key', async () => {
  const client = connect();
  await settle();
  FakeSocket.last.opens();
  await settle();
  const told = () =>
    FakeSocket.last.sent.filter(({ event_type, id }) => event_type === 'session.heartbeat' && id !== 'h')
      .map(({ data }) => data.idle);
  client.idle.touch();
  await pass(30_000);
  FakeSocket.last.says(dispatch(2));
  client.idle.touch();
  for (let i = 0; i < 6; i++) {
    await pass(50_000);
    FakeSocket.last.says(dispatch(3 + i));
  }
  assert.deepEqual(told(), [true]);
  FakeSocket.last.says({ status: 'success', id: FakeSocket.last.sent.find(({ id }) => id !== 'h').id });
  client.idle.touch();
  assert.deepEqual(told(), [true, false]);
});
