// Connections to the database that carry nothing any more, while both ends consider them open: a relay stops
// forwarding.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { now } from './time.mjs';
import { run, tool } from './world.mjs';

const SOCKET = '.s.PGSQL.5432';

class Relay {
  pairs = new Set();

  static async start(to) {
    const relay = new Relay();
    relay.dir = mkdtempSync(path.join(tmpdir(), 'confab-relay-'));
    chmodSync(relay.dir, 0o755);
    relay.server = net.createServer({ allowHalfOpen: true }, (from) => {
      const pair = [from, net.connect({ path: path.join(to, SOCKET), allowHalfOpen: true })];
      relay.pairs.add(pair);
      pair.forEach((socket, i) => {
        socket.pipe(pair[1 - i]);
        socket.on('error', () => {}).on('close', () => {
          pair[1 - i].destroy();
          relay.pairs.delete(pair);
        });
      });
    });
    await new Promise((resolve) => relay.server.listen(path.join(relay.dir, SOCKET), resolve));
    chmodSync(path.join(relay.dir, SOCKET), 0o777);
    return relay;
  }

  /** Open connections stay open but carry nothing any more; new connections work. */
  freeze() {
    for (const pair of this.pairs)
      pair.forEach((socket, i) => {
        socket.unpipe(pair[1 - i]);
        socket.pause();
      });
    return this.pairs.size;
  }

  stop() {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    this.server.close();
    rmSync(this.dir, { recursive: true });
  }
}

/** Routes a program's connections through the relay, or directly again. */
function restart(world, name, database) {
  const env = { ...process.env, STACK_FSYNC: 'off', ...world.stack.env,
    ...(database && { CONFAB_DATABASE: database }) };
  return run(tool, ['restart', world.dir, name], { env });
}

const halfOpen = (name, title, programs, options = {}) => ({
  name, title, within: 30, ...options,
  async run(world, { record }) {
    const relay = await Relay.start(path.join(world.dir, 'run'));
    for (const program of programs) await restart(world, program, `host=${relay.dir} dbname=confab`);
    // All connections have been used.
    await world.recovered(now());
    const at = now();
    if (!relay.freeze()) throw new Error('nothing goes over the relay');
    await record(at);
    for (const program of programs) await restart(world, program);
    relay.stop();
    return null;
  },
});

export default [
  halfOpen('half-open-tail', 'the connections of those who deliver become half-open', ['events', 'bridge']),
  halfOpen('half-open-commands', 'the connections of confab-command become half-open', ['command'], { long: true }),
];
