import { AccountMark } from './account-mark.js';
import { Answers } from './answers.js';
import { Api } from './api.js';
import { Auth } from './auth.js';
import { Code, Command, Dispatch, OF_SESSION, SWIFT } from './codes.js';
import { Connection } from './connection.js';
import { ConfabError } from './error.js';
import { IdleTimer } from './idle.js';
import { request } from './request.js';
import { persist } from './retry.js';
import { Share } from './share.js';
import { Typing } from './typing.js';

/** @typedef {import('./types.js').User} User */

/**
 * One person's connection to one server. Events:
 *   dispatch       a dispatch of the log; each comes once, in order
 *   signal         a dispatch that is not stored: typing, presence
 *   ready          a stream has begun: {session_id, user, seq, epoch}
 *   notifications  pending notifications by room, at the start of each stream
 *   resync         the stream could not be continued from the cursor: load the state again (a Store does)
 *   state          'connecting', 'open', 'waiting', 'unauthenticated', 'stopped'
 */
export class Client extends Api {
  /** @type {User | null} the person, once known */
  user = null;
  epoch = '';
  seq = 0; // of the last dispatch
  sessionId = '';
  /** @type {import('./types.js').State} */
  state = 'stopped';
  /**
   * @type {(() => any) | null} pending notifications, as in `notifications`; set by a Store, for tabs that open later
   */
  pending = null;
  #answers = new Answers();
  #standing = false;
  #run = 0;
  #typing = new Typing((room_id, typing) => this.command(Command.TYPING, { room_id, typing }));

