import { Command } from './codes.js';
import { Emitter } from './emitter.js';

/**
 * The commands by name and the requests about the own account, as methods that return the relevant data of the answer.
 * Stored changes also come down the stream to everyone concerned.
 * @typedef {string | string[]} Ids
 */
export class Api extends Emitter {
  /**
   * @param {string} event_type @param {object} [data] @param {{byPost?: boolean}} [_how]
   * @returns {Promise<any>} the reply, or the dispatch; `{status, seq?}` if there is neither
   */
  async command(event_type, data, _how) {}

  /**
   * One HTTP request.
   * @param {string} method @param {string} path below the mount point @param {object} [body] @returns {Promise<any>}
   */
  async request(method, path, body) {}

  /**
   * A request that answers with the account.
   * @param {string} method @param {string} path @param {object} [body] @returns {Promise<import('./types.js').User>}
   */
  async account(method, path, body) { return /** @type {any} */ (undefined); }

  /** @param {string} username @param {string} password */
  logIn(username, password) { return this.account('POST', 'session', { username, password }); }

  /**
   * @param {string} username @param {string} password
   * @param {string} [email] the address for the link if the password is forgotten
   */
  register(username, password, email) {
    return this.account('POST', 'session/register', { username, password, email });
  }

  /** The account that is logged in. Fails with code 4001 when none is. */
  whoAmI() { return this.account('GET', 'session'); }

  /**
   * What a form in front of the chat can offer.
   * @returns {Promise<{allow_register: boolean, password_reset: boolean}>}
   */
  logInOptions() { return this.request('GET', 'session/options'); }

  /** Ends the person's other log-ins. @param {string} old_password @param {string} new_password */
  changePassword(old_password, new_password) {
    return this.request('POST', 'session/password', { old_password, new_password });
  }

  /**
   * Sends a link by mail for a forgotten password; the answer is the same whether there is such an account or not.
   * @param {{username: string} | {email: string}} who
   */
  askForReset(who) { return this.request('POST', 'session/reset', who); }

  /** Ends all log-ins of the person. @param {string} token of the link @param {string} new_password */
  resetPassword(token, new_password) { return this.request('POST', 'session/reset', { token, new_password }); }

