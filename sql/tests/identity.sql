-- External log-ins, tickets, attempts, passwords.
begin;
select plan(82);

create function pg_temp.hash(p_text text) returns bytea language sql as $$
  select sha256(('identity-test ' || p_text)::bytea)
$$;

-- A log-in by a token of the host application; the account's id.
create function pg_temp.come(p_subject text, p_token text, p_profile jsonb default '{}',
                             p_issuer text default 'jwt:identity-test',
  p_expires timestamptz default now() + interval '5 minutes')
returns bigint language plpgsql as $$
begin
  perform confab.login_external(p_issuer, p_subject, p_profile, p_expires, pg_temp.hash(p_token), repeat('u', 400),
                                '127.0.0.1');
  return (select account_id from confab.login where token_hash = pg_temp.hash(p_token));
end $$;

create function pg_temp.name(p_account bigint) returns text language sql as $$
  select username from confab.account where id = p_account
$$;

-- Accounts on first use.
select confab.account_create('identity-test.ann', 'hash of ann') ann \gset
select pg_temp.come('1', 'one', '{"username": "identity-test.bob", "email": "bob@example.org", "first_name": "Bob",
  "last_name": "B.", "id": 7, "disabled": true}') bob \gset
select results_eq(
  format('select username, email, first_name, last_name, password_hash, disabled from confab.account where id = %s',
         :bob),
  $$ values ('identity-test.bob', 'bob@example.org', 'Bob', 'B.', null::text, false) $$,
    'an account appears with what is said about it');
select results_eq(
  $$ select account_id, length(user_agent), address, expires_at, issuer from confab.login
    where token_hash = pg_temp.hash('one') $$,
  format($$ values (%s::bigint, 300, '127.0.0.1', now() + interval '5 minutes', 'jwt:identity-test') $$, :bob),
    'its token is a log-in, for as long as the token is good');
select is((confab.authenticate(pg_temp.hash('one'))).account_id, :bob::bigint, 'which is asked for like any other');
select is(pg_temp.come('1', 'two'), :bob::bigint, 'another token of the same subject is the same account');
select isnt(pg_temp.come('1', 'three', '{}', 'jwt:identity-test other'), :bob::bigint,
            'the subject of another issuer is somebody else');
select isnt(pg_temp.come('1', 'four', '{}', 'remote_user'), :bob::bigint, 'and so is a name of the web server');
select is(pg_temp.name(pg_temp.come('2', 'five', '{"username": "identity-test.ANN"}')), 'identity-test.ANN-2',
          'a name that is taken gets a number');
select is(pg_temp.name(pg_temp.come('self', 'self', '{"username": "self"}')) ~ '^self-', true,
          'so does one that nobody may have');
select is(pg_temp.name(pg_temp.come('3', 'six', '{"username": "identity-test.Ann"}')), 'identity-test.Ann-3',
          'and the next one the next');
select is((select account_id from confab.external_identity where issuer = 'jwt:identity-test' and subject = '2'),
  (select id from confab.account where username = 'identity-test.ANN-2'), 'who it is, is kept');
select is((select password_hash from confab.account where id = :ann), 'hash of ann',
          'the account that has the name is not touched');

select confab.external_link(:ann, 'jwt:identity-test', '4') \g /dev/null
select is(pg_temp.come('4', 'seven', '{"username": "identity-test.x"}'), :ann::bigint,
          'the operator may say whose an account is');

-- User names, derived from any of the available claims.
select is(confab.external_username(profile::jsonb, subject), wanted, what) from (values
  ('{"username": "a b/c"}', 's', 'a_b_c', 'what has no place in a user name becomes _'),
  ('{"username": ""}', 'sub|7', 'sub_7', 'an empty name is none'),
  ('{"username": null, "email": "x.y@example.org"}', 's', 'x.y', 'without a name the address has one'),
  ('{"email": "@example.org"}', 's', 's', 'or the subject'),
  ('{"username": 7}', 's', '7', 'a number is a name'),
  (format('{"username": "%s"}', repeat('é', 300)), 's', repeat('é', 64), 'a name has at most 64 characters'),
  (E'{"username": "Rene\u0301"}', 's', E'Ren\u00e9', 'composed (NFC)')) made (profile, subject, wanted, what);
select is((select count(distinct pg_temp.come('many ' || i, 'many ' || i, '{"username": "identity-test.many"}'))
           from generate_series(1, 15) i), 15::bigint,
  'fifteen people may want the same name');

