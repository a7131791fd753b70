// A stranger's answers about rooms and messages that exist: each command is asked with ids that are foreign, unknown
// and the caller's own. And no lock is taken, or waited for, on behalf of a stranger.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { site } from './support/client.mjs';
import { DENIED, Desk, NOT_FOUND, people, sql } from './support/people.mjs';

const desk = new Desk(site);
const gone = { code: 4004, detail: NOT_FOUND };
const denied = (detail) => ({ code: 4002, detail });
const invalid = (detail) => ({ code: 4003, detail });
const noObject = (field, id) => invalid({ [field]: [`Invalid pk "${id}" - object does not exist.`] });
const JOIN = { GroupChat: 'Ask an admin to add you to the group',
  Channel: 'Channel is private, ask a moderator to add you to the channel' };

// By command: data, the answer for a foreign room or message (a function of its type), and for an unknown one.
const room = (more = {}) => ({ room_id }) => ({ room_id, ...more });
const message = (more = {}) => ({ message_id }) => ({ message_id, ...more });
const inOneToOne = (sentence) => (type) => (type === 'OneToOneChat' ? gone : denied(sentence));
const TABLE = {
  'message.send': [room({ content: 'x' }), () => denied(DENIED.send), gone],
  'message.typing': [room(), () => denied(DENIED.send), gone],
  'message.acknowledged': [message(), () => denied(DENIED.message), gone],
  'message.read': [message(), () => denied(DENIED.message), gone],
  'message.react': [message({ type: 'add', reaction_content: 'x' }), () => denied(DENIED.message), gone],
  'message.modify': [message({ action: 'delete' }), () => denied(DENIED.owner), gone],
  'room.info': [room(), () => denied(DENIED.room), gone],
  'room.messages': [room(), () => denied(DENIED.room), gone],
  'room.join': [room(), (type) => (JOIN[type] ? invalid([JOIN[type]]) : gone), gone],
  'room.leave': [room(), () => denied(DENIED.room), gone],
  'room.add_members': [room({ members: [] }), inOneToOne(DENIED.add), gone],
  'room.remove_members': [room({ members: [] }), inOneToOne(DENIED.remove), gone],
  'room.modify': [room({ action: 'update', data: { property: { preferences: {} } } }), () => denied(DENIED.admin),
    gone],
  // The sentences of the commands above are prescribed; the others reveal nothing about existence.
  'message.pin': [message({ type: 'add' }), () => gone, gone],
  'message.history': [message(), () => gone, gone],
  'message.search': [room({ query: 'x' }), () => gone, gone],
  'room.members': [room(), () => gone, gone],
  'room.permissions': [room(), () => gone, gone],
  'room.pins': [room(), () => gone, gone],
  'room.read': [room({ seq: 1 }), () => gone, gone],
  'room.invite': [room(), () => gone, gone],
  'room.invites': [room(), () => gone, gone],
  'room.revoke_invite': [room({ invite_id: 1 }), () => gone, gone],
  'room.request': [room(), () => gone, gone],
  'room.requests': [room(), () => gone, gone],
  'room.answer': [room({ accept: true }), () => gone, gone],
};
// The same command with an id elsewhere in its data.
const MORE = [
  ['message.modify', message({ action: 'update', extra_fields: { content: 'x' } }), () => denied(DENIED.owner), gone],
  ['message.react', message({ type: 'remove' }), () => denied(DENIED.message), gone],
  ['message.typing', message(), () => denied(DENIED.message), gone],
  ['message.pin', message({ type: 'remove' }), () => gone, gone],
  ['room.modify', room({ action: 'delete' }), () => denied(DENIED.creator), gone],
  ['room.invite', room({ user_id: 1 }), () => gone, gone],
  ['room.answer', room({ accept: true, user_id: 1 }), () => gone, gone],
  ['presence.subscribe', ({ room_id, session_id }) => ({ rooms: [room_id], session_id }), () => gone, gone],
  ['presence.unsubscribe', ({ room_id, session_id }) => ({ rooms: [room_id], session_id }), () => undefined, undefined],
  ['session.heartbeat', ({ session }) => ({ session_id: session }), () => gone, gone],
  ['session.end', ({ session }) => ({ session_id: session }), () => gone, gone],
];
// Commands that name no room, message or session.
const NONE = ['room.create', 'room.list', 'session.list', 'user.list', 'user.block', 'user.unblock', 'user.blocked',
  'user.export', 'user.erase'];

