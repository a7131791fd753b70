-- Streams: what the delivering programs ask when one opens and closes.

-- notifications_json(account): {room: [Notification…]}: messages of others that the account has neither read nor joined after.
-- Computed, not stored. The newest 100 of a room, 1000 in all.
create or replace function confab.notifications_json(p_account bigint)
returns json language sql stable as $$
  with pending as (
    select n.*
    from confab.member m
    cross join lateral (
      select x as message, x.room_id, x.seq from confab.message x
      where x.room_id = m.room_id and x.seq > greatest(m.since_seq, m.last_read_seq) and x.sender_id <> p_account and not x.is_deleted
      order by x.seq desc limit 100) n
    where m.account_id = p_account
    order by n.seq desc limit 1000),
  by_room as (
    select p.room_id, json_agg(json_build_object(
        'id', md5((p.message).id::text || p_account)::uuid, 'notification_type', 'NEW_MESSAGE',
        'message', confab.message_json(p.message, a)) order by p.seq desc) list
    from pending p join confab.account a on a.id = (p.message).sender_id
    group by p.room_id)
  select coalesce(json_object_agg(b.room_id, b.list order by r.created_at desc), '{}') from by_room b join confab.room r on r.id = b.room_id
$$;

-- stream_open(token_hash, session, transport, user_agent, address, process): who opens a stream, as what session, a member of what.
--   session  an open session of the caller that goes on (long-poll), or null
-- Returns the account and its memberships [[room, since_seq]…], notifications (null when the setting says no), and how the log stands.
-- Raises 4001. Writes: session.
create or replace function confab.stream_open(p_token_hash bytea, p_session uuid, p_transport text, p_user_agent text, p_address text, p_process text)
returns table (account_id bigint, login_id bigint, session_id uuid, account text, rooms text, notifications text,
               epoch text, floor bigint, last_value bigint)
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
  v_session uuid;
begin
  if p_session is not null then
    update confab.session s set last_seen = now() where s.id = p_session and s.account_id = v_caller.account_id returning s.id into v_session;
  end if;
  if v_session is null then
    insert into confab.session as s (account_id, login_id, transport, process, user_agent, address)
    values (v_caller.account_id, v_caller.login_id, p_transport, p_process, left(p_user_agent, 300), left(p_address, 64))
    returning s.id into v_session;
  end if;
  return query
    select v_caller.account_id, v_caller.login_id, v_session, confab.user_json(a, true)::text,
           (select coalesce(json_agg(json_build_array(m.room_id, m.since_seq)), '[]')::text from confab.member m where m.account_id = a.id),
           case when p_session is null and confab.setting_value('notifications') is distinct from 'false'
             then confab.notifications_json(a.id)::text end,
           l.epoch, l.floor, l.last_value
    from confab.account a, confab.log_state() l where a.id = v_caller.account_id;
end $$;

-- stream_close(sessions): they have ended.
create or replace function confab.stream_close(p_sessions uuid[])
returns void language sql security definer set search_path = '' as $$
  delete from confab.session where id = any (p_sessions)
$$;

-- stream_sweep(process): ends the sessions that an earlier run of a program left, and long-poll chains that nobody continued.
create or replace function confab.stream_sweep(p_process text)
returns void language sql security definer set search_path = '' as $$
  delete from confab.session where process = p_process and (transport <> 'poll' or last_seen < now() - interval '2 minutes')
$$;

-- session.heartbeat: keeps the calling connection's session alive.
create or replace function confab.session_heartbeat(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = '' as $$
begin
  if p_caller.session_id is not null then
    update confab.session set last_seen = now() where id = p_caller.session_id and account_id = p_caller.account_id;
  end if;
  return null::confab.outcome;
end $$;
