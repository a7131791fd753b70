-- Editing, deleting and pinning messages, and the versions of an edited one.

-- messages_named(ids): the existing ones of these messages, by room and number.
create or replace function confab.messages_named(p_ids uuid[])
returns confab.message[] language sql stable as $$
  -- Each row is found by its whole key, so no plan scans a table, whatever the planner's statistics say.
  select array(
    select l.m from unnest(p_ids) i cross join lateral (select x as m from confab.message x where x.id = i offset 0) l
    where not (l.m).is_deleted and (select true from confab.room r where r.id = (l.m).room_id)
    order by (l.m).room_id, (l.m).seq)
$$;

-- messages_checked(account, ids): the messages, if all of them exist for the account and are in its rooms. A message
-- that the account has deleted for itself does not exist for it. Raises 4004, 4002.
create or replace function confab.messages_checked(p_account bigint, p_ids uuid[])
returns confab.message[] language plpgsql stable as $$
declare
  v_messages confab.message[] := confab.messages_named(p_ids);
  v_found record;
begin
  select bool_or(f.history_floor >= f.first) as is_gone, bool_or(f.history_floor is null) as is_strange into v_found
  from (select min(m.seq) as first, (select b.history_floor from confab.member b
                                     where b.room_id = m.room_id and b.account_id = p_account)
        from unnest(v_messages) m group by m.room_id) f;
  if cardinality(v_messages) < cardinality(p_ids) or v_found.is_gone then
    perform confab.fail_not_found();
  elsif v_found.is_strange then
    perform confab.fail_denied('message');
  end if;
  return v_messages;
end $$;

-- messages_find(account, ids): messages_checked() with the shared locks of their rooms. Raises 4004, 4002.
create or replace function confab.messages_find(p_account bigint, p_ids uuid[])
returns confab.message[] language plpgsql as $$
begin
  perform confab.room_share(r.id)
  from (select distinct m.room_id as id from unnest(confab.messages_checked(p_account, p_ids)) m order by 1) r;
  -- Check again, because the messages may have changed while this waited for the locks.
  return confab.messages_checked(p_account, p_ids);
end $$;

-- message_known(account, data): the message that data.message_id names. For a stranger the error is the same as for a
-- message that does not exist. Raises 4003, 4004.
create or replace function confab.message_known(p_account bigint, p_data jsonb)
returns confab.message language plpgsql stable as $$
declare
  v_id uuid := confab.uuid_value(coalesce(p_data -> 'message_id', 'null'), 'message_id');
  m confab.message := (confab.messages_named(array[v_id]))[1];
begin
  if (select m.seq > b.history_floor from confab.member b
      where b.room_id = m.room_id and b.account_id = p_account) is not true then
    perform confab.fail_not_found();
  end if;
  return m;
end $$;

-- messages_lock(messages): serialises changes of a message, so each dispatch about it shows all changes before. Returns
-- the messages as they are under the lock, without those that were deleted meanwhile. Writes: message_state.
create or replace function confab.messages_lock(p_messages confab.message[])
returns confab.message[] language plpgsql as $$
declare
  v_message confab.message;
  v_now confab.message;
  v_messages confab.message[] := '{}';
begin
  for v_message in select m.* from unnest(p_messages) m order by m.room_id, m.seq loop
    insert into confab.message_state (room_id, seq) values (v_message.room_id, v_message.seq) on conflict do nothing;
    perform from confab.message_state where room_id = v_message.room_id and seq = v_message.seq for update;
    select * into v_now from confab.message where room_id = v_message.room_id and seq = v_message.seq;
    if not found then
      delete from confab.message_state where room_id = v_message.room_id and seq = v_message.seq;
    elsif not v_now.is_deleted then
      v_messages := v_messages || v_now;
    end if;
  end loop;
  return v_messages;
end $$;

-- message_lock(account, id): one message, found and locked. Raises 4002, 4004.
create or replace function confab.message_lock(p_account bigint, p_id uuid)
returns confab.message language plpgsql as $$
declare
  v_messages confab.message[] := confab.messages_lock(confab.messages_find(p_account, array[p_id]));
begin
  if v_messages = '{}' then
    perform confab.fail_not_found();
  end if;
  return v_messages[1];
end $$;

