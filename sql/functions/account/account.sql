-- Accounts and log-ins.

-- user_email(account, own): the address, as user_json() has it.
create or replace function confab.user_email(a confab.account, p_own boolean)
returns text language sql stable as $$
  select case when a.email <> '' and (p_own or p_own is not null and confab.setting_value('expose_email') = 'true')
    then a.email else '' end
$$;

-- user_json(account, own): a User. The account itself sees its address; others see it only with the setting
-- expose_email. own null: the caller knows that the setting is off (not_own()). A picture, and who is staff, come from
-- the host application (host_apply()) and are left out elsewhere. Replaceable in confab_site.
create or replace function confab.user_json(a confab.account, p_own boolean default false)
returns json language sql stable as $$
  select case when a.avatar = '' and not a.is_staff
    then json_build_object('id', a.id, 'username', a.username, 'email', confab.user_email(a, p_own),
                           'first_name', a.first_name, 'last_name', a.last_name)
    else json_strip_nulls(json_build_object(
      'id', a.id, 'username', a.username, 'email', confab.user_email(a, p_own),
      'first_name', a.first_name, 'last_name', a.last_name,
      'avatar', nullif(a.avatar, ''), 'is_staff', nullif(a.is_staff, false))) end
$$;

-- not_own(): the value of user_json()'s own for a list of other accounts. It saves reading the setting for each of
-- them.
create or replace function confab.not_own()
returns boolean language plpgsql stable as $$
begin
  return case when confab.setting_on('expose_email') then false end;
end $$;

-- users_json(ids): a list of Users, by id.
create or replace function confab.users_json(p_ids bigint[])
returns json language sql stable as $$
  select coalesce(json_agg((select user_json(a) from confab.account a where a.id = i) order by i), '[]')
    from unnest(p_ids) i
$$;

-- is_reserved_name(username): whether it looks like the word that payloads use for people who acted by themselves
-- (added_by, removed_by), or like the name of an erased account.
create or replace function confab.is_reserved_name(p_username text)
returns boolean language sql stable as $$
  select s.name = confab.name_skeleton('self') or s.name ~ ('^' || confab.name_skeleton('deleted') || '-['
    || confab.name_skeleton('0123456789') || ']+(?![[:alnum:]])')
  from confab.name_skeleton(p_username) s (name)
$$;

-- may_register(): whether strangers can make an account.
create or replace function confab.may_register()
returns boolean language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
begin
  return confab.setting_value('allow_register') is not distinct from 'true';
end $$;

-- registration_check(): raises 4002 when the setting allow_register is off.
create or replace function confab.registration_check()
returns void language plpgsql stable as $$
begin
  if not confab.may_register() then
    perform confab.fail(4002, '"Registration is closed."');
  end if;
end $$;

-- account_register(username, password_hash, profile): a new account; its id.
--   profile  email, first_name, last_name are taken, the rest is ignored
-- Raises 4002 when the setting allow_register is off, 4003 by field.
create or replace function confab.account_register(p_username text, p_password_hash text, p_profile jsonb)
returns bigint language plpgsql security definer set search_path = '' as $$
begin
  perform confab.registration_check();
  return confab.account_create(p_username, p_password_hash, p_profile);
end $$;

-- account_create(username, password_hash, profile): as account_register() for the operator, regardless of the setting.
create or replace function confab.account_create(p_username text, p_password_hash text, p_profile jsonb default '{}')
returns bigint language plpgsql as $$
declare
  v_username text := normalize(p_username, nfc);
  v_skeleton text := confab.name_skeleton(v_username);
  v_first_name text := confab.display_name(p_profile, 'first_name');
  v_last_name text := confab.display_name(p_profile, 'last_name');
  v_id bigint;
begin
  if confab.is_user_name(v_username) is not true then
    perform confab.fail_field('username', 'A user name has 1 to 64 letters, digits and . _ -');
  end if;
  if not confab.is_reserved_name(v_username) then
    -- Two similar names may be created at the same time.
    perform pg_advisory_xact_lock(hashtextextended('confab name ' || v_skeleton, 0));
  end if;
  if confab.is_reserved_name(v_username) or confab.name_looks_taken(v_username) then
    perform confab.fail_field('username', 'This user name is taken.');
  end if;
  perform confab.display_names_check(v_first_name, v_last_name, v_username);
  insert into confab.account (username, skeleton, password_hash, email, first_name, last_name)
  values (v_username, v_skeleton, p_password_hash, coalesce(confab.text_value(p_profile, 'email', 254), ''),
          v_first_name, v_last_name)
  on conflict (lower(username)) do nothing
  returning id into v_id;
  if v_id is null then
    perform confab.fail_field('username', 'This user name is taken.');
  end if;
  return v_id;
end $$;

-- login_credentials(username): the account and its password hash; no row for an unknown or disabled account.
create or replace function confab.login_credentials(p_username text)
returns table (account_id bigint, password_hash text) language sql stable security definer set search_path = '' as $$
  select a.id, a.password_hash from confab.account a
  where lower(a.username) = lower(normalize(p_username, nfc)) and not a.disabled
$$;

