-- Push: a service of the operator takes unseen messages and delivers them elsewhere. docs/extending.md has an example.
--
-- Sending a message writes nothing for push. The service claims jobs. A claim first reads the new rows of the log and
-- creates a job for each member of the room who has not seen the message. Each job is handed out at least once: until
-- push_done(), and again when its lease is over. Jobs for messages that were acknowledged or read in the meantime are
-- not handed out. A reaction is pushed only to the message's sender; other members find it in their notifications.

-- push_settled(position): the place up to which the log is complete now, starting from a position. lib/log/tail.c has
-- the rule and its proof; here each call takes one look. Holders are read first, then rows: each statement of a
-- volatile function has its own snapshot. Raises 0A000 in a transaction that keeps one snapshot. Writes: push_position.
create or replace function confab.push_settled(p confab.push_position)
returns bigint language plpgsql volatile as $$
declare
  v_hi bigint := (select max(seq) from confab.log);
  v_holders text[];
  v_prefix bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'push_claim() needs a transaction that is READ COMMITTED' using errcode = '0A000';
  end if;
  v_holders := array(select unnest(string_to_array(nullif(holders, ''), ',')) from confab.log_holders());
  if v_holders = '{}' then
    update confab.push_position set fence = null, holders = null;
    return coalesce(v_hi, p.seq);
  elsif p.fence is not null and not p.holders && v_holders then
    update confab.push_position set fence = null, holders = null;
    return p.fence;
  end if;
  select max(seq) into v_prefix
  from (select seq, row_number() over (order by seq) n from confab.log where seq > p.seq order by seq limit 2000) r
    where seq = p.seq + n;
  if p.fence is null and v_hi > coalesce(v_prefix, p.seq) then
    update confab.push_position set fence = v_hi, holders = v_holders;
  end if;
  return coalesce(v_prefix, p.seq);
end $$;

-- push_collect(): makes jobs of the new rows of the log. One caller at a time; the others continue with the existing
-- jobs. Writes: push_position, push_job.
create or replace function confab.push_collect()
returns void language plpgsql volatile as $$
declare
  p confab.push_position;
  v_to bigint;
begin
  if not pg_try_advisory_xact_lock(hashtext('confab.push_collect')) then
    return;
  end if;
  select * into p from confab.push_position;
  if not found then
    insert into confab.push_position (seq) select head from confab.log_state();
    return;
  end if;
  v_to := least(confab.push_settled(p), p.seq + 2000);
  insert into confab.push_job (account_id, room_id, seq, log_seq, notification_type, due_at)
  select b.account_id, m.room_id, m.seq, m.seq,
         confab.notification_type(m, b.account_id),
         now() + make_interval(secs => confab.setting_number('push_delay', 10))
  from confab.log l
  join confab.message m on m.room_id = l.room_id and m.seq = l.seq
  join confab.member b on b.room_id = m.room_id and b.account_id <> m.sender_id and b.since_seq < m.seq
  where l.seq > p.seq and l.seq <= v_to and not confab.is_blocked(b.account_id, m.sender_id)
  union all
  select m.sender_id, m.room_id, m.seq, r.log_seq, 'REACTION',
    now() + make_interval(secs => confab.setting_number('push_delay', 10))
  from confab.log l
  join confab.reaction r on r.room_id = l.room_id and r.log_seq = l.seq
  join confab.message m on m.room_id = r.room_id and m.seq = r.seq and m.sender_id <> r.account_id
  where l.seq > p.seq and l.seq <= v_to and not confab.is_blocked(m.sender_id, r.account_id);
  update confab.push_position set seq = v_to where seq < v_to;
end $$;

-- push_claim(limit, lease): up to limit due jobs, for this caller until the lease is over. Its statements need READ
-- COMMITTED. Returns recipients and content; message is a Message. Writes: push_job, push_position.
create or replace function confab.push_claim(p_limit int default 100, p_lease interval default '1 minute')
returns table (id bigint, account_id bigint, username text, email text, room_id uuid, notification_type text,
               attempts int, message json)
language plpgsql volatile security definer set search_path = confab_site, confab, pg_temp as $$
#variable_conflict use_column
begin
  perform confab.push_collect();
  return query
    with due as (
      select j.* from confab.push_job j where j.due_at <= now() order by j.due_at limit p_limit for update skip locked),
    pending as (
      select j.id from due j
      join confab.member b on b.room_id = j.room_id and b.account_id = j.account_id
      join confab.message m on m.room_id = j.room_id and m.seq = j.seq and not m.is_deleted
      where case j.notification_type when 'REACTION' then exists (select from confab.reaction r
                                                                  where r.room_id = j.room_id and r.seq = j.seq
        and r.log_seq = j.log_seq)
                 and not (j.seq <= b.last_read_seq and j.log_seq <= b.reactions_seen_seq)
            else j.seq > greatest(b.last_read_seq, b.last_acked_seq) end
        and j.log_seq > greatest(b.since_seq, b.history_floor)
        and not exists (select from confab.receipt t where t.room_id = j.room_id and t.seq = j.seq
                        and t.account_id = j.account_id and t.acked_seq >= j.log_seq)),
    gone as (
      delete from confab.push_job j using due d where j.id = d.id and d.id not in (select p.id from pending p)),
    claimed as (
      update confab.push_job j set due_at = now() + p_lease, attempts = j.attempts + 1 from pending p where j.id = p.id
        returning j.*)
    select c.id, c.account_id, a.username, a.email, c.room_id, c.notification_type, c.attempts,
      message_json(message_seen_by(m, c.account_id))
    from claimed c join confab.account a on a.id = c.account_id join confab.message m on m.room_id = c.room_id
      and m.seq = c.seq
    order by c.id;
end $$;

-- push_done(ids): the jobs were delivered. push_retry(ids, after): not delivered; hand them out again later.
create or replace function confab.push_done(p_ids bigint[])
returns void language sql security definer set search_path = '' as $$
  delete from confab.push_job where id = any (p_ids)
$$;

create or replace function confab.push_retry(p_ids bigint[], p_after interval default '1 minute')
returns void language sql security definer set search_path = '' as $$
  update confab.push_job set due_at = now() + p_after where id = any (p_ids)
$$;
