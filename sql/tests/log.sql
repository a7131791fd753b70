-- The log: numbers, rows, readers and partitions.
begin;
select plan(70);

create function pg_temp.vxid() returns text language sql as $$
  select virtualtransaction from pg_locks where pid = pg_backend_pid() and locktype = 'virtualxid' limit 1
$$;

create function pg_temp.holds() returns boolean language sql as $$
  select pg_temp.vxid() = any (string_to_array(holders, ',')) from confab.log_holders()
$$;

-- The self-test of a reader: the holder of a number is visible from the draw to the end of the transaction.
select confab.account_create('log-test.ann', null) \g /dev/null
select is(confab.log_holds(), false, 'who has drawn no number holds none');
select is(pg_temp.holds(), false, 'who has drawn no number is no holder');
select isnt(last_value, null, 'the state of the log can be asked for without drawing') from confab.log_state();
select is(confab.log_holds(), false, 'asking for the state of the log holds no number');
do $$
begin
  perform confab.log_probe();
  raise exception 'undone';
exception when raise_exception then
  null;
end $$;
select is(confab.log_holds(), true, 'a number is held from the draw on, even when the part that drew it is undone');
select is(pg_temp.holds(), true, 'readers see who holds a number');
select is(in_recovery, false, 'readers are told that this is the primary') from confab.log_holders();
select is(server_start, pg_postmaster_start_time()::text, 'readers are told since when the server runs')
  from confab.log_holders();

-- Drawing.
create temporary table drawn as select n, confab.log_draw() seq from generate_series(1, 6) n;
select is((select array_agg(n order by seq) from drawn), array[1, 2, 3, 4, 5, 6], 'numbers ascend');
select cmp_ok((select seq from drawn where n = 1), '<', confab.log_probe(),
              'the self-test draws from the same sequence');
set local synchronous_commit = off;
select confab.log_draw() \g /dev/null
select is(current_setting('synchronous_commit'), 'on', 'who draws a number commits durably');
set local synchronous_commit = local;
select confab.log_draw() \g /dev/null
select is(current_setting('synchronous_commit'), 'local', 'what is durable on this server is left alone');
set local synchronous_commit = off;
select is(o.seq > 0 and o.dispatch is not null, true, 'a command draws a number')
from confab.room_create(row((select id from confab.account where username = 'log-test.ann'), null, null,
                            null)::confab.caller,
  '{"type": "GroupChat", "name": "Log"}') o;
select is(current_setting('synchronous_commit'), 'on',
          'a command that drew one commits durably, its own settings notwithstanding');
set local synchronous_commit = off;
select confab.login_create(id, sha256('log-test'), null, null) from confab.account
  where username = 'log-test.ann' \g /dev/null
select is(confab.login_end(sha256('log-test')), true, 'a log-out draws a number');
select is(current_setting('synchronous_commit'), 'on', 'a log-out commits durably');

-- Writing. Rows are written in another order than their numbers were drawn.
create function pg_temp.seq(p_n int) returns bigint language sql as $$
  select seq from drawn where n = p_n
$$;
create temporary table written as
  select n, confab.log_put(pg_temp.seq(n), confab.log_entry(room::uuid, accounts, event, data, effect)) payload
  from (values
    (3, null, '{7,8}'::bigint[], 'roomexit.dispatch', '{"message": "You left"}'::json, '{"departed":[7]}'::json),
    (1, '11111111-2222-3333-4444-555555555555', null, 'message.dispatch', '{"content" : "a\"b\u000a"}', null),
    (2, '11111111-2222-3333-4444-555555555555', '{9}', 'roomcreate.dispatch', '[]', '{"joined":[9]}')) w (n, room,
      accounts, event, data, effect);
insert into confab.log (seq, account_ids, effect) values (pg_temp.seq(4), '{7}', '{"ended_logins":[1]}');
select is(payload, '{"eventType":"message.dispatch","data":{"content" : "a\"b\u000a"},"seq":' || pg_temp.seq(1) || '}',
  'a dispatch has its event, its data to the byte, and its number') from written where n = 1;
select results_eq($$ select l.payload from confab.log l join drawn using (seq) where n < 4 order by n $$,
                  $$ select payload from written order by n $$,
  'what is stored is what was answered');
select is(created_at, now(), 'a row of the log knows its time') from confab.log where seq = pg_temp.seq(1);
select throws_ok($$ select confab.log_put(pg_temp.seq(1), confab.log_entry(null, '{1}', 'x.dispatch', '{}')) $$,
                 '23505', null, 'a number is written once');
select is(confab.reply_text('roomlist.dispatch', '[]'), '{"eventType":"roomlist.dispatch","data":[]}',
          'a reply to the caller alone has no number');

