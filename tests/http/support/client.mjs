// Minimal clients for the three transports: the tests see the transmitted bytes.
import http from 'node:http';
import https from 'node:https';
import { after } from 'node:test';
import WebSocket from 'ws';
import { Contract } from './contract.mjs';

export const DEADLINE = 15_000; // ms

// Web servers close a connection that is idle for some seconds; it must not be reused at that moment.
const keptAgent = new http.Agent({ keepAlive: true, maxSockets: 32, timeout: 2_000 });
/** The certificates of the tests are their own. */
const securely = { rejectUnauthorized: false };
const httpsAgent = new https.Agent({ keepAlive: true, maxSockets: 32, timeout: 2_000, ...securely });
const closed = new Contract();
let extended;

/** Clients of one server. */
export class Site {
  /**
   * @param {string} url the mount point
   * @param {{extended?: boolean, unchecked?: boolean, module?: object, from?: string}} options extended: an operator
   * has added dispatches or fields, so undocumented ones pass; unchecked: an operator has changed documented ones, so
   * nothing is checked; module: makes requests instead of node's own; from: the address of the client
   */
  constructor(url, options = {}) {
    this.url = new URL(url);
    this.module = options.module ?? (this.url.protocol === 'https:' ? https : http);
    this.from = options.from && { localAddress: options.from };
    this.newest = 0; // number of the newest dispatch that answered a command
    this.contract = options.unchecked ? null : options.extended ? (extended ??= new Contract({ extended: true }))
      : closed;
  }

