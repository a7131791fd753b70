-- What commands cost where the tables are large and uneven: an account in ten thousand rooms, a room of a hundred
-- thousand members, very many messages that are not read. Counted in blocks that are looked at, before and after a
-- number of the log is drawn: after it every reader waits.
-- Plans are kept from when the tables were nearly empty, as in a program that was started with the site.
begin;
select plan(76);
\set people cost
\ir ../../sql/tests/support/common.sql
-- As the programs are.
select set_config(split_part(c, '=', 1), split_part(c, '=', 2), true)
from pg_roles, unnest(rolconfig) c where rolname = 'confab_command' and c ~ '^(enable_|jit)' \g /dev/null
set local plan_cache_mode = force_generic_plan;

select confab.account_create('cost.' || n, null) from unnest(array['many', 'big', 'ann', 'bob']) n \g /dev/null

-- Blocks of our tables and indexes that this transaction has looked at.
create function pg_temp.blocks() returns bigint language sql volatile as $$
  select sum(pg_stat_get_xact_blocks_fetched(c.oid))::bigint from pg_class c
  where c.relnamespace = 'confab'::regnamespace and c.relkind in ('r', 'i')
$$;
create temporary table seen (at_draw bigint, draws int);
insert into seen values (0, 0);
grant all on seen to public;
-- Numbers of its own, in the last partition there is: readers wait for nobody who takes a while here.
create temporary sequence draw;
select setval('pg_temp.draw', max(first_seq) + 500000) from confab.log_partition \g /dev/null
grant all on draw to public;
create or replace function confab.log_draw() returns bigint language plpgsql as $$
declare
  v_seq bigint := nextval('pg_temp.draw');
begin
  update pg_temp.seen set at_draw = case when draws = 0 then pg_temp.blocks() else at_draw end, draws = draws + 1;
  return v_seq;
end $$;

-- What a command looks at: [before the first draw, after it].
create function pg_temp.cost(p_caller text, p_command text, p_data jsonb) returns bigint[] language plpgsql as $$
declare
  v_start bigint;
  v_seen record;
begin
  update pg_temp.seen set at_draw = 0, draws = 0;
  v_start := pg_temp.blocks();
  execute format('select confab.%I($1, $2)', replace(p_command, '.', '_')) using pg_temp.caller(p_caller), p_data;
  select * into v_seen from pg_temp.seen;
  if v_seen.draws = 0 then
    return array[pg_temp.blocks() - v_start, 0];
  end if;
  return array[v_seen.at_draw - v_start, pg_temp.blocks() - v_seen.at_draw];
end $$;

