// The three transports: first frames, order, resuming, and slow readers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { KINDS, site, until } from './support/client.mjs';

const CURSOR = /^[\w-]{1,32}:\d+$/;
const cursorOf = (frame) => `${frame.data.epoch ?? frame.epoch}:${frame.data.seq ?? frame.seq}`;
const contents = (stream) =>
  stream.frames.filter(({ eventType }) => eventType === 'message.dispatch').map(({ data }) => data.content);
const say = (who, room, content) => site.done(who, 'message.send', { room_id: room.id, content });

async function three() {
  const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
  return { ann, ben, room: await site.room(ann, [ben]) };
}

test('session.ready and chat.notifications come first', async () => {
  const { ann, ben, room } = await three();
  await say(ann, room, 'unseen');
  for (const kind of KINDS) {
    const stream = await site.stream(kind, ben);
    await stream.until(() => stream.frames.length >= 2, 'two frames');
    const [ready, notifications] = stream.frames;
    assert.deepEqual(Object.keys(ready), ['eventType', 'data']);
    assert.equal(ready.eventType, 'session.ready');
    assert.deepEqual(Object.keys(ready.data), ['session_id', 'user', 'seq', 'epoch', 'heartbeat']);
    assert.deepEqual(ready.data.user, ben.user);
    assert.equal(ready.data.heartbeat, 25);
    assert.deepEqual(Object.keys(notifications), ['eventType', 'data', 'seq', 'epoch', 'session_id']);
    assert.equal(notifications.eventType, 'chat.notifications');
    assert.equal(notifications.session_id, ready.data.session_id);
    const [one] = notifications.data[room.id];
    assert.equal(one.notification_type, 'NEW_MESSAGE');
    assert.equal(one.message.content, 'unseen');
    stream.close();
  }
});

test('a WebSocket without our subprotocol starts with chat.notifications, at both addresses', async () => {
  const ann = await site.register('ann');
  for (const path of ['ws', '/messaging/']) {
    const stream = await site.stream('ws', ann, { path, protocols: [] });
    assert.deepEqual(stream.frames.map(({ eventType, data }) => [eventType, data]), [['chat.notifications', {}]]);
    assert.deepEqual(await stream.command('session.heartbeat'), { status: 'success', id: 'c1' });
    stream.send({ event_type: 'session.heartbeat', data: {} });
    assert.deepEqual(await stream.next(({ status, id }) => status && !id), { status: 'success' });
    stream.close();
  }
});

test('of several subprotocols ours is taken, others alone are refused', async () => {
  const ann = await site.register('ann');
  const stream = await site.stream('ws', ann, { protocols: ['chat', 'confab.v1'] });
  assert.equal(stream.socket.protocol, 'confab.v1');
  assert.equal(stream.frames[0].eventType, 'session.ready');
  stream.close();
  for (const protocols of [['chat'], ['loop'], ['x'.repeat(300)]]) {
    const { error } = await (await site.stream('ws', ann, { protocols, wait: false })).over();
    assert.match(error, /\b400\b/, protocols[0]);
  }
});

test('server-sent events have their headers, ids and a retry', async () => {
  const { ann, ben, room } = await three();
  const stream = await site.stream('sse', ben);
  assert.equal(stream.status, 200);
  assert.match(stream.headers['content-type'], /^text\/event-stream/);
  assert.equal(stream.headers['cache-control'], 'no-store');
  assert.equal(stream.headers['x-accel-buffering'], 'no');
  assert.ok(stream.retry >= 1000 && stream.retry <= 5000);
  const { seq } = await say(ann, room, 'x');
  await stream.message('x');
  assert.match(stream.cursor, CURSOR);
  assert.equal(stream.cursor.split(':')[1], `${seq}`);
  stream.close();
});

test('a long-poll with nothing to say answers with nothing when its time is over', async () => {
  const ann = await site.register('ann');
  const poll = async (query) => (await site.request('GET', `poll?${query}`, { token: ann.token })).body;
  const { cursor } = await poll('');
  assert.match(cursor, CURSOR);
  const started = performance.now();
  assert.deepEqual((await poll(`since=${cursor}&wait=1`)).events, []);
  assert.ok(performance.now() - started >= 950);
  assert.deepEqual((await poll(`since=${cursor}&wait=0`)).events, []);
});

test('parameters of a stream that mean nothing are refused', async () => {
  const { token } = await site.register('ann');
  for (const wait of ['-5', 'x', '', '1.5', '9'.repeat(20)])
    assert.deepEqual((await site.request('GET', `poll?wait=${wait}`, { token })).body.error,
      { code: 4003, detail: ['wait is a number of seconds.'] }, wait);
  for (const payload of ['zz', '', 'ID', 'id'.repeat(20)]) {
    for (const target of ['poll', 'events']) {
      const { status, body } = await site.request('GET', `${target}?payload=${payload}`, { token });
      assert.deepEqual([status, body.error], [422, { code: 4003, detail: ['payload can only be id.'] }], payload);
    }
    const headers = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    assert.equal((await site.request('GET', `ws?payload=${payload}`, { token, headers })).status, 400, payload);
  }
});

