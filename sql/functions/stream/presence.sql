-- Presence, derived from open streams. confab.presence holds the state that was last sent about a person.
--
-- A person comes online when their first stream opens; this is sent at once. They go offline when the last one has
-- closed; the upkeep sends this a few seconds later, so a page that is reloaded does not flicker. They are idle when
-- all of their streams report it.

-- presence_now(account): online, idle or offline.
create or replace function confab.presence_now(p_account bigint)
returns text language plpgsql stable as $$
begin
  return (select case when count(*) = 0 then 'offline' when bool_and(idle_since is not null) then 'idle'
          else 'online' end
          from confab.session where account_id = p_account);
end $$;

-- presence_json(account): the data that subscribers get.
create or replace function confab.presence_json(p_account bigint)
returns json language sql stable as $$
  select json_build_object('user', confab.user_ref(a.id), 'status', coalesce(p.status, confab.presence_now(a.id)),
                           'last_seen', confab.time_text(p.last_seen))
  from confab.account a left join confab.presence p on p.account_id = a.id where a.id = p_account
$$;

-- presence_asked(account): the streams that subscribe to the account, by name or through a room.
create or replace function confab.presence_asked(p_account bigint)
returns uuid[] language plpgsql stable as $$
begin
  return array(
    select b.session_id from confab.presence_subscription b where b.account_id = p_account
    union
    select b.session_id from confab.member m join confab.presence_subscription b on b.room_id = m.room_id
      where m.account_id = p_account);
end $$;

-- presence_audience(sessions, account): those of the sessions whose accounts share a room with the account and are not
-- blocked by it.
create or replace function confab.presence_audience(p_sessions uuid[], p_account bigint)
returns table (session_id uuid, account_id bigint) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query select s.id, s.account_id from confab.session s
  where s.id = any (p_sessions)
    and exists (select from confab.member x join confab.member y on y.room_id = x.room_id
                where x.account_id = p_account and y.account_id = s.account_id)
    and not exists (select from confab.block k where k.account_id = p_account and k.blocked_id = s.account_id);
end $$;

-- presence_tell(account): signals the current presence to the subscribers, in notifications of a hundred streams.
create or replace function confab.presence_tell(p_account bigint)
returns void language plpgsql as $$
declare
  v_data json;
  -- Two statements: a single one, planned with the statistics of an empty table, scans all sessions.
  v_sessions uuid[] := confab.presence_asked(p_account);
  v_accounts bigint[];
begin
  if v_sessions = '{}' then
    return;
  end if;
  select array_agg(session_id), array_agg(account_id) into v_sessions, v_accounts
    from confab.presence_audience(v_sessions, p_account);
  if v_sessions is null then
    return;
  end if;
  v_data := confab.presence_json(p_account);
  for i in 1 .. cardinality(v_sessions) by 100 loop
    perform confab.signal(jsonb_build_object('accounts', array(select distinct unnest(v_accounts[i : i + 99])),
                                             'sessions', v_sessions[i : i + 99]), 'presence.dispatch', v_data);
  end loop;
end $$;

-- presence_update(accounts): records the current presence and signals the changes. Writes: presence.
create or replace function confab.presence_update(p_accounts bigint[])
returns void language plpgsql as $$
declare
  v_account bigint;
begin
  for v_account in
    insert into confab.presence as p (account_id, status)
    select a, confab.presence_now(a) from unnest(p_accounts) a order by a
    on conflict (account_id) do update set status = excluded.status, last_seen = now() where p.status <> excluded.status
    returning account_id
  loop
    perform confab.presence_tell(v_account);
  end loop;
end $$;

-- presence_arrive(account): called when a stream of the account opens. In the usual case its presence does not change,
-- and nothing is written.
create or replace function confab.presence_arrive(p_account bigint)
returns void language plpgsql as $$
begin
  if not exists (select from confab.presence where account_id = p_account and status = 'online') then
    perform confab.presence_update(array[p_account]);
  end if;
end $$;

