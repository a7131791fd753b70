// Web servers are reloaded, stopped gently and hard, and killed. A gentle stop has a time limit, because the streams
// that it would wait for do not end.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from '../http/support/stack.mjs';
import { now, pause, until } from './time.mjs';

const PATIENCE = 8_000; // ms for a gentle stop; then it is killed, as service managers do

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function send(pid, signal) {
  try { process.kill(pid, signal); } catch { /* it is gone */ }
}

/** Stops a server in one of its ways and starts it again. */
async function startAnew(world, server, signal) {
  const pid = world.stack.pid(server), all = [pid, ...childrenOf(pid)], at = now();
  if (signal === 'SIGKILL') for (const one of all) send(one, signal);
  else send(pid, signal);
  await until(() => !all.some(isAlive), `${server} ends`, PATIENCE).catch(() => {});
  for (const one of all) send(one, 'SIGKILL');
  await until(() => !all.some(isAlive), `${server} is gone`);
  rmSync(path.join(world.dir, `run/${server}.pid`), { force: true });
  await world.revive(server);
  return at;
}

/** Reloads the server: in a new process or in new children, depending on the server. */
async function reload(world, server, signal) {
  process.kill(world.stack.pid(server), signal);
  // The reload has begun; its end is not announced.
  await pause(500);
}

const fault = (server, name, title, how, options = {}) => ({
  name: `${server}-${name}`, title: `${server} ${title}`, within: 30,
  skip: (world) => (world.fronts[server] ? null : `${server} is not installed`),
  run: (world) => how(world, server),
  ...options,
});

export default [
  fault('lighttpd', 'reloaded', 'is reloaded (USR1)', (world, server) => reload(world, server, 'SIGUSR1')),
  fault('lighttpd', 'drained', 'is stopped gently (INT)', (world, server) => startAnew(world, server, 'SIGINT'),
    { long: true }),
  fault('lighttpd', 'stopped', 'is stopped (TERM)', (world, server) => startAnew(world, server, 'SIGTERM'),
    { long: true }),
  fault('lighttpd', 'killed', 'is killed', (world, server) => startAnew(world, server, 'SIGKILL')),
  fault('nginx', 'reloaded', 'is reloaded (HUP)', (world, server) => reload(world, server, 'SIGHUP')),
  fault('nginx', 'drained', 'is stopped gently (QUIT)', (world, server) => startAnew(world, server, 'SIGQUIT'),
    { long: true }),
  fault('nginx', 'stopped', 'is stopped (TERM)', (world, server) => startAnew(world, server, 'SIGTERM'),
    { long: true }),
  fault('nginx', 'killed', 'is killed', (world, server) => startAnew(world, server, 'SIGKILL')),
  fault('apache', 'reloaded', 'is reloaded (USR1)', (world, server) => reload(world, server, 'SIGUSR1')),
  fault('apache', 'drained', 'is stopped gently (WINCH)', (world, server) => startAnew(world, server, 'SIGWINCH'),
    { long: true }),
  fault('apache', 'stopped', 'is stopped (TERM)', (world, server) => startAnew(world, server, 'SIGTERM'),
    { long: true }),
  fault('apache', 'killed', 'is killed', (world, server) => startAnew(world, server, 'SIGKILL')),
];
