-- Rooms: creating, listing and describing them.
begin;
select plan(165);

\set people room-test
\ir support/common.sql

create function pg_temp.user_json(p_username text) returns jsonb language sql as $$
  select jsonb_build_object('id', pg_temp.id(p_username), 'username', 'room-test.' || p_username, 'email', '',
                            'first_name', '', 'last_name', '')
$$;

-- Text with $ann, $bob … replaced by the accounts' ids.
create function pg_temp.data(p_text text) returns jsonb language sql as $$
  select replace(replace(replace(replace(p_text, '$ann', pg_temp.id('ann')::text), '$bob', pg_temp.id('bob')::text),
                 '$cid', pg_temp.id('cid')::text), '$dan', pg_temp.id('dan')::text)::jsonb
$$;

-- Rooms made here, by a name for the tests.
create temporary table made (key text primary key, outcome confab.outcome, id uuid, dispatch jsonb);

create function pg_temp.make(p_key text, p_username text, p_text text) returns jsonb language sql as $$
  with outcome as materialized (select confab.room_create(pg_temp.caller(p_username), pg_temp.data(p_text)) o)
  insert into made select p_key, o, ((o).dispatch::jsonb #>> '{data,id}')::uuid, (o).dispatch::jsonb from outcome
    returning dispatch -> 'data'
$$;

create function pg_temp.room(p_key text) returns uuid language sql as $$
  select id from made where key = p_key
$$;

create function pg_temp.refusal(p_username text, p_text text) returns jsonb language sql as $$
  select pg_temp.failure(format('select confab.room_create(pg_temp.caller(%L), pg_temp.data(%L))', p_username,
                                p_text)) -> 'error'
$$;

create function pg_temp.info(p_username text, p_room_id text) returns jsonb language sql as $$
  select (confab.room_info(pg_temp.caller(p_username), jsonb_build_object('room_id', p_room_id::jsonb))).reply::jsonb
$$;

create function pg_temp.list(p_username text) returns jsonb language sql as $$
  select (confab.room_list(pg_temp.caller(p_username), '{}')).reply::jsonb
$$;

create function pg_temp.item(p_username text, p_key text) returns jsonb language sql as $$
  select item from jsonb_array_elements(pg_temp.list(p_username) -> 'data') item
    where item ->> 'id' = pg_temp.room(p_key)::text
$$;

create function pg_temp.keys(p_object jsonb) returns text[] language sql as $$
  select array(select k from jsonb_object_keys(p_object) k order by k collate "C")
$$;

select confab.account_create('room-test.' || name, null) from unnest(array['ann', 'bob', 'cid',
  'dan']) name \g /dev/null

-- One to one.
select isnt(pg_temp.make('pair', 'bob', '{"type": "OneToOneChat", "participants": [$ann]}'), null,
            'a one-to-one is made with one other');
select is(dispatch ->> 'eventType', 'roomcreate.dispatch', 'making a room is announced by roomcreate.dispatch')
  from made where key = 'pair';
select is(pg_temp.keys(dispatch -> 'data'),
  '{created_at,id,participants,polymorphic_ctype,property,type,updated_at}', 'a one-to-one is described by these keys')
    from made where key = 'pair';
select is(dispatch #> '{data,participants}', jsonb_build_array(pg_temp.user_json('ann'), pg_temp.user_json('bob')),
  'the participants of a one-to-one are the two users') from made where key = 'pair';
select is(dispatch #>> '{data,type}', 'OneToOneChat', 'a one-to-one says so') from made where key = 'pair';
select is(dispatch #> '{data,property}', '{"preferences": {}}', 'preferences are empty unless given') from made
  where key = 'pair';
select is(dispatch #>> '{data,created_at}', confab.time_text(now()), 'a room is created now') from made
  where key = 'pair';
select is(dispatch #>> '{data,updated_at}', confab.time_text(now()), 'a new room is updated now') from made
  where key = 'pair';
select is(dispatch -> 'seq', to_jsonb((outcome).seq), 'the dispatch carries its number') from made where key = 'pair';
select is((outcome).reply, null, 'the caller is owed the stored dispatch, no reply of its own') from made
  where key = 'pair';
select results_eq(
  $$ select l.room_id, l.account_ids, l.payload, l.effect::jsonb from confab.log l, made m where l.seq = (m.outcome).seq
    and m.key = 'pair' $$,
  $$ select id, null::bigint[], (outcome).dispatch, pg_temp.data('{"joined": [$ann, $bob]}') from made
    where key = 'pair' $$,
  'the log has the dispatch, byte for byte, for the room that both have just joined');
select results_eq(
  $$ select account_id, role, since_seq from confab.member where room_id = pg_temp.room('pair') order by account_id $$,
  $$ select a, 'member', (outcome).seq from made, unnest(array[pg_temp.id('ann'), pg_temp.id('bob')]) a
    where key = 'pair' order by a $$,
  'both are plain members from the dispatch on');
select is(pg_temp.failure($$ select confab.room_create(pg_temp.caller('bob'),
                                                       pg_temp.data('{"type": "OneToOneChat",
                                                         "participants": [$ann]}')) $$),
  jsonb_build_object('error', '{"code": 4003, "detail": ["Chat already exists"]}'::jsonb, 'room_id',
                     pg_temp.room('pair')),
  'the same one-to-one again is refused, and the one that exists is named beside the error');
select is(pg_temp.failure($$ select confab.room_create(pg_temp.caller('ann'),
                                                       pg_temp.data('{"type": "OneToOneChat", "participants": [$ann,
                                                         "$bob"]}')) $$),
  jsonb_build_object('error', '{"code": 4003, "detail": ["Chat already exists"]}'::jsonb, 'room_id',
                     pg_temp.room('pair')),
  'a one-to-one is the same from the other side');
select throws_ok($$ insert into confab.room (type, pair) select 'OneToOneChat', pair from confab.room
                 where id = pg_temp.room('pair') $$,
  '23505', null, 'the table itself keeps one one-to-one per pair');
select is(pg_temp.refusal('ann', data), '{"code": 4003, "detail": ["A one to one chat can only have 2 participants"]}',
  'there is no one-to-one ' || what)
from (values
  ('{"type": "OneToOneChat"}', 'without participants'),
  ('{"type": "OneToOneChat", "participants": []}', 'with nobody'),
  ('{"type": "OneToOneChat", "participants": "$bob"}', 'with what is no list'),
  ('{"type": "OneToOneChat", "participants": [$ann]}', 'with oneself'),
  ('{"type": "OneToOneChat", "participants": [-1]}', 'with an unknown account'),
  ('{"type": "OneToOneChat", "participants": [$bob], "extra_fields": {"participants": []}}',
   'with nobody in extra_fields'),
  ('{"type": "OneToOneChat", "participants": [$bob, $cid]}', 'with two others')) bad (data, what);
select isnt(pg_temp.make('pair with self', 'ann',
                         '{"type": "OneToOneChat", "participants": [$ann, "$cid", $cid, -1], "name": "x",
                           "max_participants": 1}'), null,
  'naming oneself, somebody twice or somebody unknown changes nothing; a one-to-one has no name and no limit');
select is(pg_temp.refusal('ann', '{"type": "OneToOneChat", "participants": ["dan"]}'),
  '{"code": 4003, "detail": ["Field ''id'' expected a number but got ''dan''."]}', 'a participant is an id');
select is(pg_temp.refusal('ann', format('{"type": "OneToOneChat", "participants": [%s]}', bad)) -> 'code', '4003',
          'a participant is not ' || bad)
from unnest(array['null', 'true', '1.5', '[1]', '{"id": 1}', '12345678901234567890']) bad;

-- Group chats.
select isnt(pg_temp.make('group', 'bob',
                         '{"type": "GroupChat", "name": " Crew ", "participants": [$ann, $cid],
                           "description": "Who sails",
    "max_participants": 3, "avatar": "https://example.org/a.png", "extra_fields": {"join_approval_required": true,
      "group_locked": true,
    "property": {"preferences": {"colour": "red"}}, "id": "11111111-2222-3333-4444-555555555555", "creator_id": $ann,
      "type": "Channel"}}'),
  null, 'a group chat is made');
select is(pg_temp.keys(dispatch -> 'data'),
  '{admins,avatar,created_at,creator,description,group_locked,id,join_approval_required,max_participants,name,
    participants,polymorphic_ctype,property,type,updated_at}',
  'a group chat is described by these keys') from made where key = 'group';
select is(dispatch #> array['data', field], value, format('%s of a group chat is as given', field)) from made, (values
  ('type', '"GroupChat"'::jsonb),
  ('name', '"Crew"'),
  ('description', '"Who sails"'),
  ('creator', pg_temp.user_json('bob')),
  ('participants', jsonb_build_array(pg_temp.user_json('ann'), pg_temp.user_json('bob'), pg_temp.user_json('cid'))),
  ('admins', jsonb_build_array(pg_temp.user_json('bob'))),
  ('max_participants', '3'),
  ('avatar', '"https://example.org/a.png"'),
  ('join_approval_required', 'true'),
  ('group_locked', 'true'),
  ('property', '{"preferences": {"colour": "red"}}')) expected (field, value) where made.key = 'group';
select isnt(pg_temp.room('group'), '11111111-2222-3333-4444-555555555555', 'an id can''t be chosen');
select results_eq(
  $$ select account_id from confab.member where room_id = pg_temp.room('group') and role = 'admin' $$, $$
    values (pg_temp.id('bob')) $$,
  'the creator of a group is its admin');
select isnt(pg_temp.make('alone', 'ann', '{"type": "GroupChat", "name": "Alone"}'), null,
            'a group chat may hold its creator alone');
select is(dispatch #> array['data', field], value, format('%s of a group chat is %s unless given', field, value))
  from made, (values
  ('participants', jsonb_build_array(pg_temp.user_json('ann'))),
  ('description', 'null'),
  ('avatar', 'null'),
  ('max_participants', '100'),
  ('join_approval_required', 'false'),
  ('group_locked', 'false')) expected (field, value) where made.key = 'alone';
select is(pg_temp.refusal('bob',
                          '{"type": "GroupChat", "name": "Crew", "participants": [$ann, $cid], "max_participants": 2}'),
  '{"code": 4003, "detail": ["Maximum number of group participants exceeded"]}',
    'a group chat is not made larger than its limit, the creator counted');
select is_empty($$ select from confab.room where creator_id = pg_temp.id('bob') and capacity = 2 $$,
                'a refused group leaves no room');

-- Channels.
select isnt(pg_temp.make('channel', 'cid',
                         '{"type": "Channel", "name": "News", "subscribers": [$bob], "participants": [$ann],
                           "is_public": true,
    "extra_fields": {"max_subscribers": "7", "description": "What is new"}}'), null, 'a channel is made');
select is(pg_temp.keys(dispatch -> 'data'),
  '{avatar,created_at,creator,description,id,is_public,max_subscribers,moderators,name,polymorphic_ctype,property,
    subscribers,type,updated_at}',
  'a channel is described by these keys') from made where key = 'channel';
select is(dispatch #> array['data', field], value, format('%s of a channel is as given', field)) from made, (values
  ('type', '"Channel"'::jsonb),
  ('name', '"News"'),
  ('description', '"What is new"'),
  ('creator', pg_temp.user_json('cid')),
  ('subscribers', jsonb_build_array(pg_temp.user_json('bob'), pg_temp.user_json('cid'))),
  ('moderators', jsonb_build_array(pg_temp.user_json('cid'))),
  ('is_public', 'true'),
  ('max_subscribers', '7')) expected (field, value) where made.key = 'channel';
select is(pg_temp.make('defaults', 'cid', '{"type": "Channel", "name": "Defaults"}') - array['id', 'created_at',
  'updated_at', 'creator', 'subscribers', 'moderators'],
  '{"type": "Channel", "name": "Defaults", "polymorphic_ctype": 3, "property": {"preferences": {}}, "description": null,
    "avatar": null,
    "is_public": false, "max_subscribers": 300}', 'a channel is private and holds 300 unless said otherwise');
select is(pg_temp.refusal('bob', '{"type": "Channel", "name": "News", "subscribers": [$ann], "max_subscribers": 1}'),
  '{"code": 4003, "detail": ["Maximum number of channel subscribers exceeded"]}',
    'a channel is not made larger than its limit');

-- Refusals and their errors.
select is(pg_temp.refusal('dan', data), detail::jsonb, what) from (values
  ('{}', '{"code": 4003, "detail": ["Invalid resource type"]}', 'a room has a type'),
  ('{"type": null}', '{"code": 4003, "detail": ["Invalid resource type"]}', 'the type of a room is not null'),
  ('{"type": "Room", "name": "x"}', '{"code": 4003, "detail": ["Invalid resource type"]}',
   'the type of a room is one of three'),
  ('{"type": ["GroupChat"], "name": "x"}', '{"code": 4003, "detail": ["Invalid resource type"]}',
   'the type of a room is text'),
  ('{"type": "GroupChat"}', '{"code": 4003, "detail": {"name": ["This field is required."]}}', 'a group has a name'),
  ('{"type": "Channel"}', '{"code": 4003, "detail": {"name": ["This field is required."]}}', 'a channel has a name'),
  ('{"type": "GroupChat", "name": null}', '{"code": 4003, "detail": {"name": ["This field may not be null."]}}',
   'a name is not null'),
  ('{"type": "GroupChat", "name": "  "}', '{"code": 4003, "detail": {"name": ["This field may not be blank."]}}',
   'a name is not blank'),
  ('{"type": "GroupChat", "name": ["x"]}', '{"code": 4003, "detail": {"name": ["Not a valid string."]}}',
   'a name is text'),
  ('{"type": "GroupChat", "name": "a\u0008b"}',
   '{"code": 4003, "detail": {"name": ["Control characters are not allowed."]}}', 'a name has no control characters'),
  (format('{"type": "GroupChat", "name": "%s"}', repeat('n', 65)),
   '{"code": 4003, "detail": {"name": ["Ensure this field has no more than 64 characters."]}}',
    'a name has at most 64 characters'),
  ('{"type": "GroupChat", "name": "x", "extra_fields": null}',
   '{"code": 4003, "detail": {"extra_fields": ["This field may not be null."]}}', 'extra_fields is not null'),
  ('{"type": "GroupChat", "name": "x", "extra_fields": []}',
   '{"code": 4003, "detail": {"extra_fields": ["Must be an object."]}}', 'extra_fields is an object'),
  ('{"type": "GroupChat", "name": "x", "avatar": "javascript:alert(1)"}',
   '{"code": 4003, "detail": {"avatar": ["Enter a valid URL."]}}', 'an avatar is the URL of a page'),
  (format('{"type": "GroupChat", "name": "x", "avatar": "http://%s"}', repeat('a', 194)),
   '{"code": 4003, "detail": {"avatar": ["Ensure this field has no more than 200 characters."]}}',
    'an avatar has at most 200 characters'),
  ('{"type": "GroupChat", "name": "x", "group_locked": "maybe"}',
   '{"code": 4003, "detail": {"group_locked": ["Must be a valid boolean."]}}', 'group_locked is a boolean'),
  ('{"type": "GroupChat", "name": "x", "join_approval_required": 2}',
   '{"code": 4003, "detail": {"join_approval_required": ["Must be a valid boolean."]}}',
    'join_approval_required is a boolean'),
  ('{"type": "Channel", "name": "x", "is_public": null}',
   '{"code": 4003, "detail": {"is_public": ["Must be a valid boolean."]}}', 'is_public is a boolean'),
  ('{"type": "GroupChat", "name": "x", "max_participants": "many"}',
   '{"code": 4003, "detail": {"max_participants": ["A valid integer is required."]}}', 'a limit is a number'),
  ('{"type": "GroupChat", "name": "x", "max_participants": null}',
   '{"code": 4003, "detail": {"max_participants": ["This field may not be null."]}}', 'a limit is not null'),
  ('{"type": "Channel", "name": "x", "max_subscribers": 0}',
   '{"code": 4003, "detail": {"max_subscribers": ["Ensure this value is greater than or equal to 1."]}}',
    'a limit is at least 1'),
  ('{"type": "GroupChat", "name": "x", "extra_fields": {"property": "red"}}',
   '{"code": 4003, "detail": ["Room property must be a python dictionary/javascript object"]}',
    'property is an object'),
  ('{"type": "GroupChat", "name": "x", "extra_fields": {"property": {"preferences": "red"}}}',
   '{"code": 4003, "detail": ["preferences must be a python dictionary/javascript object"]}',
    'preferences are an object')
) bad (data, detail, what);
select is_empty($$ select from confab.member where account_id = pg_temp.id('dan') $$,
                'nothing refused leaves a membership');

-- Room details.
select is(pg_temp.info(name, to_jsonb(pg_temp.room(key))::text), jsonb_build_object('eventType', 'roominfo.dispatch',
  'data', dispatch -> 'data', 'total', (select count(*) from confab.member where room_id = pg_temp.room(key))),
  format('room.info says of a %s what its announcement said', key))
from made join (values ('pair', 'ann'), ('group', 'cid'), ('channel', 'bob')) who (key, name) using (key);
select is((confab.room_info(pg_temp.caller('ann'), jsonb_build_object('room_id', pg_temp.room('pair')))).seq, null,
          'room.info stores nothing');
select is(pg_temp.info('ann', to_jsonb(spelling)::text) #>> '{data,id}', pg_temp.room('pair')::text,
          format('a room is found by its id %s', what))
from (values
  (upper(pg_temp.room('pair')::text), 'in upper case'),
  (replace(pg_temp.room('pair')::text, '-', ''), 'without hyphens'),
  ('{' || pg_temp.room('pair') || '}', 'in braces'),
  ('urn:uuid:' || pg_temp.room('pair'), 'as a URN')) given (spelling, what);
delete from confab.member where room_id = pg_temp.room('defaults');
update confab.room set id = '00000000-0000-0000-0001-0000ffffffff' where id = pg_temp.room('defaults');
insert into confab.member (room_id, account_id, since_seq) values ('00000000-0000-0000-0001-0000ffffffff',
                                                                   pg_temp.id('dan'), 1);
select is(pg_temp.info('dan', '281479271677951') #>> '{data,name}', 'Defaults',
          'a room is found by its id as an integer');
select is(pg_temp.failure(format('select pg_temp.info(%L, %L)', 'ann', room_id)) -> 'error', error::jsonb, what)
  from (values
  ('null', '{"code": 4003, "detail": ["Invalid room_id type"]}', 'a room_id is not null'),
  ('true', '{"code": 4003, "detail": ["Invalid room_id type"]}', 'a room_id is no boolean'),
  ('1.5', '{"code": 4003, "detail": ["Invalid room_id type"]}', 'a room_id is no fraction'),
  ('["x"]', '{"code": 4003, "detail": ["Invalid room_id type"]}', 'a room_id is no list'),
  ('"general"', '{"code": 4003, "detail": ["“general” is not a valid UUID."]}', 'a room_id is a UUID'),
  ('-1', '{"code": 4003, "detail": ["“-1” is not a valid UUID."]}', 'a room_id is not negative'),
  ('340282366920938463463374607431768211456',
   '{"code": 4003, "detail": ["“340282366920938463463374607431768211456” is not a valid UUID."]}',
    'a room_id has at most 128 bits'),
  ('421', '{"code": 4004, "detail": "Resource not found."}', 'an unknown number is 4004'),
  ('"00000000-0000-4000-8000-000000000000"', '{"code": 4004, "detail": "Resource not found."}',
   'an unknown room is 4004')
) bad (room_id, error, what);
select is(pg_temp.failure($$ select confab.room_info(pg_temp.caller('ann'), '{}') $$) -> 'error',
          '{"code": 4003, "detail": {"room_id": ["This field is required."]}}', 'room.info needs a room_id');
select is(pg_temp.failure(format('select confab.%s(pg_temp.caller(''ann''), ''{}'')',
                                 replace(name, '.', '_'))) -> 'error',
          '{"code": 4003, "detail": {"room_id": ["This field is required."]}}', name || ' needs a room_id')
from unnest(array['room.messages', 'room.members', 'room.permissions', 'room.pins', 'room.read', 'room.join',
                  'room.leave',
  'room.add_members', 'room.remove_members', 'room.modify', 'room.invite', 'room.invites', 'room.revoke_invite',
    'room.request',
  'room.requests', 'room.answer', 'message.send', 'message.typing']) name;
-- Values as an HTML form sends them.
select is((dispatch #>> array['data', 'group_locked'])::boolean, wanted, format('group_locked %s is %s', said, wanted))
from (values ('true', true), ('"True"', true), ('"t"', true), ('"on"', true), ('"yes"', true), ('"1"', true),
      ('1', true),
             ('"false"', false), ('"off"', false), ('0', false)) v (said, wanted)
cross join lateral (select (confab.room_create(pg_temp.caller('bob'),
  format('{"type": "GroupChat", "name": "form", "avatar": "", "group_locked": %s}',
         said)::jsonb)).dispatch::jsonb offset 0) made (dispatch);
select is((confab.room_create(pg_temp.caller('bob'), '{"type": "GroupChat", "name": "form", "avatar": "",
  "participants": [null]}')).dispatch::jsonb
  #> '{data,avatar}', 'null', 'an empty avatar is none, and a participant that is null is dropped');
select is(pg_temp.failure(format('select pg_temp.info(%L, %L)', 'dan', to_jsonb(pg_temp.room(key)))) -> 'error',
  '{"code": 4002, "detail": "User is not authorized access this room"}', format('a %s is not described to others', key))
from unnest(array['pair', 'group', 'channel']) key;
delete from confab.member where room_id = pg_temp.room('group') and account_id = pg_temp.id('bob');
select is(pg_temp.failure(format('select pg_temp.info(%L, %L)', 'bob', to_jsonb(pg_temp.room('group')))) -> 'error',
  '{"code": 4002, "detail": "User is not authorized access this room"}', 'a creator who is no member is nobody');
insert into confab.member (room_id, account_id, since_seq) values (pg_temp.room('group'), pg_temp.id('bob'), 1);

-- The list of rooms.
delete from confab.member where account_id = pg_temp.id('dan');
select is(pg_temp.list('dan'), '{"eventType": "roomlist.dispatch", "data": []}', 'who is in no room has an empty list');
select is(pg_temp.keys(pg_temp.item('ann',
                                    'pair')) @> '{created_at,id,last_message,last_read_seq,peer,polymorphic_ctype,type,
                                      unread,updated_at}', true,
  'a one-to-one in the list has these keys');
select is(pg_temp.keys(pg_temp.item('ann', 'group'))
  @> '{avatar,created_at,creator,description,group_locked,id,join_approval_required,last_message,last_read_seq,
    max_participants,name,polymorphic_ctype,type,unread,updated_at}',
  true, 'a group chat in the list has these keys');
select is(pg_temp.keys(pg_temp.item('bob', 'channel'))
  @> '{avatar,created_at,creator,description,id,is_public,last_message,last_read_seq,max_subscribers,name,
    polymorphic_ctype,type,unread,updated_at}',
  true, 'a channel in the list has these keys');
select is(pg_temp.keys(pg_temp.item(name, key)) && '{property,participants,subscribers,admins,moderators}', false,
  format('a %s in the list has neither members nor property', key))
from (values ('pair', 'ann'), ('group', 'ann'), ('channel', 'bob')) who (key, name);
select is(pg_temp.item('ann', 'pair') -> 'peer', pg_temp.user_json('bob'), 'the peer of a one-to-one is the other');
select is(pg_temp.item('bob', 'pair') -> 'peer', pg_temp.user_json('ann'), 'from either side');
select is(pg_temp.item('ann', 'group') -> 'creator', pg_temp.user_json('bob'), 'a group in the list names its creator');
select is(pg_temp.item('ann', 'channel'), null, 'the list has no room that the caller is not in');
select is(pg_temp.item('ann', 'pair') -> 'last_message', 'null', 'a room without messages has null for the last one');
select is(pg_temp.item('ann', 'pair') -> 'unread', '0', 'a room without messages has nothing unread');

-- Messages of the past and the future order the list.
select (confab.message_send(pg_temp.caller('bob'), jsonb_build_object('room_id', pg_temp.room('pair'), 'content',
                                                                      content))).seq
from unnest(array['one', 'two', 'three']) content \g /dev/null
update confab.message set created_at = now() + seq * interval '1 microsecond' where room_id = pg_temp.room('pair');
update confab.room set created_at = now() - interval '1 day' where id = pg_temp.room('group');
select results_eq(
  $$ select item ->> 'id' from jsonb_array_elements(pg_temp.list('ann') -> 'data') with ordinality e (item, n)
    order by n $$,
  $$ select id::text from (values (1, pg_temp.room('pair')), (2, (select id from made
                                                                  where key in ('alone', 'pair with self') order by id
    limit 1)),
     (3, (select id from made where key in ('alone', 'pair with self') order by id desc limit 1)),
       (4, pg_temp.room('group'))) e (n, id) order by n $$,
  'the newest message comes first; a room without any stands where it was created');
select is(pg_temp.item('ann', 'pair') #>> '{last_message,content}', 'three', 'the last message is the newest');
select is(pg_temp.item('ann', 'pair') #> '{last_message,sender}', pg_temp.user_json('bob'),
          'the last message is a whole message');
select is(pg_temp.item('ann', 'pair') -> 'unread', '3', 'messages of others are unread');
select is(pg_temp.item('bob', 'pair') -> 'unread', '0', 'one''s own are not');
update confab.message set is_deleted = true where room_id = pg_temp.room('pair') and content = 'three';
select is(pg_temp.item('ann', 'pair') #>> '{last_message,content}', 'two',
          'after a delete the newest remaining message is the last one');
select is(pg_temp.item('ann', 'pair') -> 'unread', '2', 'a deleted message is not unread');
update confab.member set last_read_seq = (select seq from confab.message where room_id = pg_temp.room('pair')
                                          and content = 'one')
where room_id = pg_temp.room('pair') and account_id = pg_temp.id('ann');
select is(pg_temp.item('ann', 'pair') -> 'unread', '1', 'what is read is not unread');
select is((pg_temp.item('ann', 'pair') ->> 'last_read_seq')::bigint,
          (select seq from confab.message where room_id = pg_temp.room('pair') and content = 'one'),
  'the list says up to where the caller has read');
insert into confab.message (room_id, seq, id, sender_id, content)
select pg_temp.room('group'), 9000000000000000 + n, gen_random_uuid(), pg_temp.id('bob'), 'many'
  from generate_series(1, 1001) n;
select is(pg_temp.item('ann', 'group') -> 'unread', '1000', 'unread is counted up to 1000');

select * from finish();
rollback;
