// Every program is replaced by a new run of it while clients send on all transports: no command fails, no dispatch is
// lost, repeated or reordered.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KINDS, unique, until } from './support/client.mjs';
import { Follower } from './support/follower.mjs';
import { Stack } from './support/stack.mjs';

const PROGRAMS = ['command', 'session', 'media', 'events', 'bridge'];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let stack, site;
before(async () => {
  stack = await Stack.start('restart');
  ({ site } = stack);
}, { timeout: 60_000 });
after(() => stack?.stop());

/** Sends one message after the other by POST until it is stopped. 4053 may be retried: nothing was done. */
class Poster {
  sent = [];
  refusals = [];

  constructor(who, room, name) {
    Object.assign(this, { who, room, name, talking: true });
    this.running = this.#talk();
  }

  data() {
    return { room_id: this.room.id, content: `${this.name}:${this.sent.length}`, client_id: unique() };
  }

  async #talk() {
    while (this.talking) {
      await this.say(this.data());
      await pause(5);
    }
  }

  async say(data) {
    for (;;) {
      const { status, body } = await site.command(this.who, 'message.send', data);
      if (status === 200) break;
      assert.deepEqual([status, body.error.code, body.error.unknown], [503, 4053, undefined]);
      this.refusals.push(body);
      await pause(50);
    }
    this.sent.push(data.content);
  }

  async stop() {
    this.talking = false;
    await this.running;
  }
}

/** The same over WebSockets: reconnects when the server asks for it, and repeats unanswered commands. */
class Caller extends Poster {
  ends = [];

  async say(data) {
    // A command that was stored before its answer was lost is answered with the dispatch.
    const done = (answer) => answer?.status === 'success' || answer?.eventType === 'message.dispatch';
    for (let answer; !done(answer);) {
      if (!this.stream || this.stream.ended) {
        if (this.stream) this.ends.push(this.stream.ended.code);
        this.stream = await site.stream('ws', this.who, { wait: false });
        this.asked = 0;
        await this.stream.until(() => this.stream.frames.length || this.stream.ended, 'a first frame, or the end');
      }
      const { stream } = this, id = ++this.asked;
      if (!stream.ended) stream.send({ event_type: 'message.send', data, id });
      answer = await stream.until(() => stream.frames.find((frame) => frame.id === id) ?? stream.ended,
        `an answer to ${data.content}`);
      if (answer !== stream.ended && !done(answer)) {
        assert.deepEqual([answer.error.code, answer.error.unknown], [4053, undefined]);
        this.refusals.push(answer);
      }
    }
    this.sent.push(data.content);
  }

  async stop() {
    await super.stop();
    if (this.stream.ended?.code) this.ends.push(this.stream.ended.code);
  }
}

