-- People of the host application. The operator's view confab_site.host_user has a row for each:
--   subject      text, the subject of its tokens, or its REMOTE_USER
--   username, email, first_name, last_name, avatar  text
--   is_staff, is_active  boolean
-- All but subject may be missing. The setting host_issuer says whose subjects they are.

-- host_subject_hash(issuer, subject): how an erased account's subject is remembered.
create or replace function confab.host_subject_hash(p_issuer text, p_subject text)
returns bytea language sql immutable as $$
  select sha256(convert_to(p_issuer || E'\n' || p_subject, 'UTF8'))
$$;

-- host_profile(issuer, subject): the row of a subject; null if there is none or the view is for another issuer. A view
-- that can't be read is reported in PostgreSQL's log and lets people log in by their token alone.
create or replace function confab.host_profile(p_issuer text, p_subject text)
returns jsonb language plpgsql stable as $$
declare
  v_profile jsonb;
begin
  if confab.setting_value('host_issuer') #>> '{}' is distinct from p_issuer
    or to_regclass('confab_site.host_user') is null then
    return null;
  end if;
  execute 'select to_jsonb(u) - ''subject'' from confab_site.host_user u where u.subject = $1 limit 1'
    into v_profile using p_subject;
  return v_profile;
exception when syntax_error_or_access_rule_violation then
  raise warning 'confab_site.host_user can not be read: %', sqlerrm;
  return null;
end $$;

-- host_avatar(profile): the address of a picture: of this host or with https, at most 500 characters; null if there is
-- none.
create or replace function confab.host_avatar(p_profile jsonb)
returns text language sql immutable as $$
  select case when length(p_profile ->> 'avatar') <= 500
    then substring(p_profile ->> 'avatar' from '^(?:/(?!/)|https://[[:alnum:]])[^\s"''<>\\^`{|}]*$') end
$$;

-- host_apply(account, profile): takes over what a row says about an account; columns that the view lacks stay. Inactive
-- accounts are disabled, which ends their log-ins, and active ones are not.
create or replace function confab.host_apply(p_account bigint, p_profile jsonb)
returns void language plpgsql as $$
declare
  a confab.account;
  b confab.account;
begin
  select * into a from confab.account where id = p_account for no key update;
  b := a;
  if p_profile ? 'email' then
    b.email := coalesce(confab.claim_text(p_profile, 'email', 254), '');
  end if;
  if p_profile ? 'first_name' then
    b.first_name := coalesce(confab.claim_name(p_profile, 'first_name', p_account), '');
  end if;
  if p_profile ? 'last_name' then
    b.last_name := coalesce(confab.claim_name(p_profile, 'last_name', p_account), '');
  end if;
  if p_profile ? 'avatar' then
    b.avatar := coalesce(confab.host_avatar(p_profile), '');
  end if;
  b.is_staff := coalesce((p_profile ->> 'is_staff')::boolean, a.is_staff and not p_profile ? 'is_staff');
  if a is distinct from b then
    update confab.account set (email, first_name, last_name, avatar, is_staff)
      = (b.email, b.first_name, b.last_name, b.avatar, b.is_staff) where id = p_account;
  end if;
  if a.disabled = (p_profile ->> 'is_active')::boolean then
    perform confab.account_disable(p_account, not a.disabled);
  end if;
end $$;

-- host_user_seen(issuer, subject, profile): makes or updates the account of a row. Nobody is made who is not active, or
-- has erased the account here; that person's own log-in makes a new one.
create or replace function confab.host_user_seen(p_issuer text, p_subject text, p_profile jsonb)
returns void language plpgsql as $$
declare
  v_account bigint := (select account_id from confab.external_identity
                       where issuer = p_issuer and subject = p_subject);
begin
  if v_account is not null then
    perform confab.host_apply(v_account, p_profile);
  elsif (p_profile ->> 'is_active')::boolean is not false and not exists (
      select from confab.erased_subject where hash = confab.host_subject_hash(p_issuer, p_subject)) then
    perform pg_advisory_xact_lock(hashtextextended('confab ' || p_issuer || E'\n' || p_subject, 0));
    perform confab.host_apply(confab.external_account(p_issuer, p_subject, p_profile), p_profile);
  end if;
exception when sqlstate 'C4001' or sqlstate 'C4002' or sqlstate 'C4005' or data_exception then
  raise warning 'confab_site.host_user, subject %: %', p_subject, sqlerrm;
end $$;

-- host_users_update(limit): looks at the next rows of the view, by subject, and begins again after the last. Programs
-- call it every twenty seconds; one at a time does the work. Returns how many rows it looked at. Writes: account,
-- external_identity, host_progress.
create or replace function confab.host_users_update(p_limit int default 1000)
returns int language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  v_issuer text := nullif(confab.setting_value('host_issuer') #>> '{}', '');
  v_after text;
  v_row record;
  v_count int := 0;
begin
  if v_issuer is null or to_regclass('confab_site.host_user') is null
    or not pg_try_advisory_xact_lock(hashtext('confab.host_users_update')) then
    return 0;
  end if;
  insert into confab.host_progress default values on conflict do nothing;
  select after into v_after from confab.host_progress;
  for v_row in execute 'select u.subject, to_jsonb(u) - ''subject'' profile from confab_site.host_user u
                        where u.subject > $1 order by u.subject limit $2' using v_after, p_limit loop
    perform confab.host_user_seen(v_issuer, v_row.subject, v_row.profile);
    v_after := v_row.subject;
    v_count := v_count + 1;
  end loop;
  update confab.host_progress set after = case when v_count < p_limit then '' else v_after end;
  return v_count;
exception when syntax_error_or_access_rule_violation or lock_not_available then
  raise warning 'confab_site.host_user can not be read: %', sqlerrm;
  return 0;
end $$;