-- message_now(message): its current state as a Message.
create or replace function confab.message_now(p_message confab.message)
returns json language plpgsql stable as $$
begin
  return (select message_json(confab.message_shared(m)) from confab.message m
          where m.room_id = p_message.room_id and m.seq = p_message.seq);
end $$;

-- message_told(message): the same for a dispatch about a small change: the messages that it replies to or forwards are
-- excerpts.
create or replace function confab.message_told(p_message confab.message)
returns json language plpgsql stable as $$
begin
  return confab.message_excerpted(confab.message_now(p_message));
end $$;

-- message_update(message, extra): replaces the text and keeps the old one as a version. Raises 4003.
-- Writes: message, message_version, mention, log.
create or replace function confab.message_update(m confab.message, p_extra jsonb)
returns confab.outcome language plpgsql as $$
declare
  v_content text := p_extra ->> 'content';
  v_mentions bigint[];
begin
  perform confab.give(v_content);
  insert into confab.message_version (room_id, seq, version, content, created_at)
    values (m.room_id, m.seq, m.version, m.content, m.updated_at);
  v_mentions := confab.message_mentions(m.room_id, m.sender_id, v_content);
  delete from confab.mention where room_id = m.room_id and seq = m.seq and account_id <> all (v_mentions);
  insert into confab.mention (account_id, room_id, seq) select x, m.room_id, m.seq from unnest(v_mentions) x
    on conflict do nothing;
  update confab.message x
  set content = v_content, is_edited = true, version = version + 1, has_mentions = v_mentions <> '{}',
    updated_at = now(),
      custom = nullif(coalesce(x.custom, '{}') || coalesce(confab.message_custom(p_extra), '{}'), '{}')
  where x.room_id = m.room_id and x.seq = m.seq;
  return confab.log_append(confab.log_entry_about(m.room_id, m.seq, 'messagemodification.dispatch',
    json_build_object('status', 'successful', 'action', 'update', 'message', confab.message_now(m))));
end $$;

