-- Passwords: how often one may guess, changing them, and the link for those who forgot theirs.

-- attempt_keys(username, address): what attempts are counted by: the account's name, existing or not, and the address, an IPv6 one by its network.
-- In the order in which they are locked.
create or replace function confab.attempt_keys(p_username text, p_address text)
returns table (key bytea, by_account boolean) language plpgsql stable as $$
declare
  v_address text := p_address;
begin
  if p_address like '%:%' then
    begin
      v_address := network(set_masklen(p_address::inet, 64))::text;
    exception when data_exception then
      null;
    end;
  end if;
  return query
    select sha256(convert_to(k.kind || ' ' || k.name, 'UTF8')), k.kind = 'account'
    from (values ('account', lower(normalize(p_username, nfc))), ('address', v_address)) k (kind, name)
    where k.name is not null order by 1;
end $$;

-- attempt_begin(username, address, account_limit, address_limit, seconds): counts an attempt at a password before it is looked at.
--   limits   of failures within a window of so many seconds; 0: any number
-- Returns 0, or the seconds to wait. Writes: attempt; windows that are over go.
create or replace function confab.attempt_begin(p_username text, p_address text, p_account_limit int, p_address_limit int, p_seconds int)
returns int language plpgsql security definer set search_path = '' as $$
declare
  v_key record;
  v_wait int := 0;
begin
  delete from confab.attempt where key in (select key from confab.attempt where ends_at <= now() limit 1000 for update skip locked);
  for v_key in
    select k.key, case when k.by_account then p_account_limit else p_address_limit end most from confab.attempt_keys(p_username, p_address) k
  loop
    insert into confab.attempt as a (key, failures, ends_at) values (v_key.key, 1, now() + make_interval(secs => p_seconds))
    on conflict (key) do update set
      failures = case when a.ends_at <= now() then 1 else a.failures + 1 end,
      ends_at = case when a.ends_at <= now() then excluded.ends_at else a.ends_at end;
    select greatest(v_wait, ceil(extract(epoch from a.ends_at - now()))::int, 1) into v_wait
    from confab.attempt a where a.key = v_key.key and v_key.most > 0 and a.failures > v_key.most;
    v_wait := coalesce(v_wait, 0);
    exit when v_wait > 0;
  end loop;
  return v_wait;
end $$;

-- attempt_succeeded(username, address): the attempt was none: the account's count starts anew, the address gets its one back.
create or replace function confab.attempt_succeeded(p_username text, p_address text)
returns void language plpgsql security definer set search_path = '' as $$
declare
  v_key record;
begin
  for v_key in select k.* from confab.attempt_keys(p_username, p_address) k loop
    if v_key.by_account then
      delete from confab.attempt a where a.key = v_key.key;
    else
      update confab.attempt a set failures = greatest(a.failures - 1, 0) where a.key = v_key.key;
    end if;
  end loop;
end $$;

-- password_current(token_hash): the caller's name and password hash. Raises 4001; 4002 for an account that has no password here.
create or replace function confab.password_current(p_token_hash bytea)
returns table (username text, password_hash text) language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
  v_account confab.account;
begin
  select * into v_account from confab.account where id = v_caller.account_id;
  if v_account.password_hash is null then
    perform confab.fail(4002, '"This account has no password here."');
  end if;
  return query select v_account.username, v_account.password_hash;
end $$;

-- password_change(token_hash, hash): the caller's new password. Ends all other log-ins. Raises as password_current().
create or replace function confab.password_change(p_token_hash bytea, p_password_hash text)
returns void language plpgsql security definer set search_path = '' as $$
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
begin
  perform confab.password_current(p_token_hash);
  update confab.account set password_hash = p_password_hash where id = v_caller.account_id;
  delete from confab.password_reset where account_id = v_caller.account_id;
  perform confab.logins_end(v_caller.account_id,
    array(select id from confab.login where account_id = v_caller.account_id and id <> v_caller.login_id order by id));
end $$;

-- reset_begin(username, email, token_hash): somebody forgot the password: an hour for whoever gets the mail.
--   username or email  says whose; an address may belong to several accounts, then it is the oldest one's
-- Returns no row when there is nobody to write to: unknown, disabled, no address, no password here, or a mail in the last minute.
-- Writes: password_reset.
create or replace function confab.reset_begin(p_username text, p_email text, p_token_hash bytea)
returns table (username text, email text) language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_account confab.account;
begin
  delete from confab.password_reset where token_hash in (
    select token_hash from confab.password_reset where expires_at <= now() limit 1000 for update skip locked);
  -- Locked, so that two requests at once make one mail.
  select a.* into v_account from confab.account a
  where (lower(a.username) = lower(normalize(p_username, nfc)) or p_username is null and lower(a.email) = lower(p_email))
    and a.email <> '' and a.password_hash is not null and not a.disabled
  order by a.id limit 1 for update;
  if not found or exists (
    select from confab.password_reset r where r.account_id = v_account.id and r.created_at > now() - interval '1 minute') then
    return;
  end if;
  insert into confab.password_reset (token_hash, account_id, expires_at) values (p_token_hash, v_account.id, now() + interval '1 hour');
  return query select v_account.username, v_account.email;
end $$;

-- reset_check(token_hash): whether the link is good now.
create or replace function confab.reset_check(p_token_hash bytea)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select from confab.password_reset r join confab.account a on a.id = r.account_id
    where r.token_hash = p_token_hash and r.expires_at > now() and not a.disabled)
$$;

-- reset_finish(token_hash, hash): the new password. All links and all log-ins of the account end. False when the link is no good.
create or replace function confab.reset_finish(p_token_hash bytea, p_password_hash text)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  v_account bigint;
begin
  if not confab.reset_check(p_token_hash) then
    return false;
  end if;
  delete from confab.password_reset where token_hash = p_token_hash returning account_id into v_account;
  if v_account is null then
    return false;
  end if;
  delete from confab.password_reset where account_id = v_account;
  perform confab.account_change_password(v_account, p_password_hash);
  return true;
end $$;
