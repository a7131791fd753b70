// A shared host: an account with a home, an Apache that runs its programs as CGI, and one login to PostgreSQL that may
// make no roles. Nothing runs as root and nothing of confab stays in the background.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { until } from './client.mjs';
import { freePort, Stack } from './stack.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../../..');
const APACHE = ['/usr/sbin/apache2', '/usr/bin/apache2'].find(existsSync);
const MODULES = ['mpm_event', 'authz_core', 'dir', 'mime', 'headers', 'setenvif', 'filter', 'deflate', 'cgid'];

export class SharedHost {
  static isPossible = !!APACHE && existsSync('/usr/lib/apache2/modules/mod_cgid.so');

  static async start() {
    const host = new SharedHost();
    host.cluster = new Stack();
    host.cluster.dir = process.env.CONFAB_DIR;
    host.home = await mkdtemp('/tmp/confab-home-');
    host.prefix = path.join(host.home, 'confab');
    host.folder = path.join(host.home, 'public_html/chat');
    await mkdir(path.join(host.home, 'public_html'));
    host.database = `host=${host.cluster.run} dbname=shared_host user=shared_host password='not asked for'`;
    await host.cluster.query('create role shared_host login nosuperuser nocreaterole nocreatedb');
    await host.cluster.query('create database shared_host owner shared_host');
    host.port = await freePort();
    host.url = `http://127.0.0.1:${host.port}/chat/`;
    await writeFile(path.join(host.home, 'apache.conf'), host.#apache());
    if (!process.getuid()) await host.#giveAway();
    host.apache = host.#spawn(APACHE, '-D', 'FOREGROUND', '-f', path.join(host.home, 'apache.conf'));
    await until(() => host.#answers(), 'Apache answers');
    return host;
  }

  async #giveAway() {
    const { stdout } = await run('stat', ['-c', '%u %g', path.join(this.cluster.dir, 'log')]);
    const [uid, gid] = stdout.split(' ').map(Number);
    for (const name of ['', 'public_html', 'apache.conf']) await chown(path.join(this.home, name), uid, gid);
  }

  #apache() {
    const modules = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
    return `${modules.join('\n')}
      ServerName 127.0.0.1
      Listen 127.0.0.1:${this.port}
      DefaultRuntimeDir ${this.home}
      ScriptSock ${this.home}/cgid.sock
      PidFile ${this.home}/apache.pid
      ErrorLog ${this.home}/error.log
      TypesConfig /etc/mime.types
      StartServers 1
      DocumentRoot ${this.home}/public_html
      <Directory ${this.home}/public_html>
        Require all granted
        AllowOverride FileInfo Options
        AddOutputFilterByType DEFLATE application/json text/event-stream
      </Directory>`;
  }

  #answers() {
    return new Promise((resolve) => {
      const socket = net.connect(this.port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
      socket.on('error', () => resolve(false));
    });
  }

  /** The environment of the account. */
  get #env() {
    const env = { PATH: process.env.PATH, HOME: this.home, BUILD: process.env.BUILD ?? 'release' };
    return process.env.ASAN_OPTIONS ? { ...env, ASAN_OPTIONS: process.env.ASAN_OPTIONS } : env;
  }

  #spawn(...words) {
    const [program, ...rest] = [...this.cluster.owner(), ...words];
    return spawn(program, rest, { env: this.#env, stdio: 'ignore' });
  }

  /** Runs a command as the account: {code, said}. */
  async as(...words) {
    const [program, ...rest] = [...this.cluster.owner(), ...words];
    return run(program, rest, { env: this.#env, cwd: top })
      .then(({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
        ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }));
  }

  install() {
    return this.as('make', '-s', '--no-print-directory', 'install', `PREFIX=${this.prefix}`, 'PAGE=htdocs');
  }

  confab(...words) {
    return this.as(path.join(this.prefix, 'bin/confab'), ...words);
  }

  setup(...words) {
    return this.setupIn(this.folder, ...words);
  }

  setupIn(folder, ...words) {
    return this.confab('setup', '--cgi', folder, '--yes', ...words);
  }

  /** Adds an option to the configuration, as its operator would. */
  configure(line) {
    return appendFile(path.join(this.prefix, 'etc/confab/confab.conf'), `${line}\n`);
  }

  errors() {
    return readFile(path.join(this.home, 'error.log'), 'utf8');
  }

  /** All that is below a folder, with the sizes and modes. */
  async listing(folder) {
    const { stdout } = await run('find', [folder, '-printf', '%P %s %m %T@\n']).catch(() => ({ stdout: '' }));
    return stdout.split('\n').sort();
  }

  async stop() {
    const gone = new Promise((resolve) => this.apache?.on('close', resolve) ?? resolve());
    this.apache?.kill('SIGTERM');
    await gone;
    await this.cluster.query('drop database if exists shared_host with (force)');
    await this.cluster.query('drop role if exists shared_host');
    await rm(this.home, { recursive: true, force: true });
  }
}
