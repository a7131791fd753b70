// An invalid command gets an error that names the fault, and the connection stays open.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { site } from './support/client.mjs';

const deep = (n) => `{"event_type":"session.heartbeat","data":${'{"a":'.repeat(n)}1${'}'.repeat(n)}}`;
const UNKNOWN = { error: 'invalid event type' };

/** [the request, status, error code or body] */
const bodies = [
  ['', 422, 4003], ['{', 422, 4003], ['{"event_type":"room.list"', 422, 4003],
  ['{"event_type":"room.list"} x', 422, 4003],
  ['null', 422, 4003], ['7', 422, 4003], ['"room.list"', 422, 4003], ['[{"event_type":"room.list"}]', 422, 4003],
  ["{'event_type':'room.list'}", 422, 4003], ['{"event_type":"room.list",}', 422, 4003],
  ['{"event_type":NaN}', 422, 4003],
  ['{"event_type":7}', 422, 4003], ['{"event_type":["room.list"]}', 422, 4003], ['{"event_type":{}}', 422, 4003],
  ['{"event_type":"room.list","data":[]}', 422, 4003], ['{"event_type":"room.list","data":"x"}', 422, 4003],
  ['{"event_type":"room.list","data":7}', 422, 4003],
  ['{"event_type":"room.list","id":{}}', 422, 4003], ['{"event_type":"room.list","id":1.5}', 422, 4003],
  ['{"event_type":"room.list","id":true}', 422, 4003],
  [`{"event_type":"room.list","id":"${'x'.repeat(65)}"}`, 422, 4003],
  ['{"event_type":"room.info","data":{"room_id":"a\\u0000b"}}', 422, 4003],
  ['{"event_type":"message.send","data":{"content":"\\ud800"}}', 422, 4003],
  [deep(200), 422, 4003], ['['.repeat(60_000), 422, 4003],
  ['{}', 400, UNKNOWN], ['{"data":{}}', 400, UNKNOWN], ['{"event_type":null}', 400, UNKNOWN],
  ['{"event_type":""}', 400, UNKNOWN],
  ['{"event_type":"room.nowhere"}', 400, UNKNOWN], ['{"event_type":"ROOM.LIST"}', 400, UNKNOWN],
  ['{"event_type":"room.list; drop schema confab"}', 400, UNKNOWN],
];
const fine = ['{"event_type":"session.heartbeat"}', '{"event_type":"session.heartbeat","data":null}',
  ' {"event_type" : "session.heartbeat" , "data" : {} , "more" : [1] } \n',
  '{"event_type":"session.heartbeat","id":null}'];

const shown = (text) => (text.length > 60 ? `${text.slice(0, 50)}… (${text.length})` : text);

test('by POST', async () => {
  const ann = await site.register('ann');
  for (const [raw, status, error] of bodies) {
    const answer = await site.request('POST', 'command', { raw, token: ann.token });
    assert.equal(answer.status, status, shown(raw));
    if (typeof error === 'number') assert.equal(answer.body.error.code, error, shown(raw));
    else assert.deepEqual(answer.body, error, shown(raw));
  }
  for (const raw of fine) {
    const answer = await site.request('POST', 'command', { raw, token: ann.token });
    assert.deepEqual([answer.status, answer.body], [200, { status: 'success' }], raw);
  }
});

test('over a WebSocket, which stays open', async () => {
  const ann = await site.register('ann');
  const stream = await site.stream('ws', ann);
  for (const [raw, , error] of bodies.filter(([text]) => text !== '')) {
    stream.send(raw);
    const frame = await stream.next(({ error }) => error);
    if (typeof error === 'number') assert.equal(frame.error.code, error, shown(raw));
    else assert.deepEqual(frame, error, shown(raw));
  }
  stream.send(Buffer.from([0, 1, 2, 255]));
  assert.equal((await stream.next(({ error }) => error)).error.code, 4003);
  for (const raw of fine) {
    stream.send(raw);
    assert.deepEqual(await stream.next(({ status }) => status), { status: 'success' }, raw);
  }
  assert.equal(stream.ended, null);
  stream.close();
});

test('an error carries the id of the command it answers', async () => {
  const ann = await site.register('ann');
  for (const id of ['"a\\"b"', '7', '-9007199254740991', `"${'é'.repeat(64)}"`]) {
    const { body } = await site.request('POST', 'command',
      { raw: `{"id":${id},"event_type":"room.nowhere"}`, token: ann.token });
    assert.deepEqual(body, { error: 'invalid event type', id: JSON.parse(id) });
    const failed = await site.request('POST', 'command',
      { raw: `{"id":${id},"event_type":"room.info"}`, token: ann.token });
    assert.deepEqual(failed.body, { error: { code: 4003, detail: { room_id: ['This field is required.'] } },
      id: JSON.parse(id) });
  }
});

