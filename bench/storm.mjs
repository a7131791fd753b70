// A reconnect storm, a thousand dispatches behind: STREAMS clients open a stream with an old cursor at the same moment,
// on a program that has just been started and has nothing in memory. Measures the time until all have caught up, and
// the load on the database.
//   STREAMS=10000 MISSED=1000 KINDS="sse websocket"
//   ROOMS="99 0"                  small rooms, each client in one of them, beside the one that all are in
//   NOTIFICATIONS="false true"    with the setting enable_notification
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { base, call } from './client.mjs';
import { cpu, dir, fileLimit, fronts, pause, people, pidOf, publication, room, sql, startSwarm } from './swarm.mjs';

const MISSED = Number(process.env.MISSED ?? 1000);
const free = Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))[1]);
const asked = Number(process.env.STREAMS ?? 10_000);
// The data for one client may fill the sockets between the programs, twice.
const STREAMS = Math.min(asked, fileLimit - 500, Math.floor(free / 512));
if (STREAMS < asked)
  console.log(`${STREAMS} streams only: ${fileLimit} open files, ${Math.round(free / 1024)} MiB free`);

const swarm = startSwarm();
const front = await fronts(STREAMS);
let last = -1;

async function metric(program, name) {
  const text = await (await fetch(new URL('metrics', base))).text();
  return Number(new RegExp(`^confab_${name}\\{program="${program}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** Transactions of the database so far. Those of a connection are counted within a second. */
async function transactions() {
  await pause(1500);
  return Number(sql("select xact_commit + xact_rollback from pg_stat_database where datname = 'confab'"));
}

/** Messages to each room in turn; resolves to the cursor before them. */
async function miss(group, rooms) {
  const { body: { cursor } } = await call('GET', 'poll?wait=0', undefined, group.tokens[0]);
  const each = Math.floor(MISSED / rooms.length);
  for (const [i, id] of rooms.entries()) {
    const content = `mark-0000000000. ${'The quick brown fox jumps over the lazy dog. '.repeat(2)}`;
    const file = publication('miss', `${base.pathname}command`,
      JSON.stringify({ event_type: 'message.send', data: { room_id: id, content } }),
      `Authorization: Bearer ${group.tokens[i]}\r\n`);
    const sent = await swarm.order(`publish ${each} 1 0 ${base.port} ${file}`);
    if (sent.refused) throw new Error(JSON.stringify(sent));
    last += each;
  }
  return cursor;
}

async function storm(kind, group, rooms) {
  const program = kind === 'sse' ? 'events' : 'bridge';
  const cursor = await miss(group, rooms);
  sql('vacuum analyze'); // as autovacuum does in time
  execFileSync('tools/stack', ['restart', dir, program]);
  const seen = await transactions(), pages = await metric(program, 'replay_pages_total');
  const connections = sql("select count(*) from pg_stat_activity where application_name = 'confab-" + program + "'");
  const busy = cpu([pidOf(program)]);
  // The last mark is one of the last room, which all are in.
  const result = await swarm.open({
    kind, count: STREAMS, ports: front.ports, atOnce: STREAMS, goal: last, tokens: group.file, ready: 'session.ready',
    path: `${base.pathname}${kind === 'sse' ? 'events' : 'ws'}?since=${cursor}`,
  });
  const used = cpu([pidOf(program)]) - busy;
  const read = await metric(program, 'replay_pages_total') - pages;
  await swarm.order('close');
  console.log(
    `  ${kind.padEnd(9)} open p50 ${(result.opened_p50 / 1000).toFixed(2)} s, all `
      + `${(result.opened_last / 1000).toFixed(2)} s; caught up`
    + ` p50 ${(result.caught_up_p50 / 1000).toFixed(2)} s, all ${(result.caught_up_last / 1000).toFixed(2)} s; `
      + `${result.caught_up_n} of ${STREAMS}, ${result.gone} gone`
    + `, ${result.marks} dispatches, ${result.disordered} out of order or repeated; pages of the log read: ${read}; `
      + `transactions: `
    + `${await transactions() - seen} on ${connections} connections; ${used.toFixed(1)} s of the program`);
  await pause(3000);
}

for (const kind of (process.env.KINDS ?? 'sse websocket').split(' '))
  for (const small of (process.env.ROOMS ?? '99 0').split(' ').map(Number))
    for (const notifications of (process.env.NOTIFICATIONS ?? 'false true').split(' ')) {
      sql(`update confab.setting set value = '${notifications}' where name = 'enable_notification'`);
      const group = people(`storm-${kind}-${small}-${notifications}`, STREAMS);
      // A member's number is the number of its room, so the first of them may send there.
      const rooms = Array.from({ length: small }, (_, i) => room(group, `i % ${small} = ${(i + 1) % small}`));
      rooms.push(room(group));
      console.log(
        `${STREAMS} ${kind} streams, ${MISSED} dispatches behind, in ${rooms.length} rooms, of which each is in `
          + `${small ? 2 : 1}; `
        + `notifications ${notifications === 'true' ? 'on' : 'off'}`);
      await storm(kind, group, rooms);
    }
process.exit(0);
