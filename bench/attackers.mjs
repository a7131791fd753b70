// What one account can do to the others: each command of attacks.mjs from 8 connections as fast as it can, while
// others send 100 messages a second. The limits of rate are as installed; each attacker has an address of its own. The
// attacker's own process would be on another machine, so it gives way to everything here.
//   ATTACKS="search create"   only those whose name has one of these words
//   SECONDS_EACH=2            of each
import { execFileSync, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { constants, loadavg, setPriority } from 'node:os';
import { ATTACKS, PAGE, body } from './attacks.mjs';
import { base, percentile } from './client.mjs';

const CONNECTIONS = 8, OTHERS = 80, PAUSE = 10; // ms
const SECONDS = Number(process.env.SECONDS_EACH ?? 2);
const ALONE = SECONDS / 2; // of each, without an attacker
const WORST = 3; // times the time alone
const words = (process.env.ATTACKS ?? '').split(' ').filter(Boolean);
// The server may close a connection that is idle just when it is used again, so these are new.
const peaceful = new Agent({ keepAlive: false });

function sql(statement) {
  return execFileSync('tools/stack', ['sql', process.env.CONFAB_DIR, statement], { encoding: 'utf8' }).trim();
}

/** New accounts that are logged in: [{id, name, token}]. */
function people(count, prefix) {
  const made = Array.from({ length: count }, () => ({ name: prefix + randomBytes(6).toString('hex'),
    token: randomBytes(32).toString('base64url') }));
  const rows = made.map(({ name, token }, i) => `(${i}, '${name}',
    '\\x${createHash('sha256').update(token).digest('hex')}'::bytea)`);
  const ids = sql(`select a.id from (values ${rows}) v (n, name, hash)
    cross join lateral (select confab.account_create(v.name, null) id offset 0) a
    cross join lateral confab.login_create(a.id, v.hash, null, null) l order by v.n`).split('\n');
  return made.map((person, i) => ({ ...person, id: Number(ids[i]) }));
}

/** One command, or a body to the page; data: an object, or the bytes of a whole body. */
function send(who, event, data, agent = peaceful) {
  const payload = Buffer.isBuffer(data) ? data : Buffer.from(body(event, JSON.stringify(data)));
  return new Promise((resolve, reject) => {
    const asked = request(new URL(event === PAGE ? '' : 'command', base), { method: 'POST', agent,
      headers: { 'content-type': 'application/json', 'content-length': payload.length,
        authorization: `Bearer ${who.token}` } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => { text += part; });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    asked.on('error', reject);
    asked.end(payload);
  });
}

async function done(who, event, data) {
  const { status, text } = await send(who, event, data);
  if (status !== 200) throw new Error(`${event}: ${status} ${text}`);
  return JSON.parse(text).data;
}

const newRoom = async (by, data) => (await done(by, 'room.create', { name: 'x', ...data })).id;

/** What all attackers share: 1,000 people, another 1,000 to block, and 600 rooms, one of them with 5,000 messages. */
async function makeWorld() {
  const [founder] = people(1, 'founder');
  const ids = sql(`select confab.account_create('crowd' || n, null) from generate_series(1, 2000) n`).split('\n')
    .map(Number);
  sql(`update confab.setting set value = '["custom"]' where name = 'message_fields'`);
  const archive = await newRoom(founder, { type: 'GroupChat', max_participants: 2000 });
  sql(`insert into confab.message (room_id, seq, id, sender_id, content)
    select '${archive}', confab.log_draw(), gen_random_uuid(), ${founder.id}, 'x of long ago'
    from generate_series(1, 5000)`);
  const others = sql(`insert into confab.room (type, name, creator_id, capacity)
    select 'GroupChat', 'x', ${founder.id}, 2000 from generate_series(1, 599) returning id`).split('\n');
  return { crowd: ids.slice(0, 1000), blocked: ids.slice(1000), archive, rooms: [archive, ...others].slice(0, 200),
    all: [archive, ...others] };
}

/** An attacker's memberships and messages, written as they would have been: to send them would use the rate up. */
function writeHistory(who, room, crowded, world) {
  sql(`insert into confab.member (room_id, account_id, since_seq)
    select '${crowded}', i, 1 from unnest('{${world.crowd}}'::bigint[]) i
    union all select r, ${who.id}, 1 from unnest('{${world.all}}'::uuid[]) r;
    insert into confab.block (account_id, blocked_id)
    select ${who.id}, i from unnest('{${world.blocked}}'::bigint[]) i`);
  const many = sql(`insert into confab.message (room_id, seq, id, sender_id, content)
    select '${room}', confab.log_draw(), gen_random_uuid(), ${who.id}, repeat('x ', 1000) from generate_series(1, 200)
    returning id`).split('\n');
  const edited = sql(`with edited as (insert into confab.message (room_id, seq, id, sender_id, content, version)
      values ('${room}', confab.log_draw(), gen_random_uuid(), ${who.id}, 'x', 201) returning *),
    versions as (insert into confab.message_version (room_id, seq, version, content, created_at)
      select room_id, seq, v, repeat('x ', 2500), now() from edited, generate_series(1, 200) v)
    select id from edited`);
  const session = sql(`insert into confab.session (account_id, transport, process) values (${who.id}, 'poll', '')
    returning id`);
  return { many, edited, session };
}

/** An attacker with what the attacks need: rooms and messages. */
async function attacker(world, address) {
  const [who, other] = people(2, 'attacker');
  const room = await newRoom(who, { type: 'GroupChat', participants: [other.id] });
  const crowded = await newRoom(who, { type: 'GroupChat', max_participants: 2000 });
  const open = await newRoom(other, { type: 'Channel', is_public: true });
  const closed = await newRoom(other, { type: 'GroupChat', join_approval_required: true });
  const large = (await done(who, 'message.send', { room_id: room, content: 'x'.repeat(100_000) })).id;
  return { ...world, who, address, room, crowded, open, closed, large, ...writeHistory(who, room, crowded, world) };
}

/** How long messages of others take until isOver(). They take turns: one person's would be limited. */
async function measure(isOver) {
  const others = people(OTHERS, 'other'), took = [], waiting = [];
  const room = await newRoom(others[0], { type: 'GroupChat', participants: others.slice(1).map(({ id }) => id) });
  for (const over = isOver(); !over();) {
    const start = performance.now();
    waiting.push(send(others[waiting.length % OTHERS], 'message.send', { room_id: room, content: 'a few words' })
      .then(({ status, text }) => {
        if (status !== 200) throw new Error(`another person's message: ${status} ${text}`);
        took.push(performance.now() - start);
      }));
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  await Promise.all(waiting);
  return took;
}

const inSeconds = (seconds) => () => { const end = Date.now() + seconds * 1000; return () => Date.now() >= end; };

/** Sends the command until the parent says that it is over; tells it what the answers were. */
async function flood([, event, data], stage) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, localAddress: stage.address });
  const counts = { 200: 0, 429: 0, other: 0 };
  let isOver = false;
  // A whole body is made once: here its sender's time is its receiver's, too.
  const first = data(stage), whole = typeof first === 'string' ? Buffer.from(first) : null;
  process.once('message', () => { isOver = true; });
  process.send('begins');
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (!isOver) {
      const status = await send(stage.who, event, whole ?? data(stage), agent).then((answer) => answer.status,
        () => 'cut off');
      counts[status === 200 || status === 429 ? status : 'other']++;
    }
  }));
  process.send(counts, () => process.exit(0));
}