  /** One request: {status, headers, text, body}; body is the parsed text when it is JSON. */
  request(method, path, { body, token, headers = {}, raw, agent } = {}) {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const request = this.module.request(new URL(path, this.url), {
        method, timeout: 60_000, ...securely, ...this.from,
        agent: agent ?? (this.url.protocol === 'https:' ? httpsAgent : keptAgent),
        headers: {
          ...(payload !== undefined
            && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          ...(token && { authorization: `Bearer ${token}` }), ...headers,
        },
      }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part)).on('error', reject).on('end', () => {
          const text = Buffer.concat(parts).toString();
          let parsed;
          try { parsed = JSON.parse(text); } catch { /* not JSON */ }
          try { this.#hold(method, request.path, response, parsed); } catch (error) { reject(error); return; }
          resolve({ status: response.statusCode, headers: response.headers, text, body: parsed });
        });
      });
      // The server may close an idle connection at the moment when it is reused.
      request.on('error', (error) => (request.reusedSocket && error.code === 'ECONNRESET'
        ? resolve(this.request(method, path, { body, token, headers, raw })) : reject(error)));
      request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${path}`)));
      request.end(payload);
    });
  }

  /** Checks an answer against the documents; answers of other paths of the host are not checked. */
  #hold(method, path, response, body) {
    const { pathname } = new URL(path, this.url);
    if (!this.contract || !pathname.startsWith(this.url.pathname)
      || !/^application\/json/.test(response.headers['content-type'])) return;
    this.contract.answer(method, pathname.slice(this.url.pathname.length), response.statusCode, body);
  }

  /** A new account: {user, token, password}. */
  async register(name = 'user') {
    const username = `${name}-${unique()}`, password = 'a good password';
    const { status, body, text } = await this.request('POST', 'session/register', { body: { username, password } });
    if (status !== 201) throw new Error(`register: ${status} ${text}`);
    return { ...body, password };
  }

  /** A command by POST: {status, headers, text, body}. */
  async command(who, event_type, data, headers) {
    const answer = await this.request('POST', 'command', { body: { event_type, data }, token: who.token, headers });
    if (answer.body?.seq > this.newest) this.newest = answer.body.seq;
    return answer;
  }

  /** The answer's body; fails unless it is 200. */
  async done(who, event_type, data) {
    const { status, text, body } = await this.command(who, event_type, data);
    if (status !== 200) throw new Error(`${event_type}: ${status} ${text}`);
    return body;
  }

  /** A group; its RoomDetail. */
  async room(creator, others = [], fields = {}) {
    const made = await this.done(creator, 'room.create', {
      type: 'GroupChat', name: `room ${unique()}`, participants: others.map(({ user }) => user.id), ...fields });
    return made.data;
  }

  /**
   * A stream: common to all three are next(), frames and close(). Without a cursor it begins at its program's place in
   * the log, which may be a moment before the commands answered here already; then another one is opened, so it gets
   * nothing from before.
   */
  async stream(kind, who, options = {}) {
    const open = { ws: openWebSocket, sse: openSse, poll: openPoll }[kind];
    for (;;) {
      const stream = await open(this, who, options);
      const head = stream.frames[0]?.eventType === 'session.ready' ? stream.frames[0].data.seq : Infinity;
      if (options.since !== undefined || options.lastEventId !== undefined || head >= this.newest) return stream;
      stream.close();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

const opened = new Set();

/**
 * Nothing that a failed test has left open keeps the process running; and a frame that is not as documented fails the
 * file, even if no test has waited for it.
 */
after(() => {
  const broken = [...opened].find((stream) => stream.broken && !stream.told);
  for (const stream of opened) stream.close();
  keptAgent.destroy();
  httpsAgent.destroy();
  if (broken) throw broken.broken;
});

export const unique = () => Math.random().toString(36).slice(2, 10);
export const site = new Site(process.env.CONFAB_URL ?? 'http://127.0.0.1:8080/chat/');

/** Waits until a condition holds; fails with the text `what` after the deadline. */
export async function until(condition, what, deadline = DEADLINE) {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The frames of a stream, and waiting for them. */
class Stream {
  frames = []; // parsed
  texts = []; // as received
  comments = 0;
  cursor = '';
  ended = null;
  broken = null; // the first frame that is not as documented
  told = false; // whether a test has failed because of it
  #taken = 0;
  #waiting = [];
  #contract;

  constructor(at) {
    opened.add(this);
    this.#contract = at.contract;
  }

  arrived(text) {
    const frame = JSON.parse(text);
    try { this.#contract?.frame(frame); } catch (error) { this.broken ??= error; }
    this.texts.push(text);
    this.frames.push(frame);
    this.changed();
  }

  end(why) {
    this.ended ??= why;
    this.changed();
  }

  changed() {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The last frames, shortened. */
  #last() {
    return this.texts.slice(-5).map((text) => text.slice(0, 500)).join('\n');
  }

  async until(condition, what, deadline = DEADLINE) {
    const end = Date.now() + deadline;
    for (;;) {
      if (this.broken) {
        this.told = true;
        throw this.broken;
      }
      const value = condition();
      if (value) return value;
      const left = end - Date.now();
      if (left <= 0) throw new Error(`never came: ${what}; had ${this.#last() || 'nothing'}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => { clearTimeout(timer); resolve(); });
      });
    }
  }

  /** The next frame that matches and was not taken yet. */
  next(fits = () => true, deadline = DEADLINE) {
    return this.until(() => {
      while (this.#taken < this.frames.length) {
        const frame = this.frames[this.#taken++];
        if (fits(frame)) return frame;
      }
      if (this.ended) throw new Error(`the stream ended: ${JSON.stringify(this.ended)}`);
      return undefined;
    }, `a frame that fits ${fits}`, deadline);
  }

  event(name, deadline) {
    return this.next(({ eventType }) => eventType === name, deadline);
  }

  message(content, deadline) {
    return this.next((frame) => frame.eventType === 'message.dispatch' && frame.data.content === content, deadline);
  }

  over(deadline) {
    return this.until(() => this.ended, 'the end of the stream', deadline);
  }

  /** The received dispatches, by seq. */
  get stored() {
    return this.frames
      .filter(({ seq, eventType }) => seq !== undefined && eventType && eventType !== 'chat.notifications');
  }
}

function withQuery(url, since, payload) {
  if (since !== undefined) url.searchParams.set('since', since);
  if (payload !== undefined) url.searchParams.set('payload', payload);
  return url;
}

