// A proxy as some networks have it: it knows no WebSocket, holds each answer until it is complete, and cuts what takes
// longer than a minute.
import http from 'node:http';
import { after } from 'node:test';

const MOST = 60_000; // ms

/** A proxy before a site: its URL, the number of answers that it has cut off, and close(). */
export async function buffering(to) {
  const proxy = { cut: 0 };
  const server = http.createServer((asked, answer) => {
    const { upgrade, connection, ...headers } = asked.headers;
    const passed = http.request(new URL(asked.url, to.url), { method: asked.method, headers, agent: false },
      async (response) => {
        const parts = [];
        try { for await (const part of response) parts.push(part); } catch { answer.destroy(); return; }
        const { 'transfer-encoding': chunked, 'content-length': length, ...kept } = response.headers;
        answer.writeHead(response.statusCode, kept).end(Buffer.concat(parts));
      });
    const end = () => passed.destroy();
    const timer = setTimeout(() => { proxy.cut++; end(); }, MOST);
    passed.on('error', () => answer.destroy()).on('close', () => clearTimeout(timer));
    answer.on('close', end);
    asked.pipe(passed);
  });
  server.on('upgrade', (asked, socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = new URL(to.url.pathname, `http://127.0.0.1:${server.address().port}`);
  proxy.close = () => { server.closeAllConnections(); server.close(); };
  after(proxy.close);
  return proxy;
}
