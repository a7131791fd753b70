// A small server as the client library sees it: log-ins, commands, and streams that begin, continue and break.
import { answer } from './fakes.mjs';

const ROOMS = ['r1', 'r2', 'r3'];
const user = (id) => ({ id, username: `user${id}`, email: '', first_name: '', last_name: '' });

/** Stores the messages. `chance(p)` decides which operations fail while `isHealthy` is false. */
export class WalkServer {
  isHealthy = false;
  messages = [];
  sockets = new Set();
  #logins = new Map(); // cookie -> account; gone: ended
  #n = 0;
  #horizon = 0; // dispatches up to here are not kept

  constructor(chance) {
    this.chance = chance;
  }

  get head() { return this.messages.length; }

  /** Handles a request. The cookie of the browser is changed in place: {cookie}. */
  request(browser, method, path, body) {
    const account = this.#logins.get(browser.cookie);
    if (path === 'healthz') return answer(200, {});
    if (path === 'session' && method === 'POST') return this.#logIn(browser, Number(body.username));
    if (account === undefined) return answer(401, { error: { code: 4001, detail: 'Authentication failed.' } });
    if (path === 'session' && method === 'GET') return answer(200, { user: user(account) });
    if (path === 'session') return this.#logOut(browser);
    const [status, reply, headers] = this.command(account, body.event_type, body.data);
    return answer(status, reply, headers);
  }

  #logIn(browser, account) {
    browser.cookie = `login ${++this.#n}`;
    this.#logins.set(browser.cookie, account);
    return answer(200, { user: user(account), token: browser.cookie });
  }

  #logOut(browser) {
    this.#logins.delete(browser.cookie);
    for (const socket of [...this.sockets]) if (socket.cookie === browser.cookie) socket.ends(4001);
    browser.cookie = '';
    return answer(200, {});
  }

  /** @returns {[number, any, Record<string, string>?]} status, body, headers */
  command(account, name, data) {
    if (!this.isHealthy && this.chance(0.06)) return this.#trouble();
    switch (name) {
      case 'message.send': return this.#send(account, data);
      case 'room.list': return [200, { data: ROOMS.map((id) => this.#room(id)) }];
      case 'room.messages': return [200, this.#page(data.room_id)];
      case 'presence.subscribe': return [200, { data: { users: [] } }];
      default: return [200, { status: 'success' }];
    }
  }

  #trouble() {
    const [status, code, headers] = [[429, 4029, { 'Retry-After': '3' }], [503, 4053], [500, 4006], [502, 0]][
      this.chance(0.4) ? 0 : this.chance(0.6) ? 1 : 3];
    return [status, code ? { error: { code, detail: 'in trouble' } } : 'no JSON', headers];
  }

  #send(account, { room_id, content, client_id, as_user }) {
    if (as_user !== undefined && as_user !== account) return [401, { error: { code: 4001, detail: 'not you' } }];
    if (content.includes('refused')) return [400, { error: { code: 4003, detail: { content: ['Refused.'] } } }];
    const known = this.messages.find((one) => one.sender.id === account && one.client_id === client_id);
    if (known) return [200, { status: 'success', seq: known.seq }];
    const seq = this.head + 1;
    const message = {
      id: `m${seq}`, seq, room: { id: room_id }, sender: user(account), content, client_id, parent_message: null,
      forwarded_from: null, mentions: [], read_receipts: [], reactions: [], attachments: [], delivered_to: [],
      reaction_counts: {}, read_count: 0, delivered_count: 0, is_edited: false, created_at: '2026-01-01T00:00:00Z',
    };
    this.messages.push(message);
    for (const socket of this.sockets) socket.says(this.#dispatch(message));
    return [200, { status: 'success', seq }];
  }

  #dispatch(message) { return { eventType: 'message.dispatch', data: message, seq: message.seq }; }

  #room(id) {
    const last = this.messages.findLast(({ room }) => room.id === id) ?? null;
    return { id, type: 'GroupChat', name: id, last_message: last, unread: 0, mentions: 0, last_read_seq: 0,
      created_at: '2026-01-01T00:00:00Z' };
  }

  #page(id) {
    const messages = this.messages.filter(({ room }) => room.id === id).slice(-50).reverse();
    return { has_next: false, has_previous: false, data: { room_id: id, messages } };
  }

  /** A stream begins, from a cursor or without one. */
  begin(socket) {
    const account = this.#logins.get(socket.cookie);
    if (account === undefined) return socket.ends(4001);
    this.sockets.add(socket);
    socket.account = account;
    const since = Number(/:(\d+)$/.exec(socket.since ?? '')?.[1] ?? this.head);
    const ready = { session_id: `s${++this.#n}`, user: user(account), seq: this.head, epoch: 'e', heartbeat: 25 };
    socket.says({ eventType: 'session.ready', data: ready });
    socket.says({ eventType: 'chat.notifications', data: {} });
    if (since < this.#horizon)
      return socket.says({ eventType: 'session.resync', data: { epoch: 'e', head: this.head } });
    for (const message of this.messages.slice(since)) socket.says(this.#dispatch(message));
  }

  forgetLog() { this.#horizon = this.head; }

  restart() { for (const socket of [...this.sockets]) socket.ends(1012); }
}
