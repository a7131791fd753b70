// Permissions: every cell of the table in the protocol, tested by the commands themselves.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { site } from './support/client.mjs';
import { DENIED, Desk, ids, NOT_FOUND, people } from './support/people.mjs';

const desk = new Desk(site);

// The roles: N no member any more, M member, G member with the grant in question, A admin or moderator, C creator.
const ROLES = 'NMGAC';
const GRANTS = {
  GroupChat: { add: 'can_add_new_participants', remove: 'can_remove_participants' },
  Channel: { add: 'can_add_new_subscribers', remove: 'can_remove_subscribers', send: 'can_send_messages' },
};
const SENTENCE = {
  join: { OneToOneChat: 'You can only join a channel/group chat', GroupChat: 'Ask an admin to add you to the group',
    Channel: 'Channel is private, ask a moderator to add you to the channel' },
  leave: 'You can only leave a channel/group chat',
  members: 'Invalid room, Can only add or remove members from Groups/Channels',
  admins: 'Room should be a group chat to modify the admins',
  moderators: 'Room should be a channel to modify the moderators',
};

// The allowed roles in each type, and the answer to the others. "+" means everybody, "-" nobody. The answer is 4003
// where it is an object.
const invalid = (sentence) => ({ code: 4003, detail: [sentence] });
const CELLS = {
  //           one-to-one  group    channel
  send:      ['M',        'MGAC',  'GAC',  DENIED.send, 'send'],
  typing:    ['M',        'MGAC',  'GAC',  DENIED.send, 'send'],
  locked:    [null,       'AC',    null,   DENIED.send, 'send'],
  read:      ['M',        'MGAC',  'MGAC', DENIED.message],
  acknowledge: ['M',      'MGAC',  'MGAC', DENIED.message],
  react:     ['M',        'MGAC',  'MGAC', DENIED.message],
  edit:      ['M',        'MGAC',  'MGAC', DENIED.message],
  remove_own: ['M',       'MGAC',  'MGAC', DENIED.message],
  edit_other: ['',        '',      '',     DENIED.owner],
  remove_other: ['',      '',      '',     DENIED.owner],
  history:   ['M',        'MGAC',  'MGAC', null],
  info:      ['M',        'MGAC',  'MGAC', DENIED.room],
  messages:  ['M',        'MGAC',  'MGAC', DENIED.room],
  permissions: ['M',      'MGAC',  'MGAC', null],
  pins:      ['M',        'MGAC',  'MGAC', null],
  search:    ['M',        'MGAC',  'MGAC', null],
  mark:      ['M',        'MGAC',  'MGAC', null],
  subscribe: ['M',        'MGAC',  'MGAC', null],
  join:      ['',         '',      '',     null],
  join_public: [null,     null,    'NMGAC', null],
  add:       [SENTENCE.members, 'GAC', 'GAC', DENIED.add, 'add'],
  invite:    [SENTENCE.members, 'GAC', 'GAC', DENIED.add, 'add'],
  invites:   [SENTENCE.members, 'GAC', 'GAC', DENIED.add, 'add'],
  requests:  [SENTENCE.members, 'GAC', 'GAC', DENIED.add, 'add'],
  answer:    [SENTENCE.members, 'GAC', null, DENIED.add, 'add'],
  remove:    [SENTENCE.members, 'GAC', 'GAC', DENIED.remove, 'remove'],
  update:    ['M',        'AC',    'AC',   DENIED.admin],
  roles:     [SENTENCE.admins, 'AC', null, DENIED.admin],
  moderators: [SENTENCE.moderators, null, 'AC', DENIED.admin],
  grants:    [SENTENCE.admins, 'AC', 'AC', DENIED.admin],
  pin:       ['M',        'AC',    'AC',   null],
  leave:     [SENTENCE.leave, 'MGAC', 'MGAC', DENIED.room],
  delete:    ['M',        'C',     'C',    DENIED.creator],
};

