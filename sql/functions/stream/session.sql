-- Commands about the caller's own sessions.

-- session_of(caller, data): the open session that a command is about: that of its WebSocket, or the one that
-- data.session_id names. Null when there is none. Raises 4003, 4004.
create or replace function confab.session_of(p_caller confab.caller, p_data jsonb)
returns uuid language plpgsql stable as $$
declare
  v_id uuid;
begin
  if confab.is_falsy(p_data -> 'session_id') then
    return (select id from confab.session where id = p_caller.session_id and account_id = p_caller.account_id);
  end if;
  v_id := confab.uuid_value(p_data -> 'session_id', 'session_id');
  if not exists (select from confab.session where id = v_id and account_id = p_caller.account_id) then
    perform confab.fail_not_found();
  end if;
  return v_id;
end $$;

-- session.heartbeat: session_id, idle: the session's person is present or, if idle, away from the keyboard. Raises
-- 4003, 4004. Writes: session, presence.
create or replace function confab.session_heartbeat(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_idle boolean := confab.switch_value(p_data, 'idle', p_default => false);
  v_id uuid := confab.session_of(p_caller, p_data);
  v_changed boolean;
begin
  if v_id is null then
    return null;
  end if;
  select (idle_since is not null) <> v_idle into v_changed from confab.session where id = v_id;
  update confab.session set last_seen = now(), idle_since = case when v_idle then coalesce(idle_since, now()) end
    where id = v_id;
  if v_changed then
    perform confab.presence_update(array[p_caller.account_id]);
  end if;
  return null;
end $$;

-- session.list: the caller's open streams and log-ins. Reply sessionlist.
create or replace function confab.session_list(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('sessionlist.dispatch', json_build_object(
    'sessions', (
      select coalesce(json_agg(json_build_object('id', s.id, 'transport', s.transport, 'user_agent', s.user_agent,
                                                 'address', s.address,
               'opened_at', confab.time_text(s.opened_at), 'last_seen', confab.time_text(s.last_seen),
               'current', coalesce(s.id = p_caller.session_id, false)) order by s.opened_at desc), '[]')
      from (select * from confab.session where account_id = p_caller.account_id order by opened_at desc limit 200) s),
    'logins', (
      select coalesce(json_agg(json_build_object('id', l.id, 'user_agent', l.user_agent, 'address', l.address,
                                                 'created_at', confab.time_text(l.created_at),
               'last_seen', confab.time_text(l.last_seen), 'expires_at', confab.time_text(l.expires_at),
               'current', l.id = p_caller.login_id) order by l.created_at desc), '[]')
      from (select * from confab.login where account_id = p_caller.account_id and expires_at > now()
            order by created_at desc limit 200) l)));
  return v_outcome;
end $$;

-- session.end: session_id or login_id of the caller: ends its streams, and for a log-in invalidates it. Reply
-- sessionend. Raises 4003, 4004. Writes: session or login, log (effect ended_sessions or ended_logins).
create or replace function confab.session_end(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_login bigint := confab.integer_value(p_data, 'login_id', 0, 999999999999999999, null);
  v_session uuid;
  v_outcome confab.outcome;
begin
  if v_login is not null then
    if not exists (select from confab.login where id = v_login and account_id = p_caller.account_id) then
      perform confab.fail_not_found();
    end if;
    v_outcome.seq := confab.logins_end(p_caller.account_id, array[v_login]);
    v_outcome.reply := confab.reply_text('sessionend.dispatch', json_build_object('login_id', v_login));
  else
    if confab.is_falsy(p_data -> 'session_id') then
      perform confab.fail_field('session_id', 'This field is required.');
    end if;
    v_session := confab.session_of(p_caller, p_data);
    perform confab.stream_close(array[v_session]);
    v_outcome.seq := (confab.log_append(confab.log_effect(null, array[p_caller.account_id],
                                                          json_build_object('ended_sessions', array[v_session])))).seq;
    v_outcome.reply := confab.reply_text('sessionend.dispatch', json_build_object('session_id', v_session));
  end if;
  return v_outcome;
end $$;
