// Deleted messages are not sent again: neither from the delivering programs' memory nor from the log.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { KINDS, until } from './support/client.mjs';
import { Desk, people } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

const SECRET = 'gonesecret';
const LARGE = 16 << 20; // more than connections buffer
const PATIENCE = 60_000; // ms, for so many bytes on a busy machine

let stack, desk;
before(async () => {
  // Readers stop for as long as a busy machine needs to send what they do not read.
  stack = await Stack.start('deleted',
    { env: { CONFAB_STREAM_QUEUE: 4 * LARGE, CONFAB_HEARTBEAT: 300, CONFAB_STALL_TIMEOUT: 300 } });
  desk = new Desk(stack.site);
}, { timeout: 60_000 });
after(() => stack?.stop());

const remove = (who, message_id) => desk.ask(who, 'message.modify', { action: 'delete', message_id });

/** A secret in every dispatch that can show a message; and the expected rest after its deletion. */
async function scene() {
  const [ann, ben] = await people(['ann', 'ben'], (statement) => stack.query(statement));
  const room = await desk.group(ann, [ben]), other = await desk.group(ann, [ben]);
  const { seq } = await desk.ask(ann, 'message.send', { room_id: room.id, content: 'before' });
  const kept = await desk.say(ann, room, 'kept');
  const gone = await desk.say(ann, room, `${SECRET} @${ben.user.username}`);
  await desk.ask(ben, 'message.acknowledged', { message_id: [kept.id, gone.id] });
  await desk.ask(ben, 'message.read', { message_id: [kept.id, gone.id] });
  await desk.ask(ben, 'message.react', { message_id: gone.id, type: 'add', reaction_content: '👍' });
  await desk.ask(ben, 'message.react', { message_id: gone.id, type: 'remove' });
  await desk.ask(ann, 'message.pin', { message_id: gone.id, type: 'add' });
  await desk.ask(ann, 'message.modify',
    { action: 'update', message_id: gone.id, extra_fields: { content: `${SECRET} again` } });
  const reply = await desk.say(ben, room, 'reply', { parent_message_id: gone.id }, { client_id: 'reply' });
  await desk.ask(ann, 'message.react', { message_id: reply.id, type: 'add', reaction_content: '👍' });
  const forward = await desk.say(ben, other, 'forward', { forwarded_from_id: gone.id });
  for (const { id } of [reply, forward]) await desk.ask(ann, 'message.read', { message_id: [id] });
  return { ann, ben, room, other, since: `${seq}`, kept, gone, reply, forward };
}

/** All dispatches to a person after the cursor, by one kind of stream, up to the message with the mark. */
async function told(kind, who, { since }, mark) {
  // A stream without a cursor opens when its program has read all that was answered: also the deletion.
  (await stack.site.stream(kind, who)).close();
  const stream = await stack.site.stream(kind, who, { since, seconds: 1 });
  await stream.message(mark);
  stream.close();
  const { stored, texts } = stream;
  assert.deepEqual(stored.map(({ seq }) => seq), stored.map(({ seq }) => seq).sort((a, b) => a - b), 'in order');
  const shown = stored.filter(({ eventType }) => eventType !== 'chat.notifications');
  return { shown, secret: texts.filter((text) => text.includes(SECRET)).length,
    events: shown.map(({ eventType }) => eventType) };
}

/** Checks the dispatches to both, and that nothing else is missing. */
async function nothingOfIt(s, { roomGone = false } = {}) {
  await desk.say(s.ann, s.other, 'marked');
  for (const who of [s.ann, s.ben])
    for (const kind of KINDS) {
      const { shown, secret, events } = await told(kind, who, s, 'marked');
      assert.equal(secret, 0, `${kind} tells of it`);
      const { forwarded_from } =
        shown.find(({ eventType, data }) => eventType === 'message.dispatch' && data.id === s.forward.id).data;
      assert.deepEqual(forwarded_from,
        { id: s.gone.id, room: { id: s.room.id }, sender: s.ann.shown, is_deleted: true });
      if (roomGone) continue;
      const of = (event) => shown.filter(({ eventType }) => eventType === event).map(({ data }) => data);
      assert.deepEqual(of('message.dispatch').map(({ id }) => id).slice(0, 3), [s.kept.id, s.reply.id, s.forward.id]);
      assert.equal(of('message.dispatch')[1].parent_message, null);
      assert.deepEqual(of('readreceipt.dispatch').map((list) => list.map(({ id }) => id)),
        [[s.kept.id], [s.reply.id], [s.forward.id]]);
      assert.deepEqual(of('reaction.dispatch').map(({ message: { id, parent_message } }) => [id, parent_message]),
        [[s.reply.id, null]]);
      assert.ok(!events.includes('messagepin.dispatch'));
      if (who === s.ann)
        assert.deepEqual(of('messagedelivered.dispatch').map((list) => list.map(({ id }) => id)), [[s.kept.id]]);
    }
}

