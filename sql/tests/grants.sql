-- Grants: the programs' roles execute the functions made for them, and nothing else.
begin;
select plan(95);

create temporary table program (role text primary key);
insert into program values ('confab_command'), ('confab_session'), ('confab_stream'), ('confab_media');

-- Runs a statement as a role: its SQLSTATE, or null if it succeeded. Its changes are rolled back.
create function pg_temp.outcome(p_role text, p_statement text) returns text language plpgsql as $$
begin
  execute format('set local role %I', p_role);
  execute p_statement;
  raise exception using errcode = 'UNDO0';
exception when others then
  return nullif(sqlstate, 'UNDO0');
end $$;

-- The functions of the schema that a role may execute, except for commands that an operator added.
create function pg_temp.functions(p_role text) returns text[] language sql as $$
  select array(
    select p.proname::text from pg_proc p
    where p.pronamespace = 'confab'::regnamespace and has_function_privilege(p_role, p.oid, 'execute')
      and p.proname not in ('message_send', 'room_create', 'room_list', 'room_info', 'room_messages',
                            'session_heartbeat')
      and p.oid not in (select function from confab.command)
    order by p.proname)
$$;

-- The roles themselves.
select is_empty($$ select role from program where not exists (select from pg_roles where rolname = role
                                                              and rolcanlogin) $$,
  'every program has a role of its own to log in with');
select is(rolcanlogin, false, 'nobody logs in as the owner of the schema') from pg_roles where rolname = 'confab_owner';
select is_empty($$ select role from program join pg_roles on rolname = role where rolsuper or rolcreaterole
                or rolcreatedb or rolreplication or rolbypassrls $$,
  'no program has rights over the server');
select is_empty($$ select role from program, pg_roles r where role <> r.rolname
                and pg_has_role(role, r.oid, 'member') $$, 'no program is a member of another role');
select is_empty($$ select role from program, unnest(array['synchronous_commit=on', 'statement_timeout=8s',
                                                          'lock_timeout=5s',
  'idle_in_transaction_session_timeout=10s']) setting
    where not exists (select from pg_db_role_setting s where s.setrole = role::regrole and s.setdatabase = 0
                      and setting = any (s.setconfig)) $$,
  'every program commits durably and never holds on to a transaction');
select is_empty($$ select role from program, unnest(array['confab.log', 'confab.account']) t
                where has_schema_privilege(role, 'confab', 'create') $$, 'no program makes anything in the schema');
select is_empty($$ select role from program where not has_schema_privilege(role, 'confab', 'usage') $$,
                'every program reaches the schema');

-- Tables and sequences.
select is_empty($$ select role, c.oid::regclass from program, pg_class c
    where c.relnamespace = 'confab'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and (has_table_privilege(role, c.oid, 'select, insert, update, delete, truncate, references, trigger')
           or has_any_column_privilege(role, c.oid, 'select, insert, update, references')) $$,
  'no program has a privilege on any table, nor on a column of one');
select is_empty($$ select role, c.oid::regclass from program, pg_class c
    where c.relnamespace = 'confab'::regnamespace and c.relkind = 'S'
      and has_sequence_privilege(role, c.oid, 'usage, select, update') $$,
  'no program has a privilege on any sequence');
select is(pg_temp.outcome(role, statement), '42501', format('%s may not: %s', role, statement)) from program,
  unnest(array[
  'select from confab.message',
  'insert into confab.setting values (''allow_register'', ''true'', '''')',
  'update confab.account set password_hash = ''''',
  'delete from confab.login',
  'truncate confab.log',
  'select nextval(''confab.log_seq'')',
  'create table confab.x ()']) statement order by role, statement;

-- Functions.
select is(pg_temp.functions('confab_command'), '{authenticate,command_list,command_stamp,login_external,ring,version}',
          'the command program authenticates, makes log-ins known, lists commands and rings');
select is(pg_temp.functions('confab_session'),
  '{account_register,account_set_password_hash,attempt_begin,attempt_succeeded,device_remember,login_create,
    login_credentials,login_end,login_external,login_whoami,may_register,'
  'password_change,password_current,registration_begin,reset_begin,reset_check,reset_finish,ring,'
  'ticket_create,version}',
    'the session program registers, logs in and out, keeps passwords, and rings');
select is(pg_temp.functions('confab_stream'),
  '{erase_accounts,host_users_update,'
  'log_holders,log_holds,log_lag,log_maintain,log_probe,log_read,log_read_back,log_state,log_witness,
    login_external,login_key,
    stream_close,stream_leave,stream_open,stream_open_all,stream_sweep,'
  'stream_upkeep,version}',
  'the delivering programs open and close streams and read the log');
select is(pg_temp.functions('confab_media'), '{authenticate,login_external,media_allow,media_collect,media_collected,
  media_create,media_get,version}',
  'the media program authenticates, and takes, gives and collects uploads');
select is_empty($$ select function from confab.command where not has_function_privilege('confab_command', function,
  'execute')
    and name in ('message.send', 'room.create', 'room.list', 'room.info', 'room.messages', 'session.heartbeat') $$,
      'the command program may execute every command');
select is_empty($$ select role, function from program, confab.command where role <> 'confab_command'
                and has_function_privilege(role, function, 'execute') $$, 'no other program may execute one');
select is_empty($$ select role, p.oid::regprocedure from program join pg_proc p on p.pronamespace
                = 'confab'::regnamespace
    where not p.prosecdef and has_function_privilege(role, p.oid, 'execute')
      and p.oid not in (select function from confab.command) $$,
  'what a program may execute works with the rights of the owner, for it has none itself');

