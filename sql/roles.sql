-- Roles and the schemas. Where the login of the upgrade may make roles, the programs have a role each, and confab_owner
-- owns everything. Elsewhere that login owns everything, and the programs share it. The owner of the schema tells from
-- then on which it is.
do $$
declare
  -- From PostgreSQL 16 on, who makes a role is a member of it that may not act as it.
  v_acting text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
  v_makes_roles boolean := (select rolsuper or rolcreaterole from pg_roles where rolname = current_user);
  v_has_owner boolean := exists (select from pg_roles where rolname = 'confab_owner');
  v_owner text := (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'confab');
  v_programs text[] := array['confab_command', 'confab_session', 'confab_stream', 'confab_push', 'confab_media'];
  v_where text := '';
  v_role text;
  v_setting text;
begin
  if v_owner is null then
    v_owner := case when v_makes_roles or v_has_owner and pg_has_role(current_user, 'confab_owner', v_acting)
                    then 'confab_owner' else current_user end;
  end if;
  if v_owner <> 'confab_owner' then
    -- A shared login keeps its settings in other databases.
    v_programs := array[v_owner];
    v_where := format('in database %I', current_database());
  elsif v_makes_roles then
    if not v_has_owner then
      create role confab_owner nologin;
    end if;
    foreach v_role in array v_programs loop
      if not exists (select from pg_roles where rolname = v_role) then
        execute format('create role %I login', v_role);
      end if;
    end loop;
    if not pg_has_role(current_user, 'confab_owner', v_acting) then
      execute format('grant confab_owner to %I', current_user);
    end if;
  else
    v_programs := '{}';
  end if;
  foreach v_setting in array array[
    'statement_timeout = ''8s''',
    -- Every statement is short: compiling one takes longer than running it.
    'jit = off',
    -- A plan lasts as long as the connection. A plan that was made while a table was small must not read all of it, or
    -- all of a room, when it is large: so rows are found by indexes, in index order, one after the other.
    'enable_seqscan = off', 'enable_bitmapscan = off', 'enable_hashjoin = off', 'enable_mergejoin = off',
    'lock_timeout = ''5s''', 'idle_in_transaction_session_timeout = ''10s''',
    -- A commit that is not durable could give the same number of the log twice.
    'synchronous_commit = on'] loop
    foreach v_role in array v_programs loop
      execute format('alter role %I %s set %s', v_role, v_where, v_setting);
    end loop;
  end loop;
  if not exists (select from pg_namespace where nspname = 'confab') then
    execute format('create schema confab authorization %I', v_owner);
  end if;
  -- The operator's schema: functions here replace those of the same name in confab, or are hooks and commands. confab
  -- itself creates nothing in it.
  if not exists (select from pg_namespace where nspname = 'confab_site') then
    execute format('create schema confab_site authorization %I', v_owner);
  end if;
end $$;
