-- Delivery and reading: the rows that acknowledgements write. One statement for any number of messages.
--
-- A member's last_read_seq and last_acked_seq advance over messages that have a receipt or are the member's own, so
-- unread messages and notifications are never searched for among those dealt with long ago. They stay some seconds
-- behind the end: there, a message with a lower number may not have been committed yet, and it must not count as read.

-- member_reach(account, room, from, read): how far, from a place in a room on, all messages are the account's own or
-- have its receipt; at most a thousand messages further. It stops at the first that is due, usually the very first.
create or replace function confab.member_reach(p_account bigint, p_room uuid, p_from bigint, p_read boolean)
returns bigint language plpgsql stable as $$
declare
  v_message record;
begin
  for v_message in
    select x.seq, x.sender_id = p_account
        or (select not p_read or t.read_at is not null from confab.receipt t where t.room_id = p_room and t.seq = x.seq
            and t.account_id = p_account) as done
    from confab.message x
    where x.room_id = p_room and x.seq > p_from and x.created_at < clock_timestamp() - interval '15 seconds'
      and not x.is_deleted
    order by x.seq limit 1000
  loop
    exit when v_message.done is not true;
    p_from := v_message.seq;
  end loop;
  return p_from;
end $$;

-- member_advance(account, room): advances last_read_seq and last_acked_seq. Writes: member.
create or replace function confab.member_advance(p_account bigint, p_room uuid)
returns void language plpgsql as $$
declare
  v_read bigint;
  v_acked bigint;
  b confab.member;
begin
  select * into b from confab.member where room_id = p_room and account_id = p_account;
  v_read := confab.member_reach(p_account, p_room, b.last_read_seq, p_read => true);
  v_acked := confab.member_reach(p_account, p_room, greatest(b.last_acked_seq, b.last_read_seq), p_read => false);
  if v_read > b.last_read_seq or v_acked > greatest(b.last_acked_seq, b.last_read_seq) or b.added_by is not null then
    update confab.member set added_by = null, last_read_seq = greatest(last_read_seq, v_read),
      last_acked_seq = greatest(last_acked_seq, v_acked)
    where room_id = p_room and account_id = p_account;
  end if;
end $$;

-- receipts_write(account, messages, read): creates the receipts, or marks delivered ones as read, and counts them. The
-- messages are locked, so everything stored about them has a number up to the last one drawn. Each row is found by its
-- whole key. Writes: receipt, message_state, member.
create or replace function confab.receipts_write(p_account bigint, p_messages confab.message[], p_read boolean)
returns void language plpgsql as $$
declare
  m confab.message;
  v_new boolean;
  v_seen bigint := (select case when is_called then last_value else 0 end from confab.log_seq);
begin
  foreach m in array p_messages loop
    insert into confab.receipt as t (room_id, seq, account_id, acked_seq, read_at)
    values (m.room_id, m.seq, p_account, v_seen, case when p_read then now() end)
    on conflict (room_id, seq, account_id) do update set acked_seq = excluded.acked_seq,
      read_at = coalesce(t.read_at, excluded.read_at)
    returning xmax = 0 into v_new;
    update confab.message_state set delivered_count = delivered_count + v_new::int,
      read_count = read_count + p_read::int
    where room_id = m.room_id and seq = m.seq;
  end loop;
  perform confab.member_advance(p_account, r) from (select distinct x.room_id as r from unnest(p_messages) x
                                                    order by 1) rooms;
end $$;

-- receipts_due(account, messages, read): those of the messages for which acknowledging, or reading, changes anything.
create or replace function confab.receipts_due(p_account bigint, p_messages confab.message[], p_read boolean)
returns confab.message[] language plpgsql stable as $$
begin
  return array(
    select m from unnest(p_messages) m
    where (select case when p_read then t.read_at is not null
                  else not exists (select from confab.reaction r where r.room_id = m.room_id and r.seq = m.seq
                                   and r.log_seq > t.acked_seq and r.account_id <> p_account) end
           from confab.receipt t where t.room_id = m.room_id and t.seq = m.seq
             and t.account_id = p_account) is not true);
end $$;

-- receipts_entries(messages, read, single): dispatches to each sender about delivered messages, or to each room about
-- read ones, of about a million bytes each. single: as a Message, not as a list.
create or replace function confab.receipts_entries(p_messages confab.message[], p_read boolean, p_single boolean)
returns confab.entry[] language plpgsql as $$
declare
  v_to record;
  v_list json;
  v_entries confab.entry[] := '{}';
