// The cost of an idle stream: memory of each program (PSS) and of the kernel, with STREAMS of them held at once, each
// by another account. For comparison, in turn, the same on nchan and on a loop that does nothing. The kernel's share
// covers both ends, which are on this machine; the clients are the same everywhere.
//   ROUNDS=3 STREAMS=10000 KINDS="sse websocket"
//   WATCH=25      s of idling, one heartbeat interval
import { readFileSync } from 'node:fs';
import { base } from './client.mjs';
import { cpu, fileLimit, fronts, kernelMemory, median, pause, people, pidOf, pss, room, startBare, startNchan,
  startSwarm } from './swarm.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const WATCH = Number(process.env.WATCH ?? 25);
const free = Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))[1]);
const asked = Number(process.env.STREAMS ?? 10_000);
// 64 KiB each is more than any of them has taken.
const STREAMS = Math.min(asked, fileLimit - 500, Math.floor(free / 64));
if (STREAMS < asked)
  console.log(`${STREAMS} streams only: ${fileLimit} open files, ${Math.round(free / 1024)} MiB free`);

const swarm = startSwarm();
const front = await fronts(STREAMS), nchan = await startNchan(), bare = await startBare();
const group = people('held', STREAMS);
for (let i = 0; i < 10; i++) room(group, `i % 10 = ${i}`);
const targets = (process.env.KINDS ?? 'sse websocket').split(' ').flatMap((kind) => [
  { name: 'confab', kind, path: `${base.pathname}${kind === 'sse' ? 'events' : 'ws'}`, ports: front.ports,
    tokens: group.file, ready: 'session.ready',
    parts: { program: [pidOf(kind === 'sse' ? 'events' : 'bridge')], 'web server': front.pids } },
  nchan && { name: 'nchan', kind, path: kind === 'sse' ? '/sse' : '/ws', ports: [nchan.port],
    parts: { 'web server': nchan.pids } },
  { name: 'bare', kind, path: '/', ports: [bare.port], parts: { program: bare.pids } },
].filter(Boolean));

async function settle() {
  let last = -1, now = kernelMemory();
  for (let i = 0; i < 20 && Math.abs(now - last) > 500; i++) {
    await pause(250);
    last = now;
    now = kernelMemory();
  }
  return now;
}

async function measure(target) {
  const pids = Object.values(target.parts);
  const kernel = await settle();
  const opened = await swarm.open({ ...target, count: STREAMS });
  if (opened.open !== STREAMS) console.log(`  ${target.name} ${target.kind}: ${JSON.stringify(opened)}`);
  const held = await settle();
  const busy = cpu(pids.flat());
  await pause(WATCH * 1000);
  const result = {
    opened: opened.open, kernel: (held - kernel) / opened.open, idle: ((cpu(pids.flat()) - busy) / WATCH) * 100,
    parts: pids.map((part, i) => (pss(part) - atFirst.get(target)[i]) / opened.open),
  };
  await swarm.order('close');
  await pause(2000);
  return result;
}

// The memory that a program keeps for the next round.
const atFirst = new Map(targets.map((target) => [target, Object.values(target.parts).map(pss)]));
const rounds = targets.map(() => []);
for (let i = 0; i < ROUNDS; i++)
  for (const [t, target] of targets.entries()) rounds[t].push(await measure(target));
console.log(`KiB for each of ${STREAMS} idle streams, ${front.ports.length} x lighttpd, median of ${ROUNDS} rounds`);
for (const [t, target] of targets.entries()) {
  const parts = Object.keys(target.parts).map((_, p) => median(rounds[t].map((round) => round.parts[p])));
  const kernel = median(rounds[t].map((round) => round.kernel));
  console.log(
    `  ${target.kind.padEnd(9)} ${target.name.padEnd(7)} `
      + `${Object.keys(target.parts).map((part, p) => `${part} ${parts[p].toFixed(2)}`).join('  ')}`
    + `  together ${parts.reduce((a, b) => a + b, 0).toFixed(2)}  kernel ${kernel.toFixed(2)}  held `
      + `${Math.min(...rounds[t].map((r) => r.opened))}`
    + `  ${median(rounds[t].map((round) => round.idle)).toFixed(1)} % of a core`);
}
process.exit(0);
