// A FastCGI client that talks to a program without a web server, which would shield the program from bad requests.
import net from 'node:net';

const BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6;

export function record(type, content, id = 1) {
  const head = Buffer.from([1, type, 0, id, content.length >> 8, content.length & 0xff, 0, 0]);
  return Buffer.concat([head, content]);
}

function length(text) {
  const n = Buffer.byteLength(text);
  if (n < 128) return Buffer.from([n]);
  const long = Buffer.alloc(4);
  long.writeUInt32BE((n | 0x80000000) >>> 0);
  return long;
}

export const pair = (name, value) => Buffer.concat([length(name), length(value), Buffer.from(name + value)]);

/** One request on a connection of its own. */
export class FastcgiRequest {
  received = Buffer.alloc(0);

  /**
   * @param {string} path of the socket
   * @param {object} [params] as begin() takes them, which is to be called without them
   */
  constructor(path, params) {
    this.socket = net.connect(path);
    this.socket.on('error', () => {});
    this.socket.on('data', (part) => { this.received = Buffer.concat([this.received, part]); });
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    if (params) this.begin(params);
  }

  begin(params) {
    this.socket.write(Buffer.concat([
      record(BEGIN, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])),
      record(PARAMS, Buffer.concat(Object.entries(params).map(([name, value]) => pair(name, `${value}`)))),
      record(PARAMS, Buffer.alloc(0))]));
  }

  /** A piece of the body; resolves when the kernel has it. */
  write(bytes) {
    const parts = [];
    for (let at = 0; at < bytes.length; at += 65000) parts.push(record(STDIN, bytes.subarray(at, at + 65000)));
    return new Promise((resolve) => this.socket.write(Buffer.concat(parts), resolve));
  }

  end() {
    this.socket.write(record(STDIN, Buffer.alloc(0)));
  }

  /** The response: {status, headers, bytes, text, body}; fails when it breaks off. */
  async response() {
    const out = [];
    await this.closed;
    let rest = this.received, ended = false;
    while (rest.length >= 8) {
      const size = rest.readUInt16BE(4);
      if (rest[1] === STDOUT) out.push(rest.subarray(8, 8 + size));
      if (rest[1] === END) ended = true;
      rest = rest.subarray(8 + size + rest[6]);
    }
    if (!ended) throw new Error('the response breaks off');
    return parse(Buffer.concat(out));
  }
}

function parse(response) {
  const at = response.indexOf('\r\n\r\n');
  const headers = Object.fromEntries(response.subarray(0, at).toString().split('\r\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const bytes = response.subarray(at + 4), text = bytes.toString();
  let body;
  try { body = JSON.parse(text); } catch { /* not JSON */ }
  return { status: parseInt(headers.status, 10), headers, bytes, text, body };
}

/** The variables that a web server makes of a request. */
export function variables(method, path, { token, headers = {}, length: announced } = {}) {
  const [name, query = ''] = path.split('?');
  const all = { ...(token && { authorization: `Bearer ${token}` }), ...headers };
  return {
    REQUEST_METHOD: method, SCRIPT_NAME: name, QUERY_STRING: query, REQUEST_URI: path, SERVER_PROTOCOL: 'HTTP/1.1',
    ...(announced !== undefined && { CONTENT_LENGTH: announced }),
    ...Object.fromEntries(Object.entries(all).map(([key, value]) =>
      [key === 'content-type' ? 'CONTENT_TYPE' : `HTTP_${key.toUpperCase().replaceAll('-', '_')}`, value])),
  };
}
