// For any value of a parameter, a command succeeds or is refused in the documented form; it never fails with an
// internal error or without an answer, and a refused command stores nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { site } from './support/client.mjs';
import { cases } from './support/inputs.mjs';
import { Desk, ids, people } from './support/people.mjs';

const desk = new Desk(site);
// Not a number that our JSON parser accepts: the frame is answered as unreadable, without its id.
const OUT_OF_RANGE = /1e-?400/i;
const STATUS = { 4002: 403, 4003: 422, 4004: 404, 4005: 409 };

async function stage() {
  const [me, you, none] = await people(['me', 'you', 'none']);
  const room = await desk.group(me, [you]), other = await desk.group(me), channel = await desk.channel(me, [you]);
  const approval = await desk.group(none, [], { join_approval_required: true }), foreign = await desk.group(none);
  const deleted = await desk.say(me, room);
  await desk.ask(me, 'message.modify', { action: 'delete', message_id: deleted.id });
  const [message, mine, hidden] = [await desk.say(you, room), await desk.say(me, room), await desk.say(none, foreign)];
  const stream = await site.stream('ws', me);
  const { logins } = await desk.data(me, 'session.list');
  return {
    login: logins.find(({ current }) => current).id, who: me, you, stream, seqs: new Set(), refusals: 0, wrong: [],
    of: { me: me.user.id, you: you.user.id, none: none.user.id, room: room.id, other: other.id, channel: channel.id,
      approval: approval.id, message: message.id, mine: mine.id,
      deleted: deleted.id, foreign: hidden.id, foreignRoom: foreign.id, unknown: crypto.randomUUID(),
      session: stream.frames[0].data.session_id },
  };
}

const isSentences = (value) => Array.isArray(value) && value.length === 1 && typeof value[0] === 'string';
const isFields = (value) =>
  value && typeof value === 'object' && !Array.isArray(value) && Object.values(value).every(isSentences);

/** Whether an error has a form that the protocol allows. */
function isDocumented({ code, detail, ...more }) {
  if (Object.keys(more).length) return false;
  switch (code) {
    case 4002: return typeof detail === 'string' && detail.startsWith('User is not ');
    case 4003:
      return isSentences(detail) || isFields(detail) && Object.keys(detail).length > 0
        || Array.isArray(detail) && detail.length > 0 && detail.every(isFields);
    case 4004: return detail === 'Resource not found.';
    case 4005: return detail === 'Database constraint violated.';
    default: return false;
  }
}

/** Records the faults of an answer for report(). */
function judge(at, command, data, body, status) {
  const { error } = body ?? {};
  const isRight = error
    ? isDocumented(error) && [STATUS[error.code], undefined].includes(status)
      && !JSON.stringify(body).includes('confab.')
    : body && typeof body === 'object' && [200, undefined].includes(status);
  if (!isRight)
    at.wrong.push(`${command} ${data.slice(0, 300)} -> ${status ?? ''} ${JSON.stringify(body)?.slice(0, 300)}`);
  if (error) at.refusals++;
  else if (body?.seq !== undefined) at.seqs.add(body.seq);
}

const report = ({ wrong }) => assert.equal(wrong.slice(0, 20).join('\n'), '', `${wrong.length} wrong answers`);

/** Whether a command would end the room, the stream or the log-in that the others need. */
function isEnd(command, data, { of, login }) {
  const names = (...list) => list.some((id) => data.includes(id));
  switch (command) {
    case 'room.leave': case 'room.remove_members': return true;
    case 'room.modify': return names('"delete"') && names(of.room, of.channel);
    case 'message.modify': return names('"delete"') && names(of.mine);
    // Number() reads "7" and [7] as 7, too.
    case 'session.end': return names(of.session) || Number(JSON.parse(data).login_id) === login;
    default: return false;
  }
}

test('by POST: every parameter of every command with every kind of value', { timeout: 300_000 }, async () => {
  const at = await stage();
  const all = [...cases(at.of)].filter(([command, data]) => !isEnd(command, data, at));
  let next = 0;
  await Promise.all(Array.from({ length: 12 }, async () => {
    while (next < all.length) {
      const [command, data] = all[next++];
      const { status, body } = await site.request('POST', 'command',
        { token: at.who.token, raw: `{"event_type":"${command}","data":${data}}` });
      judge(at, command, data, body, status);
    }
  }));
  report(at);
  assert.ok(all.length > 4000 && at.refusals > all.length / 2, `${all.length} cases, ${at.refusals} refused`);
  await checkStored(at);
});

