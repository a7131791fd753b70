// Every parameter of every command, and invalid values for a parameter: as JSON text, because not all of them can be
// written in JavaScript.

const q = (text) => JSON.stringify(text);
const list = (n, item) => `[${Array.from({ length: n }, (_, i) => item(i)).join()}]`;

/** Values for any parameter; "of" has ids of the stage. */
export function values(of) {
  const uuids = [of.message, of.room, of.other, of.foreign, of.foreignRoom, of.deleted, crypto.randomUUID(),
    '00000000-0000-0000-0000-000000000000'];
  return [
    'null', 'true', 'false', '0', '1', '-1', '1.5', '1e3', '1E400', '1e-400',
    '9007199254740993', '9223372036854775807', '9223372036854775808', '-9223372036854775809',
    '340282366920938463463374607431768211456', `1${'0'.repeat(400)}`,
    '""', '" "', '"x"', '"null"', '"0"', '"-1"', '"99999999999999999999999"', '"1e5"', '" 5 "', '"٣"',
    '"\\u0001"', '"\\u0085\\u2028"', '"\\u200b\\u202e"', '"\\ud83d\\ude00"', '"%"', '"\'"', '"\\\\"', '"\\" or 1=1 --"',
    '"{1,2}"',
    q('x'.repeat(70)), q('é'.repeat(5000)), q('x'.repeat(50_000)), q("& | ! :* <-> ( ' \\"),
    '[]', '{}', '[null]', '[[]]', '[{}]', '["x"]', '[1.5]', '[1e400]', '["1","1"]', '{"a":1}', '{"":null}',
    '[[[[[[]]]]]]',
    list(3, () => q(of.message)), `[${uuids.map(q)}]`, list(201, () => q(crypto.randomUUID())),
    list(1001, (i) => i + 1),
    ...uuids.map(q), q(`urn:uuid:${of.message}`), q(of.message.replaceAll('-', '')), q(`${of.message} `),
    `${of.me}`, `${of.you}`, `[${of.you}]`, `["${of.you}",${of.you}]`, '999999999', '[999999999]',
  ];
}

