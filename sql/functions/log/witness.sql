-- Whether the database still is the one that readers have read: after a restore or a failover that nobody announced,
-- numbers that were told come again, and a cursor would skip what is new.

-- log_fingerprint(): what a restored copy does not share: the cluster, the database, the log's table.
create or replace function confab.log_fingerprint()
returns text language sql stable set search_path = '' as $$
  select concat_ws('/', (select system_identifier from pg_catalog.pg_control_system()),
                   (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()),
                   'confab.log'::pg_catalog.regclass::oid)
$$;

-- log_stamp(time): the time of a row, in microseconds: two rows that had the same number one after the other differ in
-- it.
create or replace function confab.log_stamp(p_at timestamptz)
returns bigint language sql immutable parallel safe as $$ select (extract(epoch from p_at) * 1000000)::bigint $$;

-- log_witness(epoch, seq, stamp): what a reader has seen last: a row of the log, in an epoch; null when it has seen
-- nothing yet. False: that is gone though it should be there, or the database is another one. Then the numbers start
-- anew, as after restore_done(). Writes: epoch.
create or replace function confab.log_witness(p_epoch text, p_seq bigint, p_stamp bigint)
returns boolean language plpgsql security definer set search_path = '' as $$
declare
  v_now text := confab.log_fingerprint();
  v_epoch confab.epoch;
begin
  -- Most of the time there is nothing to settle, and no reader waits for another here.
  select * into v_epoch from confab.epoch;
  if v_epoch.fingerprint = v_now
     and (p_seq is null or v_epoch.epoch <> p_epoch or p_seq <= confab.log_floor()
          or exists (select from confab.log where seq = p_seq and confab.log_stamp(created_at) = p_stamp)) then
    return true;
  end if;
  select * into v_epoch from confab.epoch for update;
  if v_epoch.fingerprint is null then
    update confab.epoch set fingerprint = v_now;
    return confab.log_witness(p_epoch, p_seq, p_stamp);
  end if;
  if v_epoch.fingerprint = v_now and v_epoch.epoch <> p_epoch then
    return true; -- another reader was first
  end if;
  perform confab.restore_done();
  update confab.epoch set fingerprint = v_now;
  return false;
end $$;
