// Changes by an operator while everything runs: settings, commands, replacements of our functions, hooks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { unique, until } from './support/client.mjs';
import { deletedEverywhere } from './support/deleted.mjs';
import { DENIED, Desk, ids, people } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

let stack, site, desk;
before(async () => {
  stack = await Stack.start('operator', { unchecked: true });
  ({ site } = stack);
  desk = new Desk(site);
}, { timeout: 60_000 });
after(() => stack?.stop());

const some = (...names) => people(names, (statement) => stack.query(statement));
const set = (name,
  value) => stack.query(`update confab.setting set value = '${JSON.stringify(value)}' where name = '${name}'`);

/** Runs a function with settings that are restored afterwards. */
async function having(settings, what) {
  const old =
    JSON.parse(
      await stack.query(
        `select json_object_agg(name, value) from confab.setting where name = any ('{${Object.keys(settings)}}')`));
  try {
    for (const [name, value] of Object.entries(settings)) await set(name, value);
    await what();
  } finally {
    for (const [name, value] of Object.entries(old)) await set(name, value);
  }
}

test('message_soft_delete: a deleted message is nowhere, though its row stays',
    () => having({ message_soft_delete: true }, async () => {
  await deletedEverywhere(desk, (statement) => stack.query(statement));
  const [ann] = await some('ann');
  const room = await desk.group(ann), client_id = unique();
  const first = await desk.say(ann, room, 'soft secret', undefined, { client_id });
  await desk.ask(ann, 'message.modify', { action: 'delete', message_id: first.id });
  assert.equal(await stack.query(`select is_deleted from confab.message where id = '${first.id}'`), 't');
  assert.notEqual((await desk.say(ann, room, 'other', undefined, { client_id })).id, first.id);
}));

test('expose_email, enable_notification, max_content, and limits of new rooms', () => having(
  { expose_email: true, enable_notification: false, max_content: 10, max_participants: 2, max_subscribers: 3 },
  async () => {
    const [ann, ben, cid] = await some('ann', 'ben', 'cid');
    const room = await desk.group(ann, [ben]);
    assert.equal(room.max_participants, 2);
    assert.deepEqual(room.participants, [ann.user, ben.user]);
    assert.deepEqual((await desk.data(ben, 'user.list', { after: ann.user.id - 1, limit: 1 })).users, [ann.user]);
    assert.equal((await desk.channel(ann)).max_subscribers, 3);
    await desk.refused(ann, 'room.add_members', { room_id: room.id, members: ids([cid]) }, 4003,
      ['Maximum number of group participants exceeded']);
    assert.deepEqual((await desk.say(ann, room, '<b>ok</b>')).sender, ann.user);
    await desk.refused(ann, 'message.send', { room_id: room.id, content: 'x'.repeat(11) }, 4003,
      { content: ['Ensure this field has no more than 10 characters.'] });
    for (const kind of ['ws', 'sse', 'poll']) {
      const stream = await site.stream(kind, ben);
      const { content } = await desk.say(ann, room);
      await stream.message(content);
      assert.deepEqual(stream.frames.map(({ eventType }) => eventType), ['session.ready', 'message.dispatch'], kind);
      stream.close();
    }
    const plain = await site.stream('ws', ben, { protocols: [], wait: false });
    await until(() => plain.socket.readyState === 1, 'open');
    await plain.command('session.heartbeat');
    assert.equal(plain.frames.length, 1);
    plain.close();
  }));

test('message_fields: the operator\'s own fields travel in extra_fields and are keys of a Message',
    () => having({ message_fields: ['priority', 'ticket'] }, async () => {
  const [ann, ben] = await some('ann', 'ben');
  const room = await desk.group(ann, [ben]);
  const message = await desk.say(ann, room, 'x', { priority: 'high', ticket: { id: [1, null] }, other: 1 });
  assert.deepEqual([message.priority, message.ticket, message.other], ['high', { id: [1, null] }, undefined]);
  assert.deepEqual((await desk.messages(ben, room))[0], message);
  const { data: { message: edited } } = await desk.ask(ann, 'message.modify',
    { action: 'update', message_id: message.id, extra_fields: { content: 'y', priority: 'low' } });
  assert.deepEqual([edited.priority, edited.ticket], ['low', message.ticket]);
  assert.ok(!('priority' in await desk.say(ann, room)));
  await set('message_fields', []);
  assert.ok(!('priority' in await desk.say(ann, room, 'x', { priority: 1 })));
}));

