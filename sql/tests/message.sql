-- Messages: sending them once, and reading them back a page at a time.
begin;
select plan(130);

\set people message-test
\ir support/common.sql

create temporary table made (key text primary key, id uuid);

create function pg_temp.make(p_key text, p_username text, p_type text, p_members text[]) returns void language sql as $$
  insert into made select p_key, ((confab.room_create(pg_temp.caller(p_username),
                                                      jsonb_build_object('type', p_type, 'name', p_key,
    case p_type when 'Channel' then 'subscribers' else 'participants' end,
      array(select pg_temp.id(m) from unnest(p_members) m)))).dispatch::jsonb #>> '{data,id}')::uuid
$$;

create function pg_temp.room(p_key text) returns uuid language sql as $$
  select id from made where key = p_key
$$;

create function pg_temp.send(p_username text, p_room text, p_data text, p_key text default null)
returns confab.outcome language sql as $$
  select confab.message_send(pg_temp.caller(p_username, p_key), jsonb_build_object('room_id', pg_temp.room(p_room))
                             || p_data::jsonb)
$$;

create function pg_temp.refusal(p_username text, p_room text, p_data text, p_key text default null)
returns jsonb language sql as $$
  select pg_temp.failure(format('select pg_temp.send(%L, %L, %L, %L)', p_username, p_room, p_data, p_key)) -> 'error'
$$;

create function pg_temp.stored(p_room text) returns bigint language sql as $$
  select count(*) from confab.message where room_id = pg_temp.room(p_room)
$$;

select confab.account_create('message-test.' || name, null) from unnest(array['ann', 'bob', 'cid']) name \g /dev/null
select pg_temp.make('pair', 'ann', 'OneToOneChat', '{bob}'), pg_temp.make('group', 'ann', 'GroupChat', '{bob}'),
       pg_temp.make('channel', 'ann', 'Channel', '{bob}') \g /dev/null

-- The payload.
create temporary table first as select * from pg_temp.send('ann', 'pair', '{"content": "Hello <b>Bob</b>"}');
select is((dispatch::jsonb #- '{data,id}' #- '{data,created_at}' #- '{data,updated_at}'),
          jsonb_build_object('eventType', 'message.dispatch', 'seq', seq, 'data', jsonb_build_object(
    'room', jsonb_build_object('id', pg_temp.room('pair')),
    'sender', jsonb_build_object('id', pg_temp.id('ann'), 'username', 'message-test.ann', 'email', '', 'first_name', '',
                                 'last_name', ''),
    'read_receipts', '[]'::jsonb, 'reactions', '[]'::jsonb, 'attachments', '[]'::jsonb, 'parent_message', null,
      'forwarded_from', null,
    'delivered_to', '[]'::jsonb, 'content', 'Hello <b>Bob</b>', 'is_deleted', false, 'is_forwarded', false, 'is_edited',
      false,
    'seq', seq, 'delivered_count', 0, 'read_count', 0,
    'reaction_counts', '{}'::jsonb, 'mentions', '[]'::jsonb, 'pinned', false)),
  'a sent message is dispatched with every field of a Message') from first;
select is(reply, null, 'the sender is owed the stored dispatch, no reply of its own') from first;
select results_eq($$ select room_id, account_ids, effect::jsonb, payload from confab.log
                  where seq = (select seq from first) $$,
  $$ select pg_temp.room('pair'), null::bigint[], null::jsonb, dispatch from first $$,
  'the log has the dispatch, byte for byte, for the room');
select results_eq($$ select id::text, room_id, sender_id, content, client_id, is_deleted, is_edited, created_at >= now()
                  and created_at = updated_at from confab.message where seq = (select seq from first) $$,
  $$ select dispatch::jsonb #>> '{data,id}', pg_temp.room('pair'), pg_temp.id('ann'), 'Hello <b>Bob</b>', null, false,
    false, true from first $$,
  'the message is stored under its number');
select cmp_ok((pg_temp.send('ann', 'pair', '{"content": "Hello again"}')).seq, '>', (select seq from first),
              'a later message has a greater number');

-- The text. The program has trimmed white space around it; the rest is kept as it is.
select is((pg_temp.send('ann', 'pair', data)).dispatch::jsonb #>> '{data,content}', content, what) from (values
  ('{"content": 42}', '42', 'a number is taken as text'),
  ('{"content": "two\n  lines \ud83d\ude00"}', E'two\n  lines \U0001F600', 'lines and emoji are kept'),
  ('{"content": "\"\\\u0001\u001f\u007f\u2028"}', E'"\\\x01\x1f\x7f\u2028',
   'quotes and control characters come out as they went in'),
  ('{"content": "", "emptied": "t"}', '', 'text of which nothing is allowed is sent empty'),
  ('{"content": "x", "extra_fields": {"content": "y", "is_deleted": true, "sender_id": 1}}', 'x',
   'nothing of a message is writable through extra_fields')) good (data, content, what);
select is(length((pg_temp.send('ann', 'pair', jsonb_build_object('content',
                                                                 repeat('long ',
  20000))::text)).dispatch::jsonb #>> '{data,content}'), 100000,
  'text may be long');
select is(pg_temp.refusal('ann', 'pair', jsonb_build_object('content', repeat('x', 100001))::text),
          '{"code": 4003, "detail": {"content": ["Ensure this field has no more than 100000 characters."]}}',
  'but not without end');
select is(pg_temp.refusal('ann', 'pair', data), detail::jsonb, what) from (values
  ('{}', '{"code": 4003, "detail": {"content": ["This field is required."]}}', 'content is required'),
  ('{"content": null}', '{"code": 4003, "detail": {"content": ["This field may not be null."]}}',
   'content is not null'),
  ('{"content": ""}', '{"code": 4003, "detail": {"content": ["This field may not be blank."]}}',
   'content is not empty'),
  ('{"content": " \t\r\n\f"}', '{"code": 4003, "detail": {"content": ["This field may not be blank."]}}',
   'content is not blank'),
  ('{"content": ["x"]}', '{"code": 4003, "detail": {"content": ["Not a valid string."]}}', 'content is no list'),
  ('{"content": {"x": 1}}', '{"code": 4003, "detail": {"content": ["Not a valid string."]}}', 'content is no object'),
  ('{"content": true}', '{"code": 4003, "detail": {"content": ["Not a valid string."]}}', 'content is no boolean'),
  ('{"content": "x", "extra_fields": null}',
   '{"code": 4003, "detail": {"extra_fields": ["This field may not be null."]}}', 'extra_fields is not null'),
  ('{"content": "x", "extra_fields": [1]}', '{"code": 4003, "detail": {"extra_fields": ["Must be an object."]}}',
   'extra_fields is an object'),
  ('{"content": "x", "room_id": null}', '{"code": 4003, "detail": ["Invalid room_id type"]}', 'room_id is not null'),
  ('{"content": "x", "room_id": false}', '{"code": 4003, "detail": ["Invalid room_id type"]}', 'room_id is no boolean'),
  ('{"content": "x", "room_id": {}}', '{"code": 4003, "detail": ["Invalid room_id type"]}', 'room_id is no object'),
  ('{"content": "x", "room_id": "lobby"}', '{"code": 4003, "detail": ["“lobby” is not a valid UUID."]}',
   'room_id is a UUID'),
  ('{"content": "x", "room_id": 421}', '{"code": 4004, "detail": "Resource not found."}', 'an unknown number is 4004'),
  ('{"content": "x", "room_id": "00000000-0000-4000-8000-000000000000"}',
   '{"code": 4004, "detail": "Resource not found."}', 'an unknown room is 4004')
) bad (data, detail, what);
select is(pg_temp.failure($$ select confab.message_send(pg_temp.caller('ann'), '{"content": "x"}') $$) -> 'error',
  '{"code": 4003, "detail": {"room_id": ["This field is required."]}}', 'room_id is required');

-- Permission to send. It is checked before anything else.
create function pg_temp.may_send(p_username text, p_room text) returns text language sql as $$
  select coalesce(pg_temp.refusal(p_username, p_room, '{"content": "may I?"}') ->> 'detail', 'yes')
$$;
select is(pg_temp.refusal('cid', 'pair', '{"content": ""}'),
          '{"code": 4002, "detail": "User is not authorized to send message to this room"}',
  'who is no member is told so, whatever they send');
select is(pg_temp.may_send('cid', room), 'User is not authorized to send message to this room',
          format('a stranger may not send to a %s', room))
from unnest(array['pair', 'group', 'channel']) room;
select is(pg_temp.may_send('bob', 'pair'), 'yes', 'either side of a one-to-one may send');
select is(pg_temp.may_send('bob', 'group'), 'yes', 'a member may send to a group');
update confab.room set group_locked = true where id = pg_temp.room('group');
select is(pg_temp.may_send('bob', 'group'), 'User is not authorized to send message to this room',
          'a member may not send to a locked group');
update confab.member set grants = '{can_send_messages,can_add_new_participants}' where room_id = pg_temp.room('group')
  and account_id = pg_temp.id('bob');
select is(pg_temp.may_send('bob', 'group'), 'User is not authorized to send message to this room',
          'no grant opens a locked group');
update confab.member set role = 'admin' where room_id = pg_temp.room('group') and account_id = pg_temp.id('bob');
select is(pg_temp.may_send('bob', 'group'), 'yes', 'an admin may send to a locked group');
update confab.member set role = 'member' where room_id = pg_temp.room('group') and account_id = pg_temp.id('ann');
select is(pg_temp.may_send('ann', 'group'), 'yes', 'its creator may send to a locked group without being admin');
select is(pg_temp.may_send('bob', 'channel'), 'User is not authorized to send message to this room',
          'a subscriber may not send to a channel');
update confab.member set grants = '{can_add_new_subscribers,can_remove_subscribers}'
  where room_id = pg_temp.room('channel') and account_id = pg_temp.id('bob');
select is(pg_temp.may_send('bob', 'channel'), 'User is not authorized to send message to this room',
          'other grants do not let a subscriber send');
update confab.member set grants = '{can_send_messages}' where room_id = pg_temp.room('channel')
  and account_id = pg_temp.id('bob');
select is(pg_temp.may_send('bob', 'channel'), 'yes', 'a subscriber with can_send_messages may send');
update confab.member set grants = '{}', role = 'admin' where room_id = pg_temp.room('channel')
  and account_id = pg_temp.id('bob');
select is(pg_temp.may_send('bob', 'channel'), 'yes', 'a moderator may send');
update confab.member set role = 'member' where room_id = pg_temp.room('channel') and account_id = pg_temp.id('ann');
select is(pg_temp.may_send('ann', 'channel'), 'yes', 'the creator of a channel may send without being moderator');
delete from confab.member where room_id = pg_temp.room('channel') and account_id = pg_temp.id('ann');
select is(pg_temp.may_send('ann', 'channel'), 'User is not authorized to send message to this room',
          'the creator who is no member may not');

-- Sending again with the same client_id.
create temporary table once as select * from pg_temp.send('ann', 'pair',
                                                          '{"content": "once", "client_id": "k\u00f6y \"1\""}');
create temporary table before as select pg_temp.stored('pair') stored;
select is(dispatch::jsonb #>> '{data,client_id}', 'köy "1"', 'a message carries its client_id') from once;
select results_eq($$ select reply, dispatch, seq from pg_temp.send('ann', 'pair',
                                                                   '{"content": "once",
                                                                     "client_id": "k\u00f6y \"1\""}') $$,
  $$ select dispatch, null, seq from once $$,
    'the same client_id again answers the caller alone with the first dispatch, byte for byte');
select is((pg_temp.send('ann', 'pair', '{"content": "once"}', 'köy "1"')).reply, dispatch,
          'an Idempotency-Key counts where there is no client_id') from once;
select is((pg_temp.send('ann', 'pair', '{"content": "once", "client_id": "k\u00f6y \"1\""}', 'another')).reply,
          dispatch, 'a client_id counts more than an Idempotency-Key') from once;
select is(pg_temp.stored('pair'), stored, 'a repeat stores no message') from before;
select is((select count(*) from confab.log where room_id = pg_temp.room('pair') and seq > once.seq), 0::bigint,
          'a repeat appends nothing to the log') from once;
select is(pg_temp.refusal('ann', 'pair', '{"content": "twice", "client_id": "k\u00f6y \"1\""}'),
  '{"code": 4003, "detail": {"client_id": ["Already used for another message."]}}',
    'a client_id is not used again for another text');
select is(pg_temp.refusal('ann', 'group', '{"content": "once"}', 'köy "1"'),
  '{"code": 4003, "detail": {"client_id": ["Already used for another message."]}}', 'nor for another room');
select isnt((pg_temp.send('bob', 'pair', '{"content": "once", "client_id": "k\u00f6y \"1\""}')).dispatch, null,
            'another sender may use the same client_id');
update confab.message set content = 'edited', is_edited = true where seq = (select seq from once);
select is((pg_temp.send('ann', 'pair', '{"content": "once", "client_id": "k\u00f6y \"1\""}')).reply, dispatch,
          'a repeat finds its message after an edit') from once;
update confab.message set content = 'once', is_edited = false where seq = (select seq from once);
delete from confab.log where seq = (select seq from once);
select is((pg_temp.send('ann', 'pair', '{"content": "once", "client_id": "k\u00f6y \"1\""}')).reply, dispatch,
          'the answer is the same when the log has forgotten the dispatch') from once;
delete from confab.member where room_id = pg_temp.room('pair') and account_id = pg_temp.id('ann');
select is(pg_temp.refusal('ann', 'pair', '{"content": "once"}', 'köy "1"') -> 'code', '4002',
          'who is no member any more gets no repeat');
insert into confab.member (room_id, account_id, since_seq) values (pg_temp.room('pair'), pg_temp.id('ann'), 1);
select isnt((pg_temp.send('ann', 'pair', format('{"content": "x", "client_id": "%s"}', repeat('ä', 64)))).dispatch,
            null, 'a client_id may have 64 characters');
select is(pg_temp.refusal('ann', 'pair', format('{"content": "x", "client_id": "%s"}', repeat('k', 65))),
  '{"code": 4003, "detail": {"client_id": ["Ensure this field has no more than 64 characters."]}}',
    'a client_id has at most 64 characters');
select is(pg_temp.refusal('ann', 'pair', '{"content": "x", "client_id": 7}'),
  '{"code": 4003, "detail": {"client_id": ["Not a valid string."]}}', 'a client_id is text');
select is((pg_temp.send('ann', 'pair', data)).dispatch::jsonb -> 'data' ? 'client_id', false, what) from (values
  ('{"content": "x", "client_id": null}', 'null is no client_id'),
  ('{"content": "x", "client_id": ""}', 'an empty client_id is none'),
  ('{"content": "x"}', 'a message without client_id does not carry the field')) none (data, what);

-- Reading back: seven messages, of which the fourth is deleted.
select pg_temp.make('seven', 'ann', 'GroupChat', '{bob}'), pg_temp.make('empty', 'ann', 'GroupChat', '{}'),
  pg_temp.make('many', 'ann', 'GroupChat', '{}') \g /dev/null
create temporary table seven as
  select n, o.* from generate_series(1, 7) n, pg_temp.send('ann', 'seven',
                                                           jsonb_build_object('content', 'm' || n)::text) o order by n;
update confab.message set is_deleted = true where seq = (select seq from seven where n = 4);
insert into confab.message (room_id, seq, id, sender_id, content)
select pg_temp.room('many'), n, gen_random_uuid(), pg_temp.id('ann'), 'm' || n from generate_series(1, 501) n;

create function pg_temp.read(p_room text, p_data text, p_username text default 'bob') returns jsonb language sql as $$
  select (confab.room_messages(pg_temp.caller(p_username), jsonb_build_object('room_id', pg_temp.room(p_room))
                               || p_data::jsonb)).reply::jsonb -> 'data'
$$;

-- The texts of the messages in an answer, in order.
create function pg_temp.contents(p_answer jsonb) returns text language sql as $$
  select coalesce(string_agg(m ->> 'content', ' ' order by n), '')
    from jsonb_array_elements(p_answer #> '{data,messages}') with ordinality e (m, n)
$$;

-- The numbers of the messages named m1 … m7.
create function pg_temp.numbered(p_text text) returns text language plpgsql as $$
begin
  for i in 1..7 loop
    p_text := replace(p_text, '$m' || i, (select seq from seven where n = i)::text);
  end loop;
  return p_text;
end $$;

create function pg_temp.unreadable(p_room text, p_data text, p_username text default 'bob')
returns jsonb language sql as $$
  select pg_temp.failure(format('select pg_temp.read(%L, %L, %L)', p_room, p_data, p_username)) -> 'error'
$$;

-- All at once.
select is(pg_temp.contents(pg_temp.read('seven', '{}')), 'm7 m6 m5 m3 m2 m1',
          'messages are read newest first, without deleted ones');
select is(pg_temp.read('seven', '{}') #> '{data,room_id}', to_jsonb(pg_temp.room('seven')), 'an answer names its room');
select is(pg_temp.read('seven', '{}') #> '{data,messages,0}', dispatch::jsonb -> 'data',
          'a message reads as it was dispatched') from seven where n = 7;
select results_eq($$ select dispatch, seq from confab.room_messages(pg_temp.caller('bob'),
                                                                    jsonb_build_object('room_id',
  pg_temp.room('seven'))) $$,
  $$ values (null::text, null::bigint) $$, 'reading stores nothing');
select is(pg_temp.read('seven', '{}') -> 'has_next', 'false', 'an answer with everything says that there is no more');
select is(pg_temp.contents(pg_temp.read('seven', paginate)), 'm7 m6 m5 m3 m2 m1',
          format('%s asks for no page', paginate))
from unnest(array['{"paginate": {}}', '{"paginate": null}', '{"paginate": [1, 2]}', '{"paginate": "page"}']) paginate;
select is(pg_temp.read('empty', '{}', 'ann'), jsonb_build_object('has_next', false, 'data',
                                                                 jsonb_build_object('room_id', pg_temp.room('empty'),
  'messages', '[]'::jsonb)),
  'an empty room has an empty list');
select is(jsonb_array_length(pg_temp.read('many', '{}', 'ann') #> '{data,messages}'), 500,
          'without a page there are 500 messages at most');
select is(pg_temp.read('many', '{}', 'ann') -> 'has_next', 'true', 'and it is said that there are more');
select is(pg_temp.read('many', '{}', 'ann') #>> '{data,messages,499,content}', 'm2', 'the oldest are left out');

-- Numbered pages.
select is(pg_temp.read('seven', format('{"paginate": %s}', paginate)) - 'data', answer::jsonb,
          format('page %s says where it is', paginate))
from (values
  ('{"page": 1, "size": 2}',
   '{"has_next": true, "has_previous": false, "next_page_number": 2, "prev_page_number": null, "page": 1, "size": 2}'),
  ('{"page": 2, "size": 2}',
   '{"has_next": true, "has_previous": true, "next_page_number": 3, "prev_page_number": 1, "page": 2, "size": 2}'),
  ('{"page": 3, "size": 2}',
   '{"has_next": false, "has_previous": true, "next_page_number": null, "prev_page_number": 2, "page": 3, "size": 2}'),
  ('{"page": 9, "size": 4}',
   '{"has_next": false, "has_previous": true, "next_page_number": null, "prev_page_number": 1, "page": 9, "size": 4}'),
  ('{"page": -1, "size": 4}',
   '{"has_next": false, "has_previous": true, "next_page_number": null, "prev_page_number": 1, "page": -1, "size": 4}'),
  ('{"page": "1", "size": " 6 "}',
   '{"has_next": false, "has_previous": false, "next_page_number": null, "prev_page_number": null, "page": 1,
     "size": 6}'),
  ('{"page": 1, "size": 1000}',
   '{"has_next": false, "has_previous": false, "next_page_number": null, "prev_page_number": null, "page": 1,
     "size": 200}')
) page (paginate, answer);
select is(pg_temp.contents(pg_temp.read('seven', format('{"paginate": %s}', paginate))), contents,
          format('page %s has its messages', paginate))
from (values
  ('{"page": 1, "size": 2}', 'm7 m6'),
  ('{"page": 2, "size": 2}', 'm5 m3'),
  ('{"page": 3, "size": 2}', 'm2 m1'),
  ('{"page": 9, "size": 4}', 'm2 m1'),
  ('{"page": -1, "size": 4}', 'm2 m1')) page (paginate, contents);
select is(jsonb_array_length(pg_temp.read('many', '{"paginate": {"page": 1, "size": 1000}}',
                                          'ann') #> '{data,messages}'), 200, 'a page has 200 messages at most');
select is(pg_temp.contents(pg_temp.read('many', '{"paginate": {"page": 3, "size": 201}}', 'ann')) like 'm101 %', true,
          'pages after it follow on the size that was taken');
select is(pg_temp.read('empty', '{"paginate": {"page": 1, "size": 5}}', 'ann') - 'data',
  '{"has_next": false, "has_previous": false, "next_page_number": null, "prev_page_number": null, "page": 1,
    "size": 5}', 'an empty room has one page');
select is(pg_temp.unreadable('seven', format('{"paginate": %s}', paginate)), detail::jsonb,
          format('%s is no page', paginate))
from (values
  ('{"page": 1}', '{"code": 4003, "detail": ["page and size required"]}'),
  ('{"size": 1}', '{"code": 4003, "detail": ["page and size required"]}'),
  ('{"page": 0, "size": 1}', '{"code": 4003, "detail": ["page and size required"]}'),
  ('{"page": 1, "size": null}', '{"code": 4003, "detail": ["page and size required"]}'),
  ('{"page": "", "size": 1}', '{"code": 4003, "detail": ["page and size required"]}'),
  ('{"page": "one", "size": 1}', '{"code": 4003, "detail": ["Invalid types"]}'),
  ('{"page": [1], "size": 1}', '{"code": 4003, "detail": ["Invalid types"]}'),
  ('{"page": 1, "size": {"n": 1}}', '{"code": 4003, "detail": ["Invalid types"]}'),
  ('{"page": 1, "size": -1}',
   '{"code": 4003, "detail": {"size": ["Ensure this value is greater than or equal to 1."]}}')) bad (paginate, detail);

-- Pages beside a message.
select is(pg_temp.contents(pg_temp.read('seven', pg_temp.numbered(data))) || ', '
          || (pg_temp.read('seven', pg_temp.numbered(data)) - 'data')::text, answer, what)
from (values
  ('{"before": $m6, "limit": 2}', 'm5 m3, {"limit": 2, "has_next": true, "has_previous": true}',
   'before has the nearest older ones'),
  ('{"before": $m3, "limit": 2}', 'm2 m1, {"limit": 2, "has_next": false, "has_previous": true}',
   'before the third there are no more than two'),
  ('{"before": $m1}', ', {"limit": 50, "has_next": false, "has_previous": true}', 'nothing is before the first'),
  ('{"before": "$m2", "limit": "1"}', 'm1, {"limit": 1, "has_next": false, "has_previous": true}',
   'numbers may come as text'),
  ('{"after": $m3, "limit": 2}', 'm6 m5, {"limit": 2, "has_next": true, "has_previous": true}',
   'after has the nearest newer ones, newest first'),
  ('{"after": $m5, "limit": 2}', 'm7 m6, {"limit": 2, "has_next": true, "has_previous": false}',
   'after the fifth there are no more than two'),
  ('{"after": $m7}', ', {"limit": 50, "has_next": true, "has_previous": false}', 'nothing is after the last'),
  ('{"after": 0}', 'm7 m6 m5 m3 m2 m1, {"limit": 50, "has_next": false, "has_previous": false}', 'all is after zero'),
  ('{"around": $m3, "limit": 4}', 'm6 m5 m3 m2, {"limit": 4, "has_next": true, "has_previous": true}',
   'around takes half on each side and counts its centre'),
  ('{"around": $m5, "limit": 1}', 'm5, {"limit": 1, "has_next": true, "has_previous": true}',
   'around with a limit of one has the centre'),
  ('{"around": $m4, "limit": 2}', 'm5 m3, {"limit": 2, "has_next": true, "has_previous": true}',
   'the centre may be a deleted one'),
  ('{"around": $m7, "limit": 4}', 'm7 m6, {"limit": 4, "has_next": true, "has_previous": false}',
   'around the last has half'),
  ('{"limit": 3}', 'm7 m6 m5, {"limit": 3, "has_next": true, "has_previous": false}', 'a limit alone has the newest'),
  ('{"limit": 201}', 'm7 m6 m5 m3 m2 m1, {"limit": 200, "has_next": false, "has_previous": false}',
   'a greater limit counts as 200')) page (data, answer, what);
select is(pg_temp.read('seven', pg_temp.numbered('{"before": $m2}')) #> '{data,room_id}',
          to_jsonb(pg_temp.room('seven')), 'a page beside a message names its room');
select is(jsonb_array_length(pg_temp.read('many', '{"before": 400}', 'ann') #> '{data,messages}'), 50,
          'a page beside a message has 50 unless said otherwise');
select is(jsonb_array_length(pg_temp.read('many', '{"around": 250, "limit": 1000}', 'ann') #> '{data,messages}'), 200,
          'and 200 at most');
select is(pg_temp.unreadable('seven', data), detail::jsonb, format('%s is no place in a room', data))
from (values
  ('{"before": true}', '{"code": 4003, "detail": {"before": ["A valid integer is required."]}}'),
  ('{"after": "x"}', '{"code": 4003, "detail": {"after": ["A valid integer is required."]}}'),
  ('{"around": -1}', '{"code": 4003, "detail": {"around": ["A valid integer is required."]}}'),
  ('{"before": 1.5}', '{"code": 4003, "detail": {"before": ["A valid integer is required."]}}'),
  ('{"before": [1]}', '{"code": 4003, "detail": {"before": ["A valid integer is required."]}}'),
  ('{"before": 99999999999999999999}', '{"code": 4003, "detail": {"before": ["A valid integer is required."]}}'),
  ('{"after": 1, "limit": 0}',
   '{"code": 4003, "detail": {"limit": ["Ensure this value is greater than or equal to 1."]}}'),
  ('{"after": 1, "limit": "x"}', '{"code": 4003, "detail": {"limit": ["A valid integer is required."]}}')) bad (data,
    detail);

-- Permission to read.
select is(pg_temp.unreadable('seven', data, 'cid'),
          '{"code": 4002, "detail": "User is not authorized access this room"}',
  format('a stranger reads nothing with %s', data))
from unnest(array['{}', '{"paginate": {"page": 1, "size": 1}}', '{"before": 1}']) data;
select is(pg_temp.unreadable('seven', '{"room_id": "x"}'), '{"code": 4003, "detail": ["“x” is not a valid UUID."]}',
          'reading needs the id of a room');
select is(pg_temp.unreadable('seven', '{"room_id": 421}'), '{"code": 4004, "detail": "Resource not found."}',
          'reading an unknown room is 4004');
update confab.member set role = 'member' where room_id = pg_temp.room('channel') and account_id = pg_temp.id('bob');
select is(pg_temp.may_send('bob', 'channel') || ', ' || pg_temp.contents(pg_temp.read('channel', '{}')),
  'User is not authorized to send message to this room, may I? may I? may I?', 'whoever may not send may still read');

select * from finish();
rollback;
