// One dispatch of a room to all of its connected members: deliveries a second, and the time from the start of the POST
// to the arrival at each of them, by the clock of one process. For comparison, in turn, nchan with the same bytes, and
// a loop that only writes them, by itself and behind lighttpd.
//   ROUNDS=3 MEMBERS="1000 5000" MESSAGES=20 KINDS="sse websocket"
import { base, command, openWebSocket } from './client.mjs';
import { cpu, fronts, median, people, pidOf, publication, room, startBare, startBareBehind, startNchan,
  startSwarm } from './swarm.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const MESSAGES = Number(process.env.MESSAGES ?? 20);
const MARK = 'mark-0000000000.';
const TEXT = `${MARK} ${'The quick brown fox jumps over the lazy dog. '.repeat(2)}`;

const direct = Number(process.env.CONFAB_LISTEN.split(':').at(-1));
const swarm = startSwarm();
const nchan = await startNchan(), bare = await startBare();
const behind = await startBareBehind(bare);
const front = await fronts(0);
const confabPids = { sse: [pidOf('events'), ...front.pids], websocket: [pidOf('bridge'), ...front.pids] };

/** What confab sends for such a message: the peers are to send as much. */
async function dispatchOf(token, id) {
  let found;
  const close = await openWebSocket(token, (text) => { if (text.includes(MARK)) found = text; });
  await command(token, 'message.send', { room_id: id, content: TEXT });
  while (!found) await new Promise((resolve) => { setTimeout(resolve, 5); });
  close();
  return found;
}

async function measure(target, depth) {
  const first = await swarm.open(target);
  if (first.open !== target.count) throw new Error(`${target.name}: ${JSON.stringify(first)}`);
  await swarm.order(`publish 3 1 ${target.count} ${target.publish}`); // warm
  const before = target.pids.map((pid) => cpu([pid]));
  const result = await swarm.order(`publish ${MESSAGES} ${depth} ${target.count} ${target.publish}`);
  const used = target.pids.map((pid, i) => cpu([pid]) - before[i]);
  // Several at a time reach the log in an undefined order.
  if (result.missing || result.refused || (result.disordered && depth === 1))
    console.log(`  ${target.name}: ${JSON.stringify(result)}`);
  await swarm.order('close');
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  return { ...result, cost: used.map((seconds) => (seconds * 1e6) / result.deliveries) };
}

function print(name, rounds, floor) {
  const of = (key) => median(rounds.map((round) => round[key]));
  const rate = of('rate');
  console.log(
    `  ${name.padEnd(8)} ${String(Math.round(rate)).padStart(8)}/s  p50 ${of('p50').toFixed(1).padStart(7)} ms  p99 `
      + `${of('p99').toFixed(1).padStart(7)} ms`
    + `  ${rounds[0].cost.map((_, i) => median(rounds.map((round) => round.cost[i])).toFixed(1)).join(' + ')} us`
    + (floor ? `  ${(rate / floor).toFixed(2)} of bare` : ''));
  return rate;
}

for (const members of (process.env.MEMBERS ?? '1000 5000').split(' ').map(Number)) {
  const group = people(`fan${members}`, members), id = room(group);
  const body = await dispatchOf(group.tokens[0], id);
  const confab = publication(`confab-${members}`, `${base.pathname}command`,
    JSON.stringify({ event_type: 'message.send', data: { room_id: id, content: TEXT } }),
    `Authorization: Bearer ${group.tokens[0]}\r\n`);
  const peer = publication(`peer-${members}`, '/pub', body);
  for (const kind of (process.env.KINDS ?? 'sse websocket').split(' ')) {
    const targets = [
      { name: 'confab', path: `${base.pathname}${kind === 'sse' ? 'events' : 'ws'}`, ports: front.ports,
        tokens: group.file, ready: 'session.ready',
        publish: `${base.port} ${confab}`, pids: confabPids[kind] },
      // The bridge's own port, without a web server.
      kind === 'websocket' && { name: 'direct', path: `${base.pathname}ws`, ports: [direct], tokens: group.file,
        ready: 'session.ready', publish: `${base.port} ${confab}`, pids: [pidOf('bridge')] },
      nchan && { name: 'nchan', path: kind === 'sse' ? '/sse' : '/ws', ports: [nchan.port],
        publish: `${nchan.port} ${peer}`, pids: nchan.pids },
      { name: 'behind', path: '/', ports: [behind.port], publish: `${bare.port} ${peer}`, pids: behind.pids },
      { name: 'bare', path: '/', ports: [bare.port], publish: `${bare.port} ${peer}`, pids: bare.pids },
    ].filter(Boolean).map((target) => ({ ...target, kind, count: members }));
    for (const depth of [1, 8]) {
      const rounds = Object.fromEntries(targets.map(({ name }) => [name, []]));
      for (let i = 0; i < ROUNDS; i++)
        for (const target of targets) rounds[target.name].push(await measure(target, depth));
      console.log(
        `${kind}, ${members} members, ${MESSAGES} dispatches of ${body.length} bytes, ${depth} at a time, median of `
          + `${ROUNDS} rounds`);
      const floor = median(rounds.bare.map((round) => round.rate));
      for (const { name } of targets) print(name, rounds[name], floor);
      if (nchan)
        console.log(
          `  confab to nchan: `
            + `${(median(rounds.confab.map((r) => r.rate)) / median(rounds.nchan.map((r) => r.rate))).toFixed(2)}`);
    }
  }
}
process.exit(0);