test('each transport resumes from any cursor, its own and the others\'', async () => {
  const { ann, ben, room } = await three();
  const before = await site.stream('ws', ben);
  const start = cursorOf(before.frames[0]);
  before.close();
  const said = Array.from({ length: 30 }, (_, i) => `m${i}`), seqs = [];
  for (const content of said) seqs.push((await say(ann, room, content)).seq);
  const [epoch] = start.split(':');
  let reference;
  for (const from of [start, `${epoch}:${seqs[9]}`, `${seqs[19]}`])
    for (const [kind, options] of [['ws', { since: from }], ['sse', { since: from }], ['poll', { since: from }],
      ['sse', { lastEventId: from, since: `${epoch}:${seqs[29]}` }]]) {
      const stream = await site.stream(kind, ben, options);
      await stream.message(said.at(-1));
      assert.deepEqual(contents(stream), said.slice(seqs.indexOf(Number(from.split(':').at(-1))) + 1),
        `${kind} from ${from}`);
      const bytes = stream.texts.filter((text) => /message\.dispatch.*"m\d+"/.test(text));
      reference ??= bytes;
      assert.deepEqual(bytes, reference.slice(-bytes.length));
      said.push(`live ${said.length} for ${kind} from ${from}`);
      seqs.push((await say(ann, room, said.at(-1))).seq);
      await stream.message(said.at(-1));
      stream.close();
    }
});

test('a chain that changes its transport all the time loses and repeats nothing', async () => {
  const { ann, ben, room } = await three();
  const got = [];
  const first = await site.stream('poll', ben);
  let cursor = first.cursor, sending = true;
  first.close();
  const sender = (async () => {
    for (let i = 0; i < 400; i++) await say(ann, room, `n${i}`);
    sending = false;
  })();
  for (let hop = 0; sending || got.length < 400; hop++) {
    assert.ok(hop < 1000, `after ${hop} hops there are ${got.length}`);
    const stream = await site.stream(KINDS[hop % 3], ben, { since: cursor, seconds: 1 });
    await Promise.race([stream.until(() => contents(stream).length >= 7, '', 500),
      new Promise((resolve) => setTimeout(resolve, 500))]).catch(() => {});
    stream.close();
    const { stored } = stream;
    got.push(...contents(stream));
    if (stored.length) cursor = `${cursor.split(':')[0]}:${stored.at(-1).seq}`;
  }
  await sender;
  assert.deepEqual(got, Array.from({ length: 400 }, (_, i) => `n${i}`));
});

test('a cursor that can\'t be served is answered with session.resync, and the stream is live', async () => {
  const { ann, ben, room } = await three();
  const probe = await site.stream('ws', ben);
  const epoch = probe.frames[0].data.epoch;
  probe.close();
  for (const since of ['nonsense', '-1', 'other:5', `${epoch}:999999999999`, `${epoch}:`, '99999999999999999999999',
    'a b:1', `${epoch}:${'0'.repeat(300)}`])
    for (const kind of KINDS) {
      const stream = await site.stream(kind, ben, { since });
      const { data } = await stream.event('session.resync');
      assert.deepEqual(Object.keys(data), ['floor', 'head', 'epoch']);
      assert.equal(data.epoch, epoch);
      await say(ann, room, `after ${since} on ${kind}`);
      await stream.message(`after ${since} on ${kind}`);
      assert.ok(stream.stored.every(({ seq }) => seq > data.head));
      stream.close();
    }
});

test('who joins later gets what comes after, and nothing from before', async () => {
  const { ann, ben, room: before } = await three();
  const stream = await site.stream('ws', ben);
  const start = cursorOf(stream.frames[0]);
  const alone = await site.room(ann);
  await say(ann, alone, 'to myself');
  const shared = await site.room(ann, [ben]);
  await say(ann, shared, 'to both');
  await stream.message('to both');
  assert.deepEqual(contents(stream), ['to both']);
  // A stream starts at its program's place in the log, which may be a moment old: dispatches stored just before may
  // still come.
  const later = ({ stored }) => stored.filter(({ data }) => (data.room?.id ?? data.id) !== before.id);
  assert.deepEqual(later(stream).map(({ eventType }) => eventType), ['roomcreate.dispatch', 'message.dispatch']);
  const replay = await site.stream('sse', ben, { since: start });
  await replay.message('to both');
  assert.deepEqual(replay.stored, stream.stored);
  stream.close();
  replay.close();
});

