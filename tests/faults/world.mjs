// The system under test: a stack of its own, web servers in front of it, accounts in rooms, and threads of clients that
// send and receive all the time.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { freePort, isAlive, Stack } from '../http/support/stack.mjs';
import { mayRepeat, post } from './talker.mjs';
import { now, pause, until } from './time.mjs';

export const run = promisify(execFile);
export const top = path.resolve(new URL('.', import.meta.url).pathname, '../..');
export const tool = path.join(top, 'tools/stack');
const build = path.join(top, 'build', process.env.BUILD ?? 'release');
export const PROGRAMS = ['command', 'session', 'media', 'events', 'bridge'];
export const HEARTBEAT = 2; // s
const KINDS = ['ws', 'sse', 'poll'];
const GIVE_UP = 180_000; // ms until the whole run is aborted
const CHURNED = 4; // accounts that are added to the private room and removed again

const isThere = (program) =>
  ['/usr/sbin', '/usr/bin', '/usr/local/sbin'].some((folder) => existsSync(path.join(folder, program)));

/** A thread of clients, controlled by messages. */
class Load {
  #waiting = new Map();
  #ids = 0;

  constructor(workerData) {
    this.worker = new Worker(new URL('load.mjs', import.meta.url), { workerData });
    this.worker.on('message', ({ id, result, error }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) reject(new Error(error));
      else resolve(result);
    });
    this.worker.on('error', (error) => { throw error; });
  }

  ask(order, rest = {}) {
    return new Promise((resolve, reject) => {
      const id = ++this.#ids;
      this.#waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, order, ...rest });
    });
  }
}

export class World {
  probes = []; // acknowledgements of our own, like a talker's
  floods = []; // the same, in no order
  removals = []; // {account, at}: of the private room
  churns = 0;
  odd = [];
  #agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  #churning = true;

  /**
   * size: {accounts, each, pace, threads}: streams are accounts times each; pace: ms between two commands of one
   * client.
   */
  static async start(size) {
    const world = new World();
    Object.assign(world, { size, top });
    await world.#startStack();
    await world.#startFronts();
    await world.#startPeople();
    return world;
  }

