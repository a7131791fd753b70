// Other programs with their own database log-in: posting within their own transactions, and delivering to devices.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { unique } from './support/client.mjs';
import { Desk, ids, people, UUID } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

let stack, site, desk;
before(async () => {
  stack = await Stack.start('programs');
  ({ site } = stack);
  desk = new Desk(site);
  await stack.query(`create role shop;
    grant usage on schema confab to shop;
    grant execute on function confab.post(uuid, bigint, text, text), confab.ensure_user(text, jsonb),
      confab.ensure_room(text, text, text, bigint[]) to shop;
    create schema shop authorization shop;
    create table shop.orders (id int, message uuid);
    alter table shop.orders owner to shop`);
}, { timeout: 60_000 });
after(() => stack?.stop());

const some = (...names) => people(names, (statement) => stack.query(statement));
const asShop = (statement) => stack.query(`set role shop; ${statement}`);
const refused = (statement, what) => assert.rejects(asShop(statement), (error) => {
  assert.match(error.stderr, what);
  return true;
});
const literal = (text) => `'${text.replaceAll("'", "''")}'`;

test('a post and the program\'s own rows are committed together, or neither is', async () => {
  const [ann, ben] = await some('ann', 'ben');
  const room = await desk.group(ann, [ben]);
  const stream = await site.stream('ws', ben);
  const post = (text, key = 'null') => `confab.post('${room.id}', ${ann.user.id}, ${literal(text)}, ${key})`;
  const id =
    await asShop(
      `begin; with p as (select ${post(' <b>5</b> & more\nthan that ')} id) insert into shop.orders select 1, id `
        + `from p returning message; commit`);
  assert.match(id, UUID);
  const { data, seq } = await stream.event('message.dispatch');
  assert.deepEqual([data.id, data.content, data.sender, data.seq],
    [id, '&lt;b&gt;5&lt;/b&gt; &amp; more<br>than that', ann.shown, seq]);
  await asShop(`begin; insert into shop.orders values (2, ${post('never')}); rollback`);
  await refused(`begin; insert into shop.orders values (3, ${post('never')}); select 1 / 0; commit`,
    /division by zero/);
  await refused(`insert into shop.orders values (4, ${post(' ')})`, /may not be blank/);
  await refused(`select confab.post('${room.id}', ${(await some('eve'))[0].user.id}, 'x')`, /not authorized to send/);
  await refused(`select confab.post('${crypto.randomUUID()}', ${ann.user.id}, 'x')`, /not found/);
  await refused('select * from confab.message', /permission denied/);
  assert.equal(await stack.query('select array_agg(id) from shop.orders'), '{1}');
  // Several posts in one transaction keep their order; with a key, a repeat is the same message.
  await asShop(`begin; select ${post('one')}, ${post('two')}; select ${post('three')}; commit`);
  const key = literal(unique());
  const first = await asShop(`select ${post('keyed', key)}`);
  assert.equal(await asShop(`begin; select ${post('keyed', key)}; commit`), first);
  await stream.message('keyed');
  await desk.say(ann, room, `@${ben.user.username}`);
  await stream.message(`@${ben.user.username}`);
  assert.deepEqual(stream.stored.map((frame) => frame.data.content).slice(1),
    ['one', 'two', 'three', 'keyed', `@${ben.user.username}`]);
  stream.close();
});

test('a transaction that stays open holds nobody up, and its post comes at its commit', async () => {
  const [ann, ben] = await some('ann', 'ben');
  const room = await desk.group(ann, [ben]);
  const streams = await Promise.all(['ws', 'sse', 'poll'].map((kind) => site.stream(kind, ben)));
  let open = true;
  const transaction =
    asShop(`begin; select confab.post('${room.id}', ${ann.user.id}, 'from the shop'); select pg_sleep(3); commit`)
    .then(() => { open = false; });
  for (let i = 0; i < 20; i++) {
    const { content } = await desk.say(ann, room);
    for (const stream of streams) await stream.message(content);
  }
  assert.ok(open, 'the transaction was open all the time');
  assert.ok(!streams.some((stream) => stream.texts.some((text) => text.includes('from the shop'))));
  await transaction;
  for (const stream of streams) {
    await stream.message('from the shop');
    assert.equal(stream.stored.length, 21);
    stream.close();
  }
});

