// A clock that all threads of the suite share and that no jump affects.
import { performance } from 'node:perf_hooks';

/** ms */
export const now = () => performance.timeOrigin + performance.now();

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until a condition holds; fails with the text `what` after the deadline. */
export async function until(condition, what, deadline = 60_000) {
  const end = now() + deadline;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (now() > end) throw new Error(`never happened: ${what}`);
    await pause(20);
  }
}
