// Late answers: the data from which a stream catches up was read before the tail continued, and must not be taken for
// newer.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { KINDS } from './support/client.mjs';
import { Stack } from './support/stack.mjs';

const DELAY = 200; // ms

/**
 * A proxy between the programs and the database that delays every answer on connections that open streams; the tail has
 * a connection of its own.
 */
class LateDatabase {
  constructor(folder, socket) {
    mkdirSync(folder, { recursive: true, mode: 0o777 });
    this.folder = folder;
    this.server = net.createServer((client) => this.#join(client, net.connect(socket)));
    this.connections = new Set();
    this.released = Promise.resolve();
  }

  /**
   * Holds back, until release(), the answer that contains a text, and those after it; such an answer has come when the
   * returned promise is fulfilled.
   */
  hold(text) {
    this.released = new Promise((resolve) => { this.release = resolve; });
    return new Promise((resolve) => { this.held = { text, resolve }; });
  }

  listen() {
    return new Promise((resolve) =>
      this.server.listen({ path: path.join(this.folder, '.s.PGSQL.5432'), writableAll: true }, resolve));
  }

  #join(client, server) {
    let late = false, answered = Promise.resolve();
    for (const [from, to] of [[client, server], [server, client]]) {
      this.connections.add(from);
      from.on('error', () => {}).on('close', () => { this.connections.delete(from); to.destroy(); });
    }
    client.on('data', (bytes) => {
      late ||= bytes.includes('stream_open');
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (!late) {
        client.write(bytes);
        return;
      }
      const held = this.held && bytes.includes(this.held.text);
      if (held) this.held.resolve();
      if (held) answered = answered.then(() => this.released);
      setTimeout(() => answered.then(() => client.write(bytes)), DELAY);
    });
  }

  close() {
    this.server.close();
    for (const connection of this.connections) connection.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let stack, database;
before(async () => {
  stack = await Stack.start('late');
  database = new LateDatabase(path.join(stack.dir, 'run', 'late'), path.join(stack.dir, 'run', '.s.PGSQL.5432'));
  await database.listen();
  process.env.CONFAB_DATABASE = `host=${database.folder} dbname=confab`;
  // The window is empty: a client that reconnects is served from the log.
  process.env.CONFAB_WINDOW = '4096';
  for (const name of ['events', 'bridge']) {
    await stack.kill(name, 'SIGTERM');
    await stack.program(name);
  }
  delete process.env.CONFAB_DATABASE;
  delete process.env.CONFAB_WINDOW;
}, { timeout: 60_000 });
after(async () => {
  await stack?.stop();
  database?.close();
});

test('a stream that catches up while messages come in misses none', { timeout: 60_000 }, async () => {
  const { site } = stack;
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const say = async (content) => (await site.done(ann, 'message.send', { room_id: room.id, content })).seq;
  const first = await say('0');
  let talking = true;
  const said = ['0'];
  const talk = (async () => { while (talking) await say(said[said.push(`${said.length}`) - 1]); })();
  const streams = await Promise.all(KINDS.map((kind) => site.stream(kind, ann, { since: `${first - 1}`, seconds: 1 })));
  const messages = ({ stored }) =>
    stored.filter(({ eventType }) => eventType === 'message.dispatch').map(({ data }) => data.content);
  for (const stream of streams) await stream.until(() => messages(stream).length > 20, 'some messages');
  await new Promise((resolve) => setTimeout(resolve, DELAY * 5));
  talking = false;
  await talk;
  for (const stream of streams) {
    await stream.message(said.at(-1));
    assert.deepEqual(messages(stream), said);
  }
});

for (const kind of ['ws', 'sse'])
  test(`what is deleted while ${kind} catches up is not told from an answer that was on its way`, { timeout: 60_000 },
      async () => {
    const { site } = stack;
    const ann = await site.register('ann');
    const room = await site.room(ann);
    const say = (content) => site.done(ann, 'message.send', { room_id: room.id, content });
    const { seq } = await say('before');
    const gone = await say('gonesecret');
    await say('x'.repeat(5_000)); // more than the window holds
    const live = await site.stream(kind, ann);
    const held = database.hold('gonesecret');
    const stream = await site.stream(kind, ann, { since: `${seq - 1}`, wait: false });
    await held;
    const { seq: deleted } = await site.done(ann, 'message.modify', { action: 'delete', message_id: gone.data.id });
    await live.next((frame) => frame.seq === deleted);
    database.release();
    await say('after');
    await stream.message('after');
    assert.deepEqual(stream.stored.map((frame) => (frame.data.content ?? frame.data.action).slice(0, 6)),
      ['before', 'xxxxxx', 'delete', 'after']);
    stream.close();
    live.close();
  });
