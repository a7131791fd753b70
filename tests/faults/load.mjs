// A thread with clients. world.mjs starts some and gives them orders; at the end they return their ledgers.
import { parentPort, workerData } from 'node:worker_threads';
import { Follower } from './follower.mjs';
import { Talker } from './talker.mjs';
import { now, pause } from './time.mjs';

const { clients, epoch, seq, pace } = workerData;

const followers = clients.map(({ kind, who, front }) => new Follower({ kind, who, front, epoch, seq }));
const talkers = clients.flatMap((client, i) => (client.talks ? [new Talker({
  ...client, pace, name: client.name, follower: client.talks === 'ws' ? followers[i] : null })] : []));

/** Waits until every client has read up to a place, and every sender has an acknowledgement of a later command. */
async function caughtUp(upTo, since) {
  const behind = () => followers.filter((follower) => !follower.paused && follower.last < upTo);
  const silent = () => talkers.filter((talker) => talker.promised < since);
  while (behind().length || silent().length) await pause(5);
  return now();
}

const orders = {
  caughtUp: ({ seq: upTo, since }) => caughtUp(upTo, since),
  /** The slow clients stop reading, or continue. */
  stall: ({ paused }) => followers.forEach((follower, i) => { if (clients[i].slow) follower.stall(paused); }),
  count: () => ({
    delivered: followers.reduce((sum, { seqs }) => sum + seqs.length, 0),
    behind: followers.map((f, i) => `${clients[i].name} ${f.kind} ${f.last}`),
    silent: talkers.map((t) => `${t.name} ${Math.round(now() - t.promised)}`),
  }),
  quiet: () => Promise.all(talkers.map((talker) => talker.stop())),
  finish: () => {
    for (const follower of followers) follower.close();
    return { followers: followers.map((follower) => follower.ledger()),
      talkers: talkers.map((talker) => talker.ledger()) };
  },
};

parentPort.on('message', async ({ id, order, ...rest }) => {
  try {
    parentPort.postMessage({ id, result: await orders[order](rest) });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error.stack) });
  }
});