-- Reading. Other tests write, too: only rows made here are looked at.
create function pg_temp.read(p_after bigint) returns table (n int, room_id uuid, account_ids bigint[], effect text,
                                                            payload text) language sql as $$
  select d.n, r.room_id, r.account_ids, r.effect, r.payload
  from confab.log_read(p_after, 1000000) with ordinality r (seq, room_id, account_ids, effect, payload, message_ids, i)
    join drawn d using (seq) order by r.i
$$;
select results_eq($$ select n from pg_temp.read(pg_temp.seq(1) - 1) $$, $$ values (1), (2), (3), (4) $$,
                  'rows are read in the order of their numbers; numbers without a row are passed over');
select results_eq($$ select n from pg_temp.read(pg_temp.seq(2)) $$, $$ values (3), (4) $$,
                  'reading begins behind the cursor');
select is_empty($$ select n from pg_temp.read(pg_temp.seq(4)) $$, 'behind the last row there is nothing');
select is((select count(*) from confab.log_read(pg_temp.seq(1) - 1, 2)), 2::bigint,
          'no more rows are read than asked for');
select is((select min(seq) from confab.log_read(pg_temp.seq(1) - 1, 2)), pg_temp.seq(1), 'and those are the first');
select is((select count(*) from confab.log_read(pg_temp.seq(1) - 1, 0)), 0::bigint, 'none is none');
select results_eq($$ select r.seq, r.payload from confab.log_read_back(pg_temp.seq(3), 3) r $$,
  $$ select l.seq, l.payload from confab.log l where l.seq <= pg_temp.seq(3) order by l.seq desc limit 3 $$,
    'backwards, the newest up to the cursor comes first');
select results_eq($$ select room_id, account_ids, effect, payload is null from pg_temp.read(pg_temp.seq(1) - 1) $$,
                  $$ values
  ('11111111-2222-3333-4444-555555555555'::uuid, null::bigint[], null, false),
  ('11111111-2222-3333-4444-555555555555', '{9}', '{"joined":[9]}', false),
  (null, '{7,8}', '{"departed":[7]}', false),
  (null, '{7}', '{"ended_logins":[1]}', true) $$,
  'the audience is the members of a room, some accounts, or both; an effect is passed on, also without a dispatch');

-- Deleted messages are not read any more. In a room of its own, so all its dispatches show this test's messages.
create function pg_temp.caller() returns confab.caller language sql as $$
  select row(id, null, null, null)::confab.caller from confab.account where username = 'log-test.ann'
$$;
create temporary table room as
  select (dispatch::json #>> '{data,id}')::uuid id from confab.room_create(pg_temp.caller(),
    '{"type": "GroupChat", "name": "Deleted"}') o;
create function pg_temp.say(p_text text, p_extra jsonb default '{}') returns jsonb language sql as $$
  select dispatch::jsonb -> 'data' from confab.message_send(pg_temp.caller(),
                                                            jsonb_build_object('room_id', (select id from room),
    'content', p_text, 'extra_fields', p_extra)) o
$$;
create temporary table said as select 1 n, pg_temp.say('one') m;
insert into said select 2, pg_temp.say('two', jsonb_build_object('parent_message_id',
                                                                 (select m -> 'id' from said where n = 1)));
insert into said select 3, pg_temp.say('three', jsonb_build_object('forwarded_from_id',
                                                                   (select m -> 'id' from said where n = 1)));
create function pg_temp.told() returns table (payload text, message_ids uuid[]) language sql as $$
  select r.payload, r.message_ids from confab.log_read((select min((m ->> 'seq')::bigint) - 1 from said), 1000) r
  where r.room_id = (select id from room) order by r.seq
$$;
select results_eq($$ select payload from pg_temp.told() $$, $$ select l.payload from confab.log l
                  where room_id = (select id from room) and seq >= (select min((m ->> 'seq')::bigint) from said)
  order by seq $$,
  'what is there is read to the byte');
select results_eq($$ select cardinality(message_ids) from pg_temp.told() $$, $$ values (1), (2), (2) $$,
                  'a row says what it shows, the parent and the origin too');
update confab.log set message_ids = null where room_id = (select id from room);
select results_eq($$ select payload from pg_temp.told() $$, $$ select l.payload from confab.log l
                  where room_id = (select id from room) and seq >= (select min((m ->> 'seq')::bigint) from said)
  order by seq $$,
  'so is what does not say what it shows');
savepoint deleted;
select confab.message_modify(pg_temp.caller(), jsonb_build_object('action', 'delete', 'message_id',
                                                                  (select m -> 'id' from said
                                                                   where n = 1))) \g /dev/null
