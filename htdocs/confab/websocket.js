import { Code } from './codes.js';
import { streamUrl } from './transport.js';

/**
 * Both directions over one WebSocket.
 * @param {import('./transport.js').Where} where
 * @param {import('./transport.js').Receiver} receiver
 * @returns {import('./transport.js').Transport}
 */
export function openWebSocket(where, receiver) {
  const url = streamUrl(where, 'ws', true);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, ['confab.v1']);
  let over = false;

  const end = (/** @type {number} */ code) => {
    if (over) return;
    over = true;
    receiver.end({ code });
  };
  socket.onmessage = ({ data }) => {
    if (over) return;
    receiver.alive();
    receiver.frame(JSON.parse(data));
  };
  socket.onclose =
    ({ code }) =>
      end(code >= Code.UNAUTHENTICATED || code === Code.RESTARTING || code === Code.OVERLOADED ? code : Code.NETWORK);
  socket.onerror = () => end(Code.NETWORK);

  return {
    close() {
      over = true;
      socket.close();
    },
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
  };
}
