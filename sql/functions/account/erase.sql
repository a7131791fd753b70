-- A person's own data: exported as pages of JSON, or erased.
--
-- account_erase() empties the account at once: nobody can log in with it, and it is shown as deleted-<id>. The upkeep
-- does the rest in steps: rooms, messages, replies and mentions by other people, and the log.

-- account_erase(account): empties an account. Writes: account, erased_account, attachment, media and the tables whose
-- rows belong to one account.
create or replace function confab.account_erase(p_account bigint)
returns bigint language plpgsql as $$
declare
  v_name text := 'deleted-' || p_account;
  v_table text;
begin
  insert into confab.erased_account (account_id, username, media_ids)
  select id, username, array(select m.id from confab.media m where m.account_id = p_account)
  from confab.account where id = p_account
  on conflict do nothing;
  if not found then
    return null;
  end if;
  insert into confab.erased_subject (hash)
    select confab.host_subject_hash(issuer, subject) from confab.external_identity where account_id = p_account
  on conflict do nothing;
  foreach v_table in array array['device', 'external_identity', 'password_reset', 'session', 'block', 'invitation',
                                 'join_request', 'left_room', 'presence', 'presence_subscription', 'push_job',
                                 'typing', 'budget'] loop
    execute format('delete from confab.%I where account_id = $1', v_table) using p_account;
  end loop;
  delete from confab.block where blocked_id = p_account;
  delete from confab.invitation where inviter_id = p_account;
  delete from confab.invite where creator_id = p_account;
  delete from confab.attachment t using confab.media m where m.account_id = p_account and t.media_id = m.id;
  update confab.media set loose_since = '-infinity', name = 'deleted' where account_id = p_account;
  if confab.name_looks_taken(v_name) then
    v_name := v_name || '-' || substr(gen_random_uuid()::text, 1, 8);
  end if;
  update confab.account set username = v_name, skeleton = confab.name_skeleton(v_name), email = '', first_name = '',
    last_name = '', avatar = '', is_staff = false, password_hash = null, disabled = true
  where id = p_account;
  return confab.logins_end(p_account, array(select id from confab.login where account_id = p_account));
end $$;

-- account_leave_room(account): removes an erased account from one of its groups and channels. One-to-ones are left to
-- the other side. False when the account is in none. Writes: as members_remove.
create or replace function confab.account_leave_room(p_account bigint)
returns boolean language plpgsql as $$
declare
  v_room confab.room;
begin
  select r.* into v_room from confab.member b join confab.room r on r.id = b.room_id
  where b.account_id = p_account and r.type <> 'OneToOneChat' order by r.id limit 1;
  if not found then
    return false;
  end if;
  perform confab.room_lock(v_room.id);
  select * into v_room from confab.room where id = v_room.id;
  if confab.is_member(p_account, v_room.id) then
    perform confab.members_remove(v_room, array[p_account], 'self', 'You left ' || v_room.name, p_account);
  end if;
  return true;
end $$;

-- effect_rewritten(to): makes delivering programs forget what they have read of the log up to a number, because those
-- rows have changed.
create or replace function confab.effect_rewritten(p_to bigint)
returns json language sql immutable as $$ select json_build_object('rewritten', p_to) $$;

-- erase_accounts(limit): takes the next step for one erased account: its rooms one by one, then messages and rows of
-- the log. True when there is more to do at once. Writes: as the functions above.
create or replace function confab.erase_accounts(p_limit int)
returns boolean language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  e confab.erased_account;
  v_gone confab.message[] := '{}';
  v_swept bigint;
begin
  select * into e from confab.erased_account order by erased_at limit 1 for update skip locked;
  if not found then
    return false;
  elsif confab.account_leave_room(e.account_id) then
    return true;
  end if;
  if not e.are_messages_done then
    update confab.room set avatar = null where e.place_seq = 0 and avatar is not null
      and confab.is_erased_file(avatar, e);
    v_gone := confab.account_redact_messages(e, p_limit);
  end if;
  v_swept := confab.account_redact_log(e, p_limit);
  if e.are_messages_done and v_swept is not null then
    delete from confab.erased_account where account_id = e.account_id;
  else
    v_swept := null;
  end if;
  -- Numbers are drawn last.
  if v_gone <> '{}' then
    perform confab.log_append(confab.log_effect(null, null, confab.effect_deleted(v_gone)));
  end if;
  if v_swept is not null then
    perform confab.log_append(confab.log_effect(null, null, confab.effect_rewritten(v_swept)));
  end if;
  return false;