-- The same calls as the programs make.
select is(pg_temp.outcome(role, statement), state, format('%s %s: %s', role, case when state is null then 'may'
                                                          else 'gets ' || state || ' for' end, statement)) from (values
  ('confab_command', 'select * from confab.command_list()', null),
  ('confab_command', 'select confab.ring()', null),
  ('confab_command', 'select confab.authenticate(null)', 'C4001'),
  ('confab_command', 'select confab.room_list(row(0, null, null, null), ''{}'')', null),
  ('confab_command', 'select confab.message_send(row(0, null, null, null), ''{}'')', 'C4003'),
  ('confab_command', 'select confab.login_credentials(''x'')', '42501'),
  ('confab_command', 'select confab.log_read(0, 1)', '42501'),
  ('confab_command', 'select confab.log_draw()', '42501'),
  ('confab_command', 'select confab.setting_value(''allow_register'')', '42501'),
  ('confab_session', 'select * from confab.login_credentials(''x'')', null),
  ('confab_session', 'select * from confab.login_whoami(null)', 'C4001'),
  ('confab_session', 'select confab.login_end(null)', null),
  ('confab_session', 'select confab.account_create(''grants-test.x'', null)', '42501'),
  ('confab_session', 'select confab.account_disable(1, false)', '42501'),
  ('confab_session', 'select confab.authenticate(null)', '42501'),
  ('confab_session', 'select confab.ticket_create(null, null)', 'C4001'),
  ('confab_session', 'select confab.attempt_begin(''grants-test.x'', null, null, ''{1,1,1}'', 1)', null),
  ('confab_session', 'select confab.reset_finish(null, null)', null),
  ('confab_session', 'select confab.account_change_password(1, null)', '42501'),
  ('confab_session', 'select confab.external_account(''x'', ''x'', ''{}'')', '42501'),
  ('confab_command', 'select confab.login_external(''grants-test'', ''x'', ''{}'', null, sha256(''x''), null, null)',
   null),
  ('confab_command', 'select confab.ticket_create(null, null)', '42501'),
  ('confab_stream', 'select confab.login_key(0)', null),
  ('confab_stream', 'select confab.ticket_redeem(null)', '42501'),
  ('confab_session', 'select confab.message_send(row(1, null, null, null), ''{}'')', '42501'),
  ('confab_stream', 'select * from confab.log_state()', null),
  ('confab_stream', 'select * from confab.log_read(0, 1)', null),
  ('confab_stream', 'select * from confab.log_holders()', null),
  ('confab_stream', 'select * from confab.stream_open(null, null, ''sse'', null, null, ''grants-test'')', 'C4001'),
  ('confab_stream', 'select confab.stream_close(''{}'')', null),
  ('confab_stream', 'select confab.authenticate(null)', '42501'),
  ('confab_stream', 'select confab.log_append(null)', '42501'),
  ('confab_stream', 'select confab.log_partition_create(8000000000000000)', '42501'),
  ('confab_stream', 'select confab.room_list(row(1, null, null, null), ''{}'')', '42501'),
  ('confab_media', 'select confab.media_allow(row(0, null, null, null), 1, 2)', null),
  ('confab_media', 'select * from confab.media_get(row(0, null, null, null), gen_random_uuid(), false)', 'C4004'),
  ('confab_media', 'select * from confab.media_collect(1)', null),
  ('confab_media', 'select confab.media_collected(''{}'')', null),
  ('confab_media', 'select confab.media_drop(gen_random_uuid())', '42501'),
  ('confab_media', 'select confab.media_bind(1, ''[]'')', '42501'),
  ('confab_media', 'select confab.room_list(row(1, null, null, null), ''{}'')', '42501')) tried (role, statement,
    state);

-- SECURITY DEFINER functions.
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'confab'::regnamespace
                and p.prosecdef
    and not exists (select from unnest(p.proconfig) c where c like 'search_path=%') $$,
      'what works with the rights of the owner has a search_path of its own');
select is_empty($$ select p.oid::regprocedure from pg_proc p, unnest(p.proconfig) c
                where p.pronamespace = 'confab'::regnamespace and p.prosecdef
    and c like 'search_path=%' and c ~ '\m(public|"\$user")' $$, 'and nobody else can put anything on that path');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace = 'confab'::regnamespace
                and p.proowner <> 'confab_owner'::regrole $$,
  'every function belongs to the owner of the schema');
select is_empty($$ select c.oid::regclass from pg_class c where c.relnamespace = 'confab'::regnamespace
                and c.relowner <> 'confab_owner'::regrole $$,
  'every table belongs to the owner of the schema');

-- All other roles.
select is_empty($$ select p.oid::regprocedure from pg_proc p, aclexplode(coalesce(p.proacl,
  acldefault('f', p.proowner))) a
    where p.pronamespace = 'confab'::regnamespace and a.grantee = 0 $$, 'the public executes nothing');
select is_empty($$ select c.oid::regclass from pg_class c, aclexplode(c.relacl) a
                where c.relnamespace = 'confab'::regnamespace and a.grantee = 0 $$, 'the public has no table');
select is_empty($$ select from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
                where n.nspname = 'confab' and a.grantee = 0 $$, 'the public does not reach the schema');
create role "confab grants-test" nologin;
select is(pg_temp.outcome('confab grants-test', statement), '42501',
          format('a role without grants may not: %s', statement))
from unnest(array['select confab.ring()', 'select confab.command_list()', 'select from confab.setting']) statement;

select * from finish();
rollback;
