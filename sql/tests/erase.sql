-- The log is trimmed by time, row by row.
begin;
select plan(6);
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
select * from finish();
rollback;
