-- Grants to the programs' roles, where there are any. Programs execute the functions made for them and access no table.
-- Applied after sql/private.sql, each time.
grant usage on schema confab to confab_command, confab_session, confab_stream, confab_push, confab_media;
grant usage on schema confab_site to confab_command;

-- Programs check that the schema is not older than they are.
grant execute on function confab.version() to confab_command, confab_session, confab_stream, confab_push, confab_media;

grant execute on function confab.command_list(), confab.command_stamp(), confab.authenticate(bytea, uuid, text),
  confab.ring() to confab_command;

-- Every command, including the operator's own.
do $$
declare
  v_function regproc;
begin
  for v_function in select distinct function from confab.command where function::regproc::text like 'confab.%' loop
    execute format('grant execute on function %s(confab.caller, jsonb) to confab_command', v_function);
  end loop;
end $$;

-- Programs that face clients verify the tokens of the host application.
grant execute on function confab.login_external(text, text, jsonb, timestamptz, bytea, text, text) to confab_command,
  confab_session, confab_stream, confab_media;

grant execute on function
  confab.account_register(text, text, jsonb), confab.account_set_password_hash(bigint, text),
    confab.login_credentials(text),
  confab.login_create(bigint, bytea, text, text), confab.login_whoami(bytea), confab.login_end(bytea), confab.ring(),
  confab.ticket_create(bytea, bytea), confab.attempt_begin(text, text, bytea, int[], int),
  confab.attempt_succeeded(text, text, bytea), confab.registration_begin(text, int, int),
    confab.may_register(),
    confab.device_remember(bigint, bytea, bytea),
  confab.password_current(bytea), confab.password_change(bytea, text),
  confab.reset_begin(text, text, bytea), confab.reset_check(bytea), confab.reset_finish(bytea, text)
  to confab_session;

grant execute on function
  confab.stream_open(bytea, uuid, text, text, text, text, boolean, boolean), confab.stream_open_all(jsonb, text),
    confab.stream_close(uuid[]), confab.stream_sweep(text), confab.stream_leave(text),
  confab.stream_upkeep(text), confab.login_key(bigint),
  confab.log_state(), confab.log_lag(bigint), confab.log_holders(), confab.log_read(bigint, int),
    confab.log_witness(text, bigint, bigint),
    confab.log_read_back(bigint, int),
  confab.log_probe(), confab.log_holds(), confab.log_maintain(), confab.host_users_update(int),
  confab.erase_accounts(int)
  to confab_stream;

grant execute on function
  confab.push_claim(int, interval), confab.push_done(bigint[]), confab.push_retry(bigint[], interval)
  to confab_push;

grant execute on function
  confab.authenticate(bytea, uuid, text), confab.media_allow(confab.caller, bigint, bigint),
  confab.media_create(confab.caller, text, text, text, bytea, bigint, int, int, bytea, bigint, bigint),
    confab.media_get(confab.caller, uuid, boolean),
  confab.media_collect(int), confab.media_collected(bigint[])
  to confab_media;
