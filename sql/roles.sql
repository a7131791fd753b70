-- Roles and the schema. Run by a role that may create roles; everything after it is owned by confab_owner.
do $$
declare
  v_role text;
begin
  if not exists (select from pg_roles where rolname = 'confab_owner') then
    create role confab_owner nologin;
  end if;
  foreach v_role in array array['confab_command', 'confab_session', 'confab_stream', 'confab_push', 'confab_media'] loop
    if not exists (select from pg_roles where rolname = v_role) then
      execute format('create role %I login', v_role);
    end if;
    execute format('alter role %I set statement_timeout = ''8s''', v_role);
    -- Every statement is short: compiling one takes longer than running it.
    execute format('alter role %I set jit = off', v_role);
    -- A plan lasts as long as the connection. A plan that was made while a table was small must not read all of it, or
    -- all of a room, when it is large: so rows are found by indexes, in index order, one after the other.
    execute format('alter role %I set enable_seqscan = off', v_role);
    execute format('alter role %I set enable_bitmapscan = off', v_role);
    execute format('alter role %I set enable_hashjoin = off', v_role);
    execute format('alter role %I set enable_mergejoin = off', v_role);
    execute format('alter role %I set lock_timeout = ''5s''', v_role);
    execute format('alter role %I set idle_in_transaction_session_timeout = ''10s''', v_role);
    -- A commit that is not durable could give the same number of the log twice.
    execute format('alter role %I set synchronous_commit = on', v_role);
  end loop;
  if not pg_has_role(current_user, 'confab_owner', 'member') then
    execute format('grant confab_owner to %I', current_user);
  end if;
  if not exists (select from pg_namespace where nspname = 'confab') then
    create schema confab authorization confab_owner;
  end if;
  -- The operator's schema: functions here replace those of the same name in confab, or are hooks and commands. confab
  -- itself creates nothing in it.
  if not exists (select from pg_namespace where nspname = 'confab_site') then
    create schema confab_site authorization confab_owner;
  end if;
end $$;
