-- Statements that the delivering programs run when a stream opens or closes, and every few seconds.

-- sessions_trim(account): ends the account's sessions that outlive a response (long-polls) beyond a hundred, least
-- recently used first. Rows that another transaction has locked are in use and stay. Writes: session.
create or replace function confab.sessions_trim(p_account bigint)
returns void language sql as $$
  delete from confab.session where id in (
    select s.id from confab.session s where s.id in (
      select o.id from confab.session o where o.account_id = p_account and confab.keeps_session(o.transport)
      order by o.last_seen desc, o.id offset 100)
    for update skip locked)
$$;

-- stream_open(token_hash or ticket_hash, session, transport, user_agent, address, process, notifications,
-- plain): identifies the caller of a stream, makes its session, and reads its memberships.
--   session        an open session of the caller to continue (long-poll), or null
--   plain          the client knows only the reference: it did not ask for confab.v1
--   notifications  whether to return missed messages, which costs more than all the rest
-- Returns the account and its memberships [[room, since_seq]…], notifications (null when the setting says no), and the
-- state of the log. Raises 4001. Writes: session, presence; uses a ticket up.
create or replace function confab.stream_open(p_token_hash bytea, p_session uuid, p_transport text, p_user_agent text,
  p_address text, p_process text,
  p_notifications boolean default true, p_plain boolean default false)
returns table (account_id bigint, login_id bigint, session_id uuid, account text, rooms text, notifications text,
               epoch text, floor bigint, last_value bigint)
language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
#variable_conflict use_column
declare
  v_caller confab.caller := confab.authenticate(confab.ticket_redeem(p_token_hash));
  v_session uuid;
begin
  if p_session is not null then
    update confab.session s set last_seen = now(), process = p_process where s.id = p_session
      and s.account_id = v_caller.account_id returning s.id into v_session;
  end if;
  if v_session is null then
    perform confab.login_hold(v_caller.login_id);
    insert into confab.session as s (account_id, login_id, transport, process, user_agent, address, is_plain)
    values (v_caller.account_id, v_caller.login_id, p_transport, p_process, left(p_user_agent, 300),
            left(p_address, 64), p_plain)
    returning s.id into v_session;
    perform confab.presence_arrive(v_caller.account_id);
    if confab.keeps_session(p_transport) then
      perform confab.sessions_trim(v_caller.account_id);
    end if;
  end if;
  return query
    select v_caller.account_id, v_caller.login_id, v_session, user_json(a, true)::text,
           (select coalesce(json_agg(json_build_array(m.room_id, m.since_seq)), '[]')::text from confab.member m
            where m.account_id = a.id),
           case when p_notifications and not confab.setting_off('enable_notification')
             then confab.notifications_json(a.id)::text end,
           -- log_state() would also look for the head.
           e.epoch, confab.log_floor(), case when l.is_called then l.last_value else 0 end
    from confab.account a, confab.epoch e, confab.log_seq l where a.id = v_caller.account_id;
end $$;

-- stream_open_all(requests, process): stream_open() for each of a list of {token (the hash, in hexadecimal digits),
-- session, transport, user_agent, address, notifications}, in one transaction, which bounds the
-- cost of a reconnect storm. place counts from 1. A refused request has failed, an SQLSTATE, and detail; the others are
-- not affected. Each request is a subtransaction: 64 of them are cheap.
create or replace function confab.stream_open_all(p_requests jsonb, p_process text)
returns table (place bigint, failed text, detail text, account_id bigint, login_id bigint, session_id uuid,
               account text, rooms text, notifications text,
               epoch text, floor bigint, last_value bigint, login_key text)
language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
#variable_conflict use_column
declare
  v_request jsonb;
  v_place bigint;
  v_detail text;
