// HTTP/2 with the interface of node:http, as far as Site uses it: one connection for each origin, as of a browser.
import { EventEmitter } from 'node:events';
import http2 from 'node:http2';

const sessions = new Map();

/** An open connection to an origin; the certificates of the tests are their own. */
export function sessionOf(origin) {
  let session = sessions.get(origin);
  if (session && !session.closed && !session.destroyed) return session;
  session = http2.connect(origin, { rejectUnauthorized: false });
  const forget = () => { if (sessions.get(origin) === session) sessions.delete(origin); };
  session.on('error', forget).on('goaway', forget).on('close', forget);
  sessions.set(origin, session);
  return session;
}

class Request extends EventEmitter {
  constructor(url, { method = 'GET', headers = {} }) {
    super();
    this.path = url.pathname + url.search;
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    this.stream = sessionOf(url.origin).request({ ':method': method, ':path': this.path, ...lower });
    this.stream.on('error', (error) => this.emit('error', error)).on('response', (got) =>
      this.emit('response', Object.assign(this.stream, { statusCode: got[':status'], headers: got })));
  }

  end(payload) {
    this.stream.end(payload);
    return this;
  }

  destroy() {
    this.stream.close(http2.constants.NGHTTP2_CANCEL);
  }
}

export function request(url, options, onResponse) {
  const asked = new Request(url, options);
  if (onResponse) asked.on('response', onResponse);
  return asked;
}

export const get = (...words) => request(...words).end();

/** Closes every connection. */
export function close() {
  for (const session of sessions.values()) session.destroy();
}
