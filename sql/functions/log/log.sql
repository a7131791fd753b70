-- The log: drawing numbers, writing rows, reading them. lib/log/tail.c has the rule of reading and its proof; the
-- functions here keep the conditions of that proof.

-- log_draw(): the next number. From here to the commit every reader waits, so nothing may follow that waits or whose
-- cost depends on the contents of the tables: commands first make their entries (log_entry()), and then number them
-- (log_append()). A commit that is not durable could give the same number twice: synchronous_commit is forced.
create or replace function confab.log_draw()
returns bigint language plpgsql as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  return nextval('confab.log_seq');
end $$;

-- dispatch_text(event, data, seq): a stored dispatch as it is sent.
create or replace function confab.dispatch_text(p_event text, p_data json, p_seq bigint)
returns text language sql immutable as $$
  select '{"eventType":"' || p_event || '","data":' || p_data::text || ',"seq":' || p_seq::text || '}'
$$;

-- log_entry(room, accounts, event, data, effect): a dispatch for its whole audience, ready to be numbered. The room
-- that it tells some accounts of is listed with the messages that it shows.
create or replace function confab.log_entry(p_room uuid, p_accounts bigint[], p_event text, p_data json,
  p_effect json default null)
returns confab.entry language plpgsql as $$
declare
  v_shown uuid[] := confab.shown_messages(p_data);
begin
  perform confab.charge(p_room, p_accounts, octet_length(p_data::text));
  if p_room is null then
    v_shown := v_shown || array_remove(array[confab.room_told(p_event, p_data)], null);
  end if;
  return row(p_room, p_accounts, p_event, p_data, p_effect, v_shown)::confab.entry;
end $$;

-- log_effect(room, accounts, effect): an entry that delivering programs apply but send to nobody.
create or replace function confab.log_effect(p_room uuid, p_accounts bigint[], p_effect json)
returns confab.entry language plpgsql immutable as $$
begin
  return row(p_room, p_accounts, null, null, p_effect, '{}')::confab.entry;
end $$;

-- log_put(seq, entry): writes an entry under a number that was drawn. Returns the dispatch as text. Writes: log.
create or replace function confab.log_put(p_seq bigint, p_entry confab.entry)
returns text language plpgsql as $$
declare
  v_payload text := case when p_entry.event is not null then confab.dispatch_text(p_entry.event, p_entry.data,
    p_seq) end;
begin
  insert into confab.log (seq, room_id, account_ids, effect, payload, message_ids)
  values (p_seq, p_entry.room_id, p_entry.account_ids, p_entry.effect, v_payload, p_entry.message_ids);
  return v_payload;
end $$;

-- log_append(entry): draws a number and writes the entry under it. Returns the dispatch and the number.
create or replace function confab.log_append(p_entry confab.entry)
returns confab.outcome language plpgsql as $$
declare
  v_outcome confab.outcome;
begin
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_put(v_outcome.seq, p_entry);
  return v_outcome;
end $$;

-- log_entry_about(room, message, event, data, effect): log_entry() to a room, about one of its messages (given by seq,
-- the smallest of several). A side of a one-to-one that has deleted it since the message was sent does not get the
-- dispatch.
create or replace function confab.log_entry_about(p_room uuid, p_message bigint, p_event text, p_data json,
  p_effect json default null)
returns confab.entry language plpgsql as $$
begin
  if exists (select from confab.room where id = p_room and pair is not null)
     and exists (select from confab.member where room_id = p_room and history_floor >= p_message) then
    return confab.log_entry(null, array(select account_id from confab.member where room_id = p_room
                                        and history_floor < p_message),
                            p_event, p_data, p_effect);
  end if;
  return confab.log_entry(p_room, null, p_event, p_data, p_effect);
end $$;

-- reply_text(event, data, beside): a dispatch for the asking connection alone; it is not stored. beside: an object of
-- members that stand beside its data, or null.
create or replace function confab.reply_text(p_event text, p_data json, p_beside json default null)
returns text language sql immutable as $$
  select '{"eventType":"' || p_event || '","data":' || p_data::text || coalesce(',' || substr(p_beside::text, 2), '}')
$$;

-- log_floor(): the smallest cursor that can be served; everything above it is kept.
create or replace function confab.log_floor()
returns bigint language plpgsql stable security definer set search_path = '' as $$
begin
  return greatest((select coalesce(min(first_seq) - 1, 0) from confab.log_partition),
                  (select seq from confab.log_trimmed), 0);
end $$;

-- log_state(): the epoch, the floor, the last number drawn, and the head: the greatest committed number that is visible
-- now.
create or replace function confab.log_state()
returns table (epoch text, floor bigint, last_value bigint, head bigint)
language sql stable security definer set search_path = '' as $$
  select e.epoch, confab.log_floor(), case when s.is_called then s.last_value else 0 end,
         greatest((select max(l.seq) from confab.log l), confab.log_floor())
  from confab.epoch e, confab.log_seq s
$$;

