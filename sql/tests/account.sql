-- Accounts, log-ins and authentication.
begin;
select plan(73);

\set people account-test
\ir support/common.sql

-- The effects that a log-out writes to the log for an account.
create function pg_temp.ended(p_account bigint) returns jsonb language sql as $$
  select jsonb_agg(l.effect order by l.seq) from confab.log l where l.account_ids = array[p_account]
    and l.payload is null and l.room_id is null
$$;

-- Registration, and the switch for it.
update confab.setting set value = 'false' where name = 'allow_register';
select throws_ok($$ select confab.account_register('account-test.eve', 'hash', '{}') $$, 'C4002',
                 'Registration is closed.',
  'nobody registers while allow_register is off');
select is(pg_temp.id('eve'), null, 'a refused registration leaves no account');
select lives_ok($$ select confab.account_create('account-test.ann', 'hash of ann') $$,
                'the operator makes accounts all the same');
delete from confab.setting where name = 'allow_register';
select throws_ok($$ select confab.account_register('account-test.eve', 'hash', '{}') $$, 'C4002',
                 'Registration is closed.',
  'nobody registers while allow_register is missing');
insert into confab.setting (name, value, help) values ('allow_register', 'true', '');
select is(confab.account_register('account-test.bob', 'hash of bob',
    '{"email": "bob@example.org", "first_name": "Bob", "last_name": "B.", "id": 1, "disabled": true, "username": "x"}'),
  pg_temp.id('bob'), 'registering answers with the id of the new account');
select results_eq(
  $$ select username, password_hash, email, first_name, last_name, disabled from confab.account
    where id = pg_temp.id('bob') $$,
  $$ values ('account-test.bob', 'hash of bob', 'bob@example.org', 'Bob', 'B.', false) $$,
  'address and names of the profile are kept, everything else in it is ignored');
select results_eq(
  $$ select email, first_name, last_name from confab.account where id = pg_temp.id('ann') $$,
  $$ values ('', '', '') $$,
  'a profile may be empty');
select isnt(confab.account_create('account-test.null', null, '{"email": null, "first_name": null}'), null,
            'null in a profile counts as absent');
select is(pg_temp.failure(format($$ select confab.account_create('account-test.eve', 'hash',
                                                                 '{"email": "%s@example.org"}') $$, repeat('e', 254))),
  '{"error": {"code": 4003, "detail": {"email": ["Ensure this field has no more than 254 characters."]}}}',
    'an address has at most 254 characters');
select is(pg_temp.failure(format($$ select confab.account_create('account-test.eve', 'hash', '{"last_name": "%s"}') $$,
                                 repeat('e', 65))),
  '{"error": {"code": 4003, "detail": {"last_name": ["Ensure this field has no more than 64 characters."]}}}',
    'a last name has at most 64 characters');
select is(pg_temp.failure($$ select confab.account_create('account-test.eve', 'hash',
                                                          '{"first_name": "E\u0007ve"}') $$),
  '{"error": {"code": 4003, "detail": {"first_name": ["Control characters are not allowed."]}}}',
    'a first name has no control characters');
select is(pg_temp.failure($$ select confab.account_create('account-test.eve', 'hash', '{"first_name": ["Eve"]}') $$),
  '{"error": {"code": 4003, "detail": {"first_name": ["Not a valid string."]}}}', 'a first name is text');

-- Names.
select is(pg_temp.failure(format('select confab.account_create(%L, null)', name)),
  '{"error": {"code": 4003, "detail": {"username": ["A user name has 1 to 64 letters, digits and . _ -"]}}}',
    'a user name is not ' || what)
from (values
  (null, 'null'),
  ('', 'empty'),
  (repeat('a', 65), 'longer than 64 characters'),
  ('account test', 'with a blank'),
  ('account-test@example', 'with an @'),
  (E'account-test\n', 'with a new line at its end'),
  ('<b>account-test', 'with markup'),
  (E'account-test\u200b', 'with invisible characters')) bad (name, what);