/** Waits until every worker behaves as expected: many answers in a row. */
async function everywhere(ask, what) {
  await until(async () => (await Promise.all(Array.from({ length: 40 }, ask))).every(Boolean), what, 20_000);
}

const SITE = `
  create table confab_site.sent (id uuid, said text);
  create function confab_site.dice(p_caller confab.caller, p_data jsonb) returns confab.outcome
  language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
  declare
    v_room confab.room := confab.room_find(p_data);
    o confab.outcome;
  begin
    perform confab.check_may(p_caller.account_id, v_room, 'send');
    o := confab.log_append(confab.log_entry(v_room.id, null, 'dice.dispatch', json_build_object('text', p_data ->>
      'text', 'user', confab.user_ref(p_caller.account_id))));
    return o;
  end $$;
  create function confab_site.list(p_caller confab.caller, p_data jsonb) returns confab.outcome
  language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
  declare
    o confab.outcome;
  begin
    o.reply := confab.reply_text('roomlist.dispatch', '["none of your business"]');
    return o;
  end $$;
  create function confab_site.may(p_action text, p_room confab.room, p_member confab.member) returns boolean
  language sql as $$ select confab.may(p_action, p_room, p_member) and not (p_action = 'send' and p_room.name =
    'silent') $$;
  create function confab_site.message_json(m confab.message, p_fresh boolean default false) returns json
  language sql as $$ select (confab.message_json(m, p_fresh)::jsonb || '{"ours": true}')::json $$;
  create function confab_site.user_json(a confab.account, p_own boolean default false) returns json
  language sql as $$ select (confab.user_json(a, p_own)::jsonb || '{"badge": "*"}')::json $$;
  create function confab_site.before_message_send(p_caller confab.caller, p_data jsonb) returns jsonb
  language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
  begin
    if p_data ->> 'content' like '%forbidden%' then
      perform confab.fail_field('content', 'Not that word.');
    end if;
    return jsonb_set(p_data, '{content}', to_jsonb(upper(p_data ->> 'content')));
  end $$;
  create function confab_site.after_message_send(p_caller confab.caller, p_data jsonb, p_outcome confab.outcome)
    returns confab.outcome
  language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
  begin
    if p_data ->> 'content' = 'UNDO' then
      perform confab.fail(4029, '"Not now."');
    end if;
    insert into confab_site.sent values (((p_outcome.dispatch::jsonb) #>> '{data,id}')::uuid, p_data ->> 'content');
    return p_outcome;
  end $$;
  insert into confab.command (name, function, rich_text) values ('dice.roll', 'confab_site.dice', '{text}');
  update confab.command set function = 'confab_site.list' where name = 'room.list';
  update confab.command set enabled = false where name = 'message.search';`;