/** Each command with valid data; every member of it, at any depth, is replaced in turn. */
export function commands(of) {
  const media = { media_url: 'u', media_type: 'image', file_size: 1, mime_type: 'image/png', caption: 'c',
    metadata: { a: 1 } };
  return {
    'message.send': [
      { room_id: of.room, content: 'x', client_id: 'k', message_id: of.message,
        extra_fields: { parent_message_id: of.message } },
      { room_id: of.room, content: 'x', extra_fields: { forwarded_from_id: of.message } },
      { room_id: of.room, extra_fields: { media: [media] } }],
    'message.acknowledged': [{ message_id: of.message }],
    'message.read': [{ message_id: of.message }],
    'message.react': [{ message_id: of.message, type: 'add', reaction_content: 'x' }],
    'message.typing': [{ room_id: of.room, message_id: of.message }, { message_id: of.message }],
    'message.modify': [{ action: 'update', message_id: of.mine, extra_fields: { content: 'y' } },
      { action: 'delete', message_id: [of.unknown] }],
    'message.pin': [{ message_id: of.message, type: 'add' }],
    'message.history': [{ message_id: of.message }],
    'message.search': [{ query: 'x', room_id: of.room, sender: 1, before: 9, limit: 5, order: 'newest' }],
    'direct.people': [{ search: 'a', limit: 5, offset: 1 }],
    'direct.messages': [{ target: 'a', page: 1, shape: 'center' }, { recipient_id: of.you, shape: 'thread' }],
    'direct.message': [{ message_id: of.message, shape: 'thread' }],
    'direct.send': [{ recipient: 'nobody', body: 'x', client_id: 'k', path: '/x' },
      { recipient_id: of.you, content: 'x', shape: 'thread' }],
    'direct.tell': [{ message: { id: of.message, content: 'x' }, recipient_id: of.you }, { message: 'x' }],
    'room.create': [
      { type: 'GroupChat', name: 'n', participants: [of.you], description: 'd', avatar: 'https://a.example/',
        max_participants: 5, join_approval_required: true, group_locked: true,
        extra_fields: { property: { preferences: { a: 1 } } } },
      { type: 'Channel', name: 'n', subscribers: [of.you], is_public: true, max_subscribers: 5 },
      { type: 'OneToOneChat', participants: [of.you] }],
    'room.list': [{ x: 1 }],
    'room.info': [{ room_id: of.room }],
    'room.messages': [{ room_id: of.room, paginate: { page: 1, size: 5 } }, { room_id: of.room, before: 5, limit: 5 },
      { room_id: of.room, after: 5 }, { room_id: of.room, around: 5 }],
    'room.pins': [{ room_id: of.room }],
    'room.permissions': [{ room_id: of.room }],
    'room.read': [{ room_id: of.room, seq: 1 }],
    'room.join': [{ room_id: of.room }, { invite: 'x', room_id: of.room, reason: 'r' }],
    'room.leave': [{ room_id: of.unknown }],
    'room.add_members': [{ room_id: of.room, members: [of.you] }],
    'room.remove_members': [{ room_id: of.room, members: [of.none] }],
    'room.modify': [
      { room_id: of.room, action: 'update',
        data: { name: 'n', description: 'd', avatar: 'https://a.example/', group_locked: false,
          join_approval_required: false,
        max_participants: 50, property: { preferences: { a: 1 } } } },
      { room_id: of.channel, action: 'update', data: { is_public: true, max_subscribers: 50 } },
      { room_id: of.room, action: 'add_admin', data: { users: [of.you] } },
      { room_id: of.channel, action: 'remove_moderator', data: { users: [of.you] } },
      { room_id: of.room, action: 'add_permission',
        data: { users: [of.you], permission: ['can_remove_participants'] } },
      { room_id: of.channel, action: 'remove_permission',
        data: { users: [of.you], permission: ['can_send_messages'] } },
      { room_id: of.unknown, action: 'delete' }],
    'room.invite': [{ room_id: of.room, expires_in: 60, max_uses: 1 }],
    'room.invites': [{ room_id: of.room }],
    'room.revoke_invite': [{ room_id: of.room, invite_id: 1 }],
    'room.request': [{ room_id: of.approval, reason: 'r' }],
    'room.requests': [{ room_id: of.room }],
    'room.answer': [{ room_id: of.room, user_id: of.you, accept: true }],
    'session.heartbeat': [{ session_id: of.session, idle: false }],
    'session.list': [{ x: 1 }],
    'session.end': [{ session_id: of.unknown }, { login_id: 999999999 }],
    'presence.subscribe': [{ users: [of.you], rooms: [of.room], session_id: of.session }],
    'presence.unsubscribe': [{ users: [of.you], rooms: [of.room], session_id: of.session }],
    'user.list': [{ search: 'a', after: 1, limit: 5 }],
    'user.block': [{ user_id: of.none }],
    'user.unblock': [{ user_id: of.you }],
    'user.blocked': [{ x: 1 }],
  };
}

/** The paths of every value in data: itself, members, members of members. */
function* paths(value, path = []) {
  if (path.length) yield path;
  if (value && typeof value === 'object' && path.length < 4)
    for (const [key, member] of Object.entries(value))
      yield* paths(member, [...path, Array.isArray(value) ? Number(key) : key]);
}

/** Data as JSON text with one value replaced, or removed (undefined). */
function replaced(data, [key, ...rest], text) {
  const there = (item) => (rest.length ? replaced(item, rest, text) : text ?? 'null');
  if (Array.isArray(data)) return `[${data.map((item, i) => (i !== key ? JSON.stringify(item) : there(item)))}]`;
  const members = Object.entries(data).map(([name, member]) => {
    if (name !== key) return `${q(name)}:${JSON.stringify(member)}`;
    const inside = rest.length ? replaced(member, rest, text) : text;
    return inside === undefined ? null : `${q(name)}:${inside}`;
  });
  return `{${members.filter((member) => member !== null)}}`;
}

/** All cases: [command, data as text]. */
export function* cases(of) {
  const wrong = [undefined, ...values(of)];
  for (const [command, shapes] of Object.entries(commands(of)))
    for (const shape of shapes)
      for (const path of paths(shape))
        for (const text of wrong) yield [command, replaced(shape, path, text)];
}
