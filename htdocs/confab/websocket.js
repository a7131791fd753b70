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
  socket.onclose = ({ code }) => end(code >= 4000 || code === 1012 || code === 1013 ? code : 0);
  socket.onerror = () => end(0);

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
