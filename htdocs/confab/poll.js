import { authorization } from './auth.js';
import { endOf, streamUrl } from './transport.js';

/**
 * A chain of long-polls.
 * @param {import('./transport.js').Where} where
 * @param {import('./transport.js').Receiver} receiver
 * @returns {import('./transport.js').Transport}
 */
export function openPoll(where, receiver) {
  const abort = new AbortController();
  let over = false, session = '';

  const once = async () => {
    const url = streamUrl(where, 'poll', false);
    if (session) url.searchParams.set('session', session);
    const response = await fetch(url, {
      headers: authorization(where.token), credentials: 'same-origin', cache: 'no-store', signal: abort.signal,
    });
    if (!response.ok) throw endOf(response);
    const { events, cursor } = await response.json();
    if (over) return;
    receiver.alive();
    for (const event of events) {
      session = event.data?.session_id ?? session;
      receiver.frame(event);
    }
    receiver.cursor(cursor);
    where = { ...where, cursor };
  };

  (async () => {
    while (!over) await once();
  })().catch((why) => {
    if (over) return;
    over = true;
    receiver.end(typeof why?.code === 'number' && 'retryAfter' in why ? why : { code: 0 });
  });

  return {
    close() {
      over = true;
      abort.abort();
    },
    send: () => false,
  };
}