// Actions for which a stranger gets the error of a missing room or message.
const HIDDEN = ['history', 'permissions', 'pins', 'search', 'mark', 'subscribe', 'invite', 'invites', 'requests',
  'answer', 'pin'];

/** The data of each action. own, other: messages of the actor and of another member. */
const ASK = {
  send: ({ room_id }) => ['message.send', { room_id, content: 'x' }],
  typing: ({ room_id }) => ['message.typing', { room_id }],
  read: ({ other }) => ['message.read', { message_id: other }],
  acknowledge: ({ other }) => ['message.acknowledged', { message_id: other }],
  react: ({ other }) => ['message.react', { message_id: other, type: 'add', reaction_content: `${Math.random()}` }],
  edit: ({ own }) => ['message.modify', { action: 'update', message_id: own, extra_fields: { content: 'y' } }],
  remove_own: ({ own }) => ['message.modify', { action: 'delete', message_id: own }],
  edit_other: ({ other }) =>
    ['message.modify', { action: 'update', message_id: other, extra_fields: { content: 'y' } }],
  remove_other: ({ other }) => ['message.modify', { action: 'delete', message_id: other }],
  history: ({ other }) => ['message.history', { message_id: other }],
  info: ({ room_id }) => ['room.info', { room_id }],
  messages: ({ room_id }) => ['room.messages', { room_id }],
  pins: ({ room_id }) => ['room.pins', { room_id }],
  permissions: ({ room_id }) => ['room.permissions', { room_id }],
  search: ({ room_id }) => ['message.search', { room_id, query: 'x' }],
  mark: ({ room_id }) => ['room.read', { room_id, seq: 1 }],
  subscribe: ({ room_id, session_id }) => ['presence.subscribe', { rooms: [room_id], session_id }],
  join: ({ room_id }) => ['room.join', { room_id }],
  add: ({ room_id, out }) => ['room.add_members', { room_id, members: [out] }],
  invite: ({ room_id }) => ['room.invite', { room_id }],
  invites: ({ room_id }) => ['room.invites', { room_id }],
  requests: ({ room_id }) => ['room.requests', { room_id }],
  answer: ({ room_id, out }) => ['room.answer', { room_id, user_id: out, accept: false }],
  remove: ({ room_id, out }) => ['room.remove_members', { room_id, members: [out] }],
  update: ({ room_id }) =>
    ['room.modify', { room_id, action: 'update', data: { property: { preferences: { a: 1 } } } }],
  roles: ({ room_id, out }) => ['room.modify', { room_id, action: 'add_admin', data: { users: [out] } }],
  moderators: ({ room_id, out }) => ['room.modify', { room_id, action: 'remove_moderator', data: { users: [out] } }],
  grants: ({ room_id, out, type }) =>
    ['room.modify',
      { room_id, action: 'add_permission',
        data: { users: [out], permission: [Object.values(GRANTS[type] ?? { x: 'x' })[0]] } }],
  pin: ({ other }) => ['message.pin', { message_id: other, type: 'add' }],
  leave: ({ room_id }) => ['room.leave', { room_id }],
  delete: ({ room_id }) => ['room.modify', { room_id, action: 'delete' }],
};
ASK.locked = ASK.send;
ASK.join_public = ASK.join;

let keeper, out, byRole;
before(async () => {
  const all = await people(['keeper', 'out', 'none', 'member', 'granted', 'admin', 'creator']);
  [keeper, out] = all;
  byRole = Object.fromEntries([...ROLES].map((role, i) => [role, all[i + 2]]));
});

