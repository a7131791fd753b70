// Clients that misbehave; the others must not notice.
import http from 'node:http';
import { connect } from 'node:net';
import WebSocket from 'ws';
import { now, pause, until } from './time.mjs';

/** Opens a stream and disconnects, at once or in the middle of it. */
function touch(world, kind, token) {
  const front = new URL(world.fronts.lighttpd);
  return new Promise((resolve) => {
    if (kind === 'ws') {
      const socket = new WebSocket(`ws://${front.host}${front.pathname}ws?token=${token}`, ['confab.v1'],
        { perMessageDeflate: false });
      socket.on('open', () => socket.terminate()).on('error', () => {}).on('close', resolve);
    } else if (kind === 'cut') {
      const socket = connect({ host: front.hostname, port: Number(front.port) }, () => {
        socket.write(
          `GET ${front.pathname}events HTTP/1.1\r\nHost: ${front.host}\r\nAuthorization: Bearer ${token}\r\n\r\n`, () =>
          socket.destroy());
      });
      socket.on('error', () => {}).on('close', resolve);
    } else {
      const request = http.get(new URL(kind === 'sse' ? 'events' : 'poll?wait=20', front),
        { agent: false, headers: { authorization: `Bearer ${token}` } },
        (response) => { response.on('error', () => {}); request.destroy(); });
      request.on('error', () => {}).on('close', resolve);
    }
  });
}

/** Streams that ended because their readers were slow, of each program. */
async function ended(world) {
  const { text } = await world.stack.site.request('GET', 'metrics');
  return ['events',
    'bridge']
      .map((program) =>
        Number(new RegExp(`^confab_streams_slow_total\\{program="${program}"\\} (\\d+)$`, 'm').exec(text)?.[1]));
}

/** Sends more than all buffers on the way hold, to a room in which only clients that do not read are members. */
async function flood(world, round) {
  const before = await ended(world);
  const { owner } = world.people, room_id = world.rooms.slow;
  let n = 0;
  await until(async () => {
    await Promise.all(Array.from({ length: 10 }, async () => {
      const key = `flood-${round}-${n++}`;
      const { status, body, text } = await world.insist(owner, 'message.send',
        { room_id, content: `${key} ${'x'.repeat(30_000)}`, client_id: key });
      if (status !== 200) throw new Error(`${key}: ${status} ${text}`);
      world.floods.push({ seq: body.seq, key });
    }));
    return (await ended(world)).every((count, i) => count > before[i]);
  }, 'streams that nobody reads end', 120_000);
}

export default [
  {
    name: 'not-reading', title: 'clients stop reading', within: 30, every: 2,
    async run(world, { short, round }) {
      const stall = (paused) => Promise.all(world.loads.map((load) => load.ask('stall', { paused })));
      await stall(true);
      // The others continue undisturbed.
      const { took } = await world.recovered(now());
      if (took > 5_000) throw new Error(`those who read waited ${took} ms for those who do not`);
      await flood(world, round);
      await pause(short ? 0 : 30_000);
      const at = now();
      await stall(false);
      for (const who of world.people.slow)
        await world.insist(who, 'room.read', { room_id: world.rooms.slow, seq: world.floods.at(-1).seq });
      return at;
    },
  },
  {
    name: 'hasty', title: 'clients connect and disconnect without end', within: 30,
    async run(world, { short }) {
      const end = now() + (short ? 2_000 : 10_000);
      const { token } = world.people.probe;
      await Promise.all(['ws', 'sse', 'poll', 'cut', 'ws', 'sse', 'poll', 'cut'].map(async (kind) => {
        while (now() < end) await touch(world, kind, token);
      }));
    },
  },
];
