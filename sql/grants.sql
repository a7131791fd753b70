-- Who may what. Programs execute the functions made for them and touch no table. Applied after the functions, each time.
revoke all on schema confab from public;
revoke all on all tables in schema confab from public;
revoke all on all sequences in schema confab from public;
revoke all on all functions in schema confab from public;
grant usage on schema confab to confab_command, confab_session, confab_stream;

grant execute on function confab.command_list(), confab.authenticate(bytea, uuid, text), confab.ring() to confab_command;

-- Every command, the operator's own too.
do $$
declare
  v_function regproc;
begin
  for v_function in select distinct function from confab.command loop
    execute format('grant execute on function %s(confab.caller, jsonb) to confab_command', v_function);
  end loop;
end $$;

grant execute on function
  confab.account_register(text, text, jsonb), confab.account_set_password_hash(bigint, text), confab.login_credentials(text),
  confab.login_create(bigint, bytea, text, text), confab.login_whoami(bytea), confab.login_end(bytea), confab.ring()
  to confab_session;

grant execute on function
  confab.stream_open(bytea, uuid, text, text, text, text), confab.stream_close(uuid[]), confab.stream_sweep(text),
  confab.log_state(), confab.log_holders(), confab.log_read(bigint, int), confab.log_probe(), confab.log_holds(), confab.log_maintain()
  to confab_stream;