/** options: since, payload, path, protocols (['confab.v1']), headers, noToken, inQuery. */
async function openWebSocket(at, who, { since, payload, path = 'ws', protocols = ['confab.v1'], headers = {},
    inQuery = true, wait = true, ...options }) {
  const url = withQuery(new URL(path, at.url), since, payload);
  url.protocol = url.protocol.replace('http', 'ws');
  if (who?.token && inQuery) url.searchParams.set('token', who.token);
  const stream = new Stream(at);
  const socket = new WebSocket(url, protocols,
    { perMessageDeflate: false, headers, ...securely, ...at.from, ...options });
  stream.socket = socket;
  socket.on('open', () => stream.changed());
  socket.on('message', (data, binary) => stream.arrived(binary ? '"a binary frame"' : data.toString()));
  socket.on('error', (error) => stream.end({ error: String(error) }));
  socket.on('close', (code) => stream.end({ code }));
  stream.close = () => socket.terminate();
  stream.send =
    (value) => socket.send(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value));
  let ids = 0;
  stream.command = (event_type, data) => {
    const id = `c${++ids}`;
    stream.send({ event_type, data, id });
    return stream.until(() => stream.frames.find((frame) => frame.id === id), `an answer to ${event_type}`);
  };
  if (wait) await stream.next();
  return stream;
}

/** options: since, payload, lastEventId, headers, wait. */
async function openSse(at, who, { since, payload, lastEventId, headers = {}, wait = true }) {
  const stream = new Stream(at);
  const request = at.module.get(withQuery(new URL('events', at.url), since, payload), {
    agent: false, ...securely, ...at.from,
    headers: { ...(who?.token && { authorization: `Bearer ${who.token}` }),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }), ...headers },
  });
  stream.close = () => request.destroy();
  request.on('error', (error) => stream.end({ error: String(error) }));
  request.on('response', (response) => {
    stream.status = response.statusCode;
    stream.headers = response.headers;
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (part) => {
      const blocks = (rest + part).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) readBlock(stream, block);
    });
    response.on('end', () => stream.end({ status: response.statusCode }));
    response.on('error', (error) => stream.end({ error: String(error) }));
    stream.response = response;
    stream.changed();
  });
  if (wait) await stream.next();
  return stream;
}

function readBlock(stream, block) {
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith(':')) stream.comments++;
    if (line.startsWith('id: ')) stream.cursor = line.slice(4);
    if (line.startsWith('retry: ')) stream.retry = Number(line.slice(7));
    if (line.startsWith('data: ')) data += line.slice(6);
  }
  if (data) stream.arrived(data);
  else stream.changed();
}

/** A chain of long-polls. options: since, payload, headers, seconds. */
async function openPoll(at, who, { since, payload, headers, seconds = 25, wait = true }) {
  const stream = new Stream(at);
  let open = true;
  stream.cursor = since ?? '';
  stream.close = () => { open = false; };
  const once = async () => {
    const url = withQuery(new URL('poll', at.url), undefined, payload);
    url.searchParams.set('wait', seconds);
    if (stream.cursor) url.searchParams.set('since', stream.cursor);
    const session = stream.frames[0]?.data?.session_id;
    if (session) url.searchParams.set('session', session);
    const { status, body, text } = await at.request('GET', url.pathname + url.search, { token: who?.token, headers });
    if (!open) return;
    if (status !== 200) throw Object.assign(new Error(text), { status });
    stream.cursor = body.cursor;
    for (const event of eventTexts(text)) stream.arrived(event);
    stream.changed();
  };
  (async () => { while (open) await once(); })()
    .catch((error) => stream.end({ status: error.status, error: String(error) }));
  if (wait)
    await stream.until(() => stream.cursor !== (since ?? '') || stream.frames.length || stream.ended,
      'the first answer');
  return stream;
}

/** The members of "events", as received bytes. */
function eventTexts(text) {
  const list = text.slice('{"events":['.length, text.lastIndexOf('],"cursor"'));
  const found = [];
  let depth = 0, start = 0, quoted = false;
  for (let i = 0; i < list.length; i++) {
    const c = list[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') {
      quoted = true;
    } else if (c === '{' || c === '[') {
      if (depth++ === 0) start = i;
    } else if (c === '}' || c === ']') {
      if (--depth === 0) found.push(list.slice(start, i + 1));
    }
  }
  return found;
}

export const KINDS = ['ws', 'sse', 'poll'];