test('under load every stream of every kind gets the same sequence', async () => {
  const people = await Promise.all(Array.from({ length: 4 }, (_, i) => site.register(`p${i}`)));
  const room = await site.room(people[0], people.slice(1));
  const streams = await Promise.all(people.flatMap((who) => KINDS.map((kind) => site.stream(kind, who))));
  await Promise.all(people.map(async (who, p) => { for (let i = 0; i < 100; i++) await say(who, room, `${p}:${i}`); }));
  const of = (stream) => stream.stored.filter(({ eventType }) => eventType === 'message.dispatch');
  for (const stream of streams) await stream.until(() => of(stream).length >= 400, 'all 400');
  const [reference] = streams;
  for (const stream of streams) {
    const seqs = of(stream).map(({ seq }) => seq);
    assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
    assert.deepEqual(stream.texts.filter((text) => text.includes('message.dispatch')),
      reference.texts.filter((text) => text.includes('message.dispatch')));
    stream.close();
  }
  for (let p = 0; p < 4; p++)
    assert.deepEqual(of(reference).map(({ data }) => data.content).filter((text) => text.startsWith(`${p}:`)),
      Array.from({ length: 100 }, (_, i) => `${p}:${i}`));
});

test('commands of one WebSocket are carried out in order', async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const stream = await site.stream('ws', ann);
  for (let i = 0; i < 50; i++)
    stream.send({ event_type: 'message.send', data: { room_id: room.id, content: `${i}` }, id: i });
  await stream.message('49');
  await stream.until(() => stream.frames.filter(({ status }) => status).length === 50, 'all acknowledgements');
  assert.deepEqual(contents(stream), Array.from({ length: 50 }, (_, i) => `${i}`));
  assert.deepEqual(stream.frames.filter(({ status }) => status).map(({ id }) => id),
    Array.from({ length: 50 }, (_, i) => i));
  stream.close();
});

test('a WebSocket may send megabytes in its time, and many commands at once', async () => {
  const ann = await site.register('ann');
  const stream = await site.stream('ws', ann);
  const filler = 'x'.repeat(20_000);
  for (let i = 0; i < 150; i++) stream.send({ event_type: 'session.heartbeat', data: { filler }, id: i });
  await stream.until(() => stream.ended || stream.frames.filter(({ status }) => status).length === 150, 'all answers');
  assert.equal(stream.ended, null);
  stream.close();
});

for (const kind of ['ws', 'sse'])
  test(`a ${kind} reader that has stopped reading delays nobody and resumes`, { timeout: 120_000 }, async () => {
    const { ann, ben, room } = await three();
    const slow = await site.stream(kind, ben), quick = await site.stream(kind, ben);
    const start = cursorOf(slow.frames[0]);
    const socket = kind === 'ws' ? slow.socket._socket : slow.response.socket;
    socket.pause();
    slow.response?.pause();
    const filler = 'x'.repeat(30_000);
    for (let i = 0; i < 400; i += 10)
      await Promise.all(Array.from({ length: 10 }, (_, j) => say(ann, room, `${i + j} ${filler}`)));
    await quick.until(() => contents(quick).length === 400, 'all at the quick reader', 30_000);
    slow.response?.resume();
    socket.resume();
    const end = await slow.over(60_000);
    if (kind === 'ws') assert.deepEqual(end, { code: 4008 });
    const messages = ({ stored }) => stored.filter(({ eventType }) => eventType === 'message.dispatch');
    const last = messages(slow).at(-1);
    assert.ok(messages(slow).length < 400);
    const again = await site.stream(kind, ben, { since: last ? `${start.split(':')[0]}:${last.seq}` : start });
    await again.until(() => messages(slow).length + messages(again).length === 400, 'the rest', 30_000);
    assert.deepEqual([...messages(slow), ...messages(again)], messages(quick));
    quick.close();
    again.close();
  });

test('the programs say that they are well, and what they have done', async () => {
  assert.equal((await site.request('GET', 'healthz')).text, 'ok\n');
  assert.equal((await site.request('GET', 'readyz')).text, 'ok\n');
  const { text, headers } = await site.request('GET', 'metrics');
  assert.match(headers['content-type'], /^text\/plain/);
  assert.match(text, /^confab_\w+\{program="events"\} \d+$/m);
});

test('every number that the alerts and the documentation name is there', async () => {
  const ann = await site.register('ann');
  await site.room(ann);
  const { text } = await site.request('GET', 'metrics');
  const read = (file) => readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8');
  const alerted = [...read('conf/prometheus-alerts.yml').matchAll(/\bconfab_(\w+)/g)].map(([, name]) => name);
  const table = read('docs/operations.md').split('### Metrics')[1].split('\n\n')[2];
  const described = [...table.matchAll(/^\|.*?\|/gm)]
    .flatMap(([cell]) => [...cell.matchAll(/`([a-z]\w*)/g)].map(([, name]) => name));
  assert.ok(alerted.length > 10 && described.length > 20);
  for (const name of [...alerted, ...described]) assert.match(text, new RegExp(`^confab_${name}\\{`, 'm'), name);
});

test('the session of a closed connection ends', async () => {
  const ann = await site.register('ann');
  const streams = await Promise.all(['ws', 'sse'].map((kind) => site.stream(kind, ann)));
  const sessions = async () =>
    (await site.done(ann, 'session.list')).data.sessions.map(({ transport }) => transport).sort();
  assert.deepEqual(await sessions(), ['sse', 'websocket']);
  for (const stream of streams) stream.close();
  await until(async () => (await sessions()).length === 0, 'both sessions are gone', 60_000);
});