-- Later changes of the profile.
select pg_temp.come('1', 'later', '{"username": "identity-test.new", "email": "new@example.org",
  "last_name": ""}') \g /dev/null
select results_eq(format('select username, email, first_name, last_name from confab.account where id = %s', :bob),
  $$ values ('identity-test.bob', 'new@example.org', 'Bob', 'B.') $$,
    'what a later token says replaces what is known; the name stays, nothing is emptied');
select pg_temp.come('1', 'long', jsonb_build_object('email', repeat('e', 300), 'first_name', repeat('f', 100),
                                                    'last_name', E'B.\n\x07.')) \g /dev/null
select results_eq(format('select length(email), length(first_name), last_name from confab.account where id = %s', :bob),
  $$ values (254, 64, 'B.  .') $$, 'what is too long is cut, control characters are blanks');

-- Known tokens, old tokens.
select lives_ok($$ select confab.login_external('jwt:identity-test', '1', '{"email": "x"}', now() + interval '1 day',
                                                pg_temp.hash('one'), null, null) $$,
  'a token that is known may come again');
select is((select expires_at from confab.login where token_hash = pg_temp.hash('one')), now() + interval '5 minutes',
          'nothing is written then');
select pg_temp.come('1', 'old', '{}', 'jwt:identity-test', now() - interval '1 second'),
  pg_temp.come('1', 'old with stream', '{}', 'jwt:identity-test', now() - interval '1 second') \g /dev/null
insert into confab.session (account_id, login_id, transport, process) select account_id, id, 'sse', 'identity-test'
  from confab.login where token_hash = pg_temp.hash('old with stream');
select pg_temp.come('1', 'fresh') \g /dev/null
select is_empty($$ select from confab.login where token_hash = pg_temp.hash('old') $$,
                'old log-ins go with the next new one');
select isnt_empty($$ select from confab.login where token_hash = pg_temp.hash('old with stream') $$,
                  'but those whose streams are open');
select is((select expires_at from confab.login where token_hash = pg_temp.hash('four')), now() + interval '5 minutes',
          'a log-in ends when it is said to');
select pg_temp.come('x', 'without end', '{}', 'remote_user', null) \g /dev/null
select is((select expires_at from confab.login where token_hash = pg_temp.hash('without end')),
          now() + interval '30 days', 'or after login_days');

-- Logging out.
select is(confab.login_end(pg_temp.hash('one')), true, 'a token can be logged out');
select throws_ok($$ select pg_temp.come('1', 'one') $$, 'C4001', 'Authentication required.', 'and does not come back');
select is(confab.login_end(pg_temp.hash('four')), true, 'REMOTE_USER can be logged out');
select lives_ok($$ select pg_temp.come('1', 'four', '{}', 'remote_user') $$, 'and comes back');
select confab.account_disable(:bob, true) \g /dev/null
select throws_ok($$ select pg_temp.come('1', 'two') $$, 'C4001', 'Authentication required.',
                 'disabling an account ends its tokens');
select throws_ok($$ select pg_temp.come('1', 'quite new') $$, 'C4001', 'Authentication required.',
                 'and lets no new one in');
select confab.account_disable(:bob, false) \g /dev/null
select throws_ok($$ select pg_temp.come('1', 'two') $$, 'C4001', 'Authentication required.',
                 'what was ended stays so when the account is enabled again');
select is(pg_temp.come('1', 'quite new'), :bob::bigint, 'a new token is good then');

-- Tickets.
select throws_ok($$ select confab.ticket_create(pg_temp.hash('nobody'), pg_temp.hash('ticket')) $$, 'C4001',
                 'Authentication required.', 'only who is logged in gets a ticket');
select confab.ticket_create(pg_temp.hash('quite new'), pg_temp.hash('ticket')),
  confab.ticket_create(pg_temp.hash('quite new'), pg_temp.hash('late')) \g /dev/null
select is((select expires_at from confab.ticket where ticket_hash = pg_temp.hash('ticket')),
          now() + interval '30 seconds', 'a ticket lasts 30 s');
select is(confab.ticket_redeem(pg_temp.hash('ticket')), pg_temp.hash('quite new'), 'a ticket stands for its log-in');
select is(confab.ticket_redeem(pg_temp.hash('ticket')), pg_temp.hash('ticket'), 'once');
select is(confab.ticket_redeem(pg_temp.hash('quite new')), pg_temp.hash('quite new'),
          'what is no ticket stands for itself');