-- login_create(account, token_hash, user_agent, address): a log-in for as long as the setting login_days says.
create or replace function confab.login_create(p_account bigint, p_token_hash bytea, p_user_agent text, p_address text)
returns table (account text, login_id bigint, expires_at text) language plpgsql security definer
  set search_path = confab_site, confab, pg_temp as $$
begin
  return query
    with made as (
      insert into confab.login as l (account_id, token_hash, user_agent, address, expires_at)
      values (p_account, p_token_hash, left(p_user_agent, 300), left(p_address, 64),
              now() + make_interval(days => coalesce(confab.setting_value('login_days')::int, 30)))
      returning l.id, l.expires_at)
    select user_json(a, true)::text, made.id, confab.time_text(made.expires_at)
    from made, confab.account a where a.id = p_account;
end $$;

-- authenticate(token_hash, session, idempotency_key): the caller of a command. Raises 4001.
-- Writes: last_seen of the log-in, at most once a minute.
create or replace function confab.authenticate(p_token_hash bytea, p_session uuid default null,
  p_idempotency_key text default null)
returns confab.caller language plpgsql security definer set search_path = '' as $$
declare
  v_login record;
begin
  select l.id, l.account_id, l.last_seen into v_login
  from confab.login l join confab.account a on a.id = l.account_id
  where l.token_hash = p_token_hash and l.expires_at > now() and not a.disabled;
  if not found then
    perform confab.fail_unauthenticated();
  end if;
  if v_login.last_seen < now() - interval '1 minute' then
    -- A concurrent transaction that updates the row serves as well. Nothing waits here, so transactions that update
    -- many rows in different orders don't deadlock.
    update confab.login set last_seen = now() where id in (select l.id from confab.login l
                                                           where l.id = v_login.id for no key update skip locked);
  end if;
  perform set_config('confab.account', v_login.account_id::text, true);
  return row (v_login.account_id, v_login.id, p_session, p_idempotency_key)::confab.caller;
end $$;

-- login_hold(login): locks the log-in until the end of the transaction, which is about to store a reference to it.
-- Raises 4001 when the log-in has just ended.
create or replace function confab.login_hold(p_login bigint)
returns void language plpgsql as $$
begin
  perform from confab.login where id = p_login for key share;
  if not found then
    perform confab.fail_unauthenticated();
  end if;
end $$;

-- login_whoami(token_hash): the account of a token. Raises 4001.
create or replace function confab.login_whoami(p_token_hash bytea)
returns table (account text, login_id bigint, expires_at text) language plpgsql security definer
  set search_path = confab_site, confab, pg_temp as $$
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
begin
  return query
    select user_json(a, true)::text, l.id, confab.time_text(l.expires_at)
    from confab.login l join confab.account a on a.id = l.account_id where l.id = v_caller.login_id;
end $$;

-- logins_end(account, logins): ends log-ins, and writes the row of the log at which every delivering program ends their
-- streams. The token of a host application is remembered until it expires, because it would otherwise create a new
-- log-in; REMOTE_USER may create one. Returns the number of that row.
create or replace function confab.logins_end(p_account bigint, p_logins bigint[])
returns bigint language plpgsql as $$
begin
  insert into confab.ended_token (token_hash, expires_at)
  select token_hash, expires_at from confab.login where id = any (p_logins) and issuer like 'jwt:%'
    and expires_at > now()
  on conflict (token_hash) do nothing;
  delete from confab.ended_token where token_hash in (
    select token_hash from confab.ended_token where expires_at <= now() limit 1000 for update skip locked);
  delete from confab.login where id = any (p_logins);
  return (confab.log_append(confab.log_effect(null, array[p_account],
                                              json_build_object('ended_logins', p_logins)))).seq;
end $$;

-- login_end(token_hash): logs out. False when the token was not valid.
create or replace function confab.login_end(p_token_hash bytea)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  v_login confab.login;
begin
  select * into v_login from confab.login where token_hash = p_token_hash;
  if not found then
    return false;
  end if;
  perform confab.logins_end(v_login.account_id, array[v_login.id]);
  return true;
end $$;

-- account_set_password_hash(account, hash): the same password, hashed anew.
create or replace function confab.account_set_password_hash(p_account bigint, p_password_hash text)
returns void language sql security definer set search_path = '' as $$
  update confab.account set password_hash = p_password_hash where id = p_account
$$;

-- account_change_password(account, hash), account_disable(account, disabled): for the operator. Both end all log-ins.
create or replace function confab.account_change_password(p_account bigint, p_password_hash text)
returns void language plpgsql as $$
begin
  update confab.account set password_hash = p_password_hash where id = p_account;
  delete from confab.password_reset where account_id = p_account;
  perform confab.logins_end(p_account, array(select id from confab.login where account_id = p_account));
end $$;

create or replace function confab.account_disable(p_account bigint, p_disabled boolean)
returns void language plpgsql as $$
begin
  update confab.account set disabled = p_disabled where id = p_account;
  if p_disabled then
    perform confab.logins_end(p_account, array(select id from confab.login where account_id = p_account));
  end if;
end $$;
