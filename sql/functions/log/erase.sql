-- Erasing the copies of a deleted message or room, in the log and in forwards. The upkeep does this within minutes;
-- until then log_told (sql/functions/log/deleted.sql) hides them.

-- message_erased(id, seq): records that a message is deleted for good. Writes: erased_message.
create or replace function confab.message_erased(p_id uuid, p_seq bigint)
returns void language sql as $$
  insert into confab.erased_message (id, seq) values (p_id, p_seq) on conflict do nothing
$$;

-- erase_in_log(message, seq): removes a message from the rows of the log that show it; the rows stay. Writes: log.
create or replace function confab.erase_in_log(p_id uuid, p_seq bigint)
returns void language plpgsql set enable_bitmapscan = on as $$
begin
  update confab.log l set payload = null, message_ids = '{}'
  where l.seq = p_seq and l.is_own and l.message_ids = array[p_id];
  update confab.log l
  set payload = confab.payload_now(l.payload, l.message_ids), message_ids = array_remove(l.message_ids, p_id)
  where l.message_ids @> array[p_id] and not l.is_own;
end $$;

-- erase_messages(limit): erases copies of some of the messages deleted for good. Copies of each are searched for during
-- a minute: by then the log has every row that was being written at the deletion. Writes: erased_message, log, message.
create or replace function confab.erase_messages(p_limit int)
returns int language plpgsql as $$
declare
  v_erased record;
  v_done int := 0;
begin
  for v_erased in
    select id, seq, erased_at from confab.erased_message order by erased_at limit p_limit for update skip locked
  loop
    perform confab.erase_in_log(v_erased.id, v_erased.seq);
    update confab.message set forwarded_from = confab.message_stub(forwarded_from)
    where forwarded_from is not null and (forwarded_from ->> 'id')::uuid = v_erased.id and forwarded_from ? 'content';
    if v_erased.erased_at < now() - interval '1 minute' then
      delete from confab.erased_message where id = v_erased.id;
    end if;
    v_done := v_done + 1;
  end loop;
  return v_done;
end $$;

-- erase_room(room, limit): empties some of the log rows about an erased room, except for the dispatch that it is
-- deleted. True when all rows were processed. Writes: log, erased_room.
create or replace function confab.erase_room(p_room uuid, p_limit int)
returns boolean language plpgsql as $$
declare
  v_from bigint := (select swept_seq from confab.erased_room where room_id = p_room);
  v_to bigint;
  v_rows int;
begin
  select max(s.seq), count(*) into v_to, v_rows
  from (select seq from confab.log where seq > v_from order by seq limit p_limit) s;
  update confab.log l set payload = null, message_ids = '{}'
  where l.seq > v_from and l.seq <= v_to and l.room_id = p_room and l.payload is not null;
  update confab.log l set payload = confab.payload_gone(l.payload::json ->> 'eventType', p_room, l.seq),
    message_ids = '{}'
  where l.seq > v_from and l.seq <= v_to and l.room_id is null and position(p_room::text in l.payload) > 0
    and confab.room_told(l.payload::json ->> 'eventType', l.payload::json -> 'data') = p_room;
  update confab.erased_room set swept_seq = v_to where room_id = p_room and v_to is not null;
  return v_rows < p_limit;
end $$;

-- log_trim(limit): removes some of the rows that are older than the setting log_days. It first raises the floor, and
-- removes the rows below it in the next call, when no reader needs them any more. Writes: log, log_trimmed.
create or replace function confab.log_trim(p_limit int)
returns void language plpgsql as $$
declare
  v_days numeric := coalesce((confab.setting_value('log_days'))::text::numeric, 7);
  v_before timestamptz := now() - make_interval(secs => (v_days * 86400)::double precision);
  v_floor bigint := (select seq from confab.log_trimmed);
  v_next bigint;
begin
  delete from confab.log where seq <= v_floor;
  select max(o.seq) into v_next from (
    select s.seq, bool_and(s.created_at < v_before) over (order by s.seq) as is_old
    from (select seq, created_at from confab.log where seq > v_floor order by seq limit p_limit) s) o
  where o.is_old;
  update confab.log_trimmed set seq = v_next where v_next > seq;
end $$;