update confab.ticket set expires_at = now() where ticket_hash = pg_temp.hash('late');
select is(confab.ticket_redeem(pg_temp.hash('late')), pg_temp.hash('late'), 'a ticket that is late stands for nothing');
select confab.ticket_create(pg_temp.hash('quite new'), pg_temp.hash('next')) \g /dev/null
select is_empty($$ select from confab.ticket where ticket_hash = pg_temp.hash('late') $$,
                'and goes when the next is made');
select confab.ticket_create(pg_temp.hash('quite new'), pg_temp.hash('next ' || i))
  from generate_series(1, 99) i \g /dev/null
select throws_ok($$ select confab.ticket_create(pg_temp.hash('quite new'), pg_temp.hash('one too many')) $$, 'C4029',
                 '30', 'a log-in has a hundred tickets at most');
select is(confab.login_key(id), encode(pg_temp.hash('quite new'), 'hex'), 'the key of a log-in') from confab.login
  where token_hash = pg_temp.hash('quite new');
select confab.login_end(pg_temp.hash('quite new')) \g /dev/null
select is_empty($$ select from confab.ticket where ticket_hash = pg_temp.hash('next') $$,
                'tickets go with their log-in');

-- Attempts.
create function pg_temp.attempt(p_name text, p_address text, p_device text default null,
                                p_limits int[] default '{2,4,0}')
returns int language sql as $$ select confab.attempt_begin(p_name, p_address, pg_temp.hash(p_device), p_limits, 60) $$;
-- Let the waiting time pass.
create function pg_temp.wait() returns void language sql as $$ update confab.attempt set next_at = now()
  where next_at > now() $$;
select is(array(select pg_temp.attempt('identity-test.Ann', '10.9.8.7') from generate_series(1, 4)), '{0,0,1,1}',
  'after so many wrong passwords for an account from an address there is a pause');
select is(pg_temp.attempt('IDENTITY-TEST.ann', '10.9.8.7'), 1, 'under any spelling');
select is(pg_temp.attempt('identity-test.ann', '10.9.8.6'), 0, 'from another address there is none');
select pg_temp.wait() \g /dev/null
select is(array(select pg_temp.attempt('identity-test.ann', '10.9.8.7') from generate_series(1, 2)), '{0,2}',
          'each failure makes the pause longer');
update confab.attempt set failures = 1000, next_at = now() where key = confab.attempt_pair('identity-test.ann',
  '10.9.8.7');
select is(array(select pg_temp.attempt('identity-test.ann', '10.9.8.7') from generate_series(1, 2)), '{0,30}',
          'half a minute at most');
select confab.attempt_succeeded('identity-test.ann', '10.9.8.7', null) \g /dev/null
select is(pg_temp.attempt('identity-test.ann', '10.9.8.7'), 0, 'the right password starts the count anew');
select is(array(select pg_temp.attempt('identity-test ' || i, '10.9.8.5') from generate_series(1, 6) i),
          '{0,0,0,0,1,1}', 'an address has pauses, too');
select is(array(select pg_temp.attempt(null, '2001:db8:1:2::' || i) from generate_series(1, 5) i), '{0,0,0,0,1}',
          'an IPv6 address counts by its network');
select is(array(select pg_temp.attempt('identity-test none', 'not:an address', null, '{0,0,0}')
                from generate_series(1, 5) i), '{0,0,0,0,0}', 'without limits nobody waits');
update confab.attempt set ends_at = now() where key = confab.attempt_key('address', '10.9.8.5');
select is(pg_temp.attempt(null, '10.9.8.5'), 0, 'nor after the window');
select is(array(select pg_temp.attempt('identity-test ' || i, '10.9.8.4', null, '{0,0,3}')
                from generate_series(1, 5) i), '{0,0,0,60,60}',
  'an address has so many log-ins in a window, right ones too');
-- Devices.
select ok(confab.device_remember(:ann, null, pg_temp.hash('device')), 'a new browser gets a cookie');
select ok(not confab.device_remember(:ann, pg_temp.hash('device'), pg_temp.hash('other')),
          'one that is known keeps its own');
select is(array(select pg_temp.attempt('identity-test.ann', '10.9.8.3') from generate_series(1, 3)), '{0,0,1}',
          'somebody guesses beside it');
select is(array(select pg_temp.attempt('identity-test.ann', '10.9.8.3', 'device') from generate_series(1, 3)),
          '{0,0,1}', 'and can not delay it');
