-- Log-ins that a third party vouches for: the host application by a signed token, the web server by REMOTE_USER.

-- claim_text(profile, name, limit): a text about an account from a third party, cut to the limit; null if there is
-- none.
create or replace function confab.claim_text(p_profile jsonb, p_name text, p_limit int)
returns text language sql immutable as $$
  select nullif(left(regexp_replace(normalize(p_profile ->> p_name, nfc), '[\x01-\x1f\x7f]', ' ', 'g'), p_limit), '')
$$;

-- claim_name(profile, name, account): a first or last name from a third party; null if there is none or if it is the
-- user name of another account.
create or replace function confab.claim_name(p_profile jsonb, p_name text, p_account bigint)
returns text language sql stable as $$
  select case when not confab.name_looks_taken(n.name, p_account) then n.name end
  from (select confab.plain_name(confab.claim_text(p_profile, p_name, 64)) name) n
$$;

-- external_username(profile, subject): the initial user name: the profile's, else from the address, else from the
-- subject. Characters that user names may not have become _.
create or replace function confab.external_username(p_profile jsonb, p_subject text)
returns text language sql stable as $$
  select coalesce(confab.made_user_name(coalesce(confab.claim_text(p_profile, 'username', 255),
    nullif(split_part(confab.claim_text(p_profile, 'email', 254), '@', 1), ''), p_subject)), 'user')
$$;

-- external_id(issuer, subject): the id of a new account: the subject, if the setting integer_subjects names the issuer.
-- Raises 4002 for a subject that is not an id, 4005 if another account has the id.
create or replace function confab.external_id(p_issuer text, p_subject text)
returns bigint language plpgsql as $$
declare
  -- Ids that confab gives out itself come after those of the host.
  v_most constant bigint := 2 ^ 40 - 1;
begin
  if confab.setting_value('integer_subjects') #>> '{}' is distinct from p_issuer then
    return nextval(pg_get_serial_sequence('confab.account', 'id'));
  end if;
  if p_subject !~ '^[1-9][0-9]{0,12}$' or p_subject::bigint > v_most then
    perform confab.fail(4002, to_jsonb(format('The subject has to be a number from 1 to %s.', v_most)));
  elsif exists (select from confab.account where id = p_subject::bigint) then
    perform confab.fail(4005, '"The subject is the id of another account."');
  end if;
  perform setval(pg_get_serial_sequence('confab.account', 'id'), v_most) where not exists (
    select from confab.account where id > v_most);
  return p_subject::bigint;
end $$;

-- external_account(issuer, subject, profile): the account of an external identity; made when there is none.
--   profile  username, email, first_name, last_name: the name counts for a new account, the others whenever they are
--            given
-- A name that is taken gets a number appended, because it belongs to another person. Raises 4001 when the account is
-- disabled, and the errors of external_id().
create or replace function confab.external_account(p_issuer text, p_subject text, p_profile jsonb)
returns bigint language plpgsql as $$
declare
  v_email text := confab.claim_text(p_profile, 'email', 254);
  v_first_name text;
  v_last_name text;
  v_wanted text := confab.external_username(p_profile, p_subject);
  v_name text := v_wanted;
  v_account confab.account;
  v_new_id bigint;
  v_id bigint;