/** A room in which everybody has sent a message and has a role; "grant" is the grant of G. */
async function stage(type, grant, fields = {}) {
  const { N, M, G, A, C } = byRole;
  if (type === 'OneToOneChat') {
    const [left, right] = await people(['left', 'right']);
    const room = await desk.pair(left, right);
    return { room, roles: { N, M: left }, own: { M: await desk.say(left, room) }, other: await desk.say(right, room) };
  }
  const room = await desk.make(C, type,
    { participants: ids([N, M, G, A, keeper]), subscribers: ids([N, M, G, A, keeper]), ...fields });
  const role = type === 'Channel' ? 'moderator' : 'admin';
  await desk.modify(C, room, `add_${role}`, { users: ids([N, M, G, A, keeper]) });
  const own = Object.fromEntries(await Promise.all([...ROLES].map(async (r) => [r, await desk.say(byRole[r], room)])));
  const other = await desk.say(keeper, room);
  await desk.modify(C, room, `remove_${role}`, { users: ids([M, G, keeper]) });
  if (grant) await desk.modify(C, room, 'add_permission', { users: ids([G]), permission: [grant] });
  // N was an admin when it left.
  await desk.ask(N, 'room.leave', { room_id: room.id });
  return { room, roles: byRole, own, other };
}

for (const [column, type] of ['OneToOneChat', 'GroupChat', 'Channel'].entries())
  test(`${type}: every role, every action`, async () => {
    const stages = new Map();
    let cells = 0;
    for (const [action, row] of Object.entries(CELLS)) {
      const cell = row[column];
      if (cell === null) continue;
      const grant = row[4] && GRANTS[type]?.[row[4]];
      // An action without a grant of its own is tried with every grant: none of them helps.
      const key = `${grant}${action === 'locked'}${action === 'join_public'}${action === 'answer'}`;
      if (!stages.has(key) || action === 'remove_own' || action === 'edit')
        stages.set(key,
          await stage(type, grant,
            { group_locked: false, is_public: action === 'join_public', join_approval_required: action === 'answer' }));
      const { room, roles, own, other } = stages.get(key);
      if (action === 'locked') await desk.modify(byRole.C, room, 'update', { group_locked: true });
      // An actor that leaves or deletes does so in a room of its own.
      for (const role of Object.keys(roles)) {
        const who = roles[role];
        const fresh = ['leave', 'delete'].includes(action) && cell.includes?.(role) ? await stage(type, grant) : null;
        const stream = action === 'subscribe' ? await site.stream('ws', fresh?.roles[role] ?? who) : null;
        if (action === 'answer' && type === 'GroupChat') await desk.ask(out, 'room.request', { room_id: room.id });
        const actor = fresh?.roles[role] ?? who;
        const [event,
          data] = ASK[action]({ room_id: (fresh?.room ?? room).id, type, out: out.user.id,
            session_id: stream?.frames[0].data.session_id,
          other: other.id, own: (own[role] ?? other).id });
        const { body } = await site.command(actor, event, data);
        const where = `${type} ${action} by ${role}`;
        const expected = expect(action, type, cell, role, row[3]);
        if (expected) assert.deepEqual(body, { error: expected }, where);
        else assert.equal(body.error, undefined, `${where}: ${JSON.stringify(body)}`);
        stream?.close();
        cells++;
      }
    }
    assert.ok(cells >= (type === 'OneToOneChat' ? 50 : 130), `${cells} cells`);
  });

/** The error of a cell, or null if the action is allowed. */
function expect(action, type, cell, role, denied) {
  // For a stranger it does not exist, except where the sentence is prescribed.
  const hidden = type === 'OneToOneChat' ? [...HIDDEN, 'join', 'add', 'remove'] : HIDDEN;
  if (role === 'N' && hidden.includes(action)) return { code: 4004, detail: NOT_FOUND };
  if (cell.length > ROLES.length) {
    // Of a one-to-one: the sentence comes before any check of the caller, except for actions of its admins.
    return role === 'N' && ['roles', 'moderators', 'grants'].includes(action) ? { code: 4002, detail: DENIED.admin }
      : role === 'N' && action === 'leave' ? { code: 4002, detail: DENIED.room } : invalid(cell);
  }
  if (cell.includes(role)) return null;
  if (action === 'join') return invalid(SENTENCE.join[type]);
  if (action === 'pin') return { code: 4002, detail: DENIED.admin };
  // Own messages that do not exist: N of a one-to-one has no message of its own.
  if (['edit', 'remove_own'].includes(action) && type === 'OneToOneChat') return { code: 4002, detail: DENIED.owner };
  return { code: 4002, detail: denied };
}