create function pg_temp.made(p_caller text, p_data jsonb) returns uuid language sql as $$
  select ((confab.room_create(pg_temp.caller(p_caller), p_data)).dispatch::jsonb #>> '{data,id}')::uuid
$$;
create temporary table here (name text primary key, id uuid not null);
insert into here values
  ('big', pg_temp.made('big', '{"type": "Channel", "name": "big", "is_public": true, "max_subscribers": 1000000}')),
  ('small', pg_temp.made('ann', jsonb_build_object('type', 'GroupChat', 'name', 'small',
                                                   'participants', array[pg_temp.id('many'), pg_temp.id('bob')]))),
  ('pair', pg_temp.made('bob', jsonb_build_object('type', 'OneToOneChat', 'participants', array[pg_temp.id('many')])));
create function pg_temp.room(p_name text) returns uuid language sql as $$ select id from here where name = p_name $$;
create function pg_temp.say(p_caller text, p_room text, p_extra jsonb default '{}') returns uuid language sql as $$
  select ((confab.message_send(pg_temp.caller(p_caller), jsonb_build_object(
    'room_id', pg_temp.room(p_room), 'content', 'hello @cost.many', 'extra_fields',
      p_extra))).dispatch::jsonb #>> '{data,id}')::uuid
$$;
-- A day ago: what has just been sent is not passed over as read yet.
create function pg_temp.old() returns void language sql as $$
  update confab.message set created_at = created_at - interval '1 day'
  where room_id in (select id from here) and created_at > now() - interval '1 hour'
$$;

-- Each once, in tables that are as good as empty.
create function pg_temp.round(p_name text, p_before bigint, p_after bigint) returns setof text language plpgsql as $$
declare
  v_first uuid := pg_temp.say('bob', 'small');
  v_second uuid := pg_temp.say('bob', 'small', jsonb_build_object('parent_message_id', v_first));
  v_third uuid := pg_temp.say('big', 'big');
  v_step record;
  v_cost bigint[];
  v_most bigint;
begin
  perform pg_temp.old();
  for v_step in
    select who, command, case when room = '' then '{}'
      else jsonb_build_object('room_id', pg_temp.room(room)) end || data as data
    from (values
      ('many', '', 'message.acknowledged', jsonb_build_object('message_id', v_first)),
      ('many', '', 'message.read', jsonb_build_object('message_id', array[v_first, v_second])),
      ('many', '', 'message.react', jsonb_build_object('message_id', v_second, 'type', 'add', 'reaction_content', '+')),
      ('many', '', 'message.react', jsonb_build_object('message_id', v_second, 'type', 'remove')),
      ('many', 'small', 'room.read', '{"seq": 9007199254740991}'),
      ('many', '', 'message.send', jsonb_build_object('room_id', pg_temp.room('small'), 'content', 'm',
                                                      'extra_fields',
                                                        jsonb_build_object('parent_message_id', v_first))),
      ('ann', '', 'message.pin', jsonb_build_object('message_id', v_first, 'type', 'add')),
      ('bob', '', 'message.modify', jsonb_build_object('message_id', v_first, 'action', 'update',
                                                       'extra_fields', '{"content": "n @cost.ann"}'::jsonb)),
      ('bob', '', 'message.modify', jsonb_build_object('message_id', v_second, 'action', 'delete')),
      ('ann', 'small', 'room.modify', jsonb_build_object('action', 'add_admin', 'data',
                                                         jsonb_build_object('users', array[pg_temp.id('bob')]))),
      ('ann', 'small', 'room.remove_members', jsonb_build_object('members', array[pg_temp.id('many')])),
      ('ann', 'small', 'room.add_members', jsonb_build_object('members', array[pg_temp.id('many')])),
      ('big', '', 'message.send', jsonb_build_object('room_id', pg_temp.room('big'), 'content',
                                                     'm @cost.many @cost.bob')),
      ('big', '', 'message.react', jsonb_build_object('message_id', v_third, 'type', 'add', 'reaction_content', '+')),
      ('bob', '', 'direct.send', '{"recipient": "cost.many", "body": "m"}'),
      ('many', '', 'direct.messages', '{"target": "cost.bob"}'),
      ('many', '', 'direct.messages', '{"shape": "thread"}'),
      ('big', '', 'direct.people', '{"search": "cost.p99", "limit": 10}'),
      ('big', '', 'user.list', '{"search": "cost.p99", "limit": 10}'),
      ('big', '', 'user.list', '{"limit": 10}'),
      ('many', '', 'room.list', '{"limit": 10}'),
      ('big', 'big', 'room.members', '{"limit": 10, "search": "cost.p99"}'),
      ('many', 'small', 'room.messages', '{"limit": 10}'),
      ('many', 'small', 'room.messages', '{"limit": 10, "before": 9007199254740991}'),
      ('many', 'small', 'room.messages', jsonb_build_object('limit', 10, 'around', (select seq from confab.message
        where id = v_first))),
      ('many', 'small', 'room.pins', '{}'),
      ('bob', '', 'message.history', jsonb_build_object('message_id', v_first)),
      ('many', 'small', 'message.search', '{"query": "hello", "limit": 10}'),
      ('many', '', 'message.search', '{"query": "hello", "limit": 10}'),
      ('many', 'small', 'message.search', '{"query": "m", "limit": 10}'),
      ('many', 'small', 'room.permissions', '{}'),
      ('many', 'small', 'message.typing', '{}'),
      ('big', 'big', 'room.info', '{}'),
      ('many', '', 'user.blocked', '{}'),
      ('ann', 'small', 'room.invites', '{}'),
      ('ann', 'small', 'room.invite', '{}'),
      ('many', '', 'session.list', '{}'),
      ('big', 'big', 'room.modify', '{"action": "update", "data": {"description": "d"}}'))
      step (who, room, command, data)
  loop
    v_cost := pg_temp.cost(v_step.who, v_step.command, v_step.data);
    if p_name is not null then
      return next cmp_ok(v_cost[2], '<=', p_after, format('%s, %s: %s looks at few blocks after the draw', p_name,
                                                          v_step.who, v_step.command));
      -- What tells of a room shows up to a thousand of its members; a list takes one look at each room for what was
      -- said last, and another where nothing was, for when it was made; to count
      -- members, each of them is looked at once.
      v_most := p_before * case when v_step.command = 'room.list' then 400 when v_step.command = 'room.members' then 700
        when v_step.data ->> 'shape' = 'thread' then 100 when v_step.command in ('direct.people', 'user.list') then 20
        when v_step.command in ('room.modify', 'room.add_members', 'room.remove_members', 'room.info') then 30
        -- A word that is in thirty thousand messages of a room; or the memberships of all rooms, before any message.
        when v_step.command = 'message.search' then case when v_step.data ? 'room_id' then 10 else 250 end else 1 end;
      return next cmp_ok(v_cost[1], '<=', v_most, format('%s, %s: %s looks at few blocks before it',
                                                         p_name, v_step.who, v_step.command));
    end if;
  end loop;
end $$;
do $$ begin for i in 1..3 loop perform pg_temp.round(null, 0, 0); end loop; end $$;

-- A hundred thousand people, all in one room; one of them in ten thousand rooms; thirty thousand messages that this one
-- has not read.
insert into confab.account (username) select 'cost.p' || n from generate_series(1, 100000) n;
insert into confab.member (room_id, account_id, since_seq) select pg_temp.room('big'), id, 1 from confab.account
  where username like 'cost.%'
on conflict do nothing;
with made as (
  insert into confab.room (type, name, creator_id, capacity) select 'GroupChat', 'r' || n, pg_temp.id('many'), 100
    from generate_series(1, 10000) n returning id)
insert into confab.member (room_id, account_id, since_seq) select id, pg_temp.id('many'), 1 from made;
insert into confab.message (room_id, seq, id, sender_id, content, created_at)
select pg_temp.room('small'), nextval('pg_temp.draw'), gen_random_uuid(), pg_temp.id('bob'), 'm',
  now() - interval '1 day' from generate_series(1, 30000);
insert into confab.receipt (room_id, seq, account_id, acked_seq)
select m.room_id, m.seq, a.id, m.seq from (select room_id, seq from confab.message where room_id = pg_temp.room('big')
                                           limit 3) m
cross join (select id from confab.account where username like 'cost.p1%') a;

select pg_temp.round('uneven', 300, 100);
select * from finish();
rollback;