end $$;

-- user.erase: username, which is the caller's own name as a confirmation. Reply usererase; the caller's log-ins end.
-- Raises 4003.
create or replace function confab.user_erase(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_outcome confab.outcome;
begin
  if p_data ->> 'username' is null then
    perform confab.fail_missing(p_data, 'username');
  elsif p_data ->> 'username' is distinct from confab.account_name(p_caller.account_id) then
    perform confab.fail_field('username', 'This is not your user name.');
  end if;
  v_outcome.seq := confab.account_erase(p_caller.account_id);
  v_outcome.reply := confab.reply_text('usererase.dispatch', json_build_object('status', 'accepted'));
  return v_outcome;
end $$;

-- export_profile(account): the data of the account apart from its messages.
create or replace function confab.export_profile(p_account bigint)
returns json language plpgsql stable as $$
begin
  return (
    select json_build_object('user', user_json(a, true), 'created_at', confab.time_text(a.created_at),
      'rooms', (select coalesce(json_agg(confab.room_ref(b.room_id) order by b.joined_at), '[]')
                from (select * from confab.member where account_id = p_account order by joined_at limit 1000) b),
      'blocked', (select coalesce(json_agg(confab.user_ref(k.blocked_id) order by k.created_at), '[]')
                  from (select * from confab.block where account_id = p_account order by created_at limit 1000) k),
      'uploads', (select coalesce(json_agg(json_build_object('id', m.id, 'name', m.name, 'size', m.size, 'mime_type',
                                                             m.mime_type, 'created_at', confab.time_text(m.created_at))
                                           order by m.created_at), '[]')
                  from (select * from confab.media where account_id = p_account order by created_at limit 1000) m))
    from confab.account a where a.id = p_account);
end $$;

-- user.export: after (a place, as the previous page named it). Reply userexport: the caller's messages, by room and
-- age, and on the first page all other data of the account. A page looks at five thousand messages of the caller's
-- rooms and holds about a million bytes, so a page with few messages need not be the last. Raises 4003.
create or replace function confab.user_export(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_after text[] := regexp_match(p_data ->> 'after', '^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(\d{1,16})$');
  v_room uuid := coalesce(v_after[1], '00000000-0000-0000-0000-000000000000')::uuid;
  v_seq bigint := coalesce(v_after[2], '0')::bigint;
  b confab.member;
  m confab.message;
  v_seen int := 0;
  v_bytes bigint := 0;
  v_messages json[] := '{}';
  v_outcome confab.outcome;
begin
  if v_after is null and not confab.is_falsy(p_data -> 'after') then
    perform confab.fail_field('after', 'Not the next of an export.');
  end if;
  <<rooms>>
  for b in select * from confab.member where account_id = p_caller.account_id and room_id >= v_room
           order by room_id loop
    for m in select * from confab.message x
             where x.room_id = b.room_id and x.seq > case when b.room_id = v_after[1]::uuid then v_after[2]::bigint
                                                     else 0 end
             order by x.seq limit 5000 - v_seen loop
      exit rooms when v_seen >= 5000 or v_bytes > 1000000;
      v_seen := v_seen + 1;
      v_room := m.room_id;
      v_seq := m.seq;
      continue when m.sender_id <> p_caller.account_id or m.is_deleted;
      v_bytes := v_bytes + confab.message_weight(m);
      v_messages := v_messages || message_json(confab.message_seen(m, b.history_floor));
    end loop;
    exit when v_seen >= 5000;
  end loop;
  v_outcome.reply := confab.reply_text('userexport.dispatch', json_build_object(
    'account', case when v_after is null then confab.export_profile(p_caller.account_id) end,
    'messages', to_json(v_messages),
    'next', case when v_seen >= 5000 or v_bytes > 1000000 then v_room || '/' || v_seq end));
  return v_outcome;
end $$;