-- log_holders(): the transactions that may have drawn a number and have not ended, as virtual transaction ids.
create or replace function confab.log_holders()
returns table (in_recovery boolean, server_start text, holders text)
language sql volatile security definer set search_path = '' as $$
  select pg_is_in_recovery(), pg_postmaster_start_time()::text, coalesce(string_agg(l.virtualtransaction, ','), '')
  from pg_locks l
  where l.locktype = 'relation' and l.granted and l.mode = 'RowExclusiveLock'
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and l.relation = 'confab.log_seq'::regclass and l.virtualtransaction not like '%/0'
$$;

-- log_read(after, limit): rows after a cursor, in order. Volatile, to have a snapshot of its own.
create or replace function confab.log_read(p_after bigint, p_limit int)
returns table (seq bigint, room_id uuid, account_ids bigint[], effect text, payload text, message_ids uuid[],
               stamp bigint, recipient_id bigint)
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  return query
    select l.seq, l.room_id, l.account_ids, l.effect, l.payload, l.message_ids, l.stamp, l.recipient_id
    from confab.log_told l where l.seq > p_after order by l.seq limit p_limit;
end $$;

-- log_read_back(to, limit): rows up to a cursor, newest first. A program that has just started fills its window with
-- them.
create or replace function confab.log_read_back(p_to bigint, p_limit int)
returns table (seq bigint, room_id uuid, account_ids bigint[], payload text, message_ids uuid[], recipient_id bigint)
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  return query
    select l.seq, l.room_id, l.account_ids, l.payload, l.message_ids, l.recipient_id
    from confab.log_told l where l.seq <= p_to order by l.seq desc limit p_limit;
end $$;

-- log_lag(after): how far a reader at this cursor lags: the numbers it has not read, and the age of the oldest dispatch
-- among them.
create or replace function confab.log_lag(p_after bigint)
returns table (lag bigint, milliseconds bigint)
language sql volatile security definer set search_path = '' as $$
  select greatest((select max(l.seq) from confab.log l) - p_after, 0),
         coalesce((select greatest(extract(epoch from clock_timestamp() - l.created_at) * 1000, 0)::bigint
                   from confab.log l where l.seq > p_after order by l.seq limit 1), 0)
$$;

-- log_probe(), log_holds(): the self-test of a reader when it starts: a number drawn here must show in pg_locks until
-- the transaction ends.
create or replace function confab.log_probe()
returns bigint language sql volatile security definer set search_path = '' as $$
  select nextval('confab.log_seq')
$$;

create or replace function confab.log_holds()
returns boolean language sql volatile security definer set search_path = '' as $$
  select exists (select from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.granted
                 and l.mode = 'RowExclusiveLock' and l.relation = 'confab.log_seq'::regclass)
$$;

-- ring(): the doorbell. Called in a transaction of its own, after the commit that it announces.
create or replace function confab.ring()
returns void language sql volatile security definer set search_path = '' as $$
  select pg_notify('confab_doorbell', '')
$$;

-- log_partition_create(first): a partition, attached in a way that does not lock out writers.
create or replace function confab.log_partition_create(p_first bigint)
returns void language plpgsql as $$
declare
  v_name text := format('log_%s', p_first / 1000000);
begin
  execute format('create table confab.%I (like confab.log including defaults including constraints, primary key (seq),
                  check (seq >= %s and seq < %s))', v_name, p_first, p_first + 1000000);
  -- Samples for the planner outlive what is deleted; a new table does not take this from the one it is like.
  execute format('alter table confab.%I alter column payload set statistics 0', v_name);
  execute format('alter table confab.log attach partition confab.%I for values from (%s) to (%s)', v_name, p_first,
                 p_first + 1000000);
  insert into confab.log_partition (first_seq, name) values (p_first, v_name);
end $$;

-- log_maintain(): creates partitions for the next four million numbers, and drops those older than the setting
-- log_days. Programs call it now and then; one at a time does the work. Returns how many it made and dropped.
create or replace function confab.log_maintain()
returns int language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  v_next bigint := (select case when is_called then last_value else 0 end from confab.log_seq) / 1000000 * 1000000;
  v_days numeric := coalesce((confab.setting_value('log_days'))::text::numeric, 7);
  v_newest timestamptz;
  v_first bigint;
  v_done int := 0;
  v_old record;
begin
  if (select max(first_seq) >= v_next + 4000000 from confab.log_partition)
     and not exists (select from confab.log_partition where first_seq + 1000000 <= v_next) then
    return 0;
  end if;
  if not pg_try_advisory_xact_lock(hashtext('confab.log_maintain')) then
    return 0;
  end if;
  -- No loop over the numbers: the variable of such a loop is an integer.
  foreach v_first in array array(select v_next + i * 1000000 from generate_series(0::bigint, 4) i) loop
    if not exists (select from confab.log_partition where first_seq = v_first) then
      perform confab.log_partition_create(v_first);
      v_done := v_done + 1;
    end if;
  end loop;
  for v_old in select first_seq, name from confab.log_partition where first_seq + 1000000 <= v_next
    order by first_seq loop
    execute format('select created_at from confab.%I order by seq desc limit 1', v_old.name) into v_newest;
    exit when v_newest > now() - make_interval(secs => (v_days * 86400)::double precision);
    execute format('drop table confab.%I', v_old.name);
    delete from confab.log_partition where first_seq = v_old.first_seq;
    v_done := v_done + 1;
  end loop;
  return v_done;
exception when lock_not_available then
  return 0;  -- another program is at it; next time
end $$;