-- check_new_content(extra): 4003 unless extra_fields has a text to replace the old one.
create or replace function confab.check_new_content(p_extra jsonb)
returns void language plpgsql stable as $$
begin
  if p_extra is null or jsonb_typeof(p_extra) <> 'object' or p_extra = '{}' then
    perform confab.fail_validation('''extra_fields'' field should be provided for update action');
  elsif not p_extra ? 'content' or p_extra ->> 'emptied' is not null then
    perform confab.fail_validation('Content should be provided for update action');
  end if;
  perform confab.message_content(p_extra);
end $$;

-- messages_erase(messages): deletes the rows. Writes: message, and with it message_state, message_version, attachment,
-- mention, receipt, reaction.
create or replace function confab.messages_erase(p_messages confab.message[])
returns void language plpgsql as $$
declare
  m confab.message;
begin
  foreach m in array p_messages loop
    perform confab.message_erased(m.id, m.seq);
    delete from confab.mention where room_id = m.room_id and seq = m.seq;
    delete from confab.message where room_id = m.room_id and seq = m.seq;
    delete from confab.message_state where room_id = m.room_id and seq = m.seq;
    delete from confab.message_version where room_id = m.room_id and seq = m.seq;
    delete from confab.attachment where room_id = m.room_id and seq = m.seq;
    delete from confab.receipt where room_id = m.room_id and seq = m.seq;
    delete from confab.reaction where room_id = m.room_id and seq = m.seq;
  end loop;
end $$;

-- messages_delete(messages): deletes the rows, or only hides the messages (setting message_soft_delete). Writes: as
-- messages_erase.
create or replace function confab.messages_delete(p_messages confab.message[])
returns void language plpgsql as $$
declare
  m confab.message;
begin
  if not confab.setting_on('message_soft_delete') then
    perform confab.messages_erase(p_messages);
    return;
  end if;
  foreach m in array p_messages loop
    delete from confab.mention where room_id = m.room_id and seq = m.seq;
    update confab.message set is_deleted = true, pinned_at = null, client_id = null
    where room_id = m.room_id and seq = m.seq;
  end loop;
end $$;

-- effect_deleted(messages): the effect by which delivering programs withdraw deleted messages that wait in their
-- memory.
create or replace function confab.effect_deleted(p_messages confab.message[])
returns json language sql immutable as $$
  select json_build_object('deleted', json_agg(m.id)) from unnest(p_messages) m
$$;

-- messages_remove(account, messages, ids): deletes them and sends the room a dispatch with the ids as the client gave
-- them.
create or replace function confab.messages_remove(p_account bigint, p_messages confab.message[], p_ids jsonb)
returns confab.outcome language plpgsql as $$
declare
  v_room uuid := (p_messages[1]).room_id;
begin
  perform confab.messages_delete(p_messages);
  return confab.log_append(confab.log_entry_about(v_room, (select min(m.seq) from unnest(p_messages) m),
                                                  'messagemodification.dispatch',
    json_build_object('status', 'successful', 'action', 'delete',
      'message_ids', case jsonb_typeof(p_ids) when 'array' then p_ids else jsonb_build_array(p_ids) end,
      'room_id', v_room, 'user', confab.user_ref(p_account)),
    confab.effect_deleted(p_messages)));
end $$;

-- own_messages(account, ids): the caller's own messages of one room, locked. Raises 4002, 4003, 4004.
create or replace function confab.own_messages(p_account bigint, p_ids uuid[])
returns confab.message[] language plpgsql as $$
declare
  v_found record;
  v_messages confab.message[];
begin
  if p_ids = '{}' then
    perform confab.fail_validation('Atleast one message_id is required for modification');
  end if;
  select count(*) as messages, count(distinct m.room_id) as rooms, bool_and(m.sender_id = p_account) as own into v_found
  from unnest(confab.messages_named(p_ids)) m;
  if v_found.messages < cardinality(p_ids) then
    perform confab.fail_not_found();
  elsif v_found.rooms > 1 then
    perform confab.fail_validation('All messages marked for modification must come from the same room');
  elsif not v_found.own then
    perform confab.fail_denied('own');
  end if;
  v_messages := confab.messages_lock(confab.messages_find(p_account, p_ids));
  if cardinality(v_messages) < cardinality(p_ids) then
    perform confab.fail_not_found();
  end if;
  return v_messages;
end $$;

-- message.modify: action update or delete, message_id (or a list), extra_fields.content. Dispatch messagemodification.
-- Raises 4002, 4003, 4004.
create or replace function confab.message_modify(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_action text := p_data ->> 'action';
  v_messages confab.message[] := confab.own_messages(p_caller.account_id, confab.message_ids_value(p_data));
begin
  if v_action = 'delete' then
    return confab.messages_remove(p_caller.account_id, v_messages, p_data -> 'message_id');
  elsif v_action = 'update' then
    if cardinality(v_messages) > 1 then
      perform confab.fail_validation('You can only update one message at a time');
    end if;
    perform confab.check_not_blocked(p_caller.account_id, v_messages[1].room_id);
    perform confab.check_new_content(p_data -> 'extra_fields');
    return confab.message_update(v_messages[1], p_data -> 'extra_fields');
  end if;
  perform confab.fail_validation('Invalid action type');
  return null;
end $$;

-- message.history: message_id, before (a version), limit. Reply messagehistory: the versions of its text, newest first,
-- about a million bytes at most. Raises 4002, 4003, 4004.
create or replace function confab.message_history(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  m confab.message := confab.message_known(p_caller.account_id, p_data);
  v_before bigint := confab.integer_value(p_data, 'before', 1, 2147483647, 2147483647);
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 200, 200);
  v_version record;
  v_bytes bigint := 0;
  v_versions json[] := '{}';
  v_has_next boolean := false;
  v_outcome confab.outcome;
begin
  for v_version in
    (select m.version, m.content, m.updated_at as created_at where m.version < v_before)
    union all
    (select version, content, created_at from confab.message_version
     where room_id = m.room_id and seq = m.seq and version < v_before order by version desc limit v_limit + 1)
  loop
    v_bytes := v_bytes + octet_length(v_version.content);
    v_has_next := cardinality(v_versions) > 0 and (v_bytes > 1000000 or cardinality(v_versions) = v_limit);
    exit when v_has_next;
    v_versions := v_versions || json_build_object('version', v_version.version, 'content', v_version.content,
                                                  'created_at', confab.time_text(v_version.created_at));
  end loop;
  v_outcome.reply := confab.reply_text('messagehistory.dispatch', json_build_object(
    'message_id', m.id, 'room_id', m.room_id, 'versions', to_json(v_versions), 'has_next', v_has_next));
  return v_outcome;
end $$;

-- message.pin: message_id, type add or remove. Dispatch messagepin; if nothing changes, only the caller gets it, with
-- status failed. Raises 4002, 4003, 4004.
create or replace function confab.message_pin(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  m confab.message;
  v_room confab.room;
  v_add boolean := p_data ->> 'type' = 'add';
  v_outcome confab.outcome;
begin
  if p_data ->> 'type' is null or p_data ->> 'type' not in ('add', 'remove') then
    perform confab.fail_validation('invalid pin type');
  end if;
  m := confab.message_known(p_caller.account_id, p_data);
  select * into v_room from confab.room where id = m.room_id;
  perform confab.check_may(p_caller.account_id, v_room, 'pin');
  perform confab.check_not_blocked(p_caller.account_id, v_room.id);
  m := confab.message_lock(p_caller.account_id, m.id);
  perform confab.check_may(p_caller.account_id, v_room, 'pin');
  if (m.pinned_at is not null) = v_add then
    v_outcome.reply := confab.reply_text('messagepin.dispatch', json_build_object(
      'status', 'failed', 'type', p_data ->> 'type', 'message', confab.message_told(m),
      'user', confab.user_ref(p_caller.account_id)));
    return v_outcome;
  end if;
  update confab.message set pinned_at = case when v_add then now() end where room_id = m.room_id and seq = m.seq;
  return confab.log_append(confab.log_entry_about(m.room_id, m.seq, 'messagepin.dispatch', json_build_object(
    'status', 'successful', 'type', p_data ->> 'type', 'message', confab.message_told(m), 'user',
      confab.user_ref(p_caller.account_id))));
end $$;

-- pins_after(room, floor, at, seq): the pinned messages after a place in the list, newest pin first; at most 101.
create or replace function confab.pins_after(p_room uuid, p_floor bigint, p_at timestamptz, p_seq bigint)
returns confab.message[] language plpgsql stable as $$
begin
  return array(select m from confab.message m where m.room_id = p_room and m.pinned_at is not null
                 and not m.is_deleted and m.seq > p_floor and (m.pinned_at, m.seq) < (p_at, p_seq)
               order by m.pinned_at desc, m.seq desc limit 101);
end $$;

-- pin_place(message): its place in the list of pins, as "before" takes it.
create or replace function confab.pin_place(m confab.message)
returns text language sql immutable as $$
  select (extract(epoch from m.pinned_at) * 1000000)::bigint || '/' || m.seq
$$;

-- room.pins: room_id, before. Reply roompins: the pinned messages, newest pin first, at most 100 and about a million
-- bytes. When there are more, it has next: the "before" of the next page. Raises 4002, 4003, 4004.
create or replace function confab.room_pins(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_known(p_caller.account_id, p_data, 'read');
  v_floor bigint := (confab.check_may(p_caller.account_id, v_room, 'read')).history_floor;
  v_before text[] := regexp_match(p_data ->> 'before', '^(\d{1,18})/(\d{1,18})$');
  v_pins confab.message[];
  v_fitting confab.message[];
  v_outcome confab.outcome;
begin
  if v_before is null and not confab.is_falsy(p_data -> 'before') then
    perform confab.fail_field('before', 'Not the next of a list.');
  end if;
  v_pins := confab.pins_after(v_room.id, v_floor,
    coalesce('epoch'::timestamptz + v_before[1]::bigint * interval '1 microsecond', 'infinity'),
    coalesce(v_before[2]::bigint, confab.seq_most()));
  v_fitting := confab.messages_fitting(v_pins[1:100]);
  v_outcome.reply := confab.reply_text('roompins.dispatch',
    json_build_object('room_id', v_room.id, 'messages', (
      select coalesce(json_agg(message_json(confab.message_seen(m, v_floor)) order by m.pinned_at desc, m.seq desc),
                      '[]') from unnest(v_fitting) m)),
    case when cardinality(v_fitting) < cardinality(v_pins)
      then json_build_object('has_next', true, 'next', confab.pin_place(v_fitting[cardinality(v_fitting)])) end);
  return v_outcome;
end $$;