test('a grant is that one right and no other', async () => {
  for (const [type, grants] of Object.entries(GRANTS))
    for (const [right, grant] of Object.entries(grants)) {
      const { room } = await stage(type, grant);
      for (const action of ['add', 'remove', 'send', 'update']) {
        if (action === 'send' && type === 'GroupChat') continue;
        const [event, data] = ASK[action]({ room_id: room.id, out: out.user.id });
        const { body } = await site.command(byRole.G, event, data);
        assert.equal(body.error?.detail, action === right ? undefined : { ...DENIED, update: DENIED.admin }[action],
          `${type} ${grant} ${action}`);
      }
    }
});

test('only the creator removes the creator; admins remove and demote each other', async () => {
  const { room, roles: { A, C, M } } = await stage('GroupChat');
  await desk.modify(C, room, 'add_admin', { users: ids([M]) });
  const removed = async (who,
    list) => (await desk.data(who, 'room.remove_members', { room_id: room.id, members: ids(list) })).removed_members;
  assert.deepEqual(await removed(A, [C]), []);
  await desk.modify(A, room, 'remove_admin', { users: ids([C, M]) });
  await desk.refused(M, 'room.modify', { room_id: room.id, action: 'delete' }, 4002, DENIED.creator);
  await desk.refused(M, 'room.modify', { room_id: room.id, action: 'update', data: { name: 'x' } }, 4002, DENIED.admin);
  await desk.modify(C, room, 'update', { name: 'still mine' });
  const his = await site.stream('ws', keeper);
  const exit = await desk.ask(C, 'room.remove_members', { room_id: room.id, members: ids([A, C]) });
  assert.deepEqual([exit.eventType, exit.data.message],
    ['roomexit.dispatch', `You have been removed by ${C.user.username}`]);
  assert.deepEqual((await his.event('roomremovemembers.dispatch')).data.removed_members,
    [A, C].map(({ user }) => user.username));
  his.close();
});

test('in a locked group one edits and deletes what is one\'s own, as the lock is for what is new', async () => {
  const { room, roles: { M, C }, own } = await stage('GroupChat');
  await desk.modify(C, room, 'update', { group_locked: true });
  const { data } = await desk.ask(M, 'message.modify',
    { action: 'update', message_id: own.M.id, extra_fields: { content: 'edited' } });
  assert.equal(data.message.content, 'edited');
  await desk.ask(M, 'message.modify', { action: 'delete', message_id: own.M.id });
  await desk.refused(M, 'message.send', { room_id: room.id, content: 'x' }, 4002, DENIED.send);
});

test('what one may do is told as it is, and single rights to who administers', async () => {
  const WORDS = { send: 'send', add: 'add_members', remove: 'remove_members', update: 'administer', pin: 'pin',
    delete: 'delete' };
  for (const [type, grants] of Object.entries({ ...GRANTS, OneToOneChat: {} }))
    for (const grant of [undefined, ...Object.values(grants)]) {
      const { room, roles } = await stage(type, grant);
      const column = ['OneToOneChat', 'GroupChat', 'Channel'].indexOf(type);
      for (const role of Object.keys(roles).filter((one) => one !== 'N')) {
        const { may, members } = await desk.data(roles[role], 'room.permissions', { room_id: room.id });
        const expected = Object.keys(WORDS).filter((action) => {
          const [cell, right] = [CELLS[action][column], CELLS[action][4]];
          const hasNone = role === 'G' && right && grants[right] && grants[right] !== grant;
          return cell.length <= ROLES.length && cell.includes(role) && !hasNone;
        });
        assert.deepEqual(may, ['read', ...expected.map((action) => WORDS[action])], `${type} ${grant} ${role}`);
        const told = grant && ['A', 'C'].includes(role)
          ? [{ user: { id: roles.G.user.id, username: roles.G.user.username }, permission: [grant] }] : [];
        assert.deepEqual(members, told, `${type} ${grant} ${role}`);
      }
    }
});