begin
  for v_to in
    select w.room, w.sender, array_agg(w.message) as messages, min((w.message).seq) as first from (
      select t.room, t.sender, m as message, (sum(confab.message_weight(m)) over (partition by t.room, t.sender
        order by m.seq) / 1000000)::bigint as part
      from unnest(p_messages) m
      cross join lateral (select case when p_read then m.room_id end as room, case when not p_read then m.sender_id
                          end as sender) t) w
    group by w.room, w.sender, w.part order by w.room, w.sender, w.part
  loop
    select json_agg(confab.message_excerpted(message_json(confab.message_shared(m))) order by m.seq desc) into v_list
      from unnest(v_to.messages) m;
    v_entries := v_entries || case
      when p_read then confab.log_entry_about(v_to.room, v_to.first, 'readreceipt.dispatch', case when p_single
                                              then v_list -> 0 else v_list end)
      else confab.log_entry(null, array[v_to.sender], 'messagedelivered.dispatch', v_list) end;
  end loop;
  return v_entries;
end $$;

-- receipts_tell(account, messages, read, single): sends the dispatches about receipts that are written. Returns the one
-- for the account. Writes: log.
create or replace function confab.receipts_tell(p_account bigint, p_messages confab.message[], p_read boolean,
  p_single boolean)
returns confab.outcome language plpgsql as $$
declare
  v_entry confab.entry;
  v_entries confab.entry[] := confab.receipts_entries(p_messages, p_read, p_single);
  v_told confab.outcome;
  v_outcome confab.outcome;
begin
  foreach v_entry in array v_entries loop
    v_told := confab.log_append(v_entry);
    v_outcome.seq := v_told.seq;
    if p_read or v_entry.account_ids = array[p_account] then
      v_outcome.dispatch := coalesce(v_outcome.dispatch, v_told.dispatch);
    end if;
  end loop;
  return v_outcome;
end $$;

-- receipts_make(caller, data, read): the common part of message.acknowledged and message.read.
create or replace function confab.receipts_make(p_caller confab.caller, p_data jsonb, p_read boolean)
returns confab.outcome language plpgsql as $$
declare
  v_messages confab.message[] := confab.messages_find(p_caller.account_id, confab.message_ids_value(p_data));
begin
  if p_read then
    v_messages := array(select m from unnest(v_messages) m where m.sender_id <> p_caller.account_id);
  end if;
  -- Lock first and read after that: a single statement would not see the changes of a transaction that it waited for.
  v_messages := confab.messages_lock(v_messages);
  v_messages := confab.receipts_due(p_caller.account_id, v_messages, p_read);
  if v_messages = '{}' then
    return null;
  end if;
  perform confab.receipts_write(p_caller.account_id, v_messages, p_read);
  return confab.receipts_tell(p_caller.account_id, v_messages, p_read, jsonb_typeof(p_data -> 'message_id') <> 'array');
end $$;

-- message.acknowledged: message_id (or a list). Dispatch messagedelivered, a list, to each sender of them. Raises 4002,
-- 4003, 4004.
create or replace function confab.message_acknowledged(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
begin
  return confab.receipts_make(p_caller, p_data, p_read => false);
end $$;

-- message.read: message_id (or a list). Marks messages of others as read, which acknowledges them, too. Dispatch
-- readreceipt to each room: a Message if a single id was given, otherwise a list. Raises 4002, 4003, 4004.
create or replace function confab.message_read(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
begin
  return confab.receipts_make(p_caller, p_data, p_read => true);
end $$;

-- room.read: room_id, seq: marks everything up to seq as read. Never moves backwards. Dispatch roomread. Raises 4002,
-- 4003, 4004. Writes: member, log.
create or replace function confab.room_read(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_known(p_caller.account_id, p_data, 'read');
  v_seq bigint;
  v_entry confab.entry;
  v_outcome confab.outcome;
begin
  perform confab.room_share(v_room.id);
  v_room := confab.room_known(p_caller.account_id, p_data, 'read');
  if not p_data ? 'seq' then
    perform confab.fail_field('seq', 'This field is required.');
  end if;
  v_seq := confab.seq_value(p_data, 'seq');
  v_seq := least(v_seq, confab.room_newest(v_room.id));
  update confab.member set added_by = null
  where room_id = v_room.id and account_id = p_caller.account_id and added_by is not null;
  perform from confab.member where room_id = v_room.id and account_id = p_caller.account_id
    and last_read_seq < v_seq for update;
  if not found then
    return null;
  end if;
  v_entry := confab.log_entry(v_room.id, null, 'roomread.dispatch',
    json_build_object('room_id', v_room.id, 'user', confab.user_ref(p_caller.account_id), 'seq', v_seq));
  v_outcome := confab.log_append(v_entry);
  update confab.member set last_read_seq = greatest(last_read_seq, v_seq), reactions_seen_seq = v_outcome.seq
  where room_id = v_room.id and account_id = p_caller.account_id;
  return v_outcome;
end $$;