select lives_ok(format('select confab.account_create(%L, null)', 'account-test.' || repeat('z', 51)),
                'a user name may have 64 characters');
select lives_ok($$ select confab.account_create('account-test.Жук_漢字-7', null) $$,
                'a user name may have letters of any script');
select is(pg_temp.failure(format('select confab.account_register(%L, null, %L)', name, '{}')),
  '{"error": {"code": 4003, "detail": {"username": ["This user name is taken."]}}}', 'a user name is taken ' || what)
from (values
  ('account-test.bob', 'as it is'),
  ('Account-Test.BOB', 'without regard to case'),
  ('account-test.жУК_漢字-7', 'without regard to case beyond ASCII')) taken (name, what);
select lives_ok($$ select confab.account_create(E'account-test.Rene\u0301', null) $$,
                'a user name may come decomposed');
select isnt(pg_temp.id(E'Ren\u00e9'), null, 'a user name is stored composed (NFC)');
select throws_ok($$ select confab.account_create('Self', null) $$, 'C4003',
                 '{"username": ["This user name is taken."]}',
  'nobody is called as payloads call somebody who did it alone');
select throws_ok($$ select confab.account_create(E'account-test.ren\u00c9', null) $$, 'C4003',
                 '{"username": ["This user name is taken."]}',
  'composed and decomposed spellings are one name');
select throws_ok($$ insert into confab.account (username) values ('account-test.BOB') $$, '23505', null,
  'the table itself keeps user names unique without regard to case');

-- Credentials that a password is checked against.
select results_eq($$ select * from confab.login_credentials('ACCOUNT-TEST.bob') $$, $$
                  values (pg_temp.id('bob'), 'hash of bob') $$,
  'credentials are found without regard to case');
select results_eq($$ select account_id from confab.login_credentials(E'account-test.rene\u0301') $$, $$
                  values (pg_temp.id(E'Ren\u00e9')) $$,
  'credentials are found by a decomposed name');
select is_empty($$ select * from confab.login_credentials('account-test.nobody') $$,
                'an unknown name has no credentials');
select confab.account_set_password_hash(pg_temp.id('bob'), 'new hash of bob') \g /dev/null
select is((select password_hash from confab.login_credentials('account-test.bob')), 'new hash of bob',
          'a password can be hashed anew');
select is((select password_hash from confab.login_credentials('account-test.ann')), 'hash of ann',
          'hashing one anew changes no other account');

-- Logging in.
update confab.setting set value = '12' where name = 'login_days';
create temporary table made as
  select * from confab.login_create(pg_temp.id('bob'), pg_temp.token('bob 1'), repeat('u', 400), repeat('1', 100));
select is((select account::jsonb from made),
  jsonb_build_object('id', pg_temp.id('bob'), 'username', 'account-test.bob', 'email', 'bob@example.org', 'first_name',
                     'Bob', 'last_name', 'B.'),
  'a log-in answers with the user, the address included: it is their own');
select is((select expires_at from made), confab.time_text(now() + interval '12 days'),
          'a log-in lasts as long as login_days says');
select results_eq(
  $$ select l.account_id, l.token_hash, length(l.user_agent), length(l.address), l.expires_at from confab.login l,
    made m where l.id = m.login_id $$,
  $$ values (pg_temp.id('bob'), pg_temp.token('bob 1'), 300, 64, now() + interval '12 days') $$,
  'a log-in is stored with the hash of its token; overlong header and address are cut');
delete from confab.setting where name = 'login_days';
select is((select expires_at from confab.login_create(pg_temp.id('bob'), pg_temp.token('bob 2'), null, null)),
  confab.time_text(now() + interval '30 days'), 'a log-in lasts 30 days when the setting is missing');
select throws_ok($$ select confab.login_create(pg_temp.id('bob'), '\x00', null, null) $$, '23514', null,
                 'what is no SHA-256 is no hash of a token');