select is(pg_temp.attempt('identity-test none', '10.9.8.3', 'device'), 0,
          'for another account it is an address like any');
select confab.attempt_succeeded('identity-test.ann', '10.9.8.2', pg_temp.hash('device')) \g /dev/null
select is(pg_temp.attempt('identity-test.ann', '10.9.8.3', 'device'), 0, 'its own count starts anew, too');
select confab.device_remember(:ann, null, pg_temp.hash('device ' || i)) from generate_series(1, 30) i \g /dev/null
select is(count(*)::int, 20, 'an account remembers twenty') from confab.device where account_id = :ann;
-- Passwords.
select confab.login_create(:ann, pg_temp.hash('ann 1'), null, null),
  confab.login_create(:ann, pg_temp.hash('ann 2'), null, null) \g /dev/null
select results_eq($$ select * from confab.password_current(pg_temp.hash('ann 1')) $$, $$
                  values ('identity-test.ann', 'hash of ann') $$, 'the old password is looked at');
select pg_temp.come('1', 'no password') \g /dev/null
select throws_ok($$ select confab.password_change(pg_temp.hash('no password'), 'x') $$, 'C4002',
                 'This account has no password here.', 'an account of somebody else has none');
select confab.password_change(pg_temp.hash('ann 1'), 'changed') \g /dev/null
select results_eq($$ select * from confab.password_current(pg_temp.hash('ann 1')) $$, $$
                  values ('identity-test.ann', 'changed') $$,
  'a changed password is another; who changed it stays logged in');
select throws_ok($$ select confab.authenticate(pg_temp.hash('ann 2')) $$, 'C4001', 'Authentication required.',
                 'the other log-ins end');

-- Links for forgotten passwords.
select is_empty($$ select * from confab.reset_begin('identity-test.ann', null, pg_temp.hash('link')) $$,
                'without an address there is no link');
update confab.account set email = 'Ann@identity-test.example' where id = :ann;
select results_eq($$ select * from confab.reset_begin(null, 'ann@IDENTITY-TEST.example', pg_temp.hash('link')) $$,
  $$ values ('identity-test.ann', 'Ann@identity-test.example') $$, 'a link goes to the address that is known');
select is_empty($$ select * from confab.reset_begin('identity-test.ann', null, pg_temp.hash('link 2')) $$,
                'one a minute');
select is(confab.reset_check(pg_temp.hash('link')), true, 'a link is good');
select is(array[confab.reset_finish(pg_temp.hash('link'), 'reset'), confab.reset_finish(pg_temp.hash('link'), 'again')],
          '{t,f}', 'once');
select throws_ok($$ select confab.authenticate(pg_temp.hash('ann 1')) $$, 'C4001', 'Authentication required.',
                 'and ends all log-ins');

-- The host's own account ids.
select last_value from confab.account_id_seq \gset
update confab.setting set value = '"jwt:identity-test.host"' where name = 'integer_subjects';
select is(pg_temp.come('987654321', 'host', '{"username": "identity-test.host"}', 'jwt:identity-test.host'),
  987654321::bigint,
  'an account keeps the number that it has at the host');
select is(pg_temp.come('987654321', 'host again', '{}', 'jwt:identity-test.host'), 987654321::bigint, 'for good');
select ok(pg_temp.come('987654322', 'elsewhere', '{}') >= 1099511627776, 'others get numbers beyond those');
select throws_ok($$ select pg_temp.come('ann', 'no number', '{}', 'jwt:identity-test.host') $$, 'C4002',
  'The subject has to be a number from 1 to 1099511627775.', 'what is no number is refused');
select throws_ok($$ select pg_temp.come('1099511627776', 'too great', '{}', 'jwt:identity-test.host') $$, 'C4002',
  'The subject has to be a number from 1 to 1099511627775.', 'and what is too great');
select throws_ok(format($$ select pg_temp.come('%s', 'clash', '{}', 'jwt:identity-test.host') $$, :ann), 'C4005',
  'The subject is the id of another account.', 'the number of another account is not taken over');
select confab.external_link(:ann, 'jwt:identity-test.host', :ann::text) \g /dev/null
select is(pg_temp.come(:ann::text, 'linked', '{}', 'jwt:identity-test.host'), :ann::bigint,
  'unless the operator says so');
select is(confab.ensure_user('identity-test.made', '{"id": 987654323}'), 987654323::bigint,
  'a program says the number');
select setval('confab.account_id_seq', :last_value) \g /dev/null

select * from finish();
rollback;