/** Makes the programs forget their recent dispatches. */
const forget = () => Promise.all(['events', 'bridge'].map((name) => stack.restart(name)));

test('as long as it is there it is told', { timeout: 240_000 }, async () => {
  const s = await scene();
  await desk.say(s.ann, s.other, 'marked');
  for (const kind of KINDS) for (const who of [s.ann, s.ben])
    assert.ok((await told(kind, who, s, 'marked')).secret >= 9, kind);
  await forget();
  for (const kind of KINDS) for (const who of [s.ann, s.ben])
    assert.ok((await told(kind, who, s, 'marked')).secret >= 9, kind);
});

for (const soft of [false, true])
  test(`a message that was deleted${soft ? ', though its row stays' : ''}`, { timeout: 240_000 }, async (t) => {
    t.after(() => stack.confab('setting', 'message_soft_delete', 'false'));
    await stack.confab('setting', 'message_soft_delete', `${soft}`);
    const s = await scene();
    const { data, seq } = await remove(s.ann, s.gone.id);
    await nothingOfIt(s);
    await forget();
    await nothingOfIt(s);
    for (const kind of KINDS) {
      const { shown } = await told(kind, s.ben, s, 'marked');
      assert.deepEqual(shown.find((frame) => frame.seq === seq),
        { eventType: 'messagemodification.dispatch', data, seq }, 'that it was deleted is told');
    }
    // Not even to a sender who repeats a reply to it.
    const again = await desk.ask(s.ben, 'message.send',
      { room_id: s.room.id, content: 'reply', extra_fields: {}, client_id: 'reply' });
    assert.deepEqual([again.data.id, again.data.parent_message], [s.reply.id, null]);
  });

test('many messages that were deleted at once', { timeout: 240_000 }, async () => {
  const s = await scene();
  const more = await Promise.all(Array.from({ length: 199 }, (_, i) => desk.say(s.ann, s.room, `${SECRET} ${i}`)));
  await remove(s.ann, [s.gone, ...more].map(({ id }) => id));
  await nothingOfIt(s);
  await forget();
  await nothingOfIt(s);
});

test('a message that has expired', { timeout: 240_000 }, async () => {
  const s = await scene();
  await stack.query(
    `update confab.message set created_at = now() - interval '9 days' where room_id = '${s.room.id}' and seq <= `
      + `${s.gone.seq}`);
  await stack.confab('keep', s.room.id, '5');
  await stack.confab('maintain');
  // A program's own upkeep may be running.
  await until(async () => await stack.query(
    `select count(*) from confab.message where room_id = '${s.room.id}' and seq <= ${s.gone.seq}`) === '0', 'expired');
  await desk.say(s.ann, s.other, 'marked');
  for (const again of [false, true]) {
    if (again) await forget();
    for (const kind of KINDS) for (const who of [s.ann, s.ben]) {
      const { secret, events } = await told(kind, who, s, 'marked');
      assert.equal(secret, 0, kind);
      assert.ok(events.includes('message.dispatch'));
    }
  }
});

test('a message whose room was deleted, in what was forwarded from it', { timeout: 240_000 }, async () => {
  const s = await scene();
  await desk.ask(s.ann, 'room.modify', { room_id: s.room.id, action: 'delete' });
  await nothingOfIt(s, { roomGone: true });
  await forget();
  await nothingOfIt(s, { roomGone: true });
});

