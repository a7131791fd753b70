-- Who finds whom: everybody, or those with whom one shares a room.
begin;
select plan(16);
\set people d
\ir support/common.sql

select confab.account_create('d.' || name, 'x') from unnest(array['ann', 'ben', 'carol', 'dora']) name \g /dev/null
select confab.external_link(id, 'jwt:https://shop.example', username) from (
  select confab.account_create('d.' || name, null) as id, name as username from unnest(array['guest', 'passer']) name) a
\g /dev/null
select confab.external_link(pg_temp.id('dora'), 'jwt:https://shop.example', 'dora') \g /dev/null
select confab.account_disable(pg_temp.id('carol'), true) \g /dev/null
select confab.room_create(pg_temp.caller('ann'), jsonb_build_object('type', 'GroupChat', 'name', 'shop',
  'participants', jsonb_build_array(pg_temp.id('guest')))) \g /dev/null

create function pg_temp.found(p_caller text, p_search text default 'd.', p_limit int default 50)
returns text language sql as $$
  select string_agg(substr(u ->> 'username', 3), ' ' order by (u ->> 'id')::bigint)
  from jsonb_array_elements((confab.user_list(pg_temp.caller(p_caller), jsonb_build_object('search', p_search,
    'after', pg_temp.id('ann') - 1, 'limit', p_limit))).reply::jsonb #> '{data,users}') u
$$;
create function pg_temp.set(p_name text, p_value text) returns text language sql as $$
  select confab.setting_change(p_name, p_value)
$$;
create function pg_temp.blocks(p_caller text, p_other text) returns text language sql as $$
  select coalesce(pg_temp.failure(format('select confab.user_block(pg_temp.caller(%L), %L)', p_caller,
    jsonb_build_object('user_id', pg_temp.id(p_other)))) #>> '{error,code}', 'yes')
$$;

select is(pg_temp.found('ben'), 'ann ben dora guest passer', 'somebody with a password finds everybody');
select is(pg_temp.found('guest'), 'ann guest', 'a visitor finds those in its rooms');
select is(pg_temp.found('guest', 'd.g'), 'guest', 'by the beginning of a name, too');
select is(pg_temp.found('guest', 'd.b'), null, 'and nobody else');
select is(pg_temp.found('guest', 'd.', 1), 'ann', 'page by page');
select is(pg_temp.found('passer'), null, 'one without a room finds nobody');
select is(pg_temp.found('dora'), 'ann ben dora guest passer', 'an account with a password is no visitor');
select is(pg_temp.blocks('guest', 'ben'), '4004', 'a visitor can''t learn names by blocking');
select is(pg_temp.blocks('guest', 'ann'), 'yes', 'but block whom it meets');

create function pg_temp.writes(p_caller text, p_other text) returns jsonb language sql as $$
  select pg_temp.failure(format('select confab.direct_send(pg_temp.caller(%L), %L)', p_caller,
    jsonb_build_object('recipient', 'd.' || p_other, 'body', 'x')))
$$;
select is(pg_temp.writes('guest', 'ben'), pg_temp.writes('guest', 'nobody'), 'nor by writing to a name');
select isnt(pg_temp.writes('guest', 'ann') -> 'recipient_id', null, 'but write to whom it meets');
select isnt(pg_temp.writes('ben', 'dora') -> 'recipient_id', null, 'who finds everybody writes to everybody');

select pg_temp.set('visitors_list_people', 'true') \g /dev/null
select is(pg_temp.found('passer'), 'ann ben dora guest passer', 'visitors_list_people lets them find everybody');
select is(pg_temp.blocks('guest', 'ben'), 'yes', 'and block everybody');

select pg_temp.set('list_people', 'false') \g /dev/null
select is(pg_temp.found('ann'), 'ann guest', 'without list_people others find those in their rooms');
select is(pg_temp.found('passer'), 'ann ben dora guest passer', 'which says nothing about visitors');

select * from finish();
rollback;
