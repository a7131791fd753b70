// What attackers.mjs tries: each command with each field at its limit, as the table of limits in docs/protocol.md has
// them.
import { randomUUID } from 'node:crypto';

const long = (n, letter = 'x') => letter.repeat(n);
const asset = () => ({ media_url: `/${long(1999)}`, media_type: 'image', caption: long(2000),
  metadata: { name: long(16_000) } });
const inRoom = (more = {}) => ({ room }) => ({ room_id: room, ...more });
const extra = (fields) => inRoom({ content: 'x', extra_fields: fields });
const group = (more) => ({ type: 'GroupChat', name: long(64), ...more });
const update = (data) => inRoom({ action: 'update', data });
const preferences = () => ({ property: { preferences: { x: long(16_000) } } });
const unknown = (count) => Array.from({ length: count }, () => randomUUID());
let counter = 0;
/** Not a command: a POST to the page, which no program of confab's sees. What it does to others is the web server's. */
export const PAGE = 'the page';
const alternately = (one, other) => (counter++ % 2 ? one : other);

/** The bytes of a command whose data are JSON already. */
export const body = (event, data) => `{"event_type": "${event}", "data": ${data}}`;

// The field at its limit, the command, and its data for what attacker() in attackers.mjs has made. A text is a whole
// body.
export const ATTACKS = [
  ['1 MB: a text', 'message.send', ({ room }) =>
    body('message.send', `{"room_id": "${room}", "content": "${long(1_000_000)}"}`)],
  ['1 MB: 333,000 values', 'message.send', () => body('message.send', `[${'1, '.repeat(333_000)}1]`)],
  ['1 MB: 19,000 values', 'message.send', () =>
    body('message.send', `{"x": [${`"${long(45)}",`.repeat(19_000)}1]}`)],
  ['1 MB: no JSON', 'message.send', () => long(1_000_000)],
  ['1 MB: to the page', PAGE, () => long(1_000_000)],
  ['content', 'message.send', inRoom({ content: long(100_000) })],
  ['content, tags', 'message.send', inRoom({ content: '<b>x</b>'.repeat(1_990) })],
  ['content, mentions', 'message.send', inRoom({ content: '@abc '.repeat(19_000) })],
  ['captions, metadata', 'message.send', extra({ media: Array.from({ length: 20 }, asset) })],
  ['fields of the operator', 'message.send', extra({ custom: long(16_000) })],
  ['reply to 100 kB', 'message.send', ({ room, large }) =>
    ({ room_id: room, content: 'x', extra_fields: { parent_message_id: large } })],
  ['forward of 100 kB', 'message.send', ({ room, large }) =>
    ({ room_id: room, content: 'x', extra_fields: { forwarded_from_id: large } })],
  ['client_id', 'message.send', inRoom({ content: 'x', client_id: long(64) })],
  ['200 ids', 'message.acknowledged', ({ many }) => ({ message_id: many })],
  ['200 ids', 'message.read', ({ many }) => ({ message_id: many })],
  ['200 unknown ids', 'message.read', () => ({ message_id: unknown(200) })],
  ['reaction, to 100 kB', 'message.react', ({ large }) =>
    ({ message_id: large, type: 'add', reaction_content: `${counter++}`.padEnd(128, 'x') })],
  ['', 'message.typing', inRoom()],
  ['content', 'message.modify', ({ large }) =>
    ({ message_id: large, action: 'update', extra_fields: { content: `${counter++}`.padEnd(100_000, 'x') } })],
  ['200 ids', 'message.modify', ({ many }) => ({ message_id: many, action: 'delete' })],
  ['of 100 kB', 'message.pin', ({ large }) => ({ message_id: large, type: alternately('add', 'remove') })],
  ['200 versions of 5 kB', 'message.history', ({ edited }) => ({ message_id: edited, limit: 200 })],
  ['query of 166 words', 'message.search', () => ({ query: 'ab '.repeat(166) })],
  ['query of 500 marks', 'message.search', () => ({ query: '"'.repeat(250) + '-'.repeat(250) })],
  ['query, in all messages', 'message.search', () => ({ query: 'x' })],
  ['query, in all, 100 of them', 'message.search', () => ({ query: 'x', limit: 100, order: 'newest' })],
  ['query, in none', 'message.search', () => ({ query: 'nowhere', limit: 100 })],
  ['1,000 participants', 'room.create', ({ crowd }) => group({ participants: crowd, max_participants: 2000 })],
  ['1,000 subscribers', 'room.create', ({ crowd }) =>
    ({ type: 'Channel', name: long(64), subscribers: crowd, max_subscribers: 2000 })],
  ['description', 'room.create', () => group({ description: long(4000), avatar: `https://x/${long(190)}` })],
  ['preferences', 'room.create', () => group({ extra_fields: preferences() })],
  ['500 of 600', 'room.list', () => ({ limit: 500 })],
  ['', 'room.info', inRoom()],
  ['1,000 members', 'room.info', ({ crowded }) => ({ room_id: crowded })],
  ['200 of 1,000 members, search', 'room.members', ({ crowded }) =>
    ({ room_id: crowded, limit: 200, search: 'crowd' })],
  ['', 'room.permissions', inRoom()],
  ['all', 'room.messages', inRoom()],
  ['before, 200', 'room.messages', inRoom({ before: 9007199254740991, limit: 200 })],
  ['paginate, the last of 5,000', 'room.messages', ({ archive }) =>
    ({ room_id: archive, paginate: { page: 1_000_000, size: 200 } })],
  ['', 'room.pins', inRoom()],
  ['', 'room.read', inRoom({ seq: 9007199254740991 })],
  ['', 'room.join', ({ open }) => ({ room_id: open })],
  ['unknown invite', 'room.join', () => ({ invite: long(43), reason: long(500) })],
  ['one room after another', 'room.leave', ({ rooms }) => ({ room_id: rooms[counter++ % 200] })],
  ['1,000 members', 'room.add_members', ({ crowded, crowd }) => ({ room_id: crowded, members: crowd })],
  ['1,000 members', 'room.remove_members', ({ crowded, crowd }) => ({ room_id: crowded, members: crowd })],
  ['name, description, avatar', 'room.modify', update({ name: long(64), description: long(4000),
    avatar: `https://x/${long(190)}` })],
  ['preferences', 'room.modify', update(preferences())],
  ['description, 1,000 members', 'room.modify', ({ crowded }) =>
    ({ room_id: crowded, action: 'update', data: { description: long(4000) } })],
  ['1,000 admins', 'room.modify', ({ crowded, crowd }) =>
    ({ room_id: crowded, action: alternately('add_admin', 'remove_admin'), data: { users: crowd } })],
  ['', 'room.invite', inRoom()],
  ['person', 'room.invite', ({ room, crowd }) => ({ room_id: room, user_id: crowd[counter++ % 1000] })],
  ['', 'room.invites', inRoom()],
  ['', 'room.revoke_invite', inRoom({ invite_id: 1 })],
  ['reason', 'room.request', ({ closed }) => ({ room_id: closed, reason: long(500) })],
  ['', 'room.requests', inRoom()],
  ['', 'room.answer', ({ room, crowd }) => ({ room_id: room, user_id: crowd[0], accept: true })],
  ['', 'session.heartbeat', ({ session }) => ({ session_id: session, idle: alternately(true, false) })],
  ['', 'session.list', () => ({})],
  ['', 'session.end', () => ({ session_id: randomUUID() })],
  ['body', 'direct.send', ({ crowd }) => ({ recipient_id: crowd[0], body: long(100_000) })],
  ['one person after another', 'direct.send', ({ crowd }) => ({ recipient_id: crowd[counter++ % 1000], body: 'x' })],
  ['message', 'direct.tell', () => ({ message: long(1500) })],
  ['message to a person', 'direct.tell', ({ crowd }) => ({ recipient_id: crowd[0], message: long(100_000) })],
  ['search', 'direct.people', () => ({ search: long(64, 'a') })],
  ['the last', 'direct.people', () => ({ search: 'crowd', limit: 200, offset: 1800 })],
  ['of all', 'direct.messages', () => ({})],
  ['unknown', 'direct.message', () => ({ message_id: randomUUID() })],
  ['1,000 users, 200 rooms', 'presence.subscribe', ({ crowd, rooms, session }) =>
    ({ users: crowd, rooms, session_id: session })],
  ['1,000 users, 200 rooms', 'presence.unsubscribe', ({ crowd, rooms, session }) =>
    ({ users: crowd, rooms, session_id: session })],
  ['search', 'user.list', () => ({ search: long(64, 'a') })],
  ['200', 'user.list', () => ({ limit: 200 })],
  ['', 'user.block', ({ crowd }) => ({ user_id: crowd[counter++ % 1000] })],
  ['', 'user.unblock', ({ crowd }) => ({ user_id: crowd[counter++ % 1000] })],
  ['1,000', 'user.blocked', () => ({})],
  ['5,000 messages', 'user.export', () => ({})],
  ['another name', 'user.erase', () => ({ username: long(64) })],
  ['', 'user.erase', ({ who }) => ({ username: who.name })],
];