  /** @param {string} event_type @param {object} [data] @returns {Promise<any>} */
  async #ask(event_type, data) {
    return (await this.command(event_type, data)).data;
  }

  /**
   * The pages of a list.
   * @param {string} event_type @param {object} [data] @returns {Promise<any[]>}
   */
  async #pages(event_type, data) {
    const answer = await this.command(event_type, data);
    return [answer.data, ...answer.next ? await this.#pages(event_type, { ...data, before: answer.next }) : []];
  }

  /** All rooms, most recent activity first. @returns {Promise<import('./types.js').Room[]>} */
  async listRooms() {
    // A room that moves down in between is listed twice.
    const rooms = (await this.#pages(Command.LIST_ROOMS)).flat();
    return [...new Map(rooms.map((room) => [room.id, room])).values()];
  }

  /**
   * The members of a room, by id; `total` counts all members even in a search.
   * @param {string} room_id @param {{after?: number, limit?: number, search?: string}} [which]
   * @returns {Promise<{
   *   members: {user: import('./types.js').User, role: string}[], has_next: boolean, total: number
   * }>}
   */
  listMembers(room_id, which) { return this.#ask(Command.MEMBERS, { ...which, room_id }); }

  /**
   * The caller's rights in a room: 'send', 'add_members', 'administer' …; and, for a caller who may administer it, the
   * grants of plain members.
   * @param {string} room_id
   * @returns {Promise<{
   *   room_id: string, may: string[], members: {user: import('./types.js').UserRef, permission: string[]}[]
   * }>}
   */
  roomPermissions(room_id) { return this.#ask(Command.PERMISSIONS, { room_id }); }

  /** @param {string} room_id @returns {Promise<import('./types.js').RoomDetail>} */
  roomInfo(room_id) { return this.#ask(Command.ROOM_INFO, { room_id }); }

  /**
   * A page of history, newest first.
   * @param {string} room_id
   * @param {{before?: number, after?: number, around?: number, limit?: number}} [place]
   * @returns {Promise<{
   *   has_next: boolean, has_previous: boolean, data: {room_id: string, messages: import('./types.js').Message[]}
   * }>} has_next: there are older ones
   */
  page(room_id, place = {}) { return this.#ask(Command.MESSAGES, { limit: 50, ...place, room_id }); }

  /**
   * @param {{
   *   type: string, name?: string, participants?: number[], subscribers?: number[], description?: string,
   *   extra_fields?: object
   * }} fields
   * @returns {Promise<import('./types.js').RoomDetail>}
   */
  createRoom(fields) { return this.#ask(Command.CREATE_ROOM, fields); }

  /** @param {string} room_id @param {object} data name, description, avatar (null clears), switches, limits */
  updateRoom(room_id, data) { return this.modifyRoom(room_id, 'update', data); }

  /**
   * @param {string} room_id @param {string} action add_admin, remove_moderator, add_permission … @param {object} [data]
   */
  modifyRoom(room_id, action, data) { return this.#ask(Command.MODIFY_ROOM, { room_id, action, data }); }

  /** @param {string} room_id */
  deleteRoom(room_id) { return this.modifyRoom(room_id, 'delete'); }

  /** @param {string} room_id of a public channel */
  joinRoom(room_id) { return this.#ask(Command.JOIN, { room_id }); }

  /** @param {string} invite the secret of an invite */
  joinByInvite(invite) { return this.#ask(Command.JOIN, { invite }); }

  /** @param {string} room_id */
  leaveRoom(room_id) { return this.#ask(Command.LEAVE, { room_id }); }

  /** @param {string} room_id @param {number[]} members */
  addMembers(room_id, members) { return this.#ask(Command.ADD_MEMBERS, { room_id, members }); }

  /** @param {string} room_id @param {number[]} members */
  removeMembers(room_id, members) { return this.#ask(Command.REMOVE_MEMBERS, { room_id, members }); }

  /** @param {string} room_id @param {{expires_in?: number, max_uses?: number}} [limits] */
  createInvite(room_id, limits) { return this.#ask(Command.INVITE, { ...limits, room_id }); }

  /** @param {string} room_id */
  listInvites(room_id) { return this.#ask(Command.INVITES, { room_id }); }

  /** @param {string} room_id @param {number} invite_id */
  revokeInvite(room_id, invite_id) { return this.#ask(Command.REVOKE_INVITE, { room_id, invite_id }); }

  /** @param {string} room_id @param {string} [reason] */
  requestToJoin(room_id, reason) { return this.#ask(Command.REQUEST, { room_id, reason }); }

  /** @param {string} room_id */
  listRequests(room_id) { return this.#ask(Command.REQUESTS, { room_id }); }

  /**
   * @param {string} room_id @param {number | undefined} user_id undefined: the own invitation @param {boolean} accept
   */
  answerRequest(room_id, user_id, accept) { return this.#ask(Command.ANSWER, { room_id, user_id, accept }); }

  /** @param {string} message_id @param {string} content HTML */
  editMessage(message_id, content) {
    return this.#ask(Command.MODIFY, { action: 'update', message_id, extra_fields: { content } });
  }

  /** @param {Ids} message_id */
  deleteMessage(message_id) { return this.#ask(Command.MODIFY, { action: 'delete', message_id }); }

  /** @param {string} message_id @param {string} reaction_content */
  react(message_id, reaction_content) {
    return this.#ask(Command.REACT, { type: 'add', message_id, reaction_content });
  }

  /** @param {string} message_id */
  unreact(message_id) { return this.#ask(Command.REACT, { type: 'remove', message_id }); }

  /** @param {string} message_id @param {boolean} [on] */
  pin(message_id, on = true) { return this.#ask(Command.PIN, { message_id, type: on ? 'add' : 'remove' }); }

  /** @param {string} room_id @returns {Promise<import('./types.js').Message[]>} newest pin first */
  async listPins(room_id) {
    return (await this.#pages(Command.PINS, { room_id })).flatMap(({ messages }) => messages);
  }

  /**
   * @param {string} message_id
   * @returns {Promise<{version: number, content: string, created_at: string}[]>} the current text first
   */
  async messageHistory(message_id) { return (await this.#ask(Command.HISTORY, { message_id })).versions; }

  /** @param {Ids} message_id */
  acknowledge(message_id) { return this.command(Command.ACKNOWLEDGED, { message_id }); }

  /** @param {Ids} message_id */
  readMessages(message_id) { return this.command(Command.READ, { message_id }); }

  /** Marks everything up to a seq as read. @param {string} room_id @param {number} seq */
  readRoom(room_id, seq) { return this.command(Command.READ_ROOM, { room_id, seq }); }

  /**
   * Snippets are HTML, safe to insert: text and <mark>.
   * @param {{
   *   query: string, room_id?: string, sender?: number, before?: number, limit?: number, order?: 'relevance' | 'newest'
   * }} what
   * @returns {Promise<{
   *   query: string, order: string, has_next: boolean,
   *   results: {message: import('./types.js').Message, snippet: string, rank: number}[]
   * }>}
   */
  search(what) { return this.#ask(Command.SEARCH, what); }

  /**
   * @param {{search?: string, after?: number, limit?: number}} [which]
   * @returns {Promise<{users: import('./types.js').User[], has_next: boolean}>}
   */
  listUsers(which) { return this.#ask(Command.USERS, which); }

  /** @param {number} user_id @param {boolean} [on] */
  block(user_id, on = true) { return this.#ask(on ? Command.BLOCK : Command.UNBLOCK, { user_id }); }

  /** @returns {Promise<import('./types.js').UserRef[]>} */
  async listBlocked() { return (await this.#ask(Command.BLOCKED)).users; }

  listSessions() { return this.#ask(Command.SESSIONS); }

  /** @param {{session_id?: string, login_id?: number}} which */
  endSession(which) { return this.#ask(Command.END_SESSION, which); }
}