create temporary table expected as select * from (values
  (1, null::jsonb),
  (2, (select m || '{"parent_message": null, "parent_deleted": true}' from said where n = 2)),
  (3, (select jsonb_set(m, '{forwarded_from}', (m -> 'forwarded_from') - array['read_receipts', 'reactions',
    'attachments', 'parent_message', 'forwarded_from', 'delivered_to',
        'content', 'is_forwarded', 'is_edited', 'created_at', 'updated_at', 'seq', 'delivered_count', 'read_count',
          'reaction_counts', 'mentions', 'pinned'] || '{"is_deleted": true}') from said where n = 3))) e (n, data);
select results_eq($$ select payload::jsonb -> 'data' from pg_temp.told() limit 3 $$, $$ select data from expected
                  order by n $$,
  'of a deleted message nothing is read, a reply to it has lost its parent, a forward its origin');
rollback to deleted;
update confab.log l set message_ids = confab.shown_messages(l.payload::json -> 'data')
  where room_id = (select id from room);
update confab.message set is_deleted = true where id = (select (m ->> 'id')::uuid from said where n = 3);
select results_eq($$ select payload is null from pg_temp.told() $$, $$ values (false), (false), (true) $$,
                  'a row that is out of sight counts as deleted');
select confab.room_erase(r) from confab.room r where id = (select id from room) \g /dev/null
select results_eq($$ select payload is null from pg_temp.told() limit 3 $$, $$ values (true), (true), (true) $$,
                  'so do those whose room is deleted');
select is(confab.shown_messages('{"room": {"id": "x", "description": "\"parent_message\""}}'), '{}',
          'what shows no message says so');
select is(confab.payload_now('{"eventType":"x.dispatch","data":[],"seq":1}', null),
          '{"eventType":"x.dispatch","data":[],"seq":1}', 'and is left alone');

-- What accounts are told of a room.
\set here 00000000-0000-4000-8000-00000000000a
select results_eq(format($$ select confab.room_told(e, d::json) from (values
    (1, 'a.dispatch', '{"room_id": "%1$s"}'), (2, 'a.dispatch', '{"room": {"id": "%1$s"}}'),
    (3, 'roomcreate.dispatch', '{"id": "%1$s"}'), (4, 'a.dispatch', '{"id": "%1$s"}'),
    (5, 'roomdelete.dispatch', '{"room_id": "%1$s"}'), (6, 'a.dispatch', '["%1$s"]'),
    (7, 'a.dispatch', '{"room_id": "lobby", "room": 7}'), (8, 'a.dispatch', '{"room_id": null, "room": null}'))
  v (n, e, d) order by n $$, :'here'),
  array[:'here', :'here', :'here', null, null, null, null, null]::uuid[],
  'the room that a dispatch tells of is found; one of an operator may name none');
select results_eq($$ select (confab.log_entry(r, a, 'a.dispatch', d)).message_ids
  from (values (1, null::uuid, array[1::bigint]), (2, gen_random_uuid(), null)) v (n, r, a),
    json_build_object('room_id', '00000000-0000-4000-8000-00000000000a') d order by n $$,
  $$ values ('{00000000-0000-4000-8000-00000000000a}'::uuid[]), ('{}') $$,
  'it is listed where accounts are told of it');
select is(confab.payload_now('{"eventType":"roominvite.dispatch","data":{"room_id":"' || :'here' || '"},"seq":1}',
                             array[:'here']::uuid[]), null, 'nothing of it is left when the room is gone');
select is(confab.payload_now('{"eventType":"roomexit.dispatch","data":{"room":{"id":"' || :'here' || '"}},"seq":1}',
                             array[:'here']::uuid[])::jsonb,
          jsonb_build_object('eventType', 'roomdelete.dispatch', 'data', jsonb_build_object('room_id', :'here'),
                             'seq', 1), 'but a person who left it before learns that it is gone');

-- The state of the log.
select is(epoch, (select epoch from confab.epoch), 'the state has the epoch') from confab.log_state();
select is(head, (select max(seq) from confab.log), 'the head is the greatest number that can be seen')
  from confab.log_state();
select cmp_ok(head, '>=', pg_temp.seq(4), 'the head is not before what was just written') from confab.log_state();
select cmp_ok(last_value, '>=', pg_temp.seq(6), 'the last number drawn counts without a row') from confab.log_state();
select is(floor, confab.log_floor(), 'the state has the floor') from confab.log_state();
select throws_ok($$ insert into confab.epoch (epoch, one) values ('other', true) $$, '23505', null,
                 'there is one epoch');
select throws_ok($$ update confab.epoch set epoch = 'a:b' $$, '23514', null,
                 'an epoch has no colon: a cursor would be ambiguous');

savepoint floor;
select is(confab.log_floor(), (select greatest(min(first_seq) - 1, 0) from confab.log_partition),
          'all that the partitions hold can be served');
