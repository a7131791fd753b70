-- Names have at least one character that can be seen, and none that hides or turns others; everywhere by one rule.
begin;
select plan(83);
\set people name
\ir support/common.sql

select confab.account_create('name.ann', null) \g /dev/null
create temporary table room as
  select ((confab.room_create(pg_temp.caller('ann'), '{"type": "GroupChat", "name": "x"}')).dispatch::jsonb
          #>> '{data,id}')::uuid as id;
create temporary table said as
  select ((confab.message_send(pg_temp.caller('ann'),
            jsonb_build_object('room_id', id, 'content', 'x'))).dispatch::jsonb #>> '{data,id}')::uuid as id from room;

-- What each command that takes a name says to one: the sentence, or null.
create function pg_temp.said(p_kind text, p_name text) returns text language sql as $$
  select pg_temp.failure(format(case p_kind
      when 'group' then $q$ select confab.room_create(pg_temp.caller('ann'), '{"type": "GroupChat", "name": %s}') $q$
      when 'channel' then $q$ select confab.room_create(pg_temp.caller('ann'),
        '{"type": "Channel", "extra_fields": {"name": %s}}') $q$
      when 'rename' then $q$ select confab.room_modify(pg_temp.caller('ann'),
        jsonb_build_object('room_id', (select id from room), 'action', 'update', 'data', '{"name": %s}'::jsonb)) $q$
      when 'post' then $q$ select confab.ensure_room('name.key', 'GroupChat', '%s'::jsonb #>> '{}',
        array[pg_temp.id('ann')]) $q$
      when 'reaction' then $q$ select confab.message_react(pg_temp.caller('ann'), jsonb_build_object('message_id',
        (select id from said), 'type', 'add', 'reaction_content', '%s'::jsonb)) $q$
      when 'first' then $q$ select confab.account_create('name.bob', null, '{"first_name": %s}') $q$
      when 'last' then $q$ select confab.account_create('name.bob', null, '{"last_name": %s}') $q$ end,
    to_json(p_name))) #>> '{error,detail}'
$$;

select alike(pg_temp.said(kind, name), '%Control characters are not allowed.%', format('%s: %s hides', kind, escaped))
from unnest(array['group', 'channel', 'rename', 'post', 'reaction', 'first', 'last']) kind,
  (values (U&'\200B', '200B'), (U&'\3164', '3164'), (U&'\202E', '202E'), (U&'a\202Eb', 'a 202E b'),
          (U&'\2066a', '2066 a')) names (name, escaped);
select alike(pg_temp.said(kind, name), '%This field may not be blank.%', format('%s: %s is blank', kind, escaped))
from unnest(array['group', 'channel', 'rename', 'post', 'reaction', 'first', 'last']) kind,
  (values (U&'\2800', '2800'), (U&'\0301\0302', '0301 0302'), (U&'\200D\FE0F', '200D FE0F'),
          (U&'\3000\00A0', '3000 00A0')) names (name, escaped);
select is_empty($$ select kind, name from unnest(array['group', 'channel', 'rename', 'post', 'reaction']) kind,
    unnest(array['a', '山', U&'\2764\FE0F', U&'\2764\FE0E', U&'\+01F468\200D\+01F469', U&'1\FE0F\20E3', 'é', U&'e\0301',
      U&'\+01F3F4\+0E0067\+0E0062\+0E0065\+0E006E\+0E0067\+0E007F', U&'\0645\06CC\200C\062E', U&'\2801\2800\2802'])
      name
  where pg_temp.said(kind, name) ~ 'field|Control' $$, 'letters, signs and emoji of all kinds can be seen');

-- User names.
create function pg_temp.refused(p_name text) returns text language sql as $$
  select pg_temp.failure(format('select confab.account_create(%L, null)', p_name)) #>> '{error,detail,username,0}'
$$;
select is(pg_temp.refused(name), 'A user name has 1 to 64 letters, digits and . _ -', format('%s is no name', name))
from unnest(array['.', '..', '-', '_', '._-']) name;
select is(pg_temp.refused(name), 'This user name is taken.', format('%s is reserved', name))
from unnest(array['self', 'SeIf', 'ѕelf', 'deleted-1', 'Deleted-42', 'deIeted-7', 'dеleted-1', 'deleted-1-abc',
  'deleted-l']) name;
select is_empty($$ select name from unnest(array['name.self', 'deleted', 'deleted-x', 'undeleted-1', 'deleted-1st'])
  name where pg_temp.refused(name) is not null $$, 'others are not');
select is(confab.external_username(profile::jsonb, subject), wanted, format('%s becomes %s', profile, wanted))
from (values ('{"username": ".."}', '5', 'user'), ('{"username": "@@"}', '5', 'user'), ('{}', '5', '5')) made (profile,
  subject, wanted);
select is(confab.claim_name(jsonb_build_object('first_name', U&'\2800\200B'), 'first_name', null), null,
          'nor does a host application give a name that cannot be seen');
select * from finish();
rollback;