-- Authentication of a caller.
select is(confab.authenticate(pg_temp.token('bob 1'), '11111111-2222-3333-4444-555555555555', 'key'),
  row(pg_temp.id('bob'), (select login_id from made), '11111111-2222-3333-4444-555555555555', 'key')::confab.caller,
  'a token names its account and log-in; session and key are passed on');
select is(pg_temp.failure($$ select confab.authenticate(pg_temp.token('unknown')) $$),
  '{"error": {"code": 4001, "detail": "Authentication required."}}', 'an unknown token is 4001');
select throws_ok($$ select confab.authenticate(null) $$, 'C4001', 'Authentication required.', 'no token is 4001');
select results_eq($$ select * from confab.login_whoami(pg_temp.token('bob 1')) $$, $$ select * from made $$,
  'whoami answers as the log-in did');
select throws_ok($$ select * from confab.login_whoami(pg_temp.token('unknown')) $$, 'C4001', 'Authentication required.',
                 'whoami of an unknown token is 4001');

-- last_seen is written at most once a minute.
update confab.login set last_seen = now() - interval '59 seconds' where token_hash = pg_temp.token('bob 1');
update confab.login set last_seen = now() - interval '61 seconds' where token_hash = pg_temp.token('bob 2');
select confab.authenticate(pg_temp.token('bob 1')), confab.authenticate(pg_temp.token('bob 2')) \g /dev/null
select is((select now() - last_seen from confab.login where token_hash = pg_temp.token('bob 1')), interval '59 seconds',
  'a log-in seen within the minute is not written');
select is((select now() - last_seen from confab.login where token_hash = pg_temp.token('bob 2')), interval '0',
  'a log-in not seen for a minute is');

-- Expiry.
update confab.login set expires_at = now() + interval '1 microsecond' where token_hash = pg_temp.token('bob 2');
select lives_ok($$ select confab.authenticate(pg_temp.token('bob 2')) $$, 'a token is good until its log-in expires');
update confab.login set expires_at = now() where token_hash = pg_temp.token('bob 2');
select throws_ok($$ select confab.authenticate(pg_temp.token('bob 2')) $$, 'C4001', 'Authentication required.',
                 'an expired token is 4001');
select throws_ok($$ select * from confab.login_whoami(pg_temp.token('bob 2')) $$, 'C4001', 'Authentication required.',
                 'whoami of an expired token is 4001');
select is_empty($$ select from confab.login where token_hash = pg_temp.token('bob 2') and expires_at > now() $$,
                'an expired log-in is not found');

-- Logging out.
select is(confab.login_end(pg_temp.token('bob 1')), true, 'logging out succeeds');
select throws_ok($$ select confab.authenticate(pg_temp.token('bob 1')) $$, 'C4001', 'Authentication required.',
                 'a token is no good after logging out');
select is(pg_temp.ended(pg_temp.id('bob')), jsonb_build_array(jsonb_build_object('ended_logins',
  array[(select login_id from made)])),
  'logging out tells the delivering programs which log-in ended, and the account nothing');
select is(confab.login_end(pg_temp.token('bob 1')), false, 'logging out twice says that there was none');

-- Disabled accounts, changed passwords.
select confab.login_create(pg_temp.id('ann'), pg_temp.token('ann 1'), null, null),
  confab.login_create(pg_temp.id('bob'), pg_temp.token('bob 3'), null, null) \g /dev/null
update confab.account set disabled = true where id = pg_temp.id('ann');
select throws_ok($$ select confab.authenticate(pg_temp.token('ann 1')) $$, 'C4001', 'Authentication required.',
                 'the token of a disabled account is 4001');
select is_empty($$ select * from confab.login_credentials('account-test.ann') $$,
                'a disabled account has no credentials');
select confab.account_disable(pg_temp.id('ann'), false) \g /dev/null
select lives_ok($$ select confab.authenticate(pg_temp.token('ann 1')) $$, 'an account can be enabled again');
select confab.account_disable(pg_temp.id('ann'), true) \g /dev/null
select is_empty($$ select id from confab.login where account_id = pg_temp.id('ann') $$,
                'disabling an account ends its log-ins');