  /**
   * @param {object} [options]
   * @param {string} [options.url] the mount point, default '/chat/'
   * @param {import('./types.js').TokenSource} [options.token] instead of the cookie
   * @param {string[]} [options.transports] of 'ws', 'sse', 'poll', in order of preference
   * @param {boolean} [options.share] one connection for all tabs of this browser, where it can do that; default true
   */
  constructor({ url = '/chat/', token, transports = ['ws', 'sse', 'poll'], share = true } = {}) {
    super();
    this.base = new URL(url, globalThis.location?.href);
    this.auth = new Auth(token);
    this.mark = new AccountMark(this.base, () => { if (this.#isReplaced) this.#endLogIn(); });
    this.connection = new Connection({
      base: this.base, auth: this.auth, transports,
      frame: (frame) => this.#arrived(frame), heartbeat: () => ({ idle: this.share.isIdle }),
      state: (state) => this.share.isLeading && this.setState(state),
    });
    this.share = new Share(this, share);
    this.idle = new IdleTimer((idle) => this.share.setIdle(idle), () => this.share.touch());
    globalThis.addEventListener?.('online', () => this.hurry());
    globalThis.addEventListener?.('offline', () => { if (this.share.isLeading) this.connection.lose(); });
  }

  /** @returns {string} 'ws', 'sse' or 'poll' */
  get transport() { return this.share.transport; }

  /**
   * Opens the stream, from the last cursor if there is one. Resolves when it is open or can't be opened: `state` says
   * which.
   */
  async start() {
    if (this.#isOver) await this.#begin();
    while (!this.#standing && !this.#isOver)
      await this.#news();
  }

  get #isOver() { return this.state === 'stopped' || this.state === 'unauthenticated'; }

  #news() { return Promise.race([this.once('ready'), this.once('state')]); }

  async #begin() {
    const run = ++this.#run, isWanted = () => run === this.#run;
    this.setState('connecting');
    const { user } = this;
    if (user ? this.#isReplaced : this.share.isPossible) {
      try {
        await persist(() => this.whoAmI(), { isWanted, failed: () => this.setState('waiting') });
        if (user && this.user?.id !== user.id)
          throw ConfabError.loggedOut('Somebody else is logged in.');
      } catch {
        return isWanted() ? this.setState('unauthenticated') : undefined;
      }
      if (!isWanted()) return;
    }
    this.share.stop();
    this.share.start();
  }

  /**
   * Resolves when the stream has a place in the log: answers and dispatches from then on leave no gap. Rejects with
   * 4001 when nobody is logged in.
   */
  async ready() {
    while (!this.#standing) {
      if (this.state === 'unauthenticated') throw ConfabError.loggedOut();
      await this.#news();
    }
  }

  stop() {
    this.#run++;
    this.share.stop();
    this.connection.stop();
    this.setState('stopped');
  }

  /** Forgets the place in the log and the person. */
  forget() {
    this.connection.cursor = '';
    this.seq = 0;
    this.user = null;
    this.#standing = false;
  }

  /** The network may be there again: try at once. */
  hurry() { this.share.hurry(); }

  /**
   * @override
   * @param {string} method @param {string} path @param {object} [body]
   */
  async account(method, path, body) {
    const isByCookie = this.auth.isByCookie;
    try {
      const { user, token } = await this.request(method, path, body);
      if (isByCookie) this.mark.set(user.id);
      if (this.user && this.user.id !== user.id) {
        this.stop();
        this.forget(); // the place in the log was another account's
      }
      this.user = user;
      // outside of browsers there is no cookie
      if (isByCookie && token && !globalThis.location) this.auth.take(token);
      return user;
    } catch (error) {
      const isOut = error instanceof ConfabError && error.code === Code.UNAUTHENTICATED;
      if (isByCookie && isOut && method === 'GET') this.mark.set(undefined);
      throw error;
    }
  }

  async logOut() {
    this.stop();
    this.forget();
    if (this.auth.isByCookie) this.mark.set(undefined);
    await this.request('DELETE', 'session');
  }

  /** Whether the cookie is known to belong to another account by now. @returns {boolean} */
  get #isReplaced() {
    return this.auth.isByCookie && !!this.user && this.mark.isOther(this.user.id);
  }

  /** Stops, because the log-in has ended or is another account's: it can't be used for this person any more. */
  #endLogIn() {
    if (this.#isOver) return;
    this.#run++;
    this.setState('unauthenticated');
    this.connection.stop();
  }

  /**
   * @override
   * @param {string} method @param {string} path below the mount point @param {object} [body]
   */
  request(method, path, body) {
    return request(this, method, path, body);
  }

  /**
   * Sends one command: over the WebSocket if it is open and gives the same answer, else by POST.
   * @override
   * @param {string} event_type
   * @param {object} [data]
   * @param {{byPost?: boolean}} [how]
   * @returns {Promise<any>}
   */
  async command(event_type, data = {}, { byPost = false } = {}) {
    if (this.#isReplaced) {
      this.#endLogIn();
      throw ConfabError.loggedOut('Somebody else is logged in.');
    }
    if (OF_SESSION.has(event_type) && this.sessionId) data = { ...data, session_id: this.sessionId };
    const answer = SWIFT.has(event_type) && this.share.isLeading && !byPost
      ? this.#answers.ask((text) => this.connection.send(text), event_type, data) : null;
    return answer ?? this.request('POST', 'command', { event_type, data });
  }

  /**
   * Reports typing in a room, or the end of typing without a message. Call it for every key.
   * @param {string} room_id @param {boolean} [typing]
   */
  typing(room_id, typing = true) { this.#typing.set(room_id, typing); }

  /** For Share. @param {import('./types.js').State} state */
  setState(state) {
    if (state !== 'open') this.#answers.lose();
    if (this.state === state) return;
    this.state = state;
    this.share.tellState();
    if (state === 'unauthenticated') this.share.stop(); // another tab may be logged in, or will be
    this.emit('state', state);
  }

  /** Handles a frame of our own stream. @param {any} frame */
  #arrived(frame) {
    if (frame.id !== undefined) return this.#answers.settle(frame.id, frame);
    if (frame.error) return this.#answers.settleOnly(frame);
    if (frame.eventType === Dispatch.READY && !this.#isOurs(frame.data.user)) return this.#endLogIn();
    this.share.publish(frame, this.seq);
    this.take(frame);
  }

  /** For Share: handles a frame of our stream or of the leading tab's. @param {any} frame */
  take(frame) {
    switch (frame.eventType) {
      case Dispatch.READY:
        this.sessionId = frame.data.session_id;
        this.stand(frame.data.epoch, frame.data.seq, false);
        return this.emit('ready', frame.data);
      case Dispatch.NOTIFICATIONS:
        return this.emit('notifications', frame.data);
      case Dispatch.RESYNC:
        this.stand(frame.data.epoch, frame.data.head, true);
        return this.emit('resync', frame.data);
      default:
        return this.#dispatch(frame);
    }
  }

  /** Whether a stream is this person's: the cookie may be another account's by now. @param {User | undefined} user */
  #isOurs(user) {
    this.user ??= user ?? null;
    return !user || user.id === this.user?.id;
  }

  /**
   * For Share: sets the place to continue from. The head in the first frames is that place only if we had no cursor;
   * otherwise the dispatches in between are still to come.
   * @param {string} epoch @param {number} seq @param {boolean} force
   */
  stand(epoch, seq, force) {
    this.epoch = epoch;
    this.#standing = true;
    if (!force && this.connection.cursor) return;
    this.seq = seq;
    this.connection.cursor = `${epoch}:${seq}`;
  }

  /** @param {any} dispatch */
  #dispatch(dispatch) {
    if (!dispatch.eventType) return;
    if (dispatch.seq === undefined) return this.emit('signal', dispatch);
    if (dispatch.seq <= this.seq) return;
    this.share.keep(dispatch, this.seq);
    this.seq = dispatch.seq;
    this.connection.cursor = `${this.epoch}:${dispatch.seq}`;
    this.emit('dispatch', dispatch);
  }
}
