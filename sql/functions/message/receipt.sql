-- Delivery and reading: what acknowledgements write. One statement for however many messages.
--
-- A member's last_read_seq and last_acked_seq move up by themselves over what has a receipt or is the member's own, so that neither unread messages nor
-- notifications are ever looked for in what was dealt with long ago. They stay behind the last seconds: there, a message with a lower number may still be
-- on its way to its commit, and it must not be taken for read.

-- member_advance(account, rooms): moves the two up in each room, at most a thousand messages at once. Writes: member.
create or replace function confab.member_advance(p_account bigint, p_rooms uuid[])
returns void language plpgsql as $$
begin
  update confab.member b
  set last_read_seq = greatest(b.last_read_seq, p.read_to), last_acked_seq = greatest(b.last_acked_seq, p.acked_to)
  from (
    select m.room_id, r.read_to, a.acked_to
    from confab.member m
    cross join lateral (
      select coalesce(min(x.seq) filter (where x.due) - 1, max(x.seq)) read_to
      from (select x.seq, x.sender_id <> p_account and t.read_at is null as due
            from confab.message x left join confab.receipt t on t.room_id = x.room_id and t.seq = x.seq and t.account_id = p_account
            where x.room_id = m.room_id and x.seq > m.last_read_seq and x.created_at < clock_timestamp() - interval '15 seconds' and not x.is_deleted order by x.seq limit 1000) x) r
    cross join lateral (
      select coalesce(min(x.seq) filter (where x.due) - 1, max(x.seq)) acked_to
      from (select x.seq, x.sender_id <> p_account and t.seq is null as due
            from confab.message x left join confab.receipt t on t.room_id = x.room_id and t.seq = x.seq and t.account_id = p_account
            where x.room_id = m.room_id and x.seq > greatest(m.last_acked_seq, m.last_read_seq) and x.created_at < clock_timestamp() - interval '15 seconds' and not x.is_deleted order by x.seq limit 1000) x) a
    where m.account_id = p_account and m.room_id = any (p_rooms)) p
  where b.room_id = p.room_id and b.account_id = p_account and (p.read_to > b.last_read_seq or p.acked_to > b.last_acked_seq);
end $$;

-- receipts_write(account, messages, read, seq): makes the receipts, or makes delivered ones read, and counts them. The messages are locked.
-- seq: the number of the dispatch that tells of it. Writes: receipt, message_state, member.
create or replace function confab.receipts_write(p_account bigint, p_messages confab.message[], p_read boolean, p_seq bigint)
returns void language plpgsql as $$
begin
  with written as (
    insert into confab.receipt as t (room_id, seq, account_id, acked_seq, read_at)
    select m.room_id, m.seq, p_account, p_seq, case when p_read then now() end from unnest(p_messages) m
    on conflict (room_id, seq, account_id) do update set acked_seq = excluded.acked_seq, read_at = coalesce(t.read_at, excluded.read_at)
    returning t.room_id, t.seq, xmax = 0 as new)
  update confab.message_state s
  set delivered_count = s.delivered_count + w.new::int, read_count = s.read_count + p_read::int
  from written w where s.room_id = w.room_id and s.seq = w.seq;
  perform confab.member_advance(p_account, array(select distinct m.room_id from unnest(p_messages) m));
end $$;

-- receipts_due(account, messages, read): those of them of which acknowledging, or reading, would tell anything new.
create or replace function confab.receipts_due(p_account bigint, p_messages confab.message[], p_read boolean)
returns confab.message[] language plpgsql stable as $$
begin
  if p_read then
    return array(select m from unnest(p_messages) m
                 where not exists (select from confab.receipt t where t.room_id = m.room_id and t.seq = m.seq and t.account_id = p_account
                                   and t.read_at is not null));
  end if;
  return array(select m from unnest(p_messages) m
               where not exists (select from confab.receipt t where t.room_id = m.room_id and t.seq = m.seq and t.account_id = p_account
                                 and not exists (select from confab.reaction r where r.room_id = m.room_id and r.seq = m.seq
                                                 and r.log_seq > t.acked_seq and r.account_id <> p_account)));
end $$;

-- receipts_tell(account, messages, read, seq, single): tells each sender of what was delivered, or each room of what was read, in dispatches of about a
-- million bytes: the first by the number that was drawn. single: as a Message, not as a list. Returns what the account is owed.
create or replace function confab.receipts_tell(p_account bigint, p_messages confab.message[], p_read boolean, p_seq bigint, p_single boolean)
returns confab.outcome language plpgsql as $$
declare
  v_to record;
  v_some confab.message[];
  v_list json;
  v_text text;
  v_outcome confab.outcome;
