-- Expiry of old messages, the upkeep as a command, and the step after a restore from a backup.

-- room_expire(room, days, limit): removes a room's messages older than days, the oldest first, and returns them. The
-- setting message_soft_delete decides whether they leave the tables or are only hidden. Nobody is notified: clients
-- keep the messages that they show. Writes: retention, message, and with it message_state, message_version, attachment,
-- mention, receipt, reaction.
create or replace function confab.room_expire(p_room uuid, p_days numeric, p_limit int)
returns confab.message[] language plpgsql as $$
declare
  v_before timestamptz := now() - make_interval(secs => (p_days * 86400)::double precision);
  v_gone bigint := coalesce((select expired_seq from confab.retention where room_id = p_room), 0);
  v_messages confab.message[];
begin
  v_messages := array(
    select old from (select m as old, bool_and(m.created_at < v_before) over (order by m.seq) as is_old
                     from (select * from confab.message where room_id = p_room and seq > v_gone order by seq
                           limit p_limit) m) n
    where is_old order by (old).seq);
  if v_messages = '{}' then
    return v_messages;
  end if;
  perform confab.messages_lock(v_messages);
  perform confab.messages_delete(v_messages);
  if confab.setting_on('message_soft_delete') then
    delete from confab.message_state s where s.room_id = p_room and s.seq in (select m.seq from unnest(v_messages) m)
      and s.delivered_count = 0 and s.read_count = 0 and s.reaction_counts = '{}';
  end if;
  insert into confab.retention (room_id, expired_seq) values (p_room, v_messages[cardinality(v_messages)].seq)
  on conflict (room_id) do update set expired_seq = excluded.expired_seq;
  return v_messages;
end $$;

-- messages_expire(limit): removes some of the messages that are older than the room's keep_days or the setting
-- message_days, room after room. is_over: all rooms have been visited. Writes: as room_expire, upkeep, log (effect
-- deleted).
create or replace function confab.messages_expire(p_limit int default 1000, out deleted int, out is_over boolean)
language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_days numeric := coalesce(nullif(confab.setting_value('message_days'), 'null')::text::numeric, 0);
  v_place uuid;
  v_room record;
  v_seen int := 0;
  v_gone confab.message[];
  v_all confab.message[] := '{}';
begin
  deleted := 0;
  is_over := true;
  if (v_days <= 0 and not exists (select from confab.retention where keep_days > 0))
    or not pg_try_advisory_xact_lock(hashtext('confab.messages_expire')) then
    return;
  end if;
  insert into confab.upkeep (name, place) values ('messages_expire', '00000000-0000-0000-0000-000000000000')
    on conflict do nothing;
  select place into v_place from confab.upkeep where name = 'messages_expire';
  for v_room in
    select r.id, coalesce(t.keep_days, v_days) as days from confab.room r
      left join confab.retention t on t.room_id = r.id
    where r.id > v_place and coalesce(t.keep_days, v_days) > 0 order by r.id limit 200
  loop
    v_seen := v_seen + 1;
    v_gone := confab.room_expire(v_room.id, v_room.days, p_limit - deleted);
    v_all := v_all || v_gone;
    deleted := cardinality(v_all);
    exit when deleted >= p_limit;  -- this room may have more
    v_place := v_room.id;
  end loop;
  is_over := v_seen < 200 and deleted < p_limit;
  update confab.upkeep set place = case when is_over then '00000000-0000-0000-0000-000000000000' else v_place end
    where name = 'messages_expire';
  if deleted > 0 then
    perform confab.log_append(confab.log_effect(null, null, confab.effect_deleted(v_all)));
  end if;
end $$;

-- room_keep(room, days): sets how long this room's messages are kept: 0 keeps them for ever, null follows the setting.
-- False when there is no such room. Writes: retention.
create or replace function confab.room_keep(p_room uuid, p_days numeric)
returns boolean language plpgsql security definer set search_path = '' as $$
begin
  insert into confab.retention (room_id, keep_days) select r.id, p_days from confab.room r where r.id = p_room
  on conflict (room_id) do update set keep_days = excluded.keep_days;
  return found;
end $$;

-- restore_done(): for a restore from a backup, or the promotion of a standby that may lack commits. Numbers that were
-- handed out after the backup may be used again, so this changes the epoch and moves the numbering far ahead, and every
-- connected client starts anew. Writes: epoch, session, process, presence.
create or replace function confab.restore_done(out epoch text, out last_value bigint)
language plpgsql security definer set search_path = '' as $$
begin
  select (l.last_value / 1000000 + 1000) * 1000000 into last_value from confab.log_state() l;
  -- The programs' upkeep makes the log's other partitions for the new numbers.
  perform confab.log_partition_create(last_value);
  update confab.epoch e set epoch = substr(md5(gen_random_uuid()::text), 1, 8) returning e.epoch into epoch;
  delete from confab.presence_subscription;
  delete from confab.session;
  delete from confab.process;
  update confab.presence set status = 'offline', last_seen = now() where status <> 'offline';
  perform pg_notify('confab_doorbell', 'anew');
  -- Last, because a sequence keeps its value even if the transaction is rolled back.
  perform setval('confab.log_seq', last_value);
end $$;

-- status(): the state of the whole system for a person to read: lines of a name and a value.
create or replace function confab.status()
returns table (name text, value text) language sql volatile set search_path = '' as $$
  select 'role of the programs', format('%s, which they share', pg_catalog.pg_get_userbyid(n.nspowner))
    from pg_catalog.pg_namespace n
    where n.nspname = 'confab' and pg_catalog.pg_get_userbyid(n.nspowner) <> 'confab_owner'
  union all select 'epoch', l.epoch from confab.log_state() l
  union all select 'head', l.head::text from confab.log_state() l
  union all select 'floor', l.floor::text from confab.log_state() l
  union all select 'last number drawn', l.last_value::text from confab.log_state() l
  union all (select 'partition ' || p.name, format('from %s, %s', p.first_seq,
                                                   pg_size_pretty(pg_total_relation_size(to_regclass('confab.'
    || quote_ident(p.name)))))
             from confab.log_partition p order by p.first_seq)
  union all (select 'program ' || p.name, format('heard of %s s ago',
                                                 greatest(round(extract(epoch from clock_timestamp() - p.alive_at)), 0))
             from confab.process p order by p.name)
  union all (select format('streams %s %s', s.transport, s.process), count(*)::text from confab.session s
             group by s.transport, s.process order by s.process, s.transport)
  union all (select 'holds a number ' || coalesce('pid ' || l.pid, 'prepared'),
                    format('for %s s, %s, %s', round(extract(epoch from clock_timestamp() - a.xact_start)),
                           a.application_name, a.state)
             from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
             where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and l.relation = 'confab.log_seq'::regclass
               and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
               and (a.xact_start is null or a.xact_start < clock_timestamp() - interval '1 second')
                 order by a.xact_start)
  union all (select 'prepared transaction ' || x.gid, format('since %s by %s', x.prepared, x.owner)
             from pg_catalog.pg_prepared_xacts x where x.database = current_database() order by x.prepared)
  union all select 'push jobs', format('%s, %s of them due', count(*), count(*) filter (where j.due_at <= now()))
    from confab.push_job j
  union all select 'erased rooms to collect', count(*)::text from confab.erased_room
$$;
