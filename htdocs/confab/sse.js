/**
 * Server-Sent Events, read by fetch. EventSource hides the heartbeats, which distinguish a silent stream from a dead
 * one, and the status, which distinguishes an ended log-in from a lost server.
 * @type {import('./transport.js').Reader}
 */
export async function read({ ask, signal, receiver }) {
  const parser = eventParser((event) => {
    if (event.data) receiver.frame(JSON.parse(event.data));
    if (event.id) receiver.cursor(event.id);
  });
  const { body } = await ask('events', { Accept: 'text/event-stream' });
  const reader = /** @type {ReadableStream} */ (body).getReader(), decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) return;
    receiver.alive();
    parser(decoder.decode(value, { stream: true }));
  }
}

/**
 * A parser for the event stream format of the HTML standard, 9.2.6, as far as confab's server uses it.
 * @param {(event: {id: string, data: string}) => void} dispatch
 * @returns {(text: string) => void} takes the text in pieces
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
