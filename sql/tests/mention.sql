-- Recognising mentions.
begin;
select plan(39);
\set people mention
\ir support/common.sql

create temporary table named as
  select n, confab.account_create(n, null) as id
  from unnest(array['mention.ann', 'bob.men', 'bob', 'zoë', '小明', '小明明', 'x-y', 'नमस्ते']) n
  where not exists (select from confab.account where lower(username) = n);
create temporary table here as
  select ((confab.room_create(row((select id from named where n = 'mention.ann'), null, null, null),
    jsonb_build_object('type', 'GroupChat', 'name', 'r', 'participants',
                       array_agg(id)))).dispatch::jsonb #>> '{data,id}')::uuid as room
  from named;
create function pg_temp.named(p_text text) returns text language sql as $$
  select coalesce(string_agg(n, ' ' order by n), '') from named
  join unnest(confab.message_mentions((select room from here), (select id from named where n = 'mention.ann'), p_text))
    u (id) using (id)
$$;

select is(pg_temp.named(said), who, format('%s names %s', said, coalesce(nullif(who, ''), 'nobody')))
from (values
  ('hello @bob', 'bob'), ('@bob', 'bob'), ('(@bob)', 'bob'), ('@BOB, come', 'bob'), ('@bob. And @x-y!', 'bob x-y'),
  ('<b>@bob</b>', 'bob'), ('&lt;@bob&gt;', 'bob'),
  ('@bob.men', 'bob.men'), ('@bob.', 'bob'), ('@bob.mens', ''), ('@bobby', ''), ('@@bob', ''), ('a@bob', ''),
    ('me@bob.men', ''),
  ('@mention.ann', ''), ('@nobody', ''),
  ('https://example.com/@bob', ''), ('see https://example.com/@x-y/@bob?@bob', ''), ('www.example.com/@bob', ''),
  ('https://example.com/ @bob', 'bob'), ('https://example.com/a，@bob', 'bob'),
  ('你好@bob你好', 'bob'), ('你好@小明你好', '小明'), ('@小明明', '小明明'), (E'@zoe\u0308', 'zoë'),
  ('@zo&euml;', 'zoë'), ('@zo&#235;, @zo&#xeb;', 'zoë'), ('&commat;bob', 'bob'), ('@zo&amp;euml;', ''),
  ('@नमस्ते', 'नमस्ते'), ('@नम', ''),
  ('x/@bob', ''), ('e.com/@bob', ''), ('@bob/@x-y', 'bob x-y'), ('@bob@host', ''), ('@bob@host.example @x-y', 'x-y'),
  ('@小明@bob', 'bob 小明')) t (said, who);

-- The cost is bounded, however many there are.
create function pg_temp.seconds(p_text text) returns double precision language plpgsql as $$
declare
  v_start timestamptz := clock_timestamp();
begin
  perform pg_temp.named(p_text);
  return extract(epoch from clock_timestamp() - v_start);
end $$;
select cmp_ok(greatest(pg_temp.seconds(repeat('@a ', 33000)), pg_temp.seconds(repeat('@name ', 16000)),
                       pg_temp.seconds(repeat('@', 99000)),
                       pg_temp.seconds('@' || repeat('x', 99000)), pg_temp.seconds(repeat('x', 99000) || ' @bob')), '<',
                         0.3::double precision,
              'a text of nothing but mentions costs little');
select cmp_ok(pg_temp.seconds(repeat('&euml;', 16000) || '@a'), '<', 3::double precision,
              'nor does one of nothing but references');
select * from finish();
rollback;
