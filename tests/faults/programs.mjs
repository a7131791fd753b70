// Programs are killed or stopped, and started again.
import { isAlive } from '../http/support/stack.mjs';
import { now, until } from './time.mjs';
import { PROGRAMS } from './world.mjs';

const killed = (name, title) => ({
  name: `${name}-killed`, title, within: 30,
  async run(world) {
    const at = now();
    await world.stack.kill(name, 'SIGKILL');
    await world.revive(name);
    return at;
  },
});

/** One of the parent's child processes, which the parent replaces. */
const childKilled = (name, title, find) => ({
  name, title, within: 30,
  async run({ stack }) {
    const all = find(stack), at = now();
    process.kill(all[0], 'SIGKILL');
    await until(() => !isAlive(all[0]) && find(stack).filter(isAlive).length === all.length,
      `another process in the place of ${all[0]}`);
    return at;
  },
});

export default [
  childKilled('worker-killed', 'a worker of confab-command is killed', (stack) => stack.workers('command')),
  childKilled('overflow-killed', 'the overflow process of confab-command is killed',
    (stack) => [stack.overflow('command')].filter(Boolean)),
  killed('command', 'confab-command\'s parent is killed'),
  killed('events', 'confab-events is killed'),
  killed('bridge', 'confab-bridge is killed'),
  {
    name: 'all-killed', title: 'all programs are killed at once', within: 30,
    async run(world) {
      const at = now();
      await Promise.all(PROGRAMS.map((name) => world.stack.kill(name, 'SIGKILL')));
      for (const name of PROGRAMS) await world.revive(name);
      return at;
    },
  },
  {
    name: 'stopped', title: 'each program is stopped and started', within: 30,
    async run(world) {
      for (const name of PROGRAMS) {
        await world.stack.kill(name, 'SIGTERM');
        await world.revive(name);
      }
    },
  },
  {
    name: 'replaced', title: 'each program is replaced by a new run', within: 30, long: true,
    async run(world) {
      for (const name of PROGRAMS) await world.stack.restart(name);
    },
  },
];