-- presence_refresh(): updates everybody whose streams have closed or become idle. For the upkeep.
create or replace function confab.presence_refresh()
returns void language plpgsql as $$
begin
  perform confab.presence_update(array(
    select p.account_id
    from confab.presence p
    left join (select account_id, bool_and(idle_since is not null) as idle from confab.session
               group by account_id) s on s.account_id = p.account_id
    where p.status <> 'offline' and p.status <> case when s.idle is null then 'offline' when s.idle then 'idle'
      else 'online' end
    order by 1 limit 1000));
end $$;

-- presence_lists(data): the existing users of data.users, and data.rooms; empty if absent. Raises 4003.
create or replace function confab.presence_lists(p_data jsonb, out p_users bigint[], out p_rooms uuid[])
language plpgsql as $$
begin
  p_data := jsonb_strip_nulls(p_data);
  if coalesce(jsonb_typeof(p_data -> 'users'), 'array') <> 'array' then
    perform confab.fail_field('users', 'Expected a list of items.');
  elsif coalesce(jsonb_typeof(p_data -> 'rooms'), 'array') <> 'array' then
    perform confab.fail_field('rooms', 'Expected a list of items.');
  elsif jsonb_array_length(coalesce(p_data -> 'rooms', '[]')) > 200 then
    perform confab.fail_validation('At most 200 rooms at once.');
  end if;
  p_users := confab.account_ids_value(p_data -> 'users');
  p_rooms := array(select confab.uuid_value(e, 'rooms') from jsonb_array_elements(coalesce(p_data -> 'rooms', '[]')) e);
end $$;

-- presence_targets(caller, data): the same without users and rooms that the caller shares no room with. Raises 4003,
-- 4004.
create or replace function confab.presence_targets(p_caller confab.caller, p_data jsonb, out p_users bigint[],
  out p_rooms uuid[])
language plpgsql as $$
declare
  v_room uuid;
begin
  select l.p_users, l.p_rooms into p_users, p_rooms from confab.presence_lists(p_data) l;
  p_users := array(select u from unnest(p_users) u
                   where exists (select from confab.member x join confab.member y on y.room_id = x.room_id
                                 where x.account_id = p_caller.account_id and y.account_id = u));
  if exists (select from unnest(p_rooms) r where not confab.is_member(p_caller.account_id, r)) then
    perform confab.fail_not_found();
  end if;
end $$;

-- presence.subscribe: users, rooms, session_id. Reply presencelist: the current presence; changes follow as presence
-- signals. Raises 4003, 4004. Writes: presence_subscription.
create or replace function confab.presence_subscribe(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_session uuid := confab.session_of(p_caller, p_data);
  v_users bigint[];
  v_rooms uuid[];
  v_outcome confab.outcome;
begin
  if v_session is null then
    perform confab.fail_field('session_id', 'This field is required.');
  end if;
  select p_users, p_rooms into v_users, v_rooms from confab.presence_targets(p_caller, p_data);
  insert into confab.presence_subscription (session_id, account_id) select v_session, u from unnest(v_users) u
    on conflict do nothing;
  insert into confab.presence_subscription (session_id, room_id) select v_session, r from unnest(v_rooms) r
    on conflict do nothing;
  v_outcome.reply := confab.reply_text('presencelist.dispatch', json_build_object('users', (
    select coalesce(json_agg(confab.presence_json(shown.id) order by shown.id), '[]')
    from (select u as id from unnest(v_users) u
          union
          (select m.account_id from confab.member m where m.room_id = any (v_rooms) order by 1 limit 1000)) shown
    where not exists (select from confab.block k where k.account_id = shown.id
                      and k.blocked_id = p_caller.account_id))));
  return v_outcome;
end $$;

-- presence.unsubscribe: users, rooms, session_id; without lists, all subscriptions. Raises 4002, 4003, 4004. Writes:
-- presence_subscription.
create or replace function confab.presence_unsubscribe(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_session uuid := confab.session_of(p_caller, p_data);
  v_users bigint[];
  v_rooms uuid[];
begin
  if v_session is null then
    perform confab.fail_field('session_id', 'This field is required.');
  end if;
  select p_users, p_rooms into v_users, v_rooms from confab.presence_lists(p_data);
  delete from confab.presence_subscription
  where session_id = v_session
    and (not jsonb_strip_nulls(p_data) ?| array['users', 'rooms'] or account_id = any (v_users)
         or room_id = any (v_rooms));
  return null;
end $$;
