// RFC 6455, section by section, as far as it binds a server: raw bytes in and out, at the bridge's own socket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { before, describe, it, test } from 'node:test';
import { site, unique } from './support/client.mjs';

const bridge = path.join(realpathSync(path.join(process.env.CONFAB_DIR, 'run')), 'bridge.sock');
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==', ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const FIELDS = {
  Host: '127.0.0.1', Upgrade: 'websocket', Connection: 'Upgrade',
  'Sec-WebSocket-Key': KEY, 'Sec-WebSocket-Version': '13',
};

let alice;
before(async () => {
  alice = await site.register('alice');
});

/** A connection with all received bytes. */
class Raw {
  bytes = Buffer.alloc(0);
  ended = false;

  static async connect() {
    const raw = new Raw();
    raw.socket = net.connect(bridge);
    raw.socket.on('data', (chunk) => { raw.bytes = Buffer.concat([raw.bytes, chunk]); raw.socket.emit('more'); });
    raw.socket.on('error', () => {}).on('close', () => { raw.ended = true; raw.socket.emit('more'); });
    await once(raw.socket, 'connect');
    return raw;
  }

  async until(fits, what, deadline = 10_000) {
    const limit = AbortSignal.timeout(deadline);
    for (let found; ;) {
      if ((found = fits(this.bytes))) return found;
      if (this.ended) throw new Error(`ended before ${what}: ${this.bytes.toString('latin1')}`);
      await once(this.socket, 'more', { signal: limit });
    }
  }

  async end() {
    const limit = AbortSignal.timeout(10_000);
    while (!this.ended) await once(this.socket, 'more', { signal: limit });
    return this.bytes;
  }

  /** Removes and returns the head of the response. */
  async head() {
    const end = await this.until((bytes) => (bytes.includes('\r\n\r\n') ? bytes.indexOf('\r\n\r\n') + 4 : 0), 'a head');
    const head = this.bytes.subarray(0, end).toString('latin1');
    this.bytes = this.bytes.subarray(end);
    return head;
  }

  /** Removes and returns the next frame {opcode, payload}. */
  async frame(deadline) {
    return this.until((bytes) => {
      if (bytes.length < 2) return null;
      const short = bytes[1] & 0x7f, head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < head) return null;
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < head + length) return null;
      assert.equal(bytes[1] & 0x80, 0, 'a server does not mask');
      this.bytes = bytes.subarray(head + length);
      return { opcode: bytes[0] & 0x0f, payload: bytes.subarray(head, head + length) };
    }, 'a frame', deadline);
  }

  /** The first frame of a kind. */
  async next(opcode, deadline) {
    for (;;) {
      const frame = await this.frame(deadline);
      if (frame.opcode === opcode) return frame;
    }
  }

  /** The answer to a command: the next text that is not a dispatch. */
  async reply() {
    for (;;) {
      const json = JSON.parse((await this.next(1)).payload);
      if (json.eventType !== 'chat.notifications') return json;
    }
  }

  /** The code of the next CLOSE, after which the connection ends. */
  async closeCode() {
    const { payload } = await this.next(8);
    await this.end();
    return payload.length ? payload.readUInt16BE(0) : null;
  }
}

/** The bytes of a request. A field that is null is left out; one that is a list comes several times. */
function request(fields = {}, line = `GET /chat/ws?token=${alice.token} HTTP/1.1`) {
  const all = Object.entries({ ...FIELDS, ...fields }).filter(([, value]) => value !== null);
  const lines = all.flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
  return `${[line, ...lines].join('\r\n')}\r\n\r\n`;
}

async function answerTo(bytes) {
  const raw = await Raw.connect();
  raw.socket.write(bytes);
  const head = await raw.head();
  const status = Number(/^HTTP\/1\.1 (\d+) /.exec(head)[1]);
  if (status !== 101) await raw.end();
  raw.socket.destroy();
  return { status, head };
}