delete from confab.log_partition;
select is(confab.log_floor(), 0::bigint, 'without partitions the floor is zero');
insert into confab.log_partition values (8000000000000000, 'b'), (7000000000000000, 'a');
select is(confab.log_floor(), 6999999999999999, 'the floor is just before the first number that is kept');
select is(head, 6999999999999999, 'the head is never below the floor') from confab.log_state();
rollback to floor;

-- Partitions.
select is(l.tableoid::regclass::text, format('confab.log_%s', l.seq / 1000000),
          'a row stands in the partition of its million') from confab.log l where seq = pg_temp.seq(1);
select results_eq(
  $$ select i.inhrelid::regclass::text from pg_inherits i where i.inhparent = 'confab.log'::regclass order by 1 $$,
  $$ select format('confab.%I', name) from confab.log_partition order by 1 $$,
    'the partitions are those that are listed');
select throws_ok($$ insert into confab.log (seq) values (9000000000000000) $$, '23514', null,
                 'there is no row where there is no partition');

-- Maintenance. It waits for all other users of the log and then locks the log until the end, so it comes last.
create function pg_temp.maintain() returns int language plpgsql as $$
declare
  v_done int;
begin
  for i in 1..100 loop
    v_done := confab.log_maintain();
    exit when v_done > 0;
    perform pg_sleep(0.05);
  end loop;
  return v_done;
end $$;

-- A partition below the lowest one, with a row of a given age.
create function pg_temp.older(p_age interval) returns text language plpgsql as $$
declare
  v_first bigint := (select min(first_seq) - 1000000 from confab.log_partition);
begin
  set local role confab_owner;
  perform confab.log_partition_create(v_first);
  reset role;
  if p_age is not null then
    insert into confab.log (seq, created_at) values (v_first + 5, now() - p_age - interval '1 day'),
      (v_first + 6, now() - p_age);
  end if;
  return (select name from confab.log_partition where first_seq = v_first);
end $$;

create function pg_temp.there(p_name text) returns boolean language sql as $$
  select to_regclass(format('confab.%I', p_name)) is not null and exists (select from confab.log_partition
    where name = p_name)
$$;

insert into confab.setting (name, value, help) values ('log_days', '7', '')
  on conflict (name) do update set value = excluded.value;
create temporary table part (key text primary key, name text);
insert into part select 'newest', name from confab.log_partition order by first_seq desc limit 1;
create function pg_temp.part(p_key text) returns text language sql as $$
  select name from part where key = p_key
$$;
do $$
begin
  execute format('drop table confab.%I', pg_temp.part('newest'));
  delete from confab.log_partition where name = pg_temp.part('newest');
end $$;
insert into part select 'week', pg_temp.older('7 days - 1 minute');
insert into part select 'month', pg_temp.older('30 days');
insert into part select 'empty', pg_temp.older(null);
select is(pg_temp.maintain(), 3, 'maintenance says how many partitions it made and dropped');
select is(pg_temp.there(pg_temp.part('newest')), true, 'a missing partition is made');
select lives_ok($$ insert into confab.log (seq) select max(first_seq) + 999999 from confab.log_partition $$,
                'rows can be written to it');
select is((select max(first_seq) from confab.log_partition), last_value / 1000000 * 1000000 + 4000000,
          'there are partitions for the next four million numbers') from confab.log_state();
select is(pg_temp.there(pg_temp.part('month')), false,
          'a partition whose newest row is older than log_days is dropped');
select is(pg_temp.there(pg_temp.part('empty')), false, 'a partition without rows that lies behind is dropped');
select is(pg_temp.there(pg_temp.part('week')), true, 'a partition whose newest row is not older is kept');
select is((select relowner::regrole::text from pg_class where oid = format('confab.%I',
  pg_temp.part('newest'))::regclass), 'confab_owner',
  'partitions belong to the owner of the schema, whoever asks for maintenance');
select is(confab.log_maintain(), 0, 'when all is well there is nothing to do');
update confab.setting set value = '6.9' where name = 'log_days';
select is(confab.log_maintain(), 1, 'log_days is read when it is used, and may be a fraction');
select is(pg_temp.there(pg_temp.part('week')), false, 'fewer days drop more');
delete from confab.setting where name = 'log_days';
insert into part select 'old behind', pg_temp.older('30 days');
insert into part select 'young before', pg_temp.older('6 days');
select is(confab.log_maintain(), 0, 'nothing is dropped from the middle: what can be served has no holes');
select is(pg_temp.there(pg_temp.part('old behind')), true, 'an old partition behind a young one stays');
update confab.log set created_at = created_at - interval '2 days' where tableoid = format('confab.%I',
  pg_temp.part('young before'))::regclass;
select is(confab.log_maintain(), 2, 'without the setting seven days are kept');

-- The functions that the programs call raise no error.
select lives_ok($$ select confab.ring() $$, 'the doorbell can be rung');

select * from finish();
rollback;
