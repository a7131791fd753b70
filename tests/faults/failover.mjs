// PostgreSQL is lost for good, and its synchronous standby takes over: twice, which restores the initial places.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from '../http/support/stack.mjs';
import { now, until } from './time.mjs';
import { run } from './world.mjs';

/** One of two places for a server: its data and the folder of its socket. */
class Place {
  constructor(world, data, sockets) {
    this.world = world;
    this.data = path.join(world.dir, data);
    this.sockets = path.join(world.dir, sockets);
  }

  /** The server's user: PostgreSQL never runs as root. */
  async #as(program, ...words) {
    const { stdout: bin } = await run('sh',
      ['-c', "find /usr/lib/postgresql -maxdepth 3 -path '*/bin/postgres' | sort -V | tail -n 1"]);
    const [first, ...rest] = [...this.world.stack.owner(), path.join(path.dirname(bin.trim()), program), ...words];
    const { stdout } = await run(first, rest, { env: { ...process.env, ...this.world.clockEnv() } });
    return stdout.trim();
  }

  async query(statement) {
    return this.#as('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', this.sockets, '-U', 'confab_admin', '-d', 'confab',
      '-c', statement);
  }

  /** A synchronous standby of another server: every commit waits for it. */
  async follow(other) {
    const { uid, gid } = statSync(path.join(this.world.dir, 'log'));
    for (const folder of [this.data, this.sockets])
      if (!existsSync(folder))
        await run('install', ['-d', '-m', '700', ...process.getuid() ? [] : ['-o', `${uid}`, '-g', `${gid}`], folder]);
    for (const name of readdirSync(this.data)) rmSync(path.join(this.data, name), { recursive: true });
    await this.#as('pg_basebackup', '-h', other.sockets, '-U', 'confab_admin', '-D', this.data, '-c', 'fast', '-R',
      '--no-sync');
    await this.#as('pg_ctl', '-D', this.data, '-l', path.join(this.world.dir, 'log/postgres.log'), '-w', '-t', '60',
      '-o',
      `-c listen_addresses='' -k '${this.sockets}' -c fsync=off -c max_prepared_transactions=0 -c `
        + `max_connections=100 -c shared_buffers=64MB -c log_min_messages=warning`, 'start');
    await other.query("alter system set synchronous_standby_names = '*'");
    await other.query('select pg_reload_conf()');
    await until(async () =>
      await other.query("select count(*) from pg_stat_replication where sync_state = 'sync'") === '1',
      'commits wait for the standby');
  }

  promote() {
    return this.#as('pg_ctl', '-D', this.data, '-w', '-t', '60', 'promote');
  }

  async crash() {
    const pid = Number(readFileSync(path.join(this.data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGQUIT');
    await until(() => !isAlive(pid), 'the server is gone');
  }
}

export default [{
  name: 'failover', title: 'PostgreSQL fails over to a synchronous standby', within: 30,
  async run(world, { record }) {
    const here = new Place(world, 'pg', 'run'), there = new Place(world, 'pg2', 'run2');
    for (const [from, to] of [[here, there], [there, here]]) {
      await to.follow(from);
      // Some messages are acknowledged while both servers run.
      await world.recovered(now());
      const at = now();
      await from.crash();
      await to.promote();
      await record(at);
    }
    rmSync(there.data, { recursive: true });
    return null;
  },
}];
