-- Passwords: limits on guessing, changes, and the link for forgotten ones.

-- attempt_key(kind, name): the key under which attempts of a kind are counted.
create or replace function confab.attempt_key(p_kind text, p_name text)
returns bytea language sql immutable as $$
  select sha256(convert_to(p_kind || ' ' || p_name, 'UTF8'))
$$;

-- attempt_address(address): the address under which attempts are counted; for IPv6 this is its network.
create or replace function confab.attempt_address(p_address text)
returns text language plpgsql stable as $$
begin
  if p_address like '%:%' then
    return network(set_masklen(p_address::inet, 64))::text;
  end if;
  return p_address;
exception when data_exception then
  return p_address;
end $$;

-- attempt_pair(username, address): the name of an account, existing or not, together with the address. One address
-- can't use up the attempts of another.
create or replace function confab.attempt_pair(p_username text, p_address text)
returns bytea language sql stable as $$
  select confab.attempt_key('account', lower(normalize(p_username, nfc)) || ' '
                            || coalesce(confab.attempt_address(p_address), ''))
$$;

-- attempt_sweep(): removes some of the expired counts.
create or replace function confab.attempt_sweep()
returns void language sql as $$
  delete from confab.attempt where key in (select key from confab.attempt where ends_at <= now()
                                           limit 1000 for update skip locked)
$$;

-- attempt_lock(key, seconds): the row of a key, locked. Begins a window if there is none, or if it is over.
create or replace function confab.attempt_lock(p_key bytea, p_seconds int)
returns confab.attempt language plpgsql as $$
declare
  v_row confab.attempt;
begin
  insert into confab.attempt as a (key, failures, ends_at, next_at)
    values (p_key, 0, now() + make_interval(secs => p_seconds), now())
  on conflict (key) do update set
    failures = case when a.ends_at <= now() then 0 else a.failures end,
    next_at = case when a.ends_at <= now() then now() else a.next_at end,
    ends_at = case when a.ends_at <= now() then excluded.ends_at else a.ends_at end
  returning * into v_row;
  return v_row;
end $$;

-- attempt_wait(until): the whole seconds until a time, 0 when it has passed.
create or replace function confab.attempt_wait(p_until timestamptz)
returns int language sql stable as $$
  select greatest(0, ceil(extract(epoch from p_until - now()))::int)
$$;

-- attempt_count(key, limit, seconds, longest): counts an attempt that may fail, unless one has to wait.
--   limit    of failures without a pause, 0: any number; from there on each one doubles the pause, up to the longest
--   seconds  without a failure after which the count starts anew
-- Returns 0, or the seconds to wait.
create or replace function confab.attempt_count(p_key bytea, p_limit int, p_seconds int, p_longest int)
returns int language plpgsql as $$
declare
  v_row confab.attempt;
begin
  if p_limit = 0 or p_key is null then
    return 0;
  end if;
  v_row := confab.attempt_lock(p_key, p_seconds);
  if v_row.next_at > now() then
    return confab.attempt_wait(v_row.next_at);
  end if;
  v_row.failures := v_row.failures + 1;
  if v_row.failures >= p_limit then
    v_row.next_at := now() + make_interval(secs => least(2 ^ least(v_row.failures - p_limit, 20), p_longest));
  end if;
  update confab.attempt set failures = v_row.failures, next_at = v_row.next_at,
    ends_at = greatest(now(), v_row.next_at) + make_interval(secs => p_seconds)
  where key = p_key;
  return 0;
end $$;

-- attempt_rate(key, limit, seconds): counts expensive requests, successful or not. At most limit in a window, 0: any
-- number. Returns 0, or the seconds to wait.
create or replace function confab.attempt_rate(p_key bytea, p_limit int, p_seconds int)
returns int language plpgsql as $$
declare
  v_row confab.attempt;
begin
  if p_limit = 0 or p_key is null then
    return 0;
  end if;
  v_row := confab.attempt_lock(p_key, p_seconds);
  if v_row.failures >= p_limit then
    return greatest(1, confab.attempt_wait(v_row.ends_at));
  end if;
  update confab.attempt set failures = failures + 1 where key = p_key;
  return 0;
end $$;

-- attempt_begin(username, address, device_hash, limits, seconds): counts an attempt at a password before it is checked.
--   username     may be null: then the address counts alone
--   device_hash  of the cookie of a browser that was logged in before; may be null. Such a browser has attempts of its
--                own, so nobody else can delay it
--   limits       attempts without a pause for an account and an address together, and for an address; attempts of an
--                address in a window, right ones too
-- Returns 0, or the seconds to wait: half a minute at most, but for the last of the limits. Writes: attempt.
create or replace function confab.attempt_begin(p_username text, p_address text, p_device_hash bytea, p_limits int[],
  p_seconds int)
returns int language plpgsql security definer set search_path = '' as $$
declare
  v_address bytea := confab.attempt_key('address', confab.attempt_address(p_address));
  v_wait int;
