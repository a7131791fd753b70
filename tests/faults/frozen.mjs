// Processes that are stopped for longer than every timeout, and continue.
import { now, pause } from './time.mjs';

/** find: the processes to freeze. */
const frozen = (name, title, find, options = {}) => ({
  name: `frozen-${name}`, title: `${title} stands still`, within: 30, every: 4, ...options,
  async run(world, { short }) {
    const pids = await find(world);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      await pause(short ? 3_000 : 35_000);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    return now();
  },
});

const backend = (condition) => async ({ stack }) =>
  [Number(await stack.query(`select pid from pg_stat_activity where ${condition} order by random() limit 1`))];

export default [
  frozen('worker', 'a worker of confab-command', ({ stack }) => [stack.workers('command')[0]], { long: true }),
  frozen('parent', 'confab-command\'s parent', ({ stack }) => [stack.pid('command')], { long: true }),
  frozen('overflow', 'the overflow process of confab-command', ({ stack }) => [stack.overflow('command')],
    { long: true }),
  frozen('command', 'confab-command', ({ stack }) => [...stack.workers('command'), stack.pid('command')],
    { long: true }),
  frozen('events', 'confab-events', ({ stack }) => [stack.pid('events')]),
  frozen('bridge', 'confab-bridge', ({ stack }) => [stack.pid('bridge')]),
  frozen('session', 'a worker\'s connection in PostgreSQL', backend("application_name = 'confab-command'")),
  frozen('tail', 'a connection of confab-events in PostgreSQL', backend("application_name = 'confab-events'"),
    { long: true }),
  frozen('postmaster', 'PostgreSQL\'s first process', ({ stack }) => [stack.pid('postgres')], { long: true }),
  frozen('lighttpd', 'lighttpd', ({ stack }) => [stack.pid('lighttpd')], { long: true }),
];