select isnt(pg_temp.ended(pg_temp.id('ann')), null, 'disabling an account ends its streams');
select confab.account_change_password(pg_temp.id('bob'), 'hash of a changed password') \g /dev/null
select is_empty($$ select id from confab.login where account_id = pg_temp.id('bob') $$,
                'a changed password ends all log-ins');

-- The User that other accounts see.
update confab.setting set value = 'false' where name = 'expose_email';
select is(confab.user_json(a)::jsonb ->> 'email', '', 'an address is not shown to others') from confab.account a
  where id = pg_temp.id('bob');
update confab.setting set value = 'true' where name = 'expose_email';
select is(confab.user_json(a)::jsonb ->> 'email', 'bob@example.org', 'an address is shown to others with expose_email')
  from confab.account a where id = pg_temp.id('bob');

-- Registrations.
update confab.setting set value = 'true' where name = 'allow_register';
select is(array(select confab.registration_begin('10.9.8.7', 2, 60) from generate_series(1, 3)), '{0,0,60}',
          'an address makes so many accounts in a window');
select is(confab.registration_begin('10.9.8.6', 2, 60), 0, 'another one is another matter');
select is(array(select confab.registration_begin('10.9.8.7', 0, 60) from generate_series(1, 3)), '{0,0,0}',
          'without a limit any number');
update confab.setting set value = 'false' where name = 'allow_register';
select throws_ok($$ select confab.registration_begin('10.9.8.7', 2, 60) $$, 'C4002', 'Registration is closed.',
                 'closed is said first');

-- Names that look alike, or contain hidden characters.
select confab.account_create('account-test.alice', null) \g /dev/null
create function pg_temp.refused(p_username text, p_profile jsonb default '{}') returns text language plpgsql as $$
declare
  v_detail text;
begin
  perform confab.account_create(p_username, null, p_profile);
  return null;
exception when sqlstate 'C4003' then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail::jsonb #>> '{error,detail}';
end $$;
select is_empty($$ select name from unnest(array[U&'account-test.alice\3164', U&'account-test.alice\115F',
  U&'alice\200B',
    U&'\0301alice', U&'a.\0301', U&'account-test.\+01D41Alice', 'a b', 'a@b', repeat('x', 65), '', U&'alice\00AD']) name
  where pg_temp.refused(name) is distinct from
    '{"username": ["A user name has 1 to 64 letters, digits and . _ -"]}' $$,
      'no name has hidden letters or others that are none');
select is_empty($$ select name from unnest(array[U&'account-test.\0430lice', U&'account-test.al\0456ce',
  'account-test.a1ice',
    'ACCOUNT-TEST.ALICE', U&'\0430\0441\0441ount-test.alice']) name
  where pg_temp.refused(name) is distinct from '{"username": ["This user name is taken."]}' $$,
    'names that look alike are one');
select is_empty($$ select name from unnest(array['नमस्ते', 'Zoë', U&'Zoe\0308.2', '山田', 'Σωκράτης', 'שלום',
  'محمد']) name
  where pg_temp.refused('account-test.' || name) is not null $$, 'names of all scripts are names, with their marks');
select is(pg_temp.refused('account-test.eve2', '{"first_name": "account-test.alice"}'),
  '{"first_name": ["This is the user name of somebody else."]}', 'nobody calls himself like another');
select is(pg_temp.refused('account-test.eve3', '{"first_name": "account-test.", "last_name": "x"}'), null,
  'unless it is not the same');
select is_empty($$ select name from unnest(array[U&'\200B', E'a\nb', U&'a\202Eb', U&'\3164', E'\t']) name
  where pg_temp.refused('account-test.eve4', jsonb_build_object('last_name', name)) is distinct from
    '{"last_name": ["Control characters are not allowed."]}' $$, 'nor does a name hide');

select * from finish();
rollback;