let ann, ben, eve, mine, hers, foreign;
before(async () => {
  [ann, ben, eve] = await people(['ann', 'ben', 'eve']);
  const made = [await desk.group(ann, [ben]), await desk.channel(ann, [ben]), await desk.pair(ann, ben)];
  [mine, hers] = await Promise.all([eve, ann].map((who) => site.stream('ws', who)));
  foreign = [];
  for (const one of made)
    foreign.push({ type: one.type, room_id: one.id, message_id: (await desk.say(ann, one)).id });
});

const rows = () => [...Object.entries(TABLE).map(([event, row]) => [event, ...row]), ...MORE];
const places = () => [...foreign, {}].map((place) => ({ room_id: randomUUID(), message_id: randomUUID(), ...place,
  session: place.type ? hers.frames[0].data.session_id : randomUUID(), session_id: mine.frames[0].data.session_id }));

test('every command is in the table', async () => {
  const known = (await sql('select name from confab.command order by name')).split('\n')
    .filter((name) => /^(message|room|session|presence|user)\./.test(name));
  const tried = new Set([...rows().map(([event]) => event), ...NONE]);
  assert.deepEqual(known.filter((name) => !tried.has(name)), []);
});

test('foreign and unknown ids are answered as the table says', async () => {
  for (const [event, data, strange, unknown] of rows())
    for (const place of places()) {
      const { body } = await site.command(eve, event, data(place));
      assert.deepEqual(body.error, place.type ? strange(place.type) : unknown,
        `${event} of a ${place.type ?? 'room nobody has'}: ${JSON.stringify(data(place))}`);
    }
});

test('what a message refers to is foreign or unknown alike', async () => {
  const { id } = await desk.group(eve);
  for (const field of ['parent_message_id', 'forwarded_from_id'])
    for (const place of places()) {
      const { body } = await site.command(eve, 'message.send',
        { room_id: id, content: 'x', extra_fields: { [field]: place.message_id } });
      assert.deepEqual(body.error, noObject(field, place.message_id));
    }
});

test('the same ids are taken from a member', async () => {
  const changes = ['room.join', 'room.request', 'room.revoke_invite', 'room.answer', 'session.end'];
  for (const [event, data] of rows().filter(([name]) => !changes.includes(name))) {
    const one = await desk.group(eve, [ben]), session = mine.frames[0].data.session_id;
    const place = { room_id: one.id, message_id: (await desk.say(eve, one)).id, session, session_id: session };
    const asked = data(place);
    if (asked.user_id) asked.user_id = ann.user.id;
    const { body } = await site.command(eve, event, asked);
    assert.equal(body.error, undefined, `${event}: ${JSON.stringify(body)}`);
  }
});

test('a stranger waits for no lock', async () => {
  const locks = foreign.map(({ room_id: id }) => `select confab.room_lock('${id}')`).join('; ');
  const state = `insert into confab.message_state (room_id, seq) select room_id, seq from confab.message
    where id in (${foreign.map(({ message_id: id }) => `'${id}'`)})
    on conflict (room_id, seq) do update set read_count = confab.message_state.read_count`;
  let released = false, waited = false;
  const held = sql(`begin; ${locks}; ${state}; select pg_sleep(6); commit`).then(() => { released = true; });
  const count = `select count(*) from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and granted
    and pid in (select pid from pg_stat_activity where query like '%pg_sleep(6)%' and pid <> pg_backend_pid())`;
  while (Number(await sql(count)) < foreign.length);
  const waits = site.command(ben, 'room.leave', { room_id: foreign[0].room_id }).then(() => { waited = true; });
  await Promise.all(rows().flatMap(([event, data]) => places().filter(({ type }) => type)
    .map((place) => site.command(eve, event, data(place)))));
  assert.deepEqual([released, waited], [false, false], 'strangers are answered while the locks are held');
  await Promise.all([held, waits]);
});