begin
  perform confab.attempt_sweep();
  v_wait := confab.attempt_rate(confab.attempt_key('login', confab.attempt_address(p_address)), p_limits[3], p_seconds);
  if v_wait > 0 then
    return v_wait;
  end if;
  if confab.device_is_known(p_username, p_device_hash)
      and confab.attempt_count(confab.attempt_key('device', encode(p_device_hash, 'hex')), p_limits[1], p_seconds,
                               30) = 0 then
    return 0;
  end if;
  v_wait := confab.attempt_count(confab.attempt_pair(p_username, p_address), p_limits[1], p_seconds, 30);
  if v_wait > 0 then
    return v_wait;
  end if;
  return confab.attempt_count(v_address, p_limits[2], p_seconds, 10);
end $$;

-- attempt_succeeded(username, address, device_hash): takes the attempt back. The count of the browser, or else that of
-- the account and address together, starts anew; the count of the address loses this attempt.
create or replace function confab.attempt_succeeded(p_username text, p_address text, p_device_hash bytea)
returns void language plpgsql security definer set search_path = '' as $$
begin
  -- Attempts of other people from the same address stay counted.
  if confab.device_is_known(p_username, p_device_hash) then
    delete from confab.attempt where key = confab.attempt_key('device', encode(p_device_hash, 'hex'));
    return;
  end if;
  delete from confab.attempt where key = confab.attempt_pair(p_username, p_address);
  update confab.attempt set failures = greatest(failures - 1, 0), next_at = now()
  where key = confab.attempt_key('address', confab.attempt_address(p_address));
end $$;

-- registration_begin(address, limit, seconds): whether an account may be made; called before its password is hashed.
--   limit  accounts from one address in a window; 0: any number
-- Returns 0, or the seconds to wait. Raises 4002 when the setting allow_register is off. Writes: attempt.
create or replace function confab.registration_begin(p_address text, p_limit int, p_seconds int)
returns int language plpgsql security definer set search_path = '' as $$
begin
  perform confab.registration_check();
  perform confab.attempt_sweep();
  return confab.attempt_rate(confab.attempt_key('register', confab.attempt_address(p_address)), p_limit, p_seconds);
end $$;

-- device_is_known(username, device_hash): whether a browser was logged in to the account before.
create or replace function confab.device_is_known(p_username text, p_device_hash bytea)
returns boolean language sql stable as $$
  select exists (select from confab.device d join confab.account a on a.id = d.account_id
    where d.token_hash = p_device_hash and lower(a.username) = lower(normalize(p_username, nfc)))
$$;

-- device_remember(account, device_hash, new_hash): a browser has logged in.
--   device_hash  of the cookie it has, or null
-- Returns whether it is to get the cookie of new_hash. An account remembers its last twenty browsers, for a year.
-- Writes: device.
create or replace function confab.device_remember(p_account bigint, p_device_hash bytea, p_new_hash bytea)
returns boolean language plpgsql security definer set search_path = '' as $$
begin
  update confab.device set seen_at = now() where token_hash = p_device_hash and account_id = p_account;
  if found then
    return false;
  end if;
  insert into confab.device (token_hash, account_id) values (p_new_hash, p_account);
  delete from confab.device where account_id = p_account and (seen_at < now() - interval '1 year' or token_hash in (
    select token_hash from confab.device where account_id = p_account order by seen_at desc, token_hash offset 20));
  return true;
end $$;

-- password_current(token_hash): the caller's name and password hash. Raises 4001; 4002 for an account that has no
-- password here.
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

-- reset_begin(username, email, token_hash): makes a link for a forgotten password, good for an hour.
--   username or email  name the account; of several accounts with an address, the oldest one
-- Returns no row when there is nobody to write to: unknown, disabled, no address, no password here, or a mail in the
-- last minute. Writes: password_reset.
create or replace function confab.reset_begin(p_username text, p_email text, p_token_hash bytea)
returns table (username text, email text) language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_account confab.account;
begin
  delete from confab.password_reset where token_hash in (
    select token_hash from confab.password_reset where expires_at <= now() limit 1000 for update skip locked);
  -- The row is locked, so two concurrent requests send one mail.
  select a.* into v_account from confab.account a
  where (lower(a.username) = lower(normalize(p_username, nfc)) or p_username is null
         and lower(a.email) = lower(p_email))
    and a.email <> '' and a.password_hash is not null and not a.disabled
  order by a.id limit 1 for update;
  if not found or exists (
    select from confab.password_reset r where r.account_id = v_account.id
      and r.created_at > now() - interval '1 minute') then
    return;
  end if;
  insert into confab.password_reset (token_hash, account_id, expires_at)
    values (p_token_hash, v_account.id, now() + interval '1 hour');
  return query select v_account.username, v_account.email;
end $$;

-- reset_check(token_hash): whether the link is good now.
create or replace function confab.reset_check(p_token_hash bytea)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select from confab.password_reset r join confab.account a on a.id = r.account_id
    where r.token_hash = p_token_hash and r.expires_at > now() and not a.disabled)
$$;

-- reset_finish(token_hash, hash): sets the new password. All links and all log-ins of the account end. False when the
-- link is not valid.
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
