const QUICK = 1_000; // ms; a poll that brings nothing sooner was not allowed to wait
const LEAST = 1_000; // ms from such a poll to the next
const MOST = 7_000; // ms; each one that brings nothing doubles the time until then

/**
 * A chain of long-polls. A server without a place for one more answers at once: then the next poll comes later and
 * later, but soon when a dispatch has come or the person does something.
 * @type {import('./transport.js').Reader}
 */
export async function read({ ask, signal, where, receiver, transport }) {
  let session = '', wait = LEAST, asked = 0;
  const pause = new Pause(signal);
  transport.hurry = () => {
    wait = LEAST;
    pause.shorten(asked + LEAST - Date.now());
  };
  for (;;) {
    asked = Date.now();
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
    if (events.length) {
      wait = LEAST;
    } else if (Date.now() - asked < QUICK) {
      await pause.begin(wait);
      if (signal.aborted) return;
      wait = Math.min(wait * 2, MOST);
    }
  }
}

/** A pause that can be shortened. It ends when the transport is closed. */
class Pause {
  #end = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {AbortSignal} signal */
  constructor(signal) {
    signal.addEventListener('abort', () => this.shorten(0));
  }

  /** @param {number} ms @returns {Promise<void>} */
  begin(ms) {
    return new Promise((resolve) => {
      this.#end = resolve;
      this.shorten(ms);
    });
  }

  /** @param {number} ms until it ends, from now on */
  shorten(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#end, ms);
  }
}
