// A minimal client for measurements: raw sockets, so that no library is measured.
import { connect } from 'node:net';
import { request, Agent } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../tests/package.json', import.meta.url));
const WebSocket = require('ws');

export const base = new URL(process.env.CONFAB_URL ?? 'http://127.0.0.1:8080/chat/');
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** One JSON request; resolves to {status, body}. */
export function call(method, path, body, token) {
  return new Promise((resolve, reject) => {
    const req = request(new URL(path, base), {
      method, agent,
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
      },
    }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (part) => { text += part; });
      res.on('end', () => resolve({ status: res.statusCode, body: text && JSON.parse(text) }));
    });
    req.on('error', reject);
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A new account; resolves to {token, user}. */
export async function register(name) {
  const username = `${name}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  const { status, body } = await call('POST', 'session/register', { username, password: 'bench-password' });
  if (status !== 201) throw new Error(`register: ${status} ${JSON.stringify(body)}`);
  return body;
}

export async function command(token, event_type, data) {
  const { status, body } = await call('POST', 'command', { event_type, data }, token);
  if (status !== 200) throw new Error(`${event_type}: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** A WebSocket stream; `arrived(json)` for each frame. Resolves when the first frame is there. */
export function openWebSocket(token, arrived) {
  return new Promise((resolve, reject) => {
    const url = new URL(`ws?token=${token}`, base);
    url.protocol = 'ws:';
    const socket = new WebSocket(url, ['confab.v1'], { perMessageDeflate: false });
    socket.on('message', (data) => { arrived(data.toString()); resolve(() => socket.terminate()); });
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`closed: ${code}`)));
  });
}

function rawGet(path, token, arrived) {
  return new Promise((resolve, reject) => {
    const url = new URL(path, base);
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('connect', () => socket.write(
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${token}\r\n\r\n`));
    socket.on('data', (part) => { arrived(part); resolve(() => socket.destroy()); });
  });
}

/** An SSE stream over a raw socket; `arrived(text)` for each piece. */
export function openSse(token, arrived) {
  return rawGet('events', token, arrived);
}

/** A chain of long-polls; `arrived(json)` for each dispatch. Resolves after the first answer. */
export async function openPoll(token, arrived) {
  let cursor = '', open = true;
  const once = async () => {
    const { status, body } = await call('GET', `poll${cursor && `?since=${cursor}`}`, undefined, token);
    if (status !== 200) throw new Error(`poll: ${status}`);
    cursor = body.cursor;
    for (const event of body.events) arrived(JSON.stringify(event));
  };
  await once();
  (async () => { while (open) await once(); })().catch((error) => { if (open) throw error; });
  return () => { open = false; };
}

/** A poll that is left waiting on a socket of its own. */
export async function holdPoll(token) {
  const { body } = await call('GET', 'poll', undefined, token);
  const url = new URL(`poll?wait=50&since=${body.cursor}`, base);
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  await new Promise((resolve, reject) => { socket.on('connect', resolve); socket.on('error', reject); });
  socket.write(
    `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  return () => socket.destroy();
}

export function percentile(sorted, p) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
}
