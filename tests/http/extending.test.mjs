// docs/extending.md, executed: the blocks are taken from the page as they are.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { unique, until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(top, 'docs/extending.md'), 'utf8');
const blocks = new Map([...page.matchAll(/^```(\w+) ([a-z-]+)\n([^]*?)^```$/gm)]
  .map(([, language, name, text]) => [`${language} ${name}`, text]));
const major = readdirSync('/usr/lib/postgresql').sort((a, b) => a - b).at(-1);
const bin = `/usr/lib/postgresql/${major}/bin`;

let stack, site, alice, bob, room, env;
const used = new Set();

/** A block of the page. */
function block(name) {
  assert.ok(blocks.has(name), name);
  used.add(name);
  return blocks.get(name);
}

/** Runs SQL in psql. */
async function psql(sql, user, role) {
  const child = run(path.join(bin, 'psql'), ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
    { env: { ...env, PGUSER: user, ...(role && { PGOPTIONS: `-c role=${role}` }) } });
  child.child.stdin.end(sql);
  return (await child).stdout.trim();
}

/** Restarts the program so it sees the operator's SQL: a running one checks only every few seconds. */
async function extend(...names) {
  for (const name of names) await psql(block(`sql ${name}`), 'confab_admin', 'confab_owner');
  await stack.kill('command', 'SIGTERM');
  await stack.program('command');
  await until(async () => (await site.command(alice, 'session.heartbeat')).status === 200, 'the program answers');
}

before(async () => {
  stack = await Stack.start('extending', { extended: true });
  site = stack.site;
  env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, PGHOST: realpathSync(path.join(stack.dir, 'run')),
    PGDATABASE: 'confab' };
  [alice, bob] = await Promise.all([site.register('alice'), site.register('bob')]);
  room = await site.room(alice, [bob]);
});
after(() => stack?.stop());

test('a command of the operator\'s own is told to the room and checks what it is given', async () => {
  const stream = await site.stream('ws', bob);
  await extend('own-command');
  const { data, seq } = await site.done(alice, 'dice.roll', { room_id: room.id, sides: 20 });
  assert.deepEqual((await stream.event('dice.dispatch')), { eventType: 'dice.dispatch', data, seq });
  assert.ok(data.shows >= 1 && data.shows <= 20);
  assert.equal(data.user.id, alice.user.id);
  const eve = await site.register('eve');
  assert.equal((await site.command(eve, 'dice.roll', { room_id: room.id })).status, 403);
  assert.deepEqual((await site.command(alice, 'dice.roll', { room_id: room.id, sides: 1 })).body.error,
    { code: 4003, detail: { sides: ['Ensure this value is greater than or equal to 2.'] } });
  stream.close();
});

test('a command can be replaced, and switched off; an upgrade leaves that alone', async () => {
  const { body } = await site.request('POST', 'session/register',
    { body: { username: `boss-${unique()}`, password: 'a good password', email: 'b@staff.example' } });
  await extend('replaced-command', 'disabled-command');
  await run(path.join(top, 'build', process.env.BUILD ?? 'release', 'confab'),
    ['-c', path.join(stack.dir, 'confab.conf'), 'upgrade']);
  await extend();
  const channel = (who) => site.command(who, 'room.create', { type: 'Channel', name: 'News' });
  assert.deepEqual((await channel(alice)).body, { error: { code: 4002, detail: 'Only staff makes channels' } });
  assert.equal((await channel(body)).status, 200);
  await site.room(alice);
  assert.deepEqual((await site.command(alice, 'user.list')).body, { error: 'invalid event type' });
});

test('may() and message_json() of the site stand in for ours', async () => {
  const cid = await site.register('cid');
  const add = () => site.command(bob, 'room.add_members', { room_id: room.id, members: [cid.user.id] });
  assert.equal((await add()).status, 403);
  await extend('may', 'message-json');
  assert.equal((await add()).status, 200);
  const stream = await site.stream('ws', bob);
  const { data: sent } = await site.done(cid, 'message.send', { room_id: room.id, content: 'Hello' });
  assert.equal(sent.link, `https://example.net/m/${sent.id}`);
  assert.deepEqual((await stream.message('Hello')).data, sent);
  const { data } = await site.done(bob, 'room.messages', { room_id: room.id });
  assert.deepEqual(data.data.messages[0], sent);
  stream.close();
});

