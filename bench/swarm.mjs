// Shared by the measurements with thousands of clients: the clients (bench/swarm), accounts in the database, the web
// servers and the servers for comparison.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { base } from './client.mjs';

export const dir = process.env.CONFAB_DIR;
const bin = `build/${process.env.BUILD ?? 'release'}`;
const children = [];

// Not SIGKILL, which would leave the workers of nginx running.
process.on('exit', () => { for (const child of children) child.kill('SIGTERM'); });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  children.push(child);
  return child;
}

/** A process of many clients: `order('open …')` resolves to its answer. See bench/swarm.c. */
export function startSwarm() {
  const child = start(`${bin}/bench/swarm`, []);
  const lines = createInterface({ input: child.stdout });
  const waiting = [];
  lines.on('line', (line) => waiting.shift()(JSON.parse(line)));
  child.on('exit', (code) => { throw new Error(`swarm ended: ${code}`); });
  return {
    pid: child.pid,
    order(text) {
      return new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${text}\n`);
      });
    },
    /** Opens more clients, in turn at these ports; resolves to the counts of open and failed ones. */
    async open({ role = 'watched', kind, count, ports, atOnce = 64, goal = -1, path, tokens = '-', ready = '' }) {
      const answer =
        await this.order(
          `open ${role} ${kind} ${count} ${ports.join(',')} ${atOnce} ${goal} ${path} ${tokens} ${ready}`);
      if (answer.error) throw new Error(answer.error);
      return answer;
    },
  };
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function answers(port) {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const ok = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => { socket.destroy(); resolve(true); });
      socket.on('error', () => resolve(false));
    });
    if (ok) return;
    await pause(50);
  }
  throw new Error(`nobody listens on ${port}`);
}

export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export const fileLimit = Number(execFileSync('bash', ['-c', 'ulimit -Hn']).toString().replace('unlimited', '65536'));

/**
 * Enough instances of lighttpd for so many streams: each stream takes two descriptors there. The first instance is the
 * stack's own.
 */
export async function fronts(streams) {
  const ports = [Number(base.port)], pids = [Number(readFileSync(`${dir}/run/lighttpd.run.pid`, 'utf8'))];
  const each = Math.floor(Math.min(fileLimit, 65536) / 2) - 150;
  while (ports.length * each < streams) {
    const port = await freePort(), name = `lighttpd-${ports.length + 1}`;
    const text = readFileSync(`${dir}/lighttpd.conf`, 'utf8')
      .replace(/server\.port = \d+/, `server.port = ${port}`).replaceAll('/lighttpd.log',
        `/${name}.log`).replaceAll('/lighttpd.pid', `/${name}.pid`)
      .replaceAll('/access.log', `/access-${name}.log`);
    writeFileSync(`${dir}/${name}.conf`, text);
    pids.push(start('lighttpd', ['-D', '-f', `${dir}/${name}.conf`]).pid);
    await answers(port);
    ports.push(port);
  }
  return { ports, pids };
}

/** nchan in an nginx of its own: {port, pids}; undefined where it is not installed. */
export async function startNchan() {
  const module = '/usr/lib/nginx/modules/ngx_nchan_module.so', home = `${dir}/nchan`;
  try { readFileSync(module); } catch { return undefined; }
  const port = await freePort();
  mkdirSync(home, { recursive: true });
  writeFileSync(`${home}/nginx.conf`, `
load_module ${module};
daemon off;
master_process on;
worker_processes 1;
worker_rlimit_nofile ${fileLimit};
pid ${home}/nginx.pid;
error_log ${home}/error.log;
events { worker_connections ${fileLimit - 100}; }
http {
  access_log off;
  client_body_temp_path ${home}/tmp; proxy_temp_path ${home}/tmp; fastcgi_temp_path ${home}/tmp;
    uwsgi_temp_path ${home}/tmp; scgi_temp_path ${home}/tmp;
  nchan_shared_memory_size 256M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /sse { nchan_subscriber eventsource; nchan_channel_id room; nchan_subscriber_first_message newest; }
    location = /ws { nchan_subscriber websocket; nchan_channel_id room; nchan_subscriber_first_message newest; }
    location = /pub { nchan_publisher; nchan_channel_id room; }
  }
}
`);
  const child = start('nginx', ['-c', `${home}/nginx.conf`]);
  await answers(port);
  const tasks = () =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);
  return { port, pids: [child.pid, ...tasks()] };
}

export async function startBare() {
  const port = await freePort();
  const child = start(`${bin}/bench/bare`, [String(port)]);
  await answers(port);
  return { port, pids: [child.pid] };
}

/**
 * The bare loop behind a lighttpd of its own, configured like confab's sample: the maximum for a program behind that
 * web server.
 */
export async function startBareBehind(bare) {
  const port = await freePort(), file = `${dir}/lighttpd-bare.conf`;
  writeFileSync(file, `
server.modules = ("mod_proxy")
server.port = ${port}
server.bind = "127.0.0.1"
server.document-root = "${dir}"
server.errorlog = "${dir}/log/lighttpd-bare.log"
server.max-fds = ${fileLimit}
server.max-connections = ${Math.floor(fileLimit / 2) - 100}
server.listen-backlog = 4096
server.max-request-size = 0
server.stream-request-body = 2
server.stream-response-body = 2
proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${bare.port})))
proxy.header = ("upgrade" => "enable")
`);
  const child = start('lighttpd', ['-D', '-f', file]);
  await answers(port);
  return { port, pids: [...bare.pids, child.pid] };
}

export function sql(statement) {
  return execFileSync('tools/stack', ['sql', dir, statement], { maxBuffer: 1 << 28 }).toString().trim();
}

/**
 * Accounts that are logged in, with tokens in a file, one a line. They are inserted into the tables, because passwords
 * would take minutes.
 */
export function people(name, count) {
  sql(`with made as (insert into confab.account (username) select '${name}-' || i from generate_series(1, ${count}) i
    returning id, username)
       insert into confab.login (account_id, token_hash, expires_at) select id, sha256(convert_to(rpad(username, 43,
         'x'), 'UTF8')), now() + interval '1 day' from made`);
  const tokens = Array.from({ length: count }, (_, i) => `${name}-${i + 1}`.padEnd(43, 'x'));
  writeFileSync(`${dir}/${name}.tokens`, `${tokens.join('\n')}\n`);
  return { name, tokens, file: `${dir}/${name}.tokens` };
}

/** A room with these people in it; its id. `where` chooses among them by the number i in their name. */
export function room(group, where = 'true') {
  return sql(
    `with people as (select id, split_part(username, '-', -1)::int i from confab.account where username like
      '${group.name}-%'),
       chosen as (select id from people where ${where}),
       made as (insert into confab.room (type, name, creator_id, capacity) select 'GroupChat', '${group.name}',
         min(id), count(*) from chosen returning id),
       joined as (insert into confab.member (room_id, account_id, since_seq) select made.id, chosen.id, 0 from made,
         chosen returning 1)
       select id from made where (select count(*) from joined) > 0`).split('\n')[0];
}

/** KiB that belong to these processes: each shared page is counted in parts. */
export function pss(pids) {
  let sum = 0;
  for (const pid of pids) sum += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
  return sum;
}

/** KiB that the kernel has allocated for objects of its own (sockets are), and for what waits in TCP sockets. */
export function kernelMemory() {
  const slab = Number(/^Slab:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))[1]);
  const pages = Number(/^TCP:.* mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))[1]);
  return slab + pages * 4;
}

/** The process of that name of this stack. */
export function pidOf(name) {
  return Number(readFileSync(`${dir}/run/${name}.run.pid`, 'utf8'));
}

/** All processes below these, themselves among them. */
export function withChildren(pids) {
  const all = [...pids];
  for (const pid of pids)
    for (const entry of readdirSync(`/proc/${pid}/task`))
      all.push(...readFileSync(`/proc/${pid}/task/${entry}/children`,
        'utf8').trim().split(' ').filter(Boolean).map(Number));
  return all;
}

/** Seconds of processor time that these processes have used. */
export function cpu(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / 100;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** A request that publishes the same bytes as confab sends, for the swarm. */
export function publication(name, path, body, headers = '') {
  const file = `${dir}/${name}.request`;
  writeFileSync(file,
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n${headers}`
    + `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  return file;
}
