import { Code, Command } from './codes.js';
import { encode } from './text.js';
import { streamUrl } from './transport.js';

const HEARTBEAT = 'h'; // the id of heartbeats: no other command has it

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
    const frame = JSON.parse(data);
    receiver.alive(frame.id === HEARTBEAT);
    receiver.frame(frame);
  };
  // From here on, a code is a reason that the server or a gateway gives; those before are of a connection that broke.
  socket.onclose = ({ code }) => end(code >= Code.RESTARTING ? code : Code.NETWORK);
  socket.onerror = () => end(Code.NETWORK);

  return {
    close() {
      over = true;
      socket.close();
    },
    probe(data) {
      return this.send(encode({ event_type: Command.HEARTBEAT, data, id: HEARTBEAT }));
    },
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      try {
        socket.send(text);
      } catch {
        return false;
      }
      return true;
    },
  };
}