test('users and rooms are ensured: made once, found again, however many ask at once', async () => {
  const name = `shopper-${unique()}`, key = unique();
  const user = `confab.ensure_user('${name}', '{"email": "s@mail.example", "first_name": "S"}')`;
  const made = await Promise.all(Array.from({ length: 6 }, () => asShop(`select ${user}`)));
  assert.equal(new Set(made).size, 1);
  assert.equal(await asShop(`select confab.ensure_user('${name.toUpperCase()}')`), made[0]);
  await refused("select confab.ensure_user('no good name')", /A user name has/);

  const [ann, ben, cid] = await some('ann', 'ben', 'cid');
  const streams = await Promise.all([ann, ben, cid].map((who) => site.stream('ws', who)));
  const ensure = (members,
    type = 'GroupChat') => `confab.ensure_room('${key}', '${type}', 'Order 7', '{${ids(members)}}')`;
  const rooms = await Promise.all(Array.from({ length: 6 }, () => asShop(`select ${ensure([ann, ben])}`)));
  assert.equal(new Set(rooms).size, 1);
  const room = { id: rooms[0] };
  const { data } = await streams[1].event('roomcreate.dispatch');
  assert.deepEqual([data.id, data.name, data.creator, data.participants, data.admins],
    [room.id, 'Order 7', ann.shown, [ann.shown, ben.shown], [ann.shown]]);
  await asShop(`begin; select confab.post(${ensure([ann, ben, cid])}, ${cid.user.id}, 'hello'); commit`);
  assert.deepEqual((await streams[1].event('roomaddmembers.dispatch')).data.new_members, [cid.user.username]);
  for (const stream of streams) await stream.message('hello');
  await asShop(`begin; select ${ensure([ann, ben, cid])}; rollback`);
  await desk.say(ben, room, 'and back');
  await streams[0].message('and back');
  assert.deepEqual(streams[0].stored.map(({ eventType }) => eventType),
    ['roomcreate.dispatch', 'roomaddmembers.dispatch', 'message.dispatch', 'message.dispatch']);
  await asShop(`begin; select confab.ensure_room('${unique()}', 'Channel', 'Never', '{${ann.user.id}}'); rollback`);
  assert.ok(!(await desk.data(ann, 'room.list')).some((item) => item.name === 'Never'));
  const pair = await desk.pair(ann, ben);
  assert.equal(await asShop(`select confab.ensure_room(null, 'OneToOneChat', null, '{${ids([ben, ann])}}')`), pair.id);
  const chat =
    await asShop(
      `begin; select confab.post(confab.ensure_room('', 'OneToOneChat', null, '{${ids([ben, cid])}}'), `
        + `${ben.user.id}, 'new chat'); commit`);
  assert.equal((await streams[2].message('new chat')).data.id, chat);
  for (const wrong of ["'x', 'Room', 'n', '{1}'", `'x', 'GroupChat', 'n', '{}'`,
    `'x', 'OneToOneChat', null, '{${ann.user.id}}'`])
    await refused(`select confab.ensure_room(${wrong})`, /Invalid resource type|needs members/);
  for (const stream of streams) stream.close();
});

const asPush = (statement) => stack.query(`set role confab_push; ${statement}`);
const claim = async (limit = 100, lease = '1 minute') => JSON.parse(await asPush(
  `select coalesce(json_agg(c order by id), '[]') from confab.push_claim(${limit}, '${lease}') c`));

test('push: each message to each member once, by two who claim at once, without what was seen', { timeout: 60_000 },
    async () => {
  await stack.query("update confab.setting set value = '0' where name = 'push_delay'");
  const [ann, ben, cid] = await some('ann', 'ben', 'cid');
  const room = await desk.group(ann, [ben, cid]);
  await claim(0);
  while ((await claim()).length);
  const sent = [];
  for (let i = 0; i < 25; i++)
    sent.push(await desk.say(ann, room, i === 7 ? `@${ben.user.username}` : `${i}`,
      i === 8 ? { parent_message_id: sent[0].id } : undefined));
  const seen = sent[3], deleted = sent[4];
  await desk.ask(ben, 'message.acknowledged', { message_id: seen.id });
  await desk.ask(ann, 'message.modify', { action: 'delete', message_id: deleted.id });
  await desk.ask(cid, 'message.react', { message_id: sent[0].id, type: 'add', reaction_content: '👍' });

  const jobs = [];
  const claimer = async () => {
    for (let none = 0; none < 3;) {
      const got = await claim(6);
      none = got.length ? 0 : none + 1;
      jobs.push(...got);
      if (got.length) await asPush(`select confab.push_done('{${got.map(({ id }) => id)}}')`);
    }
  };
  await Promise.all([claimer(), claimer()]);
  assert.equal(new Set(jobs.map(({ id }) => id)).size, jobs.length);
  const of = (who) =>
    jobs.filter(({ account_id }) => account_id === who.user.id).sort((a, b) => a.message.seq - b.message.seq);
  assert.deepEqual(of(ben).map(({ message }) => message.id),
    sent.filter((m) => m !== seen && m !== deleted).map(({ id }) => id));
  assert.deepEqual(of(cid).map(({ message }) => message.id), sent.filter((m) => m !== deleted).map(({ id }) => id));
  assert.deepEqual(of(ann).map(({ notification_type, message }) => [notification_type, message.id]),
    [['REACTION', sent[0].id]]);
  const kinds = Object.fromEntries(of(ben)
    .map(({ message, notification_type }) => [message.content, notification_type]));
  assert.deepEqual([kinds['6'], kinds[`@${ben.user.username}`], kinds['8']], ['NEW_MESSAGE', 'MENTION', 'REPLY']);
  const [job] = of(ben);
  assert.deepEqual([job.username, job.email, job.room_id, job.attempts],
    [ben.user.username, ben.user.email, room.id, 1]);
});

test('push: what is not done comes again when its lease is over, and not when it was read meanwhile',
    { timeout: 60_000 }, async () => {
  const [ann, ben, cid] = await some('ann', 'ben', 'cid');
  const room = await desk.group(ann, [ben, cid]);
  const message = await desk.say(ann, room);
  const first = await claim(100, '0.5 seconds');
  assert.deepEqual(first.map(({ account_id, attempts }) => [account_id, attempts]),
    ids([ben, cid]).map((id) => [id, 1]));
  await desk.ask(ben, 'room.read', { room_id: room.id, seq: message.seq });
  const again = [];
  while (!again.length) again.push(...await claim());
  assert.deepEqual(again.map(({ id, account_id, attempts }) => [id, account_id, attempts]),
    [[first[1].id, cid.user.id, 2]]);
  await asPush(`select confab.push_retry('{${again[0].id}}', '0 seconds')`);
  assert.equal((await claim())[0].attempts, 3);
  await asPush(`select confab.push_done('{${again[0].id}}')`);
  assert.equal(await stack.query('select count(*) from confab.push_job'), '0');
  await assert.rejects(stack.query(`begin isolation level repeatable read; select from confab.push_claim()`),
    /READ COMMITTED/);
  await assert.rejects(asPush('select * from confab.message'), /permission denied/);
});