for (const kind of ['ws', 'sse'])
  test(`what waits for a ${kind} reader that has stopped reading`, { timeout: 240_000 }, async () => {
    const [ann, ben] = await people(['ann', 'ben'], (statement) => stack.query(statement));
    const room = await desk.group(ann, [ben]);
    const slow = await stack.site.stream(kind, ben), quick = await stack.site.stream(kind, ben);
    const socket = kind === 'ws' ? slow.socket._socket : slow.response.socket;
    socket.pause();
    slow.response?.pause();
    const filler = 'x'.repeat(30_000);
    // One by one: of a client that leaves more than a part of its answers unread, no command is read.
    for (let i = 0; i < LARGE; i += filler.length) {
      await desk.say(ann, room, filler);
      await quick.message(filler);
    }
    const gone = await desk.say(ann, room, SECRET);
    await desk.say(ann, room, 'reply', { parent_message_id: gone.id });
    await quick.message('reply', PATIENCE);
    if (kind === 'ws') {
      slow.send({ event_type: 'message.send', data: { room_id: room.id, content: 'asked' }, id: 'asked' });
      await quick.message('asked', PATIENCE);
    }
    await remove(ann, gone.id);
    await desk.say(ann, room, 'marked');
    await quick.message('marked', PATIENCE);
    slow.response?.resume();
    socket.resume();
    await slow.message('marked', PATIENCE);
    // The answer to a command, after the withdrawn dispatch, is not in the log: it stays.
    if (kind === 'ws') await slow.until(() => slow.frames.find(({ id }) => id === 'asked'), 'the answer');
    assert.equal(slow.texts.filter((text) => text.includes(SECRET)).length, 0);
    assert.equal(quick.texts.filter((text) => text.includes(SECRET)).length, 2);
    assert.deepEqual(slow.stored.map(({ seq }) => seq),
      quick.stored.map(({ seq }) => seq).filter((seq) => seq !== gone.seq));
    slow.close();
    quick.close();
  });

/** A room with secrets in dispatches to named people: members, invited people, people who asked or left. */
async function roomScene() {
  const names = ['ann', 'ben', 'cid', 'dan', 'eve'];
  const [ann, ben, cid, dan, eve] = await people(names, (statement) => stack.query(statement));
  const other = await desk.group(ann, [ben, cid, dan, eve]);
  const { seq } = await desk.ask(ann, 'message.send', { room_id: other.id, content: 'before' });
  const room = await desk.group(ann, [ben, eve], { name: SECRET, join_approval_required: true });
  await desk.ask(cid, 'room.request', { room_id: room.id, reason: SECRET });
  await desk.ask(ann, 'room.invite', { room_id: room.id, user_id: dan.user.id });
  await desk.ask(dan, 'room.answer', { room_id: room.id, accept: false });
  await desk.ask(ann, 'room.invite', { room_id: room.id, user_id: dan.user.id });
  await desk.ask(eve, 'room.leave', { room_id: room.id });
  const said = await desk.say(ann, room, SECRET);
  await desk.ask(ben, 'message.acknowledged', { message_id: [said.id] });
  return { people: [ann, ben, cid, dan, eve], other, room, since: `${seq}` };
}

test('a room that was deleted, in what people were told by name', { timeout: 240_000 }, async () => {
  const s = await roomScene(), [ann, , cid, , eve] = s.people;
  await desk.say(ann, s.other, 'marked');
  for (const kind of KINDS) for (const who of s.people)
    assert.equal((await told(kind, who, s, 'marked')).secret > 0, who !== cid, `${kind} ${who.user.username}`);
  await desk.modify(ann, s.room, 'delete');
  await desk.say(ann, s.other, 'deleted');
  for (const again of [false, true]) {
    if (again) await forget();
    for (const kind of KINDS) for (const who of s.people) {
      const { shown, secret } = await told(kind, who, s, 'deleted');
      assert.equal(secret, 0, `${kind} tells ${who.user.username} of it`);
      const left = shown.filter(({ eventType }) => eventType === 'roomdelete.dispatch').map(({ data }) => data);
      const member = who === ann || who === s.people[1] || who === eve;
      assert.deepEqual(left, member ? [{ room_id: s.room.id }] : [], `${kind} ${who.user.username}`);
    }
  }
});

