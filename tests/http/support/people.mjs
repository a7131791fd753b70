// Short helpers for people, rooms and refusals. Accounts are made by the operator, because the log-in program is slow
// at hashing passwords.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { site as common, unique } from './client.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../../..');

export const MESSAGE = ['id', 'room', 'sender', 'read_receipts', 'reactions', 'attachments', 'parent_message',
  'forwarded_from', 'delivered_to',
  'content', 'is_deleted', 'is_forwarded', 'is_edited', 'created_at', 'updated_at', 'seq', 'delivered_count',
  'read_count',
  'reaction_counts', 'mentions', 'pinned'];
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STATUS = { 4001: 401, 4002: 403, 4003: 422, 4004: 404, 4005: 409, 4013: 413, 4029: 429 };

/** Runs a statement as the operator of the common stack; returns its output. */
export async function sql(statement) {
  const { stdout } = await run(path.join(top, 'tools/stack'), ['sql', process.env.CONFAB_DIR, statement]);
  return stdout.trim();
}

/** New accounts that are logged in, in the order of the names: {user, token, ref, shown}. */
export async function people(names, query = sql) {
  const tokens = names.map(() => randomBytes(32).toString('base64url'));
  const rows = names.map((name, i) => {
    const hash = createHash('sha256').update(tokens[i]).digest('hex');
    return `(${i}, '${name}-${unique()}', '\\x${hash}'::bytea)`;
  });
  const out = await query(`select l.account from (values ${rows}) v (n, name, hash)
    cross join lateral (select confab.account_create(v.name, null, '{"email": "e@mail.example", "first_name": "F"}')
      id offset 0) a
    cross join lateral confab.login_create(a.id, v.hash, null, null) l order by v.n`);
  return out.split('\n').map((line, i) => {
    const user = JSON.parse(line), { id, username } = user;
    return { user, token: tokens[i], ref: { id, username }, shown: { ...user, email: '' } };
  });
}

/** Commands to one server, returning the parts of the answers that tests need. */
export class Desk {
  constructor(site = common) {
    this.site = site;
  }

  /** The dispatch or reply of a command that must succeed. */
  ask(who, event, data) {
    return this.site.done(who, event, data);
  }

  /** The data of that dispatch or reply. */
  async data(who, event, data) {
    return (await this.ask(who, event, data)).data;
  }

  /** Sends a message; returns its Message. */
  say(who, room, content = `m ${unique()}`, extra_fields = undefined, more = {}) {
    return this.data(who, 'message.send',
      { room_id: room.id, content, ...(extra_fields && { extra_fields }), ...more });
  }

  make(who, type, fields = {}) {
    return this.data(who, 'room.create',
      { type, ...(type !== 'OneToOneChat' && { name: `r ${unique()}` }), ...fields });
  }

  group(who, others = [], fields = {}) {
    return this.make(who, 'GroupChat', { participants: ids(others), ...fields });
  }

  channel(who, others = [], fields = {}) {
    return this.make(who, 'Channel', { subscribers: ids(others), ...fields });
  }

  pair(who, other) {
    return this.make(who, 'OneToOneChat', { participants: ids([other]) });
  }

  modify(who, room, action, data) {
    return this.ask(who, 'room.modify', { room_id: room.id, action, data });
  }

  async messages(who, room) {
    return (await this.data(who, 'room.messages', { room_id: room.id })).data.messages;
  }

  /** A room as the list shows it; undefined when it doesn't. */
  async item(who, room) {
    return (await this.data(who, 'room.list')).find(({ id }) => id === room.id);
  }

  /** The notifications of messages in a room that chat.notifications has at a new connection. */
  async notifications(who, room) {
    return (await this.notified(who, room)).filter(({ notification_type: type }) => type !== 'ROOM_INVITE');
  }

  /** All notifications at a new connection. */
  async notified(who, room) {
    const stream = await this.site.stream('ws', who);
    const { data } = await stream.event('chat.notifications');
    stream.close();
    return data[room.id] ?? [];
  }

  /** Fails unless a command is refused with exactly this error; "beside" holds the members beside it. */
  async refused(who, event, data, code, detail, beside = {}) {
    const { status, body } = await this.site.command(who, event, data);
    assert.deepEqual(body, { error: { code, detail }, ...beside }, `${event} ${JSON.stringify(data)}`);
    assert.equal(status, STATUS[code]);
  }
}

export const ids = (list) => list.map(({ user }) => user.id);
export const NOT_FOUND = 'Resource not found.';
export const CONFLICT = 'Database constraint violated.';
export const DENIED = {
  room: 'User is not authorized access this room',
  send: 'User is not authorized to send message to this room',
  message: 'User is not authorized to access this message',
  owner: 'User is not authorized to modify this message',
  add: 'User is not authorized to add new members to this room',
  remove: 'User is not authorized to remove members from this room',
  admin: 'User is not an admin of this room',
  creator: 'User is not the creator of this room',
};