test('declared fields travel with a message', async () => {
  const [, ...words] = block('sh setting').trim().split(/\s+(?=setting|message_fields|')/);
  await run(path.join(top, 'build', process.env.BUILD ?? 'release', 'confab'),
    ['-c', path.join(stack.dir, 'confab.conf'), ...words.map((word) => word.replaceAll("'", ''))]);
  const { event_type, data } = JSON.parse(block('json custom-field').replace('ROOM', room.id));
  const { data: sent } = await site.done(alice, event_type, data);
  assert.equal(sent.order_id, 4711);
  assert.equal(sent.colour, undefined);
  const edited = await site.done(alice, 'message.modify',
    { message_id: sent.id, action: 'update', extra_fields: { content: 'Here it is.', priority: 1 } });
  assert.deepEqual([edited.data.message.order_id, edited.data.message.priority], [4711, 1]);
});

test('hooks see what is asked, and what came of it', async () => {
  await extend('hooks');
  const send = (content) => site.command(alice, 'message.send', { room_id: room.id, content });
  assert.deepEqual((await send('mine is 4711 4711 4711 4711')).body.error,
    { code: 4003, detail: { content: ['This looks like the number of a card.'] } });
  const { body } = await send('mine is blue');
  assert.equal(await stack.query('select account_id, room_id, seq from confab_site.audit'),
    `${alice.user.id}|${room.id}|${body.seq}`);
});

test('a hook that asks for patience says for how long', async () => {
  await psql(`create or replace function confab_site.before_message_send(p_caller confab.caller, p_data jsonb)
    returns jsonb language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
    begin
      if p_data ->> 'content' = 'too often' then perform fail(4029, '"7"', '{"hint": "site"}'); end if;
      return p_data;
    end $$`, 'confab_admin', 'confab_owner');
  const { status, headers, body } = await site.command(alice, 'message.send',
    { room_id: room.id, content: 'too often' });
  assert.deepEqual([status, headers['retry-after'], body],
    [429, '7', { error: { code: 4029, detail: '7' }, hint: 'site' }]);
});

test('another program writes in its own transaction, from psql and from PHP', async () => {
  await psql(block('sql shop-role'), 'confab_admin');
  const stream = await site.stream('ws', bob);
  const order = block('sql shop-order').replaceAll('CUSTOMER', bob.user.username);
  // After a rollback, nothing was sent.
  await psql(order.replace('commit;', 'rollback;'), 'shop');
  await psql(order, 'shop');
  const made = await stream.event('roomcreate.dispatch');
  assert.equal(made.data.name, 'Order 4711');
  const { data: first } = await stream.message('Your soil is on its way.');
  assert.deepEqual([first.room.id, first.sender.username, first.client_id], [made.data.id, 'shop', 'order-4711-sent']);
  // A repeat makes another order, but no other message.
  await psql(order, 'shop');
  const script = path.join(stack.dir, 'order.php');
  writeFileSync(script, block('php shop-order'));
  const { stdout } = await run('php', [script, bob.user.username, 'a rake & a hoe'],
    { env: { ...env, SHOP_DSN: `pgsql:host=${env.PGHOST};dbname=confab` } });
  const { data: second } = await stream.message('Thank you for ordering a rake &amp; a hoe.');
  assert.equal(second.id, stdout.trim());
  assert.equal(stream.frames.filter(({ eventType }) => eventType === 'message.dispatch').length, 2);
  assert.equal(await stack.query('select count(*) from shop.purchase'), '3');
  for (const statement of ['select * from confab.account', 'select confab.log_draw()',
    "select confab.room_erase(null, '{}')"])
    await assert.rejects(psql(statement, 'shop'), /permission denied/);
  stream.close();
});

test('a push service delivers what was not seen, again when that failed, and never what was read', async () => {
  await stack.query("update confab.setting set value = '0' where name = 'push_delay'");
  const got = [];
  let status = 500;
  const hook = http.createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    got.push(JSON.parse(text));
    response.writeHead(status).end();
  });
  await new Promise((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const deliver = () => run(path.join(top, 'docs/examples/push-webhook'), ['once'],
    { env: { ...env, PGUSER: 'confab_push', WEBHOOK: `http://127.0.0.1:${hook.address().port}/` } });
  try {
    await deliver(); // jobs are made from here on
    const { data: pair } = await site.done(alice, 'room.create', { type: 'OneToOneChat', participants: [bob.user.id] });
    const { data: read } = await site.done(alice, 'message.send', { room_id: pair.id, content: 'read' });
    const { data: unread } = await site.done(alice, 'message.send', { room_id: pair.id, content: 'unread' });
    await site.done(bob, 'message.read', { message_id: read.id });
    await until(async () => { await deliver(); return got.length; }, 'the webhook is told', 60_000);
    const [job] = got;
    assert.deepEqual([got.length, job.username, job.room_id, job.notification_type, job.attempts],
      [1, bob.user.username, pair.id, 'NEW_MESSAGE', 1]);
    assert.deepEqual(job.message, unread);
    status = 204;
    await until(async () => { await deliver(); return got.length > 1; }, 'the webhook is told again', 60_000);
    assert.deepEqual([got[1].id, got[1].attempts], [job.id, 2]);
    assert.equal(await stack.query('select count(*) from confab.push_job'), '0');
  } finally {
    hook.close();
    hook.closeAllConnections();
  }
});

test('every block of the page was run', () => {
  assert.deepEqual([...blocks.keys()].filter((name) => !used.has(name)), []);
});