describe('the handshake (4.2)', () => {
  const REFUSED = [
    ['4.1: another method', 405, () => request({}, 'POST /chat/ws HTTP/1.1')],
    ['4.1: HEAD', 405, () => request({}, 'HEAD /chat/ws HTTP/1.1')],
    ['4.1: HTTP/1.0', 505, () => request({}, 'GET /chat/ws HTTP/1.0')],
    ['4.2.1: no Host', 400, () => request({ Host: null })],
    ['4.2.1: two Hosts', 400, () => request({ Host: ['a', 'b'] })],
    ['4.2.1: no Upgrade', 426, () => request({ Upgrade: null })],
    ['4.2.1: another Upgrade', 426, () => request({ Upgrade: 'h2c' })],
    ['4.2.1: Connection without Upgrade', 426, () => request({ Connection: 'keep-alive' })],
    ['4.2.1: no key', 400, () => request({ 'Sec-WebSocket-Key': null })],
    ['4.2.1: a short key', 400, () => request({ 'Sec-WebSocket-Key': 'c2hvcnQ=' })],
    ['4.2.1: a key that is no base64', 400, () => request({ 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' })],
    ['4.2.1: two keys', 400, () => request({ 'Sec-WebSocket-Key': [KEY, KEY] })],
    ['4.2.2: version 8', 426, () => request({ 'Sec-WebSocket-Version': '8' })],
    ['4.4: several versions', 426, () => request({ 'Sec-WebSocket-Version': '13, 8' })],
    ['4.2.1: no version', 426, () => request({ 'Sec-WebSocket-Version': null })],
    ['4.2.2: an unknown subprotocol', 400, () => request({ 'Sec-WebSocket-Protocol': 'soap' })],
    ['a body', 400, () => request({ 'Content-Length': '4' })],
    ['a body in chunks', 400, () => request({ 'Transfer-Encoding': 'chunked' })],
    ['a body in chunks, said twice', 400, () => request({ 'Transfer-Encoding': ['chunked', 'chunked'] })],
    ['two lengths', 400, () => request({ 'Content-Length': ['0', '0'] })],
    ['4.2.1: two versions', 400, () => request({ 'Sec-WebSocket-Version': ['13', '13'] })],
    ['a folded field', 400, () => request({ 'X-Folded': 'a\r\n b' })],
    ['a control character', 400, () => request({ 'X-Odd': 'a\x01b' })],
    ['no request line', 400, () => `nonsense\r\n\r\n`],
    ['more than 100 fields', 400, () => request({ 'X-Many': Array(120).fill('x') })],
    ['a head that is too long', 431, () => request({ 'X-Long': 'x'.repeat(13_000) })],
  ];
  for (const [what, status, bytes] of REFUSED)
    it(`refuses ${what} with ${status}`, async () => {
      const answer = await answerTo(bytes());
      assert.equal(answer.status, status, answer.head);
    });

  it('names the version that it speaks (4.2.2, 4.4)', async () => {
    const { head } = await answerTo(request({ 'Sec-WebSocket-Version': '8' }));
    assert.match(head, /^Sec-WebSocket-Version: 13\r$/m);
    assert.match(head, /^Upgrade: websocket\r$/m);
  });

  it('answers with the value of the key (4.2.2, 5.4), in any case of the tokens', async () => {
    const { status, head } = await answerTo(request({ Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' }));
    assert.equal(status, 101);
    assert.ok(head.includes(`\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`), head);
    assert.match(head, /^Upgrade: websocket\r$/m);
    assert.match(head, /^Connection: Upgrade\r$/m);
    assert.doesNotMatch(head, /Sec-WebSocket-Extensions/);
  });

  it('takes the first subprotocol of the client that it speaks (4.2.2, 5.5)', async () => {
    const chosen = async (list) => {
      const { head } = await answerTo(request({ 'Sec-WebSocket-Protocol': list }));
      return /^Sec-WebSocket-Protocol: (.*)\r$/m.exec(head)?.[1];
    };
    assert.equal(await chosen('soap, confab.v1'), 'confab.v1');
    assert.equal(await chosen('confab, confab.v1'), 'confab');
    assert.equal(await chosen(['soap', 'confab.v1']), 'confab.v1');
    assert.equal(await chosen(null), undefined);
  });

  it('takes a head in pieces, and what comes right after it', async () => {
    const raw = await Raw.connect();
    for (const byte of request()) raw.socket.write(byte);
    assert.match(await raw.head(), /^HTTP\/1\.1 101 /);
    raw.socket.destroy();
    const fast = await Raw.connect();
    fast.socket.write(Buffer.concat([Buffer.from(request()), frame(9, 'early')]));
    await fast.head();
    assert.equal((await fast.next(10)).payload.toString(), 'early');
    fast.socket.destroy();
  });

  it('drops a head that does not come to its end', async () => {
    const raw = await Raw.connect();
    raw.socket.write('GET /chat/ws HTTP/1.1\r\nHost: x\r\n');
    const limit = AbortSignal.timeout(20_000);
    while (!raw.ended) await once(raw.socket, 'more', { signal: limit });
  });
});

/** A client's frame. `head`: its first byte; `mask`: false leaves it unmasked. */
function frame(head, payload = '', { mask = true, length, fin = true } = {}) {
  const bytes = Buffer.from(payload), size = length ?? bytes.length;
  const short = size < 126 ? size : size < 65536 ? 126 : 127;
  const extended = Buffer.alloc(short < 126 ? 0 : short === 126 ? 2 : 8);
  if (short === 126) extended.writeUInt16BE(size);
  else if (short === 127) extended.writeBigUInt64BE(BigInt(size));
  const key = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([
    Buffer.from([(fin ? 0x80 : 0) | head, (mask ? 0x80 : 0) | short]), extended,
    mask ? key : Buffer.alloc(0), mask ? Buffer.from(bytes.map((byte, i) => byte ^ key[i % 4])) : bytes,
  ]);
}

const code = (number) => Buffer.from([number >> 8, number & 0xff]);

async function open() {
  const raw = await Raw.connect();
  raw.socket.write(request({ 'Sec-WebSocket-Protocol': 'confab.v1' }));
  await raw.head();
  assert.equal(JSON.parse((await raw.next(1)).payload).eventType, 'session.ready');
  return raw;
}

describe('frames (5, 7, 8)', () => {
  const COMMAND = JSON.stringify({ event_type: 'nothing' });
  const CLOSED = [
    ['5.1: a frame that is not masked', 1002, [frame(1, COMMAND, { mask: false })]],
    ['5.2: RSV1 without an extension', 1002, [frame(0x41, COMMAND)]],
    ['5.2: RSV2', 1002, [frame(0x21, COMMAND)]],
    ['5.2: RSV3', 1002, [frame(0x11, COMMAND)]],
    ['5.2: opcode 3', 1002, [frame(3, COMMAND)]],
    ['5.2: opcode 11', 1002, [frame(11)]],
    ['5.2: a length in more bytes than it needs', 1002, [Buffer.from([0x81, 0xfe, 0, 2, 0, 0, 0, 0, 0x68, 0x69])]],
    ['5.2: a length with its highest bit', 1002, [Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(12, 0xff)])]],
    ['5.4: a continuation of nothing', 1002, [frame(0, 'x')]],
    ['5.4: a message in the middle of another', 1002, [frame(1, '{', { fin: false }), frame(1, '}')]],
    ['5.5: a PING in fragments', 1002, [frame(9, 'x', { fin: false })]],
    ['5.5: a PING of 126 bytes', 1002, [frame(9, 'x'.repeat(126))]],
    ['7.1.6, 5.5.1: a CLOSE of one byte', 1002, [frame(8, 'x')]],
    ['7.4: code 999', 1002, [frame(8, code(999))]],
    ['7.4: code 1004', 1002, [frame(8, code(1004))]],
    ['7.4.1: code 1005', 1002, [frame(8, code(1005))]],
    ['7.4.1: code 1006', 1002, [frame(8, code(1006))]],
    ['7.4.1: code 1015', 1002, [frame(8, code(1015))]],
    ['7.4.2: code 2999', 1002, [frame(8, code(2999))]],
    ['7.4.2: code 5000', 1002, [frame(8, code(5000))]],
    ['7.4.2: code 65535', 1002, [frame(8, code(65535))]],
    ['7.1.6: a reason that is no UTF-8', 1007, [frame(8, Buffer.concat([code(1000), Buffer.from([0xff])]))]],
    ['7.1.6: the same with a newer code', 1007, [frame(8, Buffer.concat([code(1012), Buffer.from([0xff])]))]],
    ['7.4: code 1016', 1002, [frame(8, code(1016))]],
    ['8.1: a byte that is no UTF-8', 1007, [frame(1, Buffer.from([0xff]))]],
    ['8.1: a surrogate', 1007, [frame(1, Buffer.from([0xed, 0xa0, 0x80]))]],
    ['8.1: a text that ends inside a character', 1007, [frame(1, Buffer.from([0x61, 0xe2, 0x82]))]],
    ['8.1: the same in two fragments', 1007,
      [frame(1, Buffer.from([0xe2, 0x82]), { fin: false }), frame(0, Buffer.from([0x61]))]],
    ['10.4: a message that is too long', 1009, [frame(1, 'x'.repeat(1_100_000))]],
    ['10.4: the same, told by its length alone', 1009, [frame(1, 'x', { length: 2 ** 40 })]],
    ['10.4: the same in fragments', 1009,
      [frame(1, 'x'.repeat(600_000), { fin: false }), frame(0, 'x'.repeat(600_000))]],
    ['10.4: a message of too many fragments', 1009,
      [frame(1, '{', { fin: false }), ...Array(1024).fill(frame(0, ' ', { fin: false }))]],
    ['10.4: more PONGs than a client can need', 1008, [Buffer.concat(Array(201).fill(frame(10)))]],
    ['10.4: more empty fragments', 1008,
      [Buffer.concat([frame(1, '', { fin: false }), ...Array(201).fill(frame(0, '', { fin: false }))])]],
  ];
  for (const [what, wanted, bytes] of CLOSED)
    it(`closes with ${wanted} after ${what}`, async () => {
      const raw = await open();
      for (const one of bytes) raw.socket.write(one);
      assert.equal(await raw.closeCode(), wanted);
    });

  for (const number of [1000, 1001, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4999])
    it(`answers a CLOSE of code ${number} with the same (5.5.1)`, async () => {
      const raw = await open();
      raw.socket.write(frame(8, Buffer.concat([code(number), Buffer.from('bye')])));
      assert.equal(await raw.closeCode(), number);
    });

  it('takes a CLOSE in pieces, wherever it is cut', async () => {
    const bytes = frame(8, Buffer.concat([code(1000), Buffer.from('tschüß')]));
    for (let cut = 1; cut < bytes.length; cut++) {
      const raw = await open();
      raw.socket.setNoDelay?.(true);
      raw.socket.write(bytes.subarray(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 20));
      raw.socket.write(bytes.subarray(cut));
      assert.equal(await raw.closeCode(), 1000, `cut at ${cut}`);
    }
  });

  it('answers a CLOSE without a code (5.5.1), and nothing after it', async () => {
    const raw = await open();
    raw.socket.write(Buffer.concat([frame(8), frame(9, 'late')]));
    assert.equal(await raw.closeCode(), null);
  });

  it('answers each PING with its bytes, also between the fragments of a message (5.4, 5.5.2, 5.5.3)', async () => {
    const raw = await open();
    const pings = Array.from({ length: 10 }, (_, i) => frame(9, `ping ${i}`));
    raw.socket.write(Buffer.concat(
      [frame(1, '{"event_type":', { fin: false }), ...pings, frame(0, '"session.list","id":7}')]));
    for (let i = 0; i < 10; i++) assert.equal((await raw.next(10)).payload.toString(), `ping ${i}`);
    assert.equal((await raw.reply()).id, 7);
    raw.socket.destroy();
  });

  it('passes over a PONG that nobody asked for (5.5.3)', async () => {
    const raw = await open();
    raw.socket.write(Buffer.concat([frame(10, 'unasked'), frame(9, 'asked')]));
    assert.equal((await raw.next(10)).payload.toString(), 'asked');
    raw.socket.destroy();
  });

  it('takes a message in fragments of one byte, an empty one among them (5.4)', async () => {
    const raw = await open();
    const bytes = [...Buffer.from('{"event_type":"session.list","id":"é"}')].map((byte) => Buffer.from([byte]));
    raw.socket.write(frame(1, '', { fin: false }));
    for (const byte of bytes) raw.socket.write(frame(0, byte, { fin: false }));
    raw.socket.write(frame(0, ''));
    assert.equal((await raw.reply()).id, 'é');
    raw.socket.destroy();
  });

  it('takes a frame byte by byte', async () => {
    const raw = await open();
    for (const byte of frame(1, '{"event_type":"session.list","id":1}')) raw.socket.write(Buffer.from([byte]));
    assert.equal((await raw.reply()).id, 1);
    raw.socket.destroy();
  });

  it('carries out many commands of one segment, one after the other', async () => {
    const raw = await open();
    raw.socket.write(Buffer.concat(Array.from({ length: 20 },
      (_, id) => frame(1, JSON.stringify({ event_type: 'session.list', id })))));
    for (let id = 0; id < 20; id++) assert.equal((await raw.reply()).id, id);
    raw.socket.destroy();
  });

  it('says what a binary frame is not (5.6)', async () => {
    const raw = await open();
    raw.socket.write(frame(2, COMMAND));
    assert.equal((await raw.reply()).error.code, 4003);
    raw.socket.destroy();
  });

  it('stops reading a client that takes no answers', async () => {
    const raw = await open();
    raw.socket.pause();
    let sent = 0;
    const flood = Buffer.concat(Array.from({ length: 500 }, () => frame(9, 'x'.repeat(120))));
    while (sent < 400 && raw.socket.write(flood)) sent++;
    assert.ok(sent < 400, 'the connection took everything');
    raw.socket.destroy();
  });
});

test('a PING without a PONG within 10 s ends with CLOSE 4008 (5.5.2, 5.5.3)', { timeout: 60_000 }, async () => {
  const raw = await open();
  await raw.next(9, 25_000);
  const start = Date.now();
  const { payload } = await raw.next(8, 20_000);
  const took = Date.now() - start;
  assert.equal(payload.readUInt16BE(0), 4008);
  assert.ok(took > 9_900 && took < 15_000, `closed after ${took} ms`);
  await raw.end();
});

test('a message that does not end within request_timeout ends with CLOSE 1008', { timeout: 60_000 }, async () => {
  const raw = await open();
  raw.socket.write(frame(1, '{', { fin: false }));
  const start = performance.now();
  const timer = setInterval(() => raw.socket.write(frame(0, ' ', { fin: false })), 200);
  const { payload } = await raw.next(8, 30_000).finally(() => clearInterval(timer));
  const took = performance.now() - start;
  assert.equal(payload.readUInt16BE(0), 1008);
  assert.ok(took > 9_900, `closed after ${took} ms`);
  await raw.end();
});

test('the longest message that a command may have fits into a frame', async () => {
  const bob = await site.register('bob');
  const room = await site.room(alice, [bob]);
  const stream = await site.stream('ws', alice);
  const content = '漢'.repeat(90_000) + unique();
  stream.send(JSON.stringify({ event_type: 'message.send', data: { room_id: room.id, content }, id: 1 }));
  await stream.message(content);
  stream.close();
});