/** Measures while another process attacks. */
async function attack(world, number) {
  const stage = await attacker(world, `127.1.0.${1 + number}`);
  const child = fork(new URL(import.meta.url).pathname, ['attack']);
  const heard = () => new Promise((resolve, reject) => child.once('message', resolve).once('error', reject));
  child.send({ number, stage });
  await heard();
  const took = await measure(inSeconds(SECONDS));
  const counts = heard();
  child.send('over');
  return { took, counts: await counts };
}

const at = (took, p) => percentile(took.toSorted((a, b) => a - b), p);

/** Every row, the worst first, and the other person's times without an attacker. */
async function attackAll() {
  const rows = [], alone = [], world = await makeWorld();
  for (const [number, [what, event]] of ATTACKS.entries()) {
    if (words.length && !words.some((word) => `${event} ${what}`.includes(word))) continue;
    alone.push(...await measure(inSeconds(ALONE)));
    const { took, counts } = await attack(world, number);
    rows.push({ event, what, counts, p50: at(took, 0.5), p99: at(took, 0.99) });
    console.error(`${rows.length} of ${ATTACKS.length}: ${event}, ${what || 'plain'}: p99 ${rows.at(-1).p99.toFixed(1)}`
      + ` ms; alone so far ${at(alone, 0.99).toFixed(1)} ms`);
  }
  if (!rows.length) throw new Error(`no attack is called ${words}`);
  return { rows: rows.sort((a, b) => b.p99 - a.p99), p50: at(alone, 0.5), p99: at(alone, 0.99) };
}

async function report() {
  if (process.env.CONFAB_RATE_LIMITS === '0') throw new Error('rates have to be limited: BENCH=attackers, alone');
  const named = new Set(ATTACKS.map(([, event]) => event));
  const forgotten = sql('select name from confab.command').split('\n').filter((name) => !named.has(name));
  if (forgotten.length) throw new Error(`no attack with ${forgotten}`);
  const alone = await attackAll(), { rows } = alone;
  console.log(`p50 and p99 of other people's message.send, 100 a second for ${SECONDS} s; the attacker has `
    + `${CONNECTIONS} connections; alone ${alone.p50.toFixed(1)}, ${alone.p99.toFixed(1)} ms; load `
    + `${loadavg()[0].toFixed(1)}\n`);
  console.log('| command | at its limit | carried out, 429, other | p50, p99 | times alone |\n'
    + '| --- | --- | --- | --- | --- |');
  for (const { event, what, counts, p50, p99 } of rows)
    console.log(`| \`${event}\` | ${what} | ${Object.values(counts).join(', ')} | ${p50.toFixed(1)}, ${p99.toFixed(1)} `
      + `ms | ${(p50 / alone.p50).toFixed(1)}, ${(p99 / alone.p99).toFixed(1)} |`);
  const over = rows.filter(({ p99 }) => p99 > WORST * alone.p99);
  console.log(`\nover ${WORST} times: ${over.map(({ event, what }) => `${event} (${what})`).join(', ') || 'none'}`);
}

if (process.argv[2] === 'attack') {
  setPriority(constants.priority.PRIORITY_LOW);
  process.once('message', ({ number, stage }) => flood(ATTACKS[number], stage));
} else {
  await report();
  process.exit(0);
}