for (const kind of ['ws', 'sse'])
  test(`a deleted room, in what waits for a ${kind} reader that has stopped reading`, { timeout: 240_000 },
    async () => {
      const [ann, ben] = await people(['ann', 'ben'], (statement) => stack.query(statement));
      const other = await desk.group(ann, [ben]);
      const slow = await stack.site.stream(kind, ben), quick = await stack.site.stream(kind, ben);
      const socket = kind === 'ws' ? slow.socket._socket : slow.response.socket;
      socket.pause();
      slow.response?.pause();
      const filler = 'x'.repeat(30_000);
      for (let i = 0; i < LARGE; i += 8 * filler.length)
        await Promise.all(Array.from({ length: 8 }, () => desk.say(ann, other, filler)));
      const [left, stayed, asked] = [await desk.group(ann, [ben], { name: SECRET }),
        await desk.group(ann, [ben], { name: SECRET }), await desk.group(ann, [], { name: SECRET })];
      await desk.ask(ben, 'room.leave', { room_id: left.id });
      await desk.ask(ann, 'room.invite', { room_id: asked.id, user_id: ben.user.id });
      const said = await desk.say(ben, stayed, SECRET);
      await desk.ask(ann, 'message.acknowledged', { message_id: [said.id] });
      await quick.event('messagedelivered.dispatch');
      for (const room of [left, stayed, asked]) await desk.modify(ann, room, 'delete');
      await desk.say(ann, other, 'marked');
      await quick.message('marked', PATIENCE);
      slow.response?.resume();
      socket.resume();
      await slow.message('marked', PATIENCE);
      assert.ok(quick.texts.filter((text) => text.includes(SECRET)).length >= 6);
      assert.equal(slow.texts.filter((text) => text.includes(SECRET)).length, 0);
      assert.deepEqual(slow.stored.filter(({ eventType }) => eventType === 'roomdelete.dispatch')
        .map(({ data }) => data.room_id).sort(), [left.id, stayed.id].sort());
      slow.close();
      quick.close();
    });

/** Makes openings of streams wait after they have read the tables; returns a function that continues them. */
async function holdOpenings() {
  const key = 4711;
  await stack.query(`create or replace function confab_site.user_json(a confab.account, p_own boolean default false)
    returns json language plpgsql stable as $$ begin
      if session_user = 'confab_stream' then
        perform pg_advisory_xact_lock_shared(${key});
      end if;
      return confab.user_json(a, p_own);
    end $$; grant execute on function confab_site.user_json to public;`);
  await forget();
  const locks = (held) => stack.query(`select count(*) from pg_locks where locktype = 'advisory' and objid = ${key}
    and granted = ${held}`);
  return {
    async start() {
      this.psql = execFile('psql', ['-Xq', '-h', stack.run, '-U', 'confab_admin', 'confab']);
      this.psql.stdin.write(`select pg_advisory_lock(${key});\n`);
      await until(async () => await locks(true) === '1', 'openings are held');
    },
    waits: () => until(async () => await locks(false) === '1', 'an opening waits'),
    release() { this.psql.stdin.end(); },
    async end() {
      await stack.query('drop function confab_site.user_json');
      await forget();
    },
  };
}

test('what is deleted while a stream is being opened', { timeout: 240_000 }, async () => {
  const held = await holdOpenings();
  for (const kind of KINDS) {
    const [ann, ben] = await people(['ann', 'ben'], (statement) => stack.query(statement));
    const room = await desk.group(ann, [ben]), named = await desk.group(ann, [ben], { name: SECRET });
    const asked = await desk.group(ann, [], { name: SECRET });
    await desk.ask(ann, 'room.invite', { room_id: asked.id, user_id: ben.user.id });
    const kept = await desk.say(ann, room, 'kept');
    const shown = await desk.say(ann, room, SECRET);
    const reply = await desk.say(ann, room, 'reply', { parent_message_id: (await desk.say(ben, room, SECRET)).id });
    const observer = await stack.site.stream(kind, ann);
    const deleted = {
      'nothing': () => desk.say(ann, room, 'kept'),
      'a message': () => remove(ann, shown.id),
      'what a reply quotes': () => remove(ben, reply.parent_message.id),
      'a room': () => desk.modify(ann, named, 'delete'),
      'a room that one is invited to': () => desk.modify(ann, asked, 'delete'),
    };
    for (const [what, remove] of Object.entries(deleted)) {
      await held.start();
      const stream = await stack.site.stream(kind, ben, { wait: false });
      await held.waits();
      const { seq } = await remove();
      await observer.next((frame) => what === 'nothing' ? frame.eventType === 'message.dispatch' : frame.seq === seq);
      held.release();
      if (what === 'nothing') {
        await stream.event('chat.notifications');
        stream.close();
        continue;
      }
      const ended = await stream.over();
      assert.equal(ended.code ?? ended.status, kind === 'ws' ? 1013 : 503, `${kind}, ${what}`);
      assert.deepEqual(stream.texts.filter((text) => text.includes('eventType')), []);
    }
    // It reconnects, and gets the existing messages.
    const stream = await stack.site.stream(kind, ben);
    const { data } = await stream.event('chat.notifications');
    assert.ok(data[room.id].some(({ message }) => message?.id === kept.id));
    assert.equal(stream.texts.filter((text) => text.includes(SECRET)).length, 0);
    stream.close();
    observer.close();
  }
  await held.end();
});
