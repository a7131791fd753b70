-- The log is trimmed by time, row by row. Nothing that is deleted stays in the samples of the planner.
begin;
select plan(14);
\set people erase
\ir support/common.sql

select confab.account_create('erase.ann', null) \g /dev/null
-- Numbers that no other test draws.
create temporary table sent as
  select n, (select max(first_seq) + 500000 from confab.log_partition) + n as seq from generate_series(1, 6) n;
select confab.log_put(seq, confab.log_entry(null, array[pg_temp.id('ann')], 'x.dispatch', '{}')) from sent \g /dev/null
-- Only rows of this test are looked at.
update confab.log_trimmed set seq = (select min(seq) - 1 from sent);
update confab.log set created_at = now() - interval '8 days' where seq in (select seq from sent where n <= 3);
create function pg_temp.kept() returns bigint[] language sql as $$
  select array(select n from sent join confab.log using (seq) order by n)
$$;
create function pg_temp.seq(p_n int) returns bigint language sql as $$ select seq from sent where n = p_n $$;

select confab.log_trim(5000) \g /dev/null
select is(confab.log_floor(), pg_temp.seq(3), 'the floor is raised to what is old');
select is(pg_temp.kept(), '{1,2,3,4,5,6}', 'and nothing goes yet: somebody may be reading it');
select confab.log_trim(5000) \g /dev/null
select is(pg_temp.kept(), '{4,5,6}', 'it goes the next time');
select is(confab.log_floor(), pg_temp.seq(3), 'what is newer stays');
update confab.log set created_at = now() - interval '8 days' where seq = pg_temp.seq(5);
select confab.log_trim(5000) \g /dev/null
select is(confab.log_floor(), pg_temp.seq(3), 'and so does all that follows on it');
select is((select floor from confab.log_state()), pg_temp.seq(3), 'a stream is told of this floor');

-- Only names that we gave, states, and hashes of secrets are sampled.
select is(array(
    select c.relname || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
    left join pg_index i on i.indexrelid = c.oid
    where c.relnamespace = 'confab'::regnamespace and not c.relispartition and a.attnum > 0 and not a.attisdropped
      and (c.relkind in ('r', 'p') or i.indexprs is not null and i.indkey[a.attnum - 1] = 0)
      and coalesce(a.attstattarget, -1) <> 0 and a.atttypid = any ('{text,text[],json,jsonb,bytea,tsvector}'::regtype[])
      and a.attname !~ '^(token|secret|ticket)_hash$' and c.relname not in ('command', 'confusable', 'epoch',
      'log_partition', 'process', 'push_position', 'schema_version', 'setting', 'transport', 'upkeep')
    order by 1),
  array['attachment.media_type', 'attachment.mime_type', 'attempt.key', 'budget.kind', 'external_identity.issuer',
        'log.effect', 'login.issuer', 'media.media_type', 'media.mime_type', 'member.grants', 'member.role',
        'presence.status', 'push_job.notification_type', 'session.process', 'session.transport'],
  'a column of texts is sampled only where they are not of people');
select is((select array_agg(distinct a.attstattarget) from pg_attribute a
           where attname = 'payload' and attrelid in (select inhrelid from pg_inherits
                                                      where inhparent = 'confab.log'::regclass)), '{0}',
          'nor is a partition of the log');
create function pg_temp.sampled(p_messages real) returns int language plpgsql as $$
begin
  update pg_class set reltuples = p_messages where oid = 'confab.message'::regclass;
  perform confab.words_sampled();
  return (select stxstattarget from pg_statistic_ext where stxname = 'message_search_words');
end $$;
select is(array(select pg_temp.sampled(n) from unnest('{5, 200000, 200000, 5}'::real[]) n), '{0,100,100,0}',
          'words are sampled while there are many messages');
select is((select count(*) from pg_statistic_ext_data d join pg_statistic_ext s on s.oid = d.stxoid
           where s.stxname = 'message_search_words'), 0::bigint, 'and no sample stays');

-- A pass through the log for the old texts of changed rooms, in steps.
create temporary table room as
  select ((confab.room_create(pg_temp.caller('ann'), '{"type": "GroupChat", "name": "old name"}')).dispatch::jsonb
          #>> '{data,id}')::uuid as id;
select confab.room_modify(pg_temp.caller('ann'), jsonb_build_object('room_id', id, 'action', 'update', 'data',
  jsonb_build_object('name', 'new name'))) from room \g /dev/null
create function pg_temp.old() returns bigint language sql as $$
  select count(*) from confab.log where room_id = (select id from room) and payload like '%old name%'
$$;
select is((select confab.erase_room_texts(1000000)), null, 'nothing is done at once: a row may be being written');
delete from confab.changed_room where room_id <> (select id from room);
update confab.changed_room set changed_at = now() - interval '1 minute',
  swept_seq = (select min(seq) - 1 from confab.log where room_id = (select id from room));
select is((select confab.erase_room_texts(1)), null, 'then rows are looked at, one after the other');
select is(pg_temp.old(), 0::bigint, 'the old name is not in them');
select confab.erase_room_texts(1000000) \g /dev/null
select is((select count(*) from confab.changed_room), 0::bigint, 'until the end of the log');
select * from finish();
rollback;
