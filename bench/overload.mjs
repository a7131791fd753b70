// Whether a thousand slow readers delay a fast one: the time from POST to arrival on one stream: alone, beside as many
// streams that are read (the baseline: each of them has to be written to), and beside streams that are not read. In
// turn, in ROUNDS.
//   ROUNDS=3 SLOW=1000 MESSAGES=200
import { base } from './client.mjs';
import { fronts, median, pause, people, publication, room, startSwarm } from './swarm.mjs';

const SLOW = Number(process.env.SLOW ?? 1000);
const MESSAGES = Number(process.env.MESSAGES ?? 200);
const ROUNDS = Number(process.env.ROUNDS ?? 3);

const swarm = startSwarm();
const { ports } = await fronts(SLOW + 1);
const group = people('overload', SLOW + 1), id = room(group);
const file = publication('overload', `${base.pathname}command`,
  JSON.stringify({ event_type: 'message.send',
    data: { room_id: id, content: `mark-0000000000. ${'x'.repeat(2000)}` } }),
  `Authorization: Bearer ${group.tokens[0]}\r\n`);

async function measure(kind, others) {
  const stream = { kind, ports, path: `${base.pathname}${kind === 'sse' ? 'events' : 'ws'}`, tokens: group.file,
    ready: 'session.ready' };
  if (others) {
    const { open } = await swarm.open({ ...stream, role: others, count: SLOW });
    if (open !== SLOW) throw new Error(`${open} of ${SLOW} are open`);
  }
  await swarm.open({ ...stream, count: 1 });
  const result = await swarm.order(`publish ${MESSAGES} 1 1 ${base.port} ${file}`);
  if (result.missing || result.refused || result.disordered)
    console.log(`  ${kind} ${others}: ${JSON.stringify(result)}`);
  const { gone } = await swarm.order('count');
  await swarm.order('close');
  await pause(1000);
  return { ...result, gone };
}

const SCENES = [['alone', undefined], [`beside ${SLOW} that read`, 'reading'], [`beside ${SLOW} that do not`, 'deaf']];
for (const kind of ['sse', 'websocket']) {
  const rounds = SCENES.map(() => []);
  for (let i = 0; i < ROUNDS; i++)
    for (const [s, [, others]] of SCENES.entries()) rounds[s].push(await measure(kind, others));
  console.log(`${kind}, ${MESSAGES} messages of 2 kB one at a time, median of ${ROUNDS} rounds`);
  const of = (s, key) => median(rounds[s].map((round) => round[key]));
  for (const [s, [name]] of SCENES.entries())
    console.log(
      `  ${name.padEnd(26)} p50 ${of(s, 'p50').toFixed(2).padStart(7)} ms  p99 `
        + `${of(s, 'p99').toFixed(2).padStart(7)} ms`);
  console.log(
    `  the last to the one before it: p50 ${(of(2, 'p50') / of(1, 'p50')).toFixed(2)}  p99 `
      + `${(of(2, 'p99') / of(1, 'p99')).toFixed(2)}`);
}
process.exit(0);