begin
  for v_to in
    select w.room, w.sender, array_agg(w.message) as messages from (
      select t.room, t.sender, m as message, (sum(confab.message_weight(m)) over (partition by t.room, t.sender order by m.seq) / 1000000)::bigint as part
      from unnest(p_messages) m cross join lateral (select case when p_read then m.room_id end as room, case when not p_read then m.sender_id end as sender) t) w
    group by w.room, w.sender, w.part order by w.room, w.sender, w.part
  loop
    v_outcome.seq := case when v_text is null then p_seq else confab.log_draw() end;
    v_some := v_to.messages;
    v_list := confab.messages_json(v_some);
    if p_read then
      v_text := confab.log_write_about(v_outcome.seq, v_to.room, (select min(m.seq) from unnest(v_some) m), 'readreceipt.dispatch',
                                       case when p_single then v_list -> 0 else v_list end);
    else
      v_text := confab.log_write(v_outcome.seq, null, array[v_to.sender], 'messagedelivered.dispatch', v_list);
    end if;
    if p_read or v_to.sender = p_account then
      v_outcome.dispatch := coalesce(v_outcome.dispatch, v_text);
    end if;
  end loop;
  return v_outcome;
end $$;

-- receipts_make(caller, data, read): what message.acknowledged and message.read do.
create or replace function confab.receipts_make(p_caller confab.caller, p_data jsonb, p_read boolean)
returns confab.outcome language plpgsql as $$
declare
  v_messages confab.message[] := confab.messages_find(p_caller.account_id, confab.message_ids_value(p_data));
  v_seq bigint;
begin
  if p_read then
    v_messages := array(select m from unnest(v_messages) m where m.sender_id <> p_caller.account_id);
  end if;
  -- The lock, and then what there is: in one statement, what somebody was waited for would not be seen.
  v_messages := confab.messages_lock(v_messages);
  v_messages := confab.receipts_due(p_caller.account_id, v_messages, p_read);
  if v_messages = '{}' then
    return null;
  end if;
  v_seq := confab.log_draw();
  perform confab.receipts_write(p_caller.account_id, v_messages, p_read, v_seq);
  return confab.receipts_tell(p_caller.account_id, v_messages, p_read, v_seq, jsonb_typeof(p_data -> 'message_id') <> 'array');
end $$;

-- message.acknowledged: message_id (or a list). Dispatch messagedelivered, a list, to each sender of them. Raises 4002, 4003, 4004.
create or replace function confab.message_acknowledged(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
begin
  return confab.receipts_make(p_caller, p_data, false);
end $$;

-- message.read: message_id (or a list). Makes receipts of the messages of others that have none; reading acknowledges. Dispatch readreceipt to each room:
-- a Message where one was asked for, else a list. Raises 4002, 4003, 4004.
create or replace function confab.message_read(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
begin
  return confab.receipts_make(p_caller, p_data, true);
end $$;

-- room.read: room_id, seq: everything up to there was read, whatever it is. Never backwards. Dispatch roomread. Raises 4002, 4003, 4004.
-- Writes: member, log.
create or replace function confab.room_read(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_seq bigint;
  v_newest bigint;
  v_outcome confab.outcome;
begin
  perform confab.room_share(v_room.id);
  perform confab.check_may(p_caller.account_id, v_room, 'read');
  if not p_data ? 'seq' then
    perform confab.fail_field('seq', 'This field is required.');
  end if;
  v_seq := confab.seq_value(p_data, 'seq');
  select max(seq) into v_newest from confab.message where room_id = v_room.id;
  v_seq := least(v_seq, coalesce(v_newest, 0));
  perform from confab.member where room_id = v_room.id and account_id = p_caller.account_id and last_read_seq < v_seq for update;
  if not found then
    return null;
  end if;
  v_outcome.seq := confab.log_draw();
  update confab.member set last_read_seq = greatest(last_read_seq, v_seq), reactions_seen_seq = v_outcome.seq
  where room_id = v_room.id and account_id = p_caller.account_id;
  v_outcome.dispatch := confab.log_write(v_outcome.seq, v_room.id, null, 'roomread.dispatch',
    json_build_object('room_id', v_room.id, 'user', confab.user_ref(p_caller.account_id), 'seq', v_seq));
  return v_outcome;
end $$;