begin
  select a.* into v_account from confab.external_identity e join confab.account a on a.id = e.account_id
  where e.issuer = p_issuer and e.subject = p_subject;
  v_first_name := confab.claim_name(p_profile, 'first_name', v_account.id);
  v_last_name := confab.claim_name(p_profile, 'last_name', v_account.id);
  if v_account.id is not null then
    if v_account.disabled then
      perform confab.fail_unauthenticated();
    end if;
    update confab.account a
    set email = coalesce(v_email, email), first_name = coalesce(v_first_name, first_name),
      last_name = coalesce(v_last_name, last_name)
    where a.id = v_account.id
      and (email, first_name, last_name) is distinct from (coalesce(v_email, email), coalesce(v_first_name, first_name),
                                                           coalesce(v_last_name, last_name));
    return v_account.id;
  end if;
  v_new_id := confab.external_id(p_issuer, p_subject);
  for i in 2..12 loop
    perform pg_advisory_xact_lock(hashtextextended('confab name ' || confab.name_skeleton(v_name), 0));
    insert into confab.account (id, username, skeleton, email, first_name, last_name) overriding system value
    select v_new_id, v_name, confab.name_skeleton(v_name), coalesce(v_email, ''), coalesce(v_first_name, ''),
      coalesce(v_last_name, '')
      where not confab.is_reserved_name(v_name) and not confab.name_looks_taken(v_name)
    on conflict (lower(username)) do nothing returning id into v_id;
    exit when v_id is not null;
    -- After a few names in a row that were taken, use one that is certainly free.
    v_name := left(v_wanted, 51) || '-' || case when i < 11 then i::text
      else left(md5(p_issuer || E'\n' || p_subject), 12) end;
  end loop;
  if v_id is null then
    perform confab.fail_constraint();
  end if;
  insert into confab.external_identity (issuer, subject, account_id) values (p_issuer, p_subject, v_id);
  return v_id;
end $$;

-- host_account(issuer, subject, profile): external_account() for a person who logs in: a row of the host's view counts
-- more than the token. Raises 4001 also when the row says that the person is not active.
create or replace function confab.host_account(p_issuer text, p_subject text, p_profile jsonb)
returns bigint language plpgsql as $$
declare
  v_row jsonb := confab.host_profile(p_issuer, p_subject);
  v_account bigint;
begin
  if (v_row ->> 'is_active')::boolean is false then
    perform confab.fail_unauthenticated();
  end if;
  v_account := confab.external_account(p_issuer, p_subject, coalesce(p_profile, '{}') || coalesce(v_row, '{}'));
  if v_row is not null then
    perform confab.host_apply(v_account, v_row);
  end if;
  return v_account;
end $$;

-- external_link(account, issuer, subject): links an existing account to an external identity. For the operator. Moves
-- an existing link.
create or replace function confab.external_link(p_account bigint, p_issuer text, p_subject text)
returns void language sql as $$
  insert into confab.external_identity (issuer, subject, account_id) values (p_issuer, p_subject, p_account)
  on conflict (issuer, subject) do update set account_id = excluded.account_id
$$;

-- login_external(issuer, subject, profile, expires_at, token_hash, user_agent, address): makes a log-in of the token
-- with this hash, once. The account is created with its first log-in. The caller has checked the token.
--   expires_at  null: as long as the setting login_days says
-- Raises 4001 for a token that was logged out and for a disabled account.
-- Writes, the first time: account, external_identity, login; removes old log-ins of the account without a stream.
create or replace function confab.login_external(p_issuer text, p_subject text, p_profile jsonb,
  p_expires_at timestamptz, p_token_hash bytea,
  p_user_agent text, p_address text)
returns void language plpgsql security definer set search_path = '' as $$
declare
  v_account bigint;
  v_expires timestamptz := coalesce(p_expires_at,
                                    now() + make_interval(days => coalesce(confab.setting_value('login_days')::int,
    30)));
begin
  if exists (select from confab.login where token_hash = p_token_hash and expires_at > now()) then
    return;
  end if;
  if exists (select from confab.ended_token where token_hash = p_token_hash) then
    perform confab.fail_unauthenticated();
  end if;
  -- The first requests of one person may arrive at the same time.
  perform pg_advisory_xact_lock(hashtextextended('confab ' || p_issuer || E'\n' || p_subject, 0));
  v_account := confab.host_account(p_issuer, p_subject, p_profile);
  delete from confab.login l
  where l.account_id = v_account and l.expires_at <= now() and l.token_hash <> p_token_hash
    and not exists (select from confab.session s where s.login_id = l.id);
  insert into confab.login (account_id, token_hash, user_agent, address, expires_at, issuer)
  values (v_account, p_token_hash, left(p_user_agent, 300), left(p_address, 64), v_expires, p_issuer)
  on conflict (token_hash) do update set expires_at = excluded.expires_at;
end $$;