  async #startStack() {
    const dir = path.join(process.env.CONFAB_DIR ?? path.join(build, 'test'), 'faults');
    await run(tool, ['stop', dir]).catch(() => {});
    await stopStandby(dir);
    await unmount(dir);
    await run('rm', ['-rf', dir]);
    mkdirSync(dir, { recursive: true });
    this.disk = await mountDisk(dir);
    this.clock = path.join(dir, 'clock');
    writeFileSync(this.clock, '0\n');
    const sockets = [path.join(dir, 'run'), path.join(dir, 'run2')].map((folder) => path.resolve(folder));
    this.stack = await Stack.start('faults', { env: {
      ...this.clockEnv(), CONFAB_RATE_LIMITS: '0', CONFAB_HEARTBEAT: `${HEARTBEAT}`, CONFAB_STREAM_QUEUE: '131072',
      CONFAB_DATABASE: `host=${sockets} dbname=confab target_session_attrs=read-write`,
    } });
    this.dir = this.stack.dir;
  }

  clockEnv() {
    return { LD_PRELOAD: path.join(build, 'tests/faults/clock.so'), CLOCK_SHIFT: this.clock,
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` };
  }

  async #startFronts() {
    this.fronts = { lighttpd: `${this.stack.site.url}` };
    for (const [name, program] of [['nginx', 'nginx'], ['apache', 'apache2']])
      if (isThere(program)) {
        const port = await freePort();
        await run(tool, ['front', this.dir, name, `${port}`]);
        this.fronts[name] = `http://127.0.0.1:${port}/chat/`;
      }
  }

  async #register(n) {
    const people = [];
    for (let i = 0; i < n; i++) {
      const { user, token } = await this.stack.site.register(`p${i}`);
      people.push({ id: user.id, token });
    }
    return people;
  }

  async #room(creator, others) {
    const { site } = this.stack;
    const made = await site.done(creator, 'room.create',
      { type: 'GroupChat', name: 'room', participants: others.map(({ id }) => id) });
    return made.data.id;
  }

  async #startPeople() {
    const { accounts, each, pace: between, threads } = this.size;
    const people = await this.#register(accounts);
    const [probe, owner] = people;
    this.people = { probe, owner, churned: people.slice(-CHURNED), slow: [people[3], people[4]] };
    this.rooms = {
      all: await this.#room(probe, people.slice(1)),
      even: await this.#room(owner, people.filter((who, i) => i % 2 === 0)),
      odd: await this.#room(owner, people.filter((who, i) => i % 2 === 1 && who !== owner)),
      secret: await this.#room(owner, [people[2]]),
      slow: await this.#room(owner, this.people.slow),
    };
    const [epoch, seq] = (await this.stack.query('select epoch, head from confab.log_state()')).split('|');
    Object.assign(this, { epoch, start: Number(seq) });
    const clients = people.flatMap((who, i) => Array.from({ length: each }, (_, k) => this.#client(who, i, k)));
    this.loads = Array.from({ length: threads }, (_, t) => new Load({ epoch, seq: this.start, pace: between,
      clients: clients.filter((_client, i) => i % threads === t) }));
    this.churning = this.#churn();
  }

  #client(who, i, k) {
    const churned = this.people.churned.includes(who);
    const fronts = Object.values(this.fronts);
    const kind = KINDS[(i + k) % 3];
    const slow = k === 0 && this.people.slow.includes(who); // one by WebSocket, one by SSE
    return {
      name: `t${i}.${k}`, who, kind, slow,
      front: slow ? this.fronts.lighttpd : fronts[(i + k) % 5 < fronts.length ? (i + k) % 5 : 0],
      talks: k === 0 && !churned && !slow && i > 0 && (kind === 'ws' ? 'ws' : 'http'),
      rooms: [this.rooms.all, i % 2 ? this.rooms.odd : this.rooms.even,
        ...(i === 1 || i === 2 ? [this.rooms.secret] : [])],
    };
  }

  /** Adds accounts to the private room and removes them again. */
  async #churn() {
    const inside = new Set();
    for (let i = 0; this.#churning; i++) {
      const who = this.people.churned[Math.floor(Math.random() * CHURNED)];
      const removes = inside.has(who), at = now();
      const data = { room_id: this.rooms.secret, members: [who.id] };
      const done = await this.insist(this.people.owner, removes ? 'room.remove_members' : 'room.add_members', data);
      if (done.status !== 200 && done.body?.error?.code !== 4003) this.odd.push(`churn: ${done.status} ${done.text}`);
      if (removes) this.removals.push({ account: who.id, at });
      if (!inside.delete(who)) inside.add(who);
      this.churns++;
      await pause(100 + Math.random() * 200);
    }
  }

  /** Repeats a command until its answer is final. */
  async insist(who, event_type, data, front = this.fronts.lighttpd) {
    for (;;) {
      const answer = await post(front, this.#agent, who.token, event_type, data);
      if (!mayRepeat(answer)) return answer;
      await pause(30);
    }
  }

  /**
   * Waits until a message sent now has reached everybody, and every sender has an acknowledgement; returns the ms from
   * `since`.
   */
  async recovered(since) {
    const key = `probe-${this.probes.length}`;
    const late = pause(GIVE_UP).then(async () => {
      const counts = await this.counts();
      throw new Error(
        `no recovery in ${GIVE_UP} ms: ${counts.map(({ behind, silent }) => `${behind}\n${silent}`).join('\n')}`);
    });
    const all = (async () => {
      const { status, body, text } = await this.insist(this.people.probe, 'message.send',
        { room_id: this.rooms.all, content: key, client_id: key });
      if (status !== 200) throw new Error(`probe: ${status} ${text}`);
      this.probes.push({ seq: body.seq, key });
      const times = await Promise.all(this.loads.map((load) => load.ask('caughtUp', { seq: body.seq, since })));
      return { seq: body.seq, took: Math.max(...times) - since };
    })();
    return Promise.race([all, late]);
  }

  counts() {
    return Promise.all(this.loads.map((load) => load.ask('count')));
  }

  /** Stops the senders, lets all clients read to the end, and returns their ledgers. */
  async finish() {
    this.#churning = false;
    await this.churning;
    await Promise.all(this.loads.map((load) => load.ask('quiet')));
    const { seq } = await this.recovered(0);
    const ledgers = await Promise.all(this.loads.map((load) => load.ask('finish')));
    for (const { worker } of this.loads) await worker.terminate();
    const floods = this.floods.sort((a, b) => a.seq - b.seq);
    const ours = [['probe', this.probes],
      ['flood', floods]].map(([name, promises]) => ({ name, promises, refused: 0, unknown: 0, odd: [] }));
    ours[0].odd = this.odd;
    return { end: seq, followers: ledgers.flatMap(({ followers }) => followers),
      talkers: [...ledgers.flatMap(({ talkers }) => talkers), ...ours] };
  }

  /** Acts as a process manager: starts a program again until it keeps running. */
  async revive(name, env = {}) {
    await until(async () => {
      await run(tool, ['program', this.dir, name], { env: { ...process.env, ...this.stack.env, ...env } });
      await until(() => existsSync(path.join(this.dir, `run/${name}.run.pid`)), name);
      await pause(100);
      return isAlive(this.stack.pid(name));
    }, `${name} runs`);
  }

  query(statement) {
    return this.stack.query(statement);
  }

  /** The lines of a long answer, as they arrive. */
  async* lines(statement) {
    const child = spawn(tool, ['sql', this.dir, statement], { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    for await (const part of child.stdout.setEncoding('utf8')) {
      const lines = (rest + part).split('\n');
      rest = lines.pop();
      yield* lines;
    }
  }

  async stop() {
    for (const load of this.loads ?? []) await load.worker.terminate();
    await run(tool, ['stop', this.dir]);
    await stopStandby(this.dir);
    await unmount(this.dir);
  }
}

/** A file system for the database alone, if we may create one: {grow, fill}; else null. */
async function mountDisk(dir) {
  const disk = path.join(dir, 'disk');
  mkdirSync(disk);
  const size = (how) => run('mount', ['-o', `remount,${how}`, disk]);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8g', 'tmpfs', disk]);
  } catch {
    return null;
  }
  const owner = await run('id', ['-u', 'postgres']).then(({ stdout }) => stdout.trim(), () => '65534');
  await run('install', ['-d', '-m', '700', '-o', owner, path.join(disk, 'pg')]);
  await run('ln', ['-s', path.join(disk, 'pg'), path.join(dir, 'pg')]);
  return {
    /** Fills it up except for some KiB. */
    fill: async (left) => {
      const { stdout } = await run('df', ['--output=used', '-k', disk]);
      await size(`size=${Number(stdout.split('\n')[1]) + left}k`);
    },
    grow: () => size('size=8g'),
  };
}

/** Cleans up after an unfinished fail-over. */
async function stopStandby(dir) {
  const file = path.join(dir, 'pg2/postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGQUIT');
  await until(() => !isAlive(pid), 'the standby is gone');
}

async function unmount(dir) {
  await run('umount', [path.join(dir, 'disk')]).catch(() => {});
}
