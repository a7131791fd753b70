-- What commands cost in a small room and in a large one: time and buffers of the whole statement, as EXPLAIN (ANALYZE, BUFFERS) has them; medians of five.
-- Called by bench/cost with :members and :messages of the large room.
\set QUIET on
set client_min_messages = warning;
create schema bench;

insert into confab.account (username) select 'cost-' || g from generate_series(1, greatest(:members, 20)) g;
create table bench.room as
  select n, gen_random_uuid() id, members, messages from (values (1, 10, 10000), (2, :members, :messages)) r (n, members, messages);
insert into confab.room (id, type, name, creator_id, capacity)
  select id, 'GroupChat', 'cost ' || n, (select min(id) from confab.account where username = 'cost-1'), 1000000 from bench.room;
create table bench.account as select row_number() over (order by id) n, id from confab.account where username like 'cost-%';
create unique index on bench.account (n);
select array_agg(id order by n) as senders from bench.account where n <= 10 \gset
insert into confab.member (room_id, account_id, since_seq, role)
  select r.id, a.id, 0, case a.n when 1 then 'admin' else 'member' end from bench.room r join bench.account a on a.n <= r.members;

-- Written in bulk, the indexes after: it is the shape that counts, not how it came about.
drop index confab.message_search_idx;
alter table confab.message drop constraint message_pkey;
drop index confab.message_id_key, confab.message_client_id_key;
select coalesce(max(seq), 0) as base from confab.log \gset
insert into confab.message (room_id, seq, id, sender_id, content, created_at, updated_at)
  select r.id, :base + case r.n when 1 then 0 else 10000 end + g, gen_random_uuid(), (:'senders'::bigint[])[1 + g % 10],
         'something common, word' || g % 1000 || ' and rare' || g, now() - interval '1 day', now() - interval '1 day'
  from bench.room r, generate_series(1, r.messages) g;
select setval('confab.log_seq', :base + 10000 + :messages) \g /dev/null
set maintenance_work_mem = '1GB';
alter table confab.message add primary key (room_id, seq);
create unique index message_id_key on confab.message (id);
create unique index message_client_id_key on confab.message (sender_id, client_id) where client_id is not null;
create index message_search_idx on confab.message using gin (confab.search_vector(room_id, content)) with (gin_pending_list_limit = 64) where not is_deleted;
select confab.log_maintain() \g /dev/null
vacuum analyze confab.message, confab.member, confab.account, confab.room;
select confab.words_sampled() \g /dev/null
analyze confab.message;

create function bench.cost(p_statement text, out ms numeric, out buffers bigint) language plpgsql as $$
declare
  v_plan json;
begin
  execute 'explain (analyze, buffers, format json) ' || p_statement into v_plan;
  ms := (v_plan -> 0 ->> 'Execution Time')::numeric;
  buffers := (v_plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (v_plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
end $$;

-- The statement with R for the room, A for an account that is in it, S for a number in the middle of its messages, NEW(n) for ids of n messages that
-- the account has not read.
create table bench.command (n serial, what text, statement text);
insert into bench.command (what, statement) values
  ('message.send', 'select confab.message_send(row(A, null, null, null), ''{"room_id": "R", "content": "Hello"}'')'),
  ('room.list', 'select confab.room_list(row(A, null, null, null), ''{}'')'),
  ('room.info', 'select confab.room_info(row(A, null, null, null), ''{"room_id": "R"}'')'),
  ('room.messages, newest 50', 'select confab.room_messages(row(A, null, null, null), ''{"room_id": "R", "limit": 50}'')'),
  ('room.messages, 50 around the middle', 'select confab.room_messages(row(A, null, null, null), ''{"room_id": "R", "limit": 50, "around": S}'')'),
  ('room.messages, numbered page 1', 'select confab.room_messages(row(A, null, null, null), ''{"room_id": "R", "paginate": {"page": 1, "size": 50}}'')'),
  ('message.acknowledged, 1', 'select confab.message_acknowledged(row(A, null, null, null), ''{"message_id": NEW(1)}'')'),
  ('message.acknowledged, 100', 'select confab.message_acknowledged(row(A, null, null, null), ''{"message_id": NEW(100)}'')'),
  ('message.read, 1', 'select confab.message_read(row(A, null, null, null), ''{"message_id": NEW(1)}'')'),
  ('message.read, 100', 'select confab.message_read(row(A, null, null, null), ''{"message_id": NEW(100)}'')'),
  ('message.react', 'select confab.message_react(row(A, null, null, null), ''{"message_id": NEW(1), "type": "add", "reaction_content": "x"}'')'),
  ('message.search, a rare word', 'select confab.message_search(row(A, null, null, null), ''{"query": "rare777"}'')'),
  ('message.search, a common word', 'select confab.message_search(row(A, null, null, null), ''{"query": "common"}'')'),
  ('message.search, common, newest', 'select confab.message_search(row(A, null, null, null), ''{"query": "common", "order": "newest"}'')'),
  ('notifications at connect', 'select confab.notifications_json(A)'),
  ('room.read to the newest', 'select confab.room_read(row(A, null, null, null), ''{"room_id": "R", "seq": 9007199254740991}'')');

-- Each run by another member, so that none finds things done.
create function bench.run(p_statement text, p_room bench.room, p_run int) returns text language plpgsql as $$
declare
  v_account bigint := (select id from bench.account where n = 2 + p_run);
  v_count int := substring(p_statement from 'NEW\((\d+)\)')::int;
  v_ids text := (select json_agg(id) from (select id from confab.message where room_id = p_room.id and sender_id <> v_account
                                           order by seq desc limit coalesce(v_count, 0) offset 1000 * p_run) x);
begin
  p_statement := replace(replace(replace(p_statement, 'row(A', 'row(' || v_account), '(A)', '(' || v_account || ')'), '"R"', '"' || p_room.id || '"');
  p_statement := replace(p_statement, '"around": S', '"around": ' || (
    select min(seq) + p_room.messages / 2 from confab.message where room_id = p_room.id));
  return regexp_replace(p_statement, 'NEW\(\d+\)', coalesce(case v_count when 1 then v_ids::json ->> 0 else v_ids end, '')::text);
end $$;

set search_path = confab_site, confab, pg_temp;
set jit = off;  -- as the programs' roles have it
create table bench.result as
  select c.n, c.what, r.n as room, k.run, x.* from bench.command c, bench.room r, generate_series(0, 5) k (run),
    lateral bench.cost(bench.run(replace(c.statement, 'NEW(1)', '"NEW(1)"'), r, k.run)) x
  order by c.n, r.n, k.run;
\set QUIET off
\pset footer off
\echo
select what, a.ms as "small ms", b.ms as "large ms", a.buffers as "small buffers", b.buffers as "large buffers"
from (select n, what from bench.command) c,
  lateral (select round(percentile_cont(0.5) within group (order by ms)::numeric, 2) ms, percentile_disc(0.5) within group (order by buffers) buffers
           from bench.result r where r.n = c.n and room = 1 and run > 0) a,
  lateral (select round(percentile_cont(0.5) within group (order by ms)::numeric, 2) ms, percentile_disc(0.5) within group (order by buffers) buffers
           from bench.result r where r.n = c.n and room = 2 and run > 0) b
order by c.n;