test('commands and functions are added, replaced and taken away without a restart', { timeout: 120_000 }, async () => {
  const [ann, ben] = await some('ann', 'ben');
  const room = await desk.group(ann, [ben]), silent = await desk.group(ann, [ben], { name: 'silent' });
  const UNKNOWN = { error: 'invalid event type' };
  const dice = () => site.command(ann, 'dice.roll', { room_id: room.id, text: 'x' });
  // Every worker has prepared its statements with our functions before.
  await everywhere(async () => (await dice()).status === 400, 'no such command');
  for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 20 }, () => desk.say(ann, silent, `${i}`)));

  const pids = stack.workers('command');
  await stack.query(SITE);
  await everywhere(async () => (await dice()).status === 200, 'the operator\'s command');
  const stream = await site.stream('ws', ben);
  const rolled = await desk.ask(ann, 'dice.roll', { room_id: room.id, text: '<b>six</b><script>' });
  assert.deepEqual(rolled,
    { eventType: 'dice.dispatch', data: { text: '<b>six</b>', user: ann.ref }, seq: rolled.seq });
  assert.deepEqual(await stream.next(({ data }) => data?.text?.includes('six')), rolled);
  await desk.refused(ann, 'dice.roll', { room_id: crypto.randomUUID() }, 4004, 'Resource not found.');

  for (let i = 0; i < 30; i++) {
    assert.deepEqual((await desk.ask(ann, 'room.list')).data, ['none of your business']);
    const { status, body } = await site.command(ann, 'message.search', { query: 'x' });
    assert.deepEqual([status, body], [400, UNKNOWN]);
    await desk.refused(ann, 'message.send', { room_id: silent.id, content: 'x' }, 4002, DENIED.send);
  }
  const message = await desk.say(ann, room, 'shout <i>it</i>');
  assert.equal(message.content, 'SHOUT <I>IT</I>');
  assert.deepEqual([message.ours, message.sender.badge], [true, '*']);
  assert.deepEqual((await stream.message(message.content)).data, message);
  assert.equal((await desk.messages(ben, room))[0].ours, true);
  for (const user of [...(await desk.data(ann, 'room.info', { room_id: room.id })).participants,
    ...(await desk.pair(ann, ben)).participants]) assert.equal(user.badge, '*');
  await desk.refused(ann, 'message.send', { room_id: room.id, content: 'forbidden' }, 4003,
    { content: ['Not that word.'] });
  const undone = await site.command(ann, 'message.send', { room_id: room.id, content: 'undo' });
  assert.deepEqual([undone.status, undone.body], [429, { error: { code: 4029, detail: 'Not now.' } }]);
  assert.equal(
    await stack.query(`select string_agg(said, ',') from confab_site.sent where id = '${message.id}' or said = 'UNDO'`),
    'SHOUT <I>IT</I>');
  assert.equal((await desk.messages(ben, room))[0].id, message.id);

  // A function that fails gives an unexpected error, and affects no other command.
  await stack.query(
    `create or replace function confab_site.list(p_caller confab.caller, p_data jsonb) returns confab.outcome `
      + `language plpgsql as $$ begin perform 1 / 0; end $$`);
  await everywhere(async () => (await site.command(ann, 'room.list')).status !== 200, 'the broken command');
  await desk.ask(ann, 'room.info', { room_id: room.id });

  await stack.query(
    `drop function confab_site.may, confab_site.message_json, confab_site.user_json, confab_site.before_message_send,
      confab_site.after_message_send;
    delete from confab.command where name = 'dice.roll'; update confab.command set enabled = true;
      update confab.command set function = 'confab.room_list' where name = 'room.list'`);
  await everywhere(async () => (await dice()).status === 400, 'no such command any more');
  for (let i = 0; i < 30; i++) {
    const plain = await desk.say(ann, silent, 'plain');
    assert.deepEqual([plain.content, plain.ours, plain.sender], ['plain', undefined, ann.shown]);
    assert.equal((await desk.data(ann, 'message.search', { query: 'plain' })).results[0].message.content, 'plain');
  }
  assert.ok((await desk.data(ann, 'room.list')).some(({ id }) => id === room.id));
  assert.deepEqual(stack.workers('command'), pids);
  stream.close();
});

test('commands go on while every worker takes up a change: none fails, none is done twice', { timeout: 120_000 },
    async () => {
  const [ann] = await some('ann');
  const room = await desk.group(ann);
  const backends = async () =>
    (await stack.query("select pid from pg_stat_activity where application_name = 'confab-command'")).split('\n');
  let changing = true, sent = 0;
  const talks = Array.from({ length: 24 }, async () => {
    while (changing) { await desk.say(ann, room, `${sent++}`); }
  });
  const old = await backends();
  await stack.query("create function confab_site.nothing() returns int language sql as 'select 1'");
  await until(async () => !(await backends()).some((pid) => old.includes(pid)), 'new connections',
    30_000).finally(() => { changing = false; });
  await Promise.all(talks);
  assert.equal(
    await stack.query(
      `select count(*) = count(distinct content) and count(*) = ${sent} from confab.message where room_id = `
        + `'${room.id}'`), 't');
});
