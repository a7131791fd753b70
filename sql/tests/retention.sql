-- Expiry of messages.
begin;
select plan(27);

select confab.account_create('retention-test.ann', null) \g /dev/null
create function pg_temp.ann() returns confab.caller language sql as $$
  select row((select id from confab.account where username = 'retention-test.ann'), null, null, null)::confab.caller
$$;
create temporary table made (key text primary key, id uuid);
create function pg_temp.make(p_key text) returns void language sql as $$
  insert into made select p_key, (o.dispatch::jsonb #>> '{data,id}')::uuid
  from confab.room_create(pg_temp.ann(), jsonb_build_object('type', 'GroupChat', 'name', 'Retention ' || p_key)) o
$$;
-- A message that is some days old.
create function pg_temp.say(p_key text, p_days numeric) returns bigint language plpgsql as $$
declare
  v_room uuid := (select id from made where key = p_key);
  v_seq bigint;
begin
  select o.seq into v_seq from confab.message_send(pg_temp.ann(), jsonb_build_object('room_id', v_room, 'content',
    p_days || ' days old')) o;
  update confab.message set created_at = now() - p_days * interval '1 day' where room_id = v_room and seq = v_seq;
  return v_seq;
end $$;
create function pg_temp.there(p_key text, p_deleted boolean default false) returns text[] language sql as $$
  select array(select m.content from confab.message m where m.room_id = (select id from made where key = p_key)
               and m.is_deleted = p_deleted order by m.seq)
$$;
-- Rounds until there is nothing left to do.
create function pg_temp.expire(p_limit int default 1000) returns bigint language plpgsql as $$
declare
  v_step record;
  v_all bigint := 0;
begin
  for i in 1..1000 loop
    select * into v_step from confab.messages_expire(p_limit);
    v_all := v_all + v_step.deleted;
    exit when v_step.is_over;
  end loop;
  return v_all;
end $$;
-- The setting must not affect other tests' rooms.
insert into confab.retention (room_id, keep_days) select id, 0 from confab.room
  on conflict (room_id) do update set keep_days = 0;
update confab.setting set value = '0' where name = 'message_days';
update confab.setting set value = 'false' where name = 'message_soft_delete';

select pg_temp.make(k) from unnest(array['plain', 'short', 'ever', 'soft', 'many']) k \g /dev/null
select pg_temp.say(k, d) from unnest(array['plain', 'short', 'ever']) k, unnest(array[40, 20, 5, 0.1]) d \g /dev/null

select is(pg_temp.expire(), 0::bigint, 'nothing is taken away where nothing says so');
select is((confab.messages_expire()).is_over, true, 'and that is known at once');
update confab.setting set value = '30' where name = 'message_days';
select is(confab.room_keep((select id from made where key = 'short'), 10), true, 'a room has days of its own');
select is(confab.room_keep((select id from made where key = 'ever'), 0), true, 'or keeps its messages for ever');
select is(confab.room_keep(gen_random_uuid(), 1), false, 'an unknown room is told');
select throws_ok($$ select confab.room_keep((select id from made where key = 'short'), -1) $$, '23514', null,
                 'days are not negative');
select is(pg_temp.expire(), 3::bigint, 'what is older goes');
select is(pg_temp.there('plain'), '{20 days old,5 days old,0.1 days old}', 'as the setting says');
select is(pg_temp.there('short'), '{5 days old,0.1 days old}', 'as the room says');
select is(pg_temp.there('ever'), '{40 days old,20 days old,5 days old,0.1 days old}', 'or not at all');
select is(pg_temp.expire(), 0::bigint, 'once');
select is(confab.room_keep((select id from made where key = 'short'), null), true, 'a room gives its days up');
select is((select keep_days from confab.retention where room_id = (select id from made where key = 'short')), null,
          'and has those of the setting');

-- All rows that belong to a message go with it.
select confab.message_react(pg_temp.ann(), jsonb_build_object('message_id', m.id, 'reaction_content', '👍', 'type',
                                                              'add'))
  from confab.message m where m.room_id = (select id from made where key = 'plain')
    and m.content = '20 days old' \g /dev/null
select is((select count(*) from confab.reaction where room_id = (select id from made where key = 'plain')), 1::bigint,
          'a reaction');
update confab.setting set value = '10' where name = 'message_days';
select is(pg_temp.expire(), 1::bigint, 'fewer days take more');
select is((select count(*) from confab.reaction where room_id = (select id from made where key = 'plain')), 0::bigint,
          'and what hangs on it');
select is((select count(*) from confab.message_state where room_id = (select id from made where key = 'plain')),
          0::bigint, 'and what was counted of it');

-- Hidden instead of deleted.
update confab.setting set value = 'true' where name = 'message_soft_delete';
select pg_temp.say('soft', d) from unnest(array[40, 20, 5]) d \g /dev/null
select is(pg_temp.expire(), 2::bigint, 'messages go out of sight');
select is(pg_temp.there('soft'), '{5 days old}', 'what is young stays');
select is(pg_temp.there('soft', true), '{40 days old,20 days old}',
          'what is old is kept, as message_soft_delete wants it');
select is(pg_temp.expire(), 0::bigint, 'they are not looked at again');
select lives_ok($$ select pg_temp.say('soft', 0) $$, 'the room goes on');
update confab.setting set value = 'false' where name = 'message_soft_delete';

-- In steps.
select pg_temp.say('many', 50 - d * 0.1) from generate_series(1, 25) d \g /dev/null
select pg_temp.say('many', 1) \g /dev/null
select results_eq($$ select deleted, is_over from confab.messages_expire(10) $$, $$ values (10, false) $$,
                  'a step takes what it may');
select results_eq($$ select deleted, is_over from confab.messages_expire(10) $$, $$ values (10, false) $$,
                  'the next one goes on there');
select is(pg_temp.expire(10), 5::bigint, 'to the end');
select is(pg_temp.there('many'), '{1 days old}', 'all of it');
select is((select count(*) from confab.log l where l.payload like '%messagemodification%'
           and l.room_id in (select id from made)), 0::bigint, 'nobody is told');

select * from finish();
rollback;