for (const round of [1, 2])
  test(`everything but PostgreSQL is replaced under load, round ${round}`, { timeout: 180_000 }, async (t) => {
    const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
    const room = await site.room(ann, [ben]);
    const probe = await site.stream('ws', ben);
    const { epoch, seq } = probe.frames[0].data;
    probe.close();
    const followers = Array.from({ length: 9 }, (_, i) => new Follower(site, KINDS[i % 3], ben, epoch, seq));
    const talkers = Array.from({ length: 11 }, (_, i) => new (i % 2 ? Caller : Poster)(ann, room, `t${i}`));
    // Also after a failure: the file has to end.
    t.after(() => {
      for (const follower of followers) follower.close();
      for (const talker of talkers) {
        talker.talking = false;
        talker.running.catch(() => {});
        talker.stream?.close();
      }
    });
    const sent = () => talkers.reduce((sum, talker) => sum + talker.sent.length, 0);
    await until(() => sent() > 50, 'some messages');
    for (const name of PROGRAMS) {
      const old = stack.pid(name), before = sent();
      await stack.restart(name);
      assert.notEqual(stack.pid(name), old);
      await until(() => sent() > before + 50, `messages after ${name} was replaced`);
      assert.equal((await site.request('GET', 'readyz')).status, 200);
    }
    for (const talker of talkers) await talker.stop();
    const all = talkers.flatMap((talker) => talker.sent);
    for (const follower of followers) {
      await until(() => follower.contents().length >= all.length, `all ${all.length} by ${follower.kind}`);
      const got = follower.contents();
      assert.deepEqual(got, followers[0].contents(), `${follower.kind} has the order of the others`);
      assert.deepEqual(follower.repeated, [], follower.kind);
      follower.close();
    }
    const got = followers[0].contents();
    assert.deepEqual([...got].sort(), [...all].sort(), 'each once');
    for (const { name, sent: own } of talkers)
      assert.deepEqual(got.filter((text) => text.startsWith(`${name}:`)), own, name);
    const ends = (kind) => followers.filter((follower) => follower.kind === kind).flatMap((follower) => follower.ends);
    // Each is told to reconnect once by its run; on a busy machine a client may have connected just before.
    const told = (what, got,
      most) => assert.ok(got.length >= most && got.every((end) => end === what), `${most} times ${what}: ${got}`);
    told(1012, ends('ws').map(({ code }) => code), 3);
    told(200, ends('sse').map(({ status }) => status), 3);
    assert.deepEqual(ends('poll'), [], 'a chain of polls does not notice');
    told(1012, talkers.filter((talker) => talker instanceof Caller).flatMap((talker) => talker.ends), 5);
    console.log(
      `# ${all.length} messages, refused and repeated: `
        + `${talkers.reduce((sum, talker) => sum + talker.refusals.length, 0)}`);
  });

test('a second run without -r does not push the first one aside', async () => {
  const old = stack.pid('events');
  const { code, stderr } = await stack.refused('events');
  assert.notEqual(code, 0);
  assert.match(stderr, /another process listens there/);
  assert.equal(stack.pid('events'), old);
  assert.equal((await site.request('GET', 'readyz')).status, 200);
});

test('the sessions of a run end with it, and only those', async () => {
  const ann = await site.register('ann');
  const streams = await Promise.all(['ws', 'sse'].map((kind) => site.stream(kind, ann)));
  const processes = () => stack.query('select count(distinct name) from confab.process');
  const sessions = () =>
    stack.query(
      `select string_agg(transport, ' ' order by transport) from confab.session where account_id = ${ann.user.id}`);
  await until(async () => await processes() === '2', 'two delivering programs');
  assert.equal(await sessions(), 'sse websocket');
  await stack.restart('events');
  await until(async () => await sessions() === 'websocket', 'the session of the SSE stream is gone');
  assert.equal(streams[0].ended, null);
  await stack.kill('bridge', 'SIGKILL');
  await stack.program('bridge');
  await until(async () => await sessions() === '', 'the session of the killed one is gone');
  assert.equal(await processes(), '2');
});

test('a program that has just started knows what was before: whoever comes back to it does not make it read the log '
  + 'again', async () => {
  const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
  const room = await site.room(ann, [ben]);
  const probe = await site.stream('ws', ben);
  const { epoch, seq } = probe.frames[0].data;
  probe.close();
  const contents = Array.from({ length: 700 }, (_, i) => `before ${i}`);
  for (const content of contents)
    assert.equal((await site.command(ann, 'message.send', { room_id: room.id, content })).status, 200);
  const followers = [];
  for (const [kind, name] of [['sse', 'events'], ['ws', 'bridge']]) {
    const pages = async () => {
      const { text } = await site.request('GET', 'metrics');
      return Number(new RegExp(`^confab_replay_pages_total\\{program="${name}"\\} (\\d+)$`, 'm').exec(text)[1]);
    };
    await stack.restart(name);
    // A program soon reads older dispatches at its start; the first streams that catch up may come before that.
    await until(async () => {
      const before = await pages();
      const follower = new Follower(site, kind, ben, epoch, seq);
      followers.push(follower);
      await until(() => follower.contents().length >= contents.length, 'all that was before');
      assert.deepEqual(follower.contents(), contents);
      follower.close();
      return await pages() === before;
    }, `${name} serves it from memory`);
  }
});
