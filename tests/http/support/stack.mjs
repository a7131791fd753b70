// A stack of its own, for tests that break things.
import { execFile } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { Site, until } from './client.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../../..');

export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Stack {
  /**
   * @param {string} name of its folder
   * @param {object} options env: CONFAB_* variables of its programs, STACK_* ones of tools/stack; the rest as a Site
   * takes it
   */
  static async start(name, { env = {}, ...options } = {}) {
    const stack = new Stack();
    stack.env = env;
    stack.dir = path.join(process.env.CONFAB_DIR ?? path.join(top, 'build/release/test'), name);
    stack.port = await freePort();
    stack.site = stack.at(stack.port, options);
    await stack.again();
    await stack.confab('setting', 'allow_register', 'true');
    return stack;
  }

  /** The site at a port. */
  at(port, options, scheme = 'http') {
    return new Site(`${scheme}://127.0.0.1:${port}${this.env.STACK_MOUNT ?? '/chat/'}`, options);
  }

  /** Puts one more web server before the programs, by its name in tools/fronts; its site, as start() takes it. */
  async front(name, options) {
    const port = await freePort();
    await this.#tool('front', this.dir, name, `${port}`);
    return this.at(port, options, name.startsWith('haproxy-') ? 'https' : 'http');
  }

  #tool(...args) {
    return run(path.join(top, 'tools/stack'), args, { env: { ...process.env, STACK_FSYNC: 'off', ...this.env } });
  }

  /** Runs the admin command; returns its output. */
  async confab(...words) {
    const { stdout } = await run(path.join(top, 'build', process.env.BUILD ?? 'release', 'confab'),
      ['-c', path.join(this.dir, 'confab.conf'), ...words]);
    return stdout;
  }

  /** Starts the programs that do not run. */
  again() {
    return this.#tool('start', this.dir, `${this.port}`);
  }

  program(name) {
    return this.#tool('program', this.dir, name);
  }

  /** Replaces a program by a new run of it; resolves when the old one has ended. */
  restart(name) {
    return this.#tool('restart', this.dir, name);
  }

  /** Starts a second run of a program, which must exit; returns its exit code and output. */
  refused(name) {
    return run(path.join(top, 'build', process.env.BUILD ?? 'release', `confab-${name}`),
      ['-c', path.join(this.dir, 'confab.conf')], { timeout: 10_000 })
      .then(() => ({ code: 0, stderr: '' }), (error) => error);
  }

  stop() {
    return this.#tool('stop', this.dir);
  }

  /** The folder of its sockets. */
  get run() {
    return realpathSync(path.join(this.dir, 'run'));
  }

  /** Connection parameters of another database of its cluster. */
  other(database) {
    return `host=${this.run} dbname=${database} user=confab_admin`;
  }

  /** Runs the admin command on another database. */
  async confabOn(database, ...words) {
    const { stdout } = await run(path.join(top, 'build', process.env.BUILD ?? 'release', 'confab'), words,
      { env: { ...process.env, CONFAB_DATABASE: this.other(database) } });
    return stdout;
  }

  /** Runs a statement on another database as the operator; returns its output. */
  async queryOn(database, sql) {
    const { stdout } = await run('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', sql, this.other(database)]);
    return stdout.trim();
  }

  /** Runs a statement as the operator; returns its output. */
  async query(sql) {
    const { stdout } = await run(path.join(top, 'tools/stack'), ['sql', this.dir, sql]);
    return stdout.trim();
  }

  /** The arguments that run a command as the programs' user. */
  owner() {
    const { uid, gid } = statSync(path.join(this.dir, 'log'));
    return process.getuid() ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups',
      '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  }

  /** The process of 'postgres' or of a program. */
  pid(name) {
    const file = name === 'postgres' ? 'pg/postmaster.pid' : `run/${name}.run.pid`;
    return Number(readFileSync(path.join(this.dir, file), 'utf8').split('\n')[0]);
  }

  /** A program's workers. */
  workers(name) {
    return this.#children(name).filter((pid) => nameOf(pid) !== 'confab-overflow');
  }

  /** The process that watches a program's queue; undefined for the moment in which there is none. */
  overflow(name) {
    return this.#children(name).find((pid) => nameOf(pid) === 'confab-overflow');
  }

  #children(name) {
    return readFileSync(`/proc/${this.pid(name)}/task/${this.pid(name)}/children`,
      'utf8').trim().split(' ').filter(Boolean).map(Number);
  }

  /** Sends a signal and waits until the process is gone. */
  async kill(name, signal) {
    const pid = this.pid(name);
    process.kill(pid, signal);
    await until(() => !isAlive(pid), `${name} is gone`);
  }
}

/** Empty for a process that is gone. */
function nameOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Whether a process is running; a zombie is not. */
export function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
