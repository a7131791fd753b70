-- Streams: the statements at opening, continuing and closing.
begin;
select plan(52);

\set people stream-test
\ir support/common.sql

create temporary table made (key text primary key, id uuid, seq bigint);

create function pg_temp.make(p_key text, p_username text, p_data text) returns void language sql as $$
  insert into made select p_key, (o.dispatch::jsonb #>> '{data,id}')::uuid, o.seq
  from confab.room_create(pg_temp.caller(p_username), replace(p_data, '$bob', pg_temp.id('bob')::text)::jsonb) o
$$;

create function pg_temp.send(p_username text, p_room text, p_content text) returns bigint language sql as $$
  select o.seq from confab.message_send(pg_temp.caller(p_username),
    jsonb_build_object('room_id', (select id from made where key = p_room), 'content', p_content)) o
$$;

create temporary table opened (key text, account_id bigint, login_id bigint, session_id uuid, account text, rooms text,
                               notifications text,
                               epoch text, floor bigint, last_value bigint);

create function pg_temp.open(p_key text, p_token text, p_session uuid default null,
                             p_transport text default 'websocket', p_process text default 'stream-test a',
  p_notifications boolean default true)
returns void language sql as $$
  insert into opened select p_key, o.* from confab.stream_open(pg_temp.token(p_token), p_session, p_transport, 'agent',
                                                               '::1', p_process, p_notifications) o
$$;

-- Notifications of an opened stream, as contents by room.
create function pg_temp.notified(p_key text) returns jsonb language sql as $$
  select coalesce(jsonb_object_agg(m.key, (select jsonb_agg(n #> '{message,content}' order by i)
                                           from jsonb_array_elements(r.value) with ordinality e (n, i))), '{}')
  from opened o, jsonb_each(o.notifications::jsonb) r join made m on m.id = r.key::uuid where o.key = p_key
$$;

select confab.account_create('stream-test.' || name, null, format('{"email": "%s@example.org"}', name)::jsonb)
  from unnest(array['ann', 'bob', 'cid']) name \g /dev/null
select confab.login_create(pg_temp.id(name), pg_temp.token(name), null, null)
  from unnest(array['ann', 'bob', 'cid']) name \g /dev/null
update confab.setting set value = 'true' where name = 'enable_notification';

-- A first stream.
select pg_temp.open('nothing yet', 'cid') \g /dev/null
select results_eq($$ select account_id, login_id, account::jsonb from opened where key = 'nothing yet' $$,
  $$ select a.id, l.id, confab.user_json(a, true)::jsonb from confab.account a
    join confab.login l on l.account_id = a.id where a.id = pg_temp.id('cid') $$,
  'opening a stream says whose it is, by which log-in');
select is(account::jsonb ->> 'email', 'cid@example.org', 'the user''s own address is told') from opened
  where key = 'nothing yet';
select is(rooms, '[]', 'who is in no room has an empty list of rooms') from opened where key = 'nothing yet';
select is(notifications::jsonb, '{}', 'who is in no room has no notifications') from opened where key = 'nothing yet';
select results_eq($$ select epoch, floor from opened where key = 'nothing yet' $$, $$ select epoch, floor
                  from confab.log_state() $$,
  'opening a stream says how the log stands');
select results_eq(
  $$ select s.account_id, s.login_id, s.transport, s.process, s.user_agent, s.address, s.opened_at, s.last_seen
    from confab.session s join opened o on o.session_id = s.id $$,
  $$ select account_id, login_id, 'websocket', 'stream-test a', 'agent', '::1', now(), now() from opened $$,
  'an open stream is a session');

-- Several at once.
create temporary table several as
  select * from confab.stream_open_all(jsonb_build_array(
      jsonb_build_object('token', encode(pg_temp.token('cid'), 'hex'), 'transport', 'sse', 'user_agent', 'one',
                         'address', '::1', 'session', null),
      jsonb_build_object('token', encode(pg_temp.token('nobody'), 'hex'), 'transport', 'sse'),
      jsonb_build_object('token', encode(pg_temp.token('bob'), 'hex'), 'transport', 'poll')), 'stream-test several');
select results_eq($$ select place, failed, detail::jsonb #>> '{error,code}', account_id from several order by place $$,
  $$ values (1::bigint, null, null, pg_temp.id('cid')), (2, 'C4001', '4001', null),
    (3, null, null, pg_temp.id('bob')) $$,
  'who may not open a stream does not keep others from it');
select results_eq($$ select s.account_id, s.transport, s.user_agent, s.address from confab.session s
                  join several o on o.session_id = s.id order by o.place $$,
  $$ values (pg_temp.id('cid'), 'sse', 'one', '::1'), (pg_temp.id('bob'), 'poll', null, null) $$,
    'each of the others has a session');
select results_eq($$ select rooms, notifications, epoch from several where place = 1 $$,
  $$ select rooms, notifications, epoch from opened $$, 'and is told the same as one that opens alone');
select is(login_key, encode(pg_temp.token('bob'), 'hex'), 'with the name of its log-in') from several where place = 3;
select confab.stream_close(array(select session_id from several)) \g /dev/null

-- Rooms and their notifications. Tests of ROOM_INVITE are in tests/http/invitation.test.mjs.
select pg_temp.make('pair', 'ann', '{"type": "OneToOneChat", "participants": [$bob]}'),
       pg_temp.make('group', 'ann', '{"type": "GroupChat", "name": "Group", "participants": [$bob]}'),
       pg_temp.make('foreign', 'ann', '{"type": "GroupChat", "name": "Without Bob"}') \g /dev/null
update confab.member set added_by = null where room_id in (select id from made);
create temporary table sent as
  select n, s.seq from (values (1, 'ann', 'pair', 'one'), (2, 'ann', 'pair', 'two'), (3, 'bob', 'pair', 'mine'),
                        (4, 'ann', 'group', 'three'), (5, 'ann', 'foreign', 'not for Bob')) m (n, who, room, content),
    pg_temp.send(m.who, m.room, m.content) s (seq) order by n;
select pg_temp.open('bob', 'bob') \g /dev/null
select is((select jsonb_agg(r order by r ->> 1) from jsonb_array_elements(rooms::jsonb) r),
  (select jsonb_agg(jsonb_build_array(id, seq) order by seq::text) from made where key <> 'foreign'),
  'the rooms are those the account is in, each with the number it was joined at') from opened where key = 'bob';
select is(last_value >= (select max(seq) from sent), true, 'the last number drawn is not before the last message')
  from opened where key = 'bob';
select is(pg_temp.notified('bob'), '{"pair": ["two", "one"], "group": ["three"]}',
          'messages of others are notified by room, newest first; one''s own and foreign ones are not');
select is(array(select jsonb_object_keys(notifications::jsonb #> array[made.id::text, '0']) order by 1),
          '{id,message,notification_type}', 'a notification has an id, a type and the message')
from opened, made where opened.key = 'bob' and made.key = 'group';
select is(notifications::jsonb #>> array[made.id::text, '0', 'notification_type'], 'NEW_MESSAGE',
          'a new message is notified as such') from opened, made where opened.key = 'bob' and made.key = 'group';
select is(notifications::jsonb #> array[made.id::text, '0', 'message'],
          (select payload::jsonb -> 'data' from confab.log join sent using (seq) where n = 4),
  'a notification has the message as it was dispatched') from opened, made where opened.key = 'bob'
    and made.key = 'group';
select pg_temp.open('ann', 'ann') \g /dev/null
select is(pg_temp.notified('ann'), '{"pair": ["mine"]}', 'the sender of a message has no notification of it');
update confab.member set last_read_seq = (select seq from sent where n = 1) where account_id = pg_temp.id('bob')
  and room_id = (select id from made where key = 'pair');
update confab.message set is_deleted = true where seq = (select seq from sent where n = 4);
select pg_temp.open('bob later', 'bob') \g /dev/null
select is(pg_temp.notified('bob later'), '{"pair": ["two"]}', 'what is read or deleted is not notified');
update confab.member set since_seq = (select seq from sent where n = 2) where account_id = pg_temp.id('bob')
  and room_id = (select id from made where key = 'pair');
select pg_temp.open('bob joined late', 'bob') \g /dev/null
select is(pg_temp.notified('bob joined late'), '{}', 'what was sent before joining is not notified');
select is((select notifications::jsonb #>> array[made.id::text, '0', 'id'] from opened, made where opened.key = 'bob'
           and made.key = 'pair'),
  (select notifications::jsonb #>> array[made.id::text, '0', 'id'] from opened, made where opened.key = 'bob later'
   and made.key = 'pair'),
  'a notification keeps its id');
insert into confab.message (room_id, seq, id, sender_id, content)
select id, made.seq + n, gen_random_uuid(), pg_temp.id('ann'), 'n' || n from made, generate_series(1000001, 1000101) n
  where key = 'group';
select pg_temp.open('bob far behind', 'bob') \g /dev/null
select is(jsonb_array_length(pg_temp.notified('bob far behind') -> 'group'), 100,
          'of one room the newest 100 are notified');
select is(pg_temp.notified('bob far behind') #>> '{group,0}', 'n1000101', 'and the newest stands first');
update confab.setting set value = 'false' where name = 'enable_notification';
select pg_temp.open('quiet', 'bob') \g /dev/null
select is(notifications, null, 'there are no notifications when the setting says no') from opened where key = 'quiet';
delete from confab.setting where name = 'enable_notification';
select pg_temp.open('unset', 'ann') \g /dev/null
select is(pg_temp.notified('unset'), '{"pair": ["mine"]}', 'there are notifications when the setting is missing');

-- Callers that are refused.
select is(pg_temp.failure($$ select pg_temp.open('x', 'unknown') $$),
          '{"error": {"code": 4001, "detail": "Authentication required."}}', 'an unknown token opens nothing');
select is(pg_temp.failure(format('select pg_temp.open(%L, %L, %L)', 'x', 'unknown', session_id)) #>> '{error,code}',
          '4001', 'not even with somebody''s session') from opened where key = 'bob';
update confab.login set expires_at = now() where token_hash = pg_temp.token('cid');
select is(pg_temp.failure($$ select pg_temp.open('x', 'cid') $$) #>> '{error,code}', '4001',
          'an expired token opens nothing');
update confab.login set expires_at = now() + interval '1 day' where token_hash = pg_temp.token('cid');
update confab.account set disabled = true where id = pg_temp.id('cid');
select is(pg_temp.failure($$ select pg_temp.open('x', 'cid') $$) #>> '{error,code}', '4001',
          'a disabled account opens nothing');
update confab.account set disabled = false where id = pg_temp.id('cid');
select is(pg_temp.failure($$ select pg_temp.open('x', 'cid', null, 'pigeon') $$), '"23503"',
          'there are three transports');
select is((select count(*) from confab.session where account_id = pg_temp.id('cid')), 1::bigint,
          'what is refused leaves no session');

-- Long-poll: the next poll continues the session.
select pg_temp.open('poll', 'ann', null, 'poll') \g /dev/null
update confab.session set last_seen = now() - interval '1 minute' where id = (select session_id from opened
  where key = 'poll');
select pg_temp.open('poll on', 'ann', (select session_id from opened where key = 'poll'), 'poll',
                    p_notifications => false) \g /dev/null
select is((select session_id from opened where key = 'poll on'), (select session_id from opened where key = 'poll'),
          'the next poll continues the session');
select is((select last_seen from confab.session where id = (select session_id from opened where key = 'poll')), now(),
          'a session that goes on was seen now');
select is(notifications, null, 'a poll that continues asks for no notifications and gets none') from opened
  where key = 'poll on';
select is((select rooms from opened where key = 'poll on'), (select rooms from opened where key = 'poll'),
          'a poll that continues gets the rooms like the first');
select pg_temp.open('poll of another', 'bob', (select session_id from opened where key = 'poll'), 'poll') \g /dev/null
select isnt((select session_id from opened where key = 'poll of another'),
            (select session_id from opened where key = 'poll'), 'somebody else''s session is not continued');
select is((select account_id from confab.session where id = (select session_id from opened where key = 'poll')),
          pg_temp.id('ann'), 'and stays theirs');
select pg_temp.open('poll of nothing', 'ann', '00000000-0000-4000-8000-000000000000', 'poll') \g /dev/null
select isnt(session_id, '00000000-0000-4000-8000-000000000000', 'a session that is gone is not made under its old id')
  from opened where key = 'poll of nothing';
select is(exists (select from confab.session s join opened o on o.session_id = s.id where o.key = 'poll of nothing'
                  and s.account_id = pg_temp.id('ann')), true,
  'but a new one is');

-- Closing.
select confab.stream_close(array(select session_id from opened where key in ('ann', 'bob')
                                 union all select '00000000-0000-4000-8000-000000000000')) \g /dev/null
select is_empty($$ select from confab.session s join opened o on o.session_id = s.id where o.key in ('ann', 'bob') $$,
                'closed streams are no sessions any more');
select isnt_empty($$ select from confab.session s join opened o on o.session_id = s.id where o.key = 'bob later' $$,
                  'other streams of the account are');
select confab.stream_close('{}'), confab.stream_close(null) \g /dev/null
select isnt_empty($$ select from confab.session s join opened o on o.session_id = s.id where o.key = 'bob later' $$,
                  'closing nothing closes nothing');
select confab.login_end(pg_temp.token('cid')) \g /dev/null
select is_empty($$ select from confab.session where account_id = pg_temp.id('cid') $$,
                'a log-in that ends takes its sessions with it');

-- Ending the sessions that an earlier run of a program left.
select pg_temp.open('other', 'ann', null, 'sse', 'stream-test b'),
  pg_temp.open('live poll', 'ann', null, 'poll', 'stream-test b'),
       pg_temp.open('dead poll', 'ann', null, 'poll', 'stream-test b'), pg_temp.open('of a', 'ann', null, 'websocket'),
       pg_temp.open('dead poll of a', 'ann', null, 'poll') \g /dev/null
update confab.session set last_seen = now() - interval '121 seconds'
  where id in (select session_id from opened where key in ('dead poll', 'dead poll of a'));
update confab.session set last_seen = now() - interval '50 seconds'
  where id in (select session_id from opened where key = 'live poll');
select confab.stream_sweep('stream-test b') \g /dev/null
create function pg_temp.lives(p_key text) returns boolean language sql as $$
  select exists (select from confab.session s join opened o on o.session_id = s.id where o.key = p_key)
$$;
select is(pg_temp.lives('other'), false, 'a sweep ends the streams that the program held');
select is(pg_temp.lives('live poll'), true, 'a sweep leaves a long-poll that may yet be continued');
select is(pg_temp.lives('dead poll'), true, 'and one that is over: the upkeep sees to those');
select is(pg_temp.lives('of a'), true, 'a sweep leaves the streams of other programs');
select is(pg_temp.lives('dead poll of a'), true, 'even those of nobody');

-- The heartbeat.
create function pg_temp.beat(p_username text, p_key text) returns confab.outcome language sql as $$
  select confab.session_heartbeat(row(pg_temp.id(p_username), null, (select session_id from opened where key = p_key),
                                      null)::confab.caller, '{}')
$$;
create function pg_temp.silence(p_key text) returns interval language sql as $$
  select now() - s.last_seen from confab.session s join opened o on o.session_id = s.id where o.key = p_key
$$;
update confab.session set last_seen = now() - interval '1 minute' where id in (select session_id from opened
  where key in ('of a', 'live poll'));
select is(row((pg_temp.beat('ann', 'of a')).*)::text, '(,,)', 'a heartbeat has nothing to answer');
select is(pg_temp.silence('of a'), interval '0', 'a heartbeat says that the session is alive');
select is(pg_temp.silence('live poll'), interval '1 minute', 'that session alone');
select pg_temp.beat('bob', 'live poll') \g /dev/null
select is(pg_temp.silence('live poll'), interval '1 minute', 'nobody keeps somebody else''s session alive');
select lives_ok($$ select pg_temp.beat('ann', 'no session') $$, 'a heartbeat without a session does nothing');

select * from finish();
rollback;