begin
  for v_place, v_request in 
    -- In the order of the accounts: each takes the lock of its presence, and other programs open streams of the same
    -- accounts.
    select o, r from jsonb_array_elements(p_requests) with ordinality e (r, o)
    order by (select l.account_id from confab.login l where l.token_hash = decode(r ->> 'token', 'hex')), o loop
    begin
      return query
        select v_place, null::text, null::text, s.*, confab.login_key(s.login_id)
        from confab.stream_open(decode(v_request ->> 'token', 'hex'), (v_request ->> 'session')::uuid,
                                v_request ->> 'transport',
                                v_request ->> 'user_agent', v_request ->> 'address', p_process,
                                  coalesce((v_request ->> 'notifications')::boolean, true),
                                coalesce((v_request ->> 'plain')::boolean, false)) s;
    exception when sqlstate 'C4001' then
      get stacked diagnostics v_detail = pg_exception_detail;
      place := v_place;
      failed := 'C4001';
      detail := v_detail;
      return next;
    end;
  end loop;
end $$;

-- keeps_session(transport): whether a session of this kind outlives one response.
create or replace function confab.keeps_session(p_transport text)
returns boolean language sql stable as $$
  select t.keeps_session from confab.transport t where t.name = p_transport
$$;

-- stream_close(sessions): removes sessions whose streams have ended.
create or replace function confab.stream_close(p_sessions uuid[])
returns void language sql security definer set search_path = '' as $$
  delete from confab.session where id = any (p_sessions)
$$;

-- stream_sweep(process): called when a program starts and knows that no earlier run of it is alive. Ends the sessions
-- that earlier runs have left, and registers the program as alive. The part of a process name before the # is the same
-- in every run of a program, and unique to the program and its host.
create or replace function confab.stream_sweep(p_process text)
returns void language sql security definer set search_path = '' as $$
  delete from confab.session where split_part(process, '#', 1) = split_part(p_process, '#', 1)
    and not confab.keeps_session(transport);
  delete from confab.process where split_part(name, '#', 1) = split_part(p_process, '#', 1) and name <> p_process;
  insert into confab.process (name) values (p_process) on conflict (name) do update set alive_at = now()
$$;

-- stream_leave(process): called when a program ends. Long-polls may be continued elsewhere.
create or replace function confab.stream_leave(p_process text)
returns void language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
begin
  delete from confab.session where process = p_process and not confab.keeps_session(transport);
  delete from confab.process where name = p_process;
  perform confab.presence_refresh();
end $$;

-- stream_upkeep(process): called every few seconds by each delivering program to report that it is alive. One of them
-- at a time looks after the others: it ends the sessions of programs that are silent and of long-polls that nobody
-- continues, announces people as offline, maintains the log's partitions, collects the contents of deleted rooms, and
-- deletes expired messages. False: this program was taken for dead and its sessions are gone, so its streams have to
-- open again.
create or replace function confab.stream_upkeep(p_process text)
returns boolean language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_last timestamptz;
begin
  select alive_at into v_last from confab.process where name = p_process;
  insert into confab.process (name) values (p_process) on conflict (name) do update set alive_at = now();
  -- A program that was silent itself does not judge the others.
  if v_last is null or v_last < now() - interval '15 seconds'
    or not pg_try_advisory_xact_lock(hashtext('confab.stream_upkeep')) then
    return v_last is not null;
  end if;
  with dead as (delete from confab.process where alive_at < now() - interval '30 seconds' returning name)
  delete from confab.session s using dead where s.process = dead.name and not confab.keeps_session(s.transport);
  delete from confab.session
  where confab.keeps_session(transport)
    and last_seen < now() - make_interval(secs => greatest(confab.setting_number('inactivity_threshold', 60), 60));
  perform confab.presence_refresh();
  delete from confab.typing where told_at < now() - interval '1 hour';
  perform confab.collect_erased(5000);
  perform confab.erase_messages(1000);
  perform confab.erase_reactions(1000);
  perform confab.room_texts_upkeep(20000);
  perform confab.log_trim(5000);
  perform confab.messages_expire(1000);
  perform confab.words_sampled();
  return true;
end $$;
