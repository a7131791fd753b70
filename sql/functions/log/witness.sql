-- Detects that the database is not the one that readers have read. After an unannounced restore or failover, numbers
-- that were already sent are drawn again, and a cursor would skip the new rows.

-- log_fingerprint(): the identity that a restored copy does not share: the cluster, the database, the log's table.
create or replace function confab.log_fingerprint()
returns text language sql stable set search_path = '' as $$
  select concat_ws('/', (select system_identifier from pg_catalog.pg_control_system()),
                   (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()),
                   'confab.log'::pg_catalog.regclass::oid)
$$;

-- log_stamp(time): the time of a row in microseconds. It differs between two rows that had the same number one after
-- the other.
create or replace function confab.log_stamp(p_at timestamptz)
returns bigint language sql immutable parallel safe as $$ select (extract(epoch from p_at) * 1000000)::bigint $$;

-- log_continues(now, epoch, seq, stamp): whether the database is the one recorded in the row now, and the row that a
-- reader has seen last still exists. There is nothing to compare if the numbers have started anew since, or if the log
-- is not kept that long.
create or replace function confab.log_continues(p_now confab.epoch, p_epoch text, p_seq bigint, p_stamp bigint)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return coalesce(p_now.fingerprint = confab.log_fingerprint(), false)
     and (p_seq is null or p_now.epoch <> p_epoch or p_seq <= confab.log_floor()
          or exists (select from confab.log where seq = p_seq and confab.log_stamp(created_at) = p_stamp));
end $$;

-- log_witness(epoch, seq, stamp): checks the row of the log, in an epoch, that a reader has seen last; null if it has
-- seen none yet. False when that row is missing though it should exist, or the database is another one. Then the
-- numbers start anew, as after restore_done(). Writes: epoch.
create or replace function confab.log_witness(p_epoch text, p_seq bigint, p_stamp bigint)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  v_now confab.epoch;
begin
  -- In the usual case nothing has changed, and no reader waits for another here.
  select * into v_now from confab.epoch;
  if confab.log_continues(v_now, p_epoch, p_seq, p_stamp) then
    return true;
  end if;
  -- Another reader may have recorded the change meanwhile.
  select * into v_now from confab.epoch for update;
  if v_now.fingerprint is null then
    update confab.epoch set fingerprint = confab.log_fingerprint() returning * into v_now;
  end if;
  if confab.log_continues(v_now, p_epoch, p_seq, p_stamp) then
    return true;
  end if;
  perform confab.restore_done();
  update confab.epoch set fingerprint = confab.log_fingerprint();
  return false;
end $$;
