// The time of day jumps, for the programs and for the database.
import { writeFileSync } from 'node:fs';
import { pause } from './time.mjs';

const DAY = 86_400;

export default [
  {
    name: 'clock', title: 'the clock jumps ahead and back, for all', within: 30, every: 2,
    async run(world, { short }) {
      for (const seconds of [3600, -3600, 2 * DAY, -2 * DAY, 0]) {
        writeFileSync(world.clock, `${seconds}\n`);
        await pause(short ? 300 : 6_000);
      }
    },
  },
];