test('so does one of a command that could not be parsed', async () => {
  const ann = await site.register('ann');
  const broken = ['"content":"\\ud83d"', '"content":"\\u0000"', '"n":01', '"n":1e999', "'q':1", '"x":"unfinished'];
  const stream = await site.stream('ws', ann);
  for (const [i, part] of broken.entries()) {
    const raw = `{"event_type":"message.send","id":"b${i}","data":{${part}}}`;
    const answer = await site.request('POST', 'command', { raw, token: ann.token });
    assert.deepEqual([answer.status, answer.body.error.code, answer.body.id], [422, 4003, `b${i}`], raw);
    stream.send(raw);
    assert.equal((await stream.next((frame) => frame.error)).id, `b${i}`, raw);
  }
  stream.close();
});

test('too much is 413, or ends the WebSocket with 1009', async () => {
  const ann = await site.register('ann');
  const raw = JSON.stringify({ event_type: 'message.send', data: { content: 'x'.repeat(1_100_000) } });
  const answer = await site.request('POST', 'command', { raw, token: ann.token });
  assert.equal(answer.status, 413);
  assert.equal(answer.body.error.code, 4013);
  assert.match(JSON.stringify(answer.body.error.detail), /1048576/);
  const stream = await site.stream('ws', ann);
  stream.send(raw);
  assert.deepEqual(await stream.over(), { code: 1009 });
});

test('invalid UTF-8 is 4003, or ends the WebSocket with 1007', async () => {
  const ann = await site.register('ann');
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    const raw = Buffer.concat([Buffer.from('{"event_type":"session.heartbeat","data":{"a":"'), Buffer.from(bytes),
      Buffer.from('"}}')]);
    const { status, body } = await site.request('POST', 'command', { raw, token: ann.token });
    assert.deepEqual([status, body.error.code], [422, 4003]);
    const stream = await site.stream('ws', ann);
    stream.socket._sender.sendFrame([Buffer.from([0x81, 0x80 | raw.length, 0, 0, 0, 0]), raw]);
    assert.deepEqual(await stream.over(), { code: 1007 });
  }
});

test('another method, type or path is refused', async () => {
  const ann = await site.register('ann');
  const { token } = ann;
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH'])
    assert.equal((await site.request(method, 'command', { token })).status, 405, method);
  for (const type of ['text/plain', 'application/jsonp', '', 'multipart/form-data'])
    assert.equal(
      (await site.request('POST', 'command', { token, raw: '{}', headers: { 'content-type': type } })).status, 415,
      type);
  const typed = { token, raw: fine[0], headers: { 'content-type': 'application/json; charset=utf-8' } };
  assert.equal((await site.request('POST', 'command', typed)).status, 200);
  for (const path of ['events', 'poll'])
    assert.equal((await site.request('POST', path, { token, body: {} })).status, 405);
  const plain = await site.request('GET', 'ws', { token });
  assert.ok(plain.status === 426 || plain.status >= 400 && plain.status < 500, `${plain.status}`);
});

/** The answer on a raw connection. */
function exchange(bytes, { half = false } = {}) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(site.url.port), site.url.hostname, () => {
      half ? socket.end(bytes) : socket.write(bytes);
    });
    let text = '';
    socket.setTimeout(30_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (part) => {
      text += part;
      if (/\r\n\r\n/.test(text)) socket.end();
    });
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}

test('a body cut short harms nobody', async () => {
  const ann = await site.register('ann');
  const head =
    `POST ${site.url.pathname}command HTTP/1.1\r\nHost: ${site.url.host}\r\nAuthorization: Bearer ${ann.token}\r\n`
    + 'Content-Type: application/json\r\n';
  const answers = await Promise.all(Array.from({ length: 20 },
    () => exchange(`${head}Content-Length: 1000\r\n\r\n{"event_type":`, { half: true })));
  for (const text of answers) assert.ok(text === '' || /^HTTP\/1.1 4\d\d/.test(text), text);
  const started = Date.now();
  assert.equal((await site.command(ann, 'session.heartbeat')).status, 200);
  assert.ok(Date.now() - started < 3000);
});

test('every error says what it is in JSON, and nothing is sniffed or stored', async () => {
  const ann = await site.register('ann');
  for (const [raw] of bodies.slice(0, 5)) {
    const { headers } = await site.request('POST', 'command', { raw, token: ann.token });
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(headers['x-request-id'], /^\S+$/);
  }
});