test('over a WebSocket: a sample, and its stream stays open', { timeout: 120_000 }, async () => {
  const at = await stage();
  const asker = await site.stream('ws', at.who);
  const all = [...cases(at.of)]
    .filter(([command, data], i) => i % 7 === 0 && !isEnd(command, data, at) && !OUT_OF_RANGE.test(data));
  all.forEach(([command, data], id) => asker.send(`{"event_type":"${command}","data":${data},"id":${id}}`));
  const answers = new Map();
  let read = 0;
  await asker.until(() => {
    for (; read < asker.frames.length; read++) {
      const { id, ...body } = asker.frames[read];
      if (Number.isInteger(id)) answers.set(id, body);
    }
    assert.equal(asker.ended, null);
    return answers.size === all.length;
  }, 'all answers', 90_000);
  all.forEach(([command, data], id) => judge(at, command, data, answers.get(id)));
  report(at);
  asker.close();
  await checkStored(at);
});

/** Checks that the dispatches of the rooms are exactly those that were answered. */
async function checkStored(at) {
  const { id } = await desk.group(at.who);
  await at.stream.until(() => at.stream.frames.some(({ data }) => data?.id === id), 'the last dispatch', 60_000);
  const stored = at.stream.stored.filter(({ data }) => data?.id !== id);
  const more = stored.filter(({ seq }) => !at.seqs.has(seq));
  // Of several dispatches of a command, only one is its answer.
  assert.deepEqual(
    more.filter(({ eventType }) => !['readreceipt.dispatch', 'messagedelivered.dispatch'].includes(eventType)), []);
  assert.ok(stored.length > 20);
  at.stream.close();
}

test('members who are removed with odd lists, rooms that are left with odd ids', async () => {
  const at = await stage();
  for (const [command,
    data] of [...cases(at.of)].filter(([name]) => ['room.leave', 'room.remove_members'].includes(name)))
    if (!data.includes(`${at.of.me}`)) {
      const { status, body } = await site.request('POST', 'command',
        { token: at.who.token, raw: `{"event_type":"${command}","data":${data}}` });
      judge(at, command, data, body, status);
      if (!body.error && command === 'room.remove_members')
        await desk.ask(at.who, 'room.add_members', { room_id: at.of.room, members: ids([at.you]) }).catch(() => {});
    }
  report(at);
  at.stream.close();
});

test('a few letters do not become a lot of digits', async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const media = (metadata) =>
    `{"event_type":"message.send","data":{"room_id":"${room.id}","extra_fields":{"media":`
      + `[{"media_url":"/x","media_type":"image","metadata":${metadata}}]}}}`;
  const send = (metadata) => site.request('POST', 'command', { raw: media(metadata), token: ann.token });
  assert.deepEqual((await send('{"a":1e131071}')).body, { error: { code: 4003, detail: ['Number out of range.'] } });
  assert.equal((await send(`[${Array(60).fill('1e308').join(',')}]`)).status, 422);
  assert.equal((await send('{"a":[1e2,-1.5E-7,1e308]}')).status, 200);
});

test('a room without messages has nothing that could be read', async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  assert.deepEqual(await site.done(ann, 'room.read', { room_id: room.id, seq: Number.MAX_SAFE_INTEGER }),
    { status: 'success' });
});

test('a query of nothing but signs finds nothing', async () => {
  const ann = await site.register('ann');
  await site.room(ann);
  for (const query of ['-'.repeat(33), '- '.repeat(100), '"'.repeat(99)])
    assert.deepEqual((await site.done(ann, 'message.search', { query })).data.results, []);
});

test('a poll that does not want to wait gets what it has missed', async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const { seq } = await site.done(ann, 'message.send', { room_id: room.id, content: 'missed' });
  // The program's own place in the log is before it, then.
  const stream = await site.stream('poll', ann, { since: `${seq - 1}`, seconds: 1 });
  await stream.message('missed');
  stream.close();
  const { body } = await site.request('GET', `poll?wait=0&since=${seq - 1}`, { token: ann.token });
  assert.ok(body.events.some(({ data }) => data.content === 'missed'));
});
