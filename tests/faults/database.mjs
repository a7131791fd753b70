// PostgreSQL fails in every way except losing its data.
import { existsSync, readFileSync } from 'node:fs';
import { isAlive } from '../http/support/stack.mjs';
import { now, pause, until } from './time.mjs';

/** Ends its process by a signal, waits for some time, and starts it again. */
const away = (name, title, signal) => ({
  name, title, within: 30,
  async run({ stack }, { short }) {
    await stack.kill('postgres', signal);
    await pause(short ? 500 : 2000 * Math.random());
    const at = now();
    await stack.again();
    return at;
  },
});

/**
 * One process of the server, found by a statement, is killed: the server ends all others and recovers by itself.
 */
const processKilled = (name, title, which, options = {}) => ({
  name, title, within: 30, ...options,
  async run({ stack }) {
    const pid = Number(await stack.query(`select pid from pg_stat_activity where ${which} limit 1`));
    const at = now();
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid), `${pid} is gone`);
    return at;
  },
});

export default [
  {
    name: 'terminated', title: 'every connection to PostgreSQL is terminated', within: 30,
    async run({ stack }, { short }) {
      for (let i = 0; i < (short ? 3 : 10); i++) {
        await stack.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'confab-%'");
        await pause(200);
      }
    },
  },
  {
    name: 'one-terminated', title: 'one connection after the other is terminated', within: 30, long: true,
    async run({ stack }, { short }) {
      const pids =
        (await stack.query("select pid from pg_stat_activity where application_name like 'confab-%' order by random()"))
        .split('\n');
      for (const pid of short ? pids.slice(0, 6) : pids) {
        await stack.query(`select pg_terminate_backend(${pid})`);
        await pause(50);
      }
    },
  },
  away('postgres-stopped', 'PostgreSQL is stopped (fast)', 'SIGINT'),
  away('postgres-crashed', 'PostgreSQL crashes (immediate)', 'SIGQUIT'),
  {
    name: 'postgres-killed', title: 'all of PostgreSQL is killed', within: 30,
    async run({ stack }) {
      const pid = stack.pid('postgres');
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
      for (const one of [pid, ...children]) process.kill(one, 'SIGKILL');
      // Its lock file names the process: a dead process that nobody has waited for yet counts as alive.
      await until(() => ![pid, ...children].some((one) => existsSync(`/proc/${one}`)), 'PostgreSQL is gone');
      const at = now();
      await stack.again();
      return at;
    },
  },
  processKilled('backend-killed', 'a worker\'s connection is killed in the server',
    "application_name = 'confab-command'"),
  processKilled('walwriter-killed', 'the WAL writer is killed', "backend_type = 'walwriter'", { long: true }),
];
