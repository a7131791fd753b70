// How the page feels in a busy room: how long a key takes to its paint, and the frames, while messages come in the open
// room, in another one, or not at all.
//   RATE=100 SECONDS_EACH=8   messages a second, and how long
import { command, enterRoom, launch, makeRoom, openAs, register } from '../tests/browser/support/browser.mjs';
import { percentile } from './client.mjs';

const RATE = Number(process.env.RATE ?? 100), SECONDS = Number(process.env.SECONDS_EACH ?? 8);
const KEYS = 8; // a second
const SENDERS = 4;
const say = (times, p) => percentile(times.toSorted((a, b) => a - b), p).toFixed(0);

/** Sends to a room at RATE until over; how many. */
async function talk(senders, room, over) {
  const start = performance.now();
  let sent = 0;
  await Promise.all(senders.map(async (who, i) => {
    for (let n = 0; !over(); n++) {
      await command(who, 'message.send', { room_id: room.id, content: `message ${i} ${n}, of some words` });
      sent++;
      const next = start + (n + 1) * 1000 * SENDERS / RATE;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
    }
  }));
  return sent;
}

/** Types for a while; the times from key to paint and between frames, in ms. */
async function type(page) {
  await page.evaluate(() => {
    globalThis.keys = [];
    globalThis.frames = [];
    const field = document.querySelector('#text');
    // From the key's own time to the first frame after the one in which its text is drawn.
    field.addEventListener('input', (event) => requestAnimationFrame(() =>
      setTimeout(() => globalThis.keys.push(performance.now() - event.timeStamp))));
    let last = performance.now();
    const frame = (now) => {
      globalThis.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await page.locator('#text').focus();
  for (const end = Date.now() + SECONDS * 1000; Date.now() < end;) {
    await page.keyboard.type('x');
    await new Promise((resolve) => setTimeout(resolve, 1000 / KEYS));
  }
  await page.locator('#text').fill('');
  return page.evaluate(() => ({ keys: globalThis.keys, frames: globalThis.frames.slice(1) }));
}

const browser = await launch();
const [ann, ...senders] = await Promise.all(Array.from({ length: SENDERS + 1 }, (_, i) => register(`typist${i}`)));
const makeOne = () => makeRoom(senders[0], [ann, ...senders]);
const [open, other] = [await makeOne(), await makeOne()];
console.log(`typing, ${KEYS} keys a second for ${SECONDS} s, ${RATE} messages a second: key to paint, frames\n`);
for (const [where, room] of [['none', null], ['another room', other], ['the open room', open]]) {
  const page = await openAs(browser, ann);
  await enterRoom(page, open.name);
  let isOver = false;
  const talking = room && talk(senders, room, () => isOver);
  const { keys, frames } = await type(page);
  isOver = true;
  const sent = await talking ?? 0;
  console.log(`${where}: p50 ${say(keys, 0.5)} ms, p95 ${say(keys, 0.95)} ms; ${(frames.length / SECONDS).toFixed(0)} `
    + `frames a second, p95 ${say(frames, 0.95)} ms; ${(sent / SECONDS).toFixed(0)} messages a second`);
  await page.context().close();
}
await browser.close();
process.exit(0);
