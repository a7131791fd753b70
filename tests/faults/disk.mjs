// The disk of the database is full. The suite can arrange that only as root; otherwise this is skipped.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from '../http/support/stack.mjs';
import { now, pause, until } from './time.mjs';

const LEFT = 512; // KiB
const SEGMENTS = 4; // of 16 MiB of WAL: segments kept for reuse are soon used up

const complaints = (world) =>
  readFileSync(path.join(world.dir, 'log/postgres.log'), 'utf8').split('No space left').length;

function alive(stack) {
  try { return isAlive(stack.pid('postgres')); } catch { return false; }
}

export default [{
  name: 'disk-full', title: 'the database\'s disk is full', within: 30,
  skip: (world) => (world.disk ? null : 'mounting a file system takes root'),
  async run(world, { short }) {
    const before = complaints(world);
    await world.query(`alter system set max_wal_size = ${SEGMENTS * 16}`);
    await world.query('select pg_reload_conf()');
    await world.query('checkpoint');
    await world.disk.fill(LEFT);
    try {
      await until(() => complaints(world) > before, 'PostgreSQL finds no room');
      await pause(short ? 1_000 : 8_000);
    } finally {
      await world.disk.grow();
    }
    const at = now();
    // Without room for its WAL it may have stopped; its supervisor starts it again.
    await pause(200);
    if (!alive(world.stack)) await world.stack.again();
    return at;
  },
}];
