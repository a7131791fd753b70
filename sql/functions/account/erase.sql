-- A person's own data: exported as pages of JSON, or erased.
--
-- account_erase() empties the account at once: nobody can log in with it, and it is shown as deleted-<id>. The upkeep
-- does the rest in steps: rooms, messages, replies and mentions by other people, and the log.

-- person_redacted(data, key, account, old name, new name): the part of a dispatch or a forward that describes an
-- account, without the account's name, address and files. key: the field that holds the data.
create or replace function confab.person_redacted(p_data jsonb, p_key text, p_account bigint, p_old text, p_new text)
returns jsonb language plpgsql immutable as $$
declare
  v_reaction text;
begin
  case jsonb_typeof(p_data)
  when 'object' then
    if p_data ? 'reaction_counts' then
      select e ->> 'reaction_content' into v_reaction from jsonb_array_elements(p_data -> 'reactions') e
      where e #>> '{user,id}' = p_account::text;
      p_data := p_data || jsonb_build_object('reaction_counts', case when v_reaction is null
        then p_data -> 'reaction_counts' else confab.reaction_count(p_data -> 'reaction_counts', v_reaction, -1) end);
    end if;
    if p_data ? 'username' and p_data ->> 'id' = p_account::text then
      return p_data || jsonb_build_object('username', p_new) || case when p_data ? 'email'
        then '{"email": "", "first_name": "", "last_name": ""}'::jsonb else '{}' end;
    elsif p_data ? 'attachments' and p_data #>> '{sender,id}' = p_account::text then
      p_data := jsonb_set(p_data, '{attachments}', '[]');
    end if;
    return (select coalesce(jsonb_object_agg(e.key, case
              when e.key = 'reason' and p_data #>> '{user,id}' = p_account::text then 'null'
              else confab.person_redacted(e.value, e.key, p_account, p_old, p_new) end), '{}')
            from jsonb_each(p_data) e);
  when 'array' then
    return (select coalesce(jsonb_agg(confab.person_redacted(e, p_key, p_account, p_old, p_new) order by n), '[]')
            from jsonb_array_elements(p_data) with ordinality t (e, n)
            where p_key is distinct from 'reactions' or e #>> '{user,id}' is distinct from p_account::text);
  when 'string' then
    return case
      when p_key = 'content' then to_jsonb(confab.mention_redacted(p_data #>> '{}', p_old, p_new))
      when p_key in ('username', 'new_members', 'removed_members', 'added_by', 'removed_by', 'delivered_to')
        and p_data #>> '{}' = p_old then to_jsonb(p_new)
      when p_key = 'message' and right(p_data #>> '{}', length(p_old) + 4) = ' by ' || p_old
        then to_jsonb(left(p_data #>> '{}', -length(p_old)) || p_new)
      else p_data end;
  else
    return p_data;
  end case;
end $$;

-- mention_redacted(content, old name, new name): the text with mentions of the old name replaced by the new one.
create or replace function confab.mention_redacted(p_content text, p_old text, p_new text)
returns text language sql immutable as $$
  select regexp_replace(p_content, '@' || regexp_replace(p_old, '([^[:alnum:]])', '\\\1', 'g') || '(?![[:alnum:]_-])',
                        '@' || p_new, 'gi')
$$;

-- account_erase(account): empties an account. Writes: account, erased_account, attachment, media and the tables whose
-- rows belong to one account.
create or replace function confab.account_erase(p_account bigint)
returns bigint language plpgsql as $$
declare
  v_name text := 'deleted-' || p_account;
  v_table text;
begin
  insert into confab.erased_account (account_id, username) select id, username from confab.account where id = p_account
  on conflict do nothing;
  if not found then
    return null;
  end if;
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
    last_name = '', password_hash = null, disabled = true
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

-- message_redact(message, account, old name, new name): removes an erased account's traces from somebody else's
-- message: its reaction, and its name where the message mentions it or was forwarded from it. Writes: message,
-- reaction, message_state, message_version, attachment.
create or replace function confab.message_redact(m confab.message, p_account bigint, p_old text, p_new text)
returns void language plpgsql as $$
declare
  v_reaction text;
begin
  delete from confab.reaction where room_id = m.room_id and seq = m.seq and account_id = p_account
  returning content into v_reaction;
  if v_reaction is not null then
    update confab.message_state set reaction_counts = confab.reaction_count(reaction_counts, v_reaction, -1)
    where room_id = m.room_id and seq = m.seq;
  end if;
  if m.forwarded_from #>> '{sender,id}' = p_account::text or m.content ilike '%@' || p_old || '%' then
    update confab.message set content = confab.mention_redacted(m.content, p_old, p_new),
      forwarded_from = confab.person_redacted(m.forwarded_from, null, p_account, p_old, p_new)
    where room_id = m.room_id and seq = m.seq;
  end if;
  if m.version > 1 then
    update confab.message_version set content = confab.mention_redacted(content, p_old, p_new)
    where room_id = m.room_id and seq = m.seq and content ilike '%@' || p_old || '%';
  end if;
  if m.sender_id = p_account and m.has_attachments then
    delete from confab.attachment where room_id = m.room_id and seq = m.seq;
  end if;
end $$;

-- account_redact_messages(erased, limit): looks through the next messages. The erased account's own messages are
-- deleted if the setting erase_messages says so; otherwise they stay without a name. Returns the messages to delete.
-- Writes: erased_account, and as message_redact and messages_erase.
create or replace function confab.account_redact_messages(p_erased confab.erased_account, p_limit int)
returns confab.message[] language plpgsql as $$
declare
  v_new text := confab.account_name(p_erased.account_id);
  v_go boolean := confab.setting_on('erase_messages');
  m confab.message;
  v_gone confab.message[] := '{}';
  v_seen int := 0;
begin
  for m in
    select * from confab.message x where (x.room_id, x.seq) > (p_erased.place_room, p_erased.place_seq)
    order by x.room_id, x.seq limit p_limit
  loop
    v_seen := v_seen + 1;
    p_erased.place_room := m.room_id;
    p_erased.place_seq := m.seq;
    if v_go and m.sender_id = p_erased.account_id then
      v_gone := v_gone || m;
    else
      perform confab.message_redact(m, p_erased.account_id, p_erased.username, v_new);
    end if;
  end loop;
  if v_gone <> '{}' then
    perform confab.messages_lock(v_gone);
    perform confab.messages_erase(v_gone);
  end if;
  update confab.erased_account set place_room = p_erased.place_room, place_seq = p_erased.place_seq,
    are_messages_done = v_seen < p_limit where account_id = p_erased.account_id;
  return v_gone;
end $$;

-- account_redact_log(erased, limit): replaces an erased account by deleted-<id> in the next rows of the log that
-- mention it. Returns the number of the last row that it looked at, once it has seen all rows from before the erasure;
-- null before that. Writes: log, erased_account.
create or replace function confab.account_redact_log(p_erased confab.erased_account, p_limit int)
returns bigint language plpgsql as $$
declare
  v_new text := confab.account_name(p_erased.account_id);
  v_to bigint;
  v_rows int;
begin
  -- The newest rows have to wait: a row with a lower number may not have been committed yet.
  select max(s.seq), count(*) into v_to, v_rows
  from (select seq from confab.log where seq > p_erased.swept_seq and created_at < now() - interval '15 seconds'
        order by seq limit p_limit) s;
  update confab.log l set payload = confab.dispatch_text(l.payload::jsonb ->> 'eventType',
    confab.person_redacted(l.payload::jsonb -> 'data', null, p_erased.account_id, p_erased.username, v_new)::json,
    l.seq)
  where l.seq > p_erased.swept_seq and l.seq <= v_to
    and strpos(lower(l.payload), lower(trim(both '"' from to_json(p_erased.username)::text))) > 0;
  update confab.erased_account set swept_seq = v_to where account_id = p_erased.account_id and v_to is not null;
  return case when v_rows < p_limit and p_erased.erased_at < now() - interval '1 minute'
    then coalesce(v_to, p_erased.swept_seq) end;
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
