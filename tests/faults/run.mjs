// Injects one fault after the other while clients send and receive, and reports the outcome.
//   node tests/faults/run.mjs [short]
//   FAULTS="name name"   only these
//   ROUNDS=n             repeat each so many times
import clients from './clients.mjs';
import clock from './clock.mjs';
import database from './database.mjs';
import disk from './disk.mjs';
import failover from './failover.mjs';
import frozen from './frozen.mjs';
import network from './network.mjs';
import programs from './programs.mjs';
import { cases, print, summarise, table } from './report.mjs';
import { now } from './time.mjs';
import { judge } from './verdict.mjs';
import web from './web.mjs';
import { World } from './world.mjs';

const FAULTS = [...programs, ...database, ...failover, ...network, ...frozen, ...web, ...disk, ...clients, ...clock];
const SHORT = { accounts: 16, each: 1, pace: 60, threads: 1 };
const LONG = { accounts: 24, each: 2, pace: 150, threads: 2 };

const short = process.argv[2] === 'short';
const rounds = Number(process.env.ROUNDS ?? (short ? 1 : 10));
const wanted = process.env.FAULTS?.split(/\s+/).filter(Boolean);
const unknown = wanted?.filter((name) => !FAULTS.some((fault) => fault.name === name));
if (unknown?.length) {
  console.error(`no such fault: ${unknown}; there are: ${FAULTS.map(({ name }) => name).join(' ')}`);
  process.exit(2);
}
const chosen = FAULTS.filter(({ name, long }) => (wanted?.length ? wanted.includes(name) : !(short && long)));
const say = (text) => console.log(`# ${text}`);
const began = now();

/** Runs a fault and waits for the recovery; one that breaks several things records each. */
async function inject(world, fault, round, injections) {
  const record = async (at) => {
    const { seq, took } = await world.recovered(at);
    injections.push({ fault, seq, took });
    const delivered = (await world.counts()).reduce((sum, count) => sum + count.delivered, 0);
    say(`${Math.round((now() - began) / 1000)} s: ${fault.title}, back after ${(took / 1000).toFixed(2)} s; `
      + `${delivered} dispatches delivered so far`);
  };
  const at = await fault.run(world, { short, round, record });
  if (at !== null) await record(at ?? now());
}

async function breakAll(world) {
  const skipped = [], injections = [];
  await world.recovered(now());
  for (let round = 1; round <= rounds; round++)
    for (const fault of chosen) {
      const reason = fault.skip?.(world);
      if (reason && round === 1) skipped.push({ fault, reason });
      if (!reason && (round - 1) % (fault.every ?? 1) === 0) await inject(world, fault, round, injections);
    }
  return { skipped, injections };
}

const world = await World.start(short ? SHORT : LONG);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => world.stop().finally(() => process.exit(1)));
let failed = 1;
try {
  const { skipped, injections } = await breakAll(world);
  const ledgers = await world.finish();
  const whole = await judge(world, ledgers, injections);
  const lines = summarise(injections);
  say('');
  for (const line of table(lines)) say(line);
  say('');
  say(`${whole.stored} dispatches stored, ${whole.delivered} delivered to ${whole.streams} streams, which came back `
    + `${whole.ends} times;`);
  say(`${whole.promised} promised, ${whole.refused} commands refused and ${whole.unknown} left without an answer, `
    + `and repeated;`);
  say(`the private room changed ${whole.churns} times, ${whole.excused} dispatches of memberships that had ended `
    + `were not told again`);
  for (const text of [...whole.findings, ...whole.odd.slice(0, 20)]) say(text);
  const result = print(cases(lines, skipped, whole));
  ({ failed } = result);
  if (!short) console.log(`${result.passed} passed, ${result.failed} failed`);
} finally {
  await world.stop();
}
process.exit(failed ? 1 : 0);
