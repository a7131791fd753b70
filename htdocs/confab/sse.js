import { authorization } from './auth.js';
import { endOf, streamUrl } from './transport.js';

/**
 * Server-Sent Events, read by fetch and not by EventSource: that hides the heartbeats, which tell a silent stream from
 * a dead one, and the status, which tells a lost log-in from a lost server.
 * @param {import('./transport.js').Where} where
 * @param {import('./transport.js').Receiver} receiver
 * @returns {import('./transport.js').Transport}
 */
export function openSse(where, receiver) {
  const abort = new AbortController();
  let over = false;

  const end = (/** @type {import('./transport.js').End} */ why) => {
    if (over) return;
    over = true;
    receiver.end(why);
  };

  const parser = eventParser((event) => {
    if (event.data) receiver.frame(JSON.parse(event.data));
    if (event.id) receiver.cursor(event.id);
  });

  (async () => {
    const response = await fetch(streamUrl(where, 'events', false), {
      headers: { Accept: 'text/event-stream', ...authorization(where.token) },
      credentials: 'same-origin', cache: 'no-store', signal: abort.signal,
    });
    if (!response.ok || !response.body) return end(endOf(response));
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || over) break;
      receiver.alive();
      parser(decoder.decode(value, { stream: true }));
    }
    end({ code: 0 });
  })().catch(() => end({ code: 0 }));

  return {
    close() {
      over = true;
      abort.abort();
    },
    send: () => false,
  };
}

/**
 * The event stream format of the HTML standard, 9.2.6, as far as a server of ours uses it.
 * @param {(event: {id: string, data: string}) => void} dispatch
 * @returns {(text: string) => void} takes pieces as they come
 */
export function eventParser(dispatch) {
  let rest = '', id = '';
  /** @type {string[]} */
  let data = [];
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = /** @type {string} */ (lines.pop());
    for (const line of lines) {
      if (line === '') {
        dispatch({ id, data: data.join('\n') });
        data = [];
        id = '';
      } else if (line.startsWith('data:')) {
        data.push(line.slice(5).replace(/^ /, ''));
      } else if (line.startsWith('id:')) {
        id = line.slice(3).trim();
      }
    }
  };
}
