/**
 * A chain of long-polls.
 * @type {import('./transport.js').Reader}
 */
export async function read({ ask, signal, where, receiver }) {
  for (let session = ''; ;) {
    const response = await ask(session ? `poll?session=${encodeURIComponent(session)}` : 'poll');
    const { events, cursor } = await response.json();
    if (signal.aborted) return;
    receiver.alive();
    for (const event of events) {
      session = event.data?.session_id ?? session;
      receiver.frame(event);
    }
    receiver.cursor(cursor);
    where.cursor = cursor;
  }
}
