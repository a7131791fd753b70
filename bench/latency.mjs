// The time from the start of POST command to the arrival on each transport, one message at a time and under a steady
// load.
import { command, openPoll, openSse, openWebSocket, percentile, register } from './client.mjs';

const SAMPLES = Number(process.env.SAMPLES ?? 500);
const PAUSE = Number(process.env.PAUSE ?? 5); // ms between messages

const sender = await register('latency-a');
const reader = await register('latency-b');
const room = (await command(sender.token, 'room.create', {
  type: 'GroupChat', name: 'latency', participants: [reader.user.id],
})).data.id;

async function measure(name, open) {
  const waiting = new Map();
  const took = [];
  const close = await open(reader.token, (text) => {
    const now = performance.now();
    for (const [, mark] of text.matchAll(/"content"\s*:\s*"mark-([a-z]+-\d+)"/g)) {
      const started = waiting.get(mark);
      if (started === undefined) continue;
      waiting.delete(mark);
      took.push(now - started);
    }
  });
  for (let i = 0; i < SAMPLES; i++) {
    const mark = `${name}-${i}`;
    waiting.set(mark, performance.now());
    await command(sender.token, 'message.send', { room_id: room, content: `mark-${mark}` });
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  const deadline = Date.now() + 5000;
  while (waiting.size && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  close();
  took.sort((a, b) => a - b);
  console.log(`${name.padEnd(10)} n=${took.length} missing=${waiting.size}`
    + ` p50=${percentile(took, 0.5).toFixed(2)} ms p99=${percentile(took, 0.99).toFixed(2)} ms`);
}

console.log(`POST to arrival, ${SAMPLES} messages each, ${PAUSE} ms apart`);
await measure('websocket', openWebSocket);
await measure('sse', openSse);
await measure('poll', openPoll);
process.exit(0);
