-- Rooms as they are sent.

-- room_json(room): a RoomDetail, as in roomcreate, roominfo, roomupdate and in dispatches about members. Lists hold the
-- first 1000. Replaceable in confab_site.
create or replace function confab.room_json(r confab.room)
returns json language plpgsql stable as $$
declare
  v_property json := json_build_object('preferences', r.preferences);
  v_members json := case when r.type <> 'OneToOneChat' then confab.members_json(r.id) end;
  v_admins json := case when r.type <> 'OneToOneChat' then confab.admins_json(r.id) end;
begin
  return case r.type
    when 'OneToOneChat' then json_build_object(
      'id', r.id, 'property', v_property, 'created_at', confab.time_text(r.created_at), 'updated_at',
        confab.time_text(r.updated_at),
      'polymorphic_ctype', 1, 'type', r.type, 'participants', confab.users_json(r.pair))
    when 'GroupChat' then json_build_object(
      'id', r.id, 'property', v_property, 'created_at', confab.time_text(r.created_at), 'updated_at',
        confab.time_text(r.updated_at),
      'polymorphic_ctype', 2, 'type', r.type, 'name', r.name, 'description', r.description, 'creator',
        confab.creator_json(r),
      'participants', v_members, 'admins', v_admins, 'max_participants', r.capacity,
      'avatar', r.avatar, 'join_approval_required', r.join_approval_required, 'group_locked', r.group_locked)
    else json_build_object(
      'id', r.id, 'property', v_property, 'created_at', confab.time_text(r.created_at), 'updated_at',
        confab.time_text(r.updated_at),
      'polymorphic_ctype', 3, 'type', r.type, 'name', r.name, 'description', r.description, 'creator',
        confab.creator_json(r),
      'subscribers', v_members, 'moderators', v_admins, 'is_public', r.is_public,
      'avatar', r.avatar, 'max_subscribers', r.capacity)
  end;
end $$;

-- room_newest(room): the number of its newest message, deleted or not; 0 if there was none.
create or replace function confab.room_newest(p_room uuid)
returns bigint language plpgsql stable as $$
begin
  -- max() might become a scan of the whole room.
  return coalesce((select seq from confab.message where room_id = p_room order by seq desc limit 1), 0);
end $$;

-- members_json(room), admins_json(room): a room's members, or its admins, as Users.
create or replace function confab.members_json(p_room uuid)
returns json language plpgsql stable as $$
declare
  v_own boolean := confab.not_own();
begin
  return (select coalesce(json_agg((select user_json(a, v_own) from confab.account a where a.id = m.account_id)
                                   order by m.account_id), '[]')
          from (select account_id from confab.member where room_id = p_room order by account_id limit 1000) m);
end $$;

create or replace function confab.admins_json(p_room uuid)
returns json language plpgsql stable as $$
declare
  v_own boolean := confab.not_own();
begin
  return (select coalesce(json_agg((select user_json(a, v_own) from confab.account a where a.id = m.account_id)
                                   order by m.account_id), '[]')
          from (select account_id from confab.member where room_id = p_room and role = 'admin' order by account_id
                limit 1000) m);
end $$;

create or replace function confab.creator_json(r confab.room)
returns json language plpgsql stable as $$
begin
  return (select user_json(a) from confab.account a where a.id = r.creator_id);
end $$;

-- room_item_json(room, account, last, unread, mentions, last_read): a RoomListItem.
create or replace function confab.room_item_json(r confab.room, p_account bigint, p_last json, p_unread bigint,
  p_mentions bigint, p_last_read bigint)
returns json language plpgsql stable as $$
begin
  return case r.type
    when 'OneToOneChat' then json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at',
        confab.time_text(r.updated_at),
      'polymorphic_ctype', 1, 'type', r.type,
      'peer', (select user_json(a) from confab.account a where a.id = case when r.pair[1] = p_account then r.pair[2]
               else r.pair[1] end),
      'unread', p_unread, 'mentions', p_mentions, 'last_read_seq', p_last_read)
    when 'GroupChat' then json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at',
        confab.time_text(r.updated_at),
      'polymorphic_ctype', 2, 'type', r.type, 'creator', confab.creator_json(r), 'name', r.name, 'description',
        r.description,
      'max_participants', r.capacity, 'avatar', r.avatar, 'join_approval_required', r.join_approval_required,
      'group_locked', r.group_locked, 'unread', p_unread, 'mentions', p_mentions, 'last_read_seq', p_last_read)
    else json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at',
        confab.time_text(r.updated_at),
      'polymorphic_ctype', 3, 'type', r.type, 'creator', confab.creator_json(r), 'name', r.name, 'description',
        r.description,
      'is_public', r.is_public, 'avatar', r.avatar, 'max_subscribers', r.capacity,
      'unread', p_unread, 'mentions', p_mentions, 'last_read_seq', p_last_read)
  end;
end $$;

-- room_unread(member): the number of messages of others after last_read_seq that the member has not read, up to 1000.
-- room_mentions(member): the number of those that mention the member.
create or replace function confab.room_unread(b confab.member)
returns bigint language plpgsql stable as $$
begin
  return (
    select count(*) from (
      select from confab.message x
      where x.room_id = b.room_id and x.seq > greatest(b.last_read_seq, b.since_seq, b.history_floor)
        and x.sender_id <> b.account_id and not x.is_deleted
        and (select t.read_at from confab.receipt t where t.room_id = x.room_id and t.seq = x.seq
             and t.account_id = b.account_id) is null
      order by x.seq desc limit 1000) unread);
end $$;

create or replace function confab.room_mentions(b confab.member)
returns bigint language plpgsql stable as $$
begin
  return (
    select count(*) from (
      select from confab.mention y
      where y.account_id = b.account_id and y.room_id = b.room_id
        and y.seq > greatest(b.last_read_seq, b.since_seq, b.history_floor)
        and (select t.read_at from confab.receipt t where t.room_id = y.room_id and t.seq = y.seq
             and t.account_id = b.account_id) is null
        and (select not x.is_deleted from confab.message x where x.room_id = y.room_id and x.seq = y.seq)
      order by y.seq desc limit 1000) mentions);
end $$;

-- room_last(room, floor): the newest visible message; null if there is none.
create or replace function confab.room_last(p_room uuid, p_floor bigint)
returns confab.message language plpgsql stable as $$
declare
  v_message confab.message;
begin
  select * into v_message from confab.message
  where room_id = p_room and seq > p_floor and not is_deleted order by seq desc limit 1;
  return v_message;
end $$;

-- no_message_json(): a Message of empty values, for clients that know only the reference and expect one where there is
-- none.
create or replace function confab.no_message_json()
returns json language sql immutable as $$
  select json_build_object('id', null, 'room', null, 'sender', null, 'read_receipts', '[]'::json,
                           'reactions', '[]'::json,
    'attachments', '[]'::json, 'parent_message', null, 'forwarded_from', null, 'delivered_to', '[]'::json,
      'content', '',
    'is_deleted', false, 'is_forwarded', false, 'is_edited', false, 'created_at', null, 'updated_at', null)
$$;

-- room_listed(member, plain): a room as an item of a member's list.
create or replace function confab.room_listed(b confab.member, p_plain boolean)
returns json language plpgsql stable as $$
declare
  v_last confab.message := confab.room_last(b.room_id, b.history_floor);
  v_json json;
begin
  if v_last.id is not null then
    v_json := message_json(confab.message_seen(v_last, b.history_floor));
  elsif p_plain and exists (select from confab.room where id = b.room_id and pair is null) then
    v_json := confab.no_message_json();
  end if;
  return (select confab.room_item_json(r, b.account_id, v_json, confab.room_unread(b), confab.room_mentions(b),
                                       b.last_read_seq)
          from confab.room r where r.id = b.room_id);
end $$;

-- rooms_active(account, before, beside, limit): memberships by the time of the newest visible message or, if there is
-- none, the creation of the room, newest first. The order depends only on data that a client has, so it can keep the
-- order. It costs one look at each room of the account; other data is read only for the rooms that are listed.
create or replace function confab.rooms_active(p_account bigint, p_before timestamptz, p_beside uuid, p_limit bigint)
returns table (room_id uuid, at timestamptz) language sql stable as $$
  select a.room_id, a.at from (
    select m.room_id, coalesce(l.created_at, case when not m.hidden
             then (select r.created_at from confab.room r where r.id = m.room_id) end) as at
    from confab.member m
    left join lateral (select x.created_at from confab.message x
                       where x.room_id = m.room_id and x.seq > m.history_floor and not x.is_deleted
                       order by x.seq desc limit 1) l on true
    where m.account_id = p_account) a
  where a.at < p_before or a.at = p_before and a.room_id > p_beside
  order by a.at desc, a.room_id limit p_limit
$$;

-- room_place(at, room): a place in that list, as "before" takes it.
create or replace function confab.room_place(p_at timestamptz, p_room uuid)
returns text language sql immutable as $$
  select (extract(epoch from p_at) * 1000000)::bigint || '/' || p_room
$$;

-- room.list: limit, before: the caller's rooms, most recent activity first, up to about a million bytes. Reply
-- roomlist. With limit or before, or when there are more rooms, it has has_next, and next: the "before" of the next
-- page. Raises 4003.
create or replace function confab.room_list(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 500, 500);
  v_before text[] := regexp_match(p_data ->> 'before', '^(\d{1,18})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
  v_plain boolean := coalesce((select is_plain from confab.session where id = p_caller.session_id), false);
  v_active record;
  v_next text;
  v_item json;
  v_bytes bigint := 0;
  v_list json[] := '{}';
  v_has_next boolean := false;
  v_outcome confab.outcome;
begin
  if v_before is null and not confab.is_falsy(p_data -> 'before') then
    perform confab.fail_field('before', 'Not the next of a list.');
  end if;
  for v_active in
    select * from confab.rooms_active(p_caller.account_id,
      coalesce('epoch'::timestamptz + v_before[1]::bigint * interval '1 microsecond', 'infinity'), v_before[2]::uuid,
        v_limit + 1)
  loop
    v_has_next := cardinality(v_list) = v_limit or v_bytes > 1000000;
    exit when v_has_next;
    v_item := (select confab.room_listed(b, v_plain) from confab.member b
               where b.room_id = v_active.room_id and b.account_id = p_caller.account_id);
    v_bytes := v_bytes + octet_length(v_item::text);
    v_list := v_list || v_item;
    v_next := confab.room_place(v_active.at, v_active.room_id);
  end loop;
  v_outcome.reply := confab.reply_text('roomlist.dispatch', to_json(v_list), case
    when v_has_next then json_build_object('has_next', true, 'next', v_next)
    when p_data ?| array['limit', 'before'] then json_build_object('has_next', false) end);
  return v_outcome;
end $$;

-- room.info: room_id. Reply roominfo with total, the number of members, beside its data. Raises 4002, 4003, 4004.
create or replace function confab.room_info(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_outcome confab.outcome;
begin
  perform confab.check_may(p_caller.account_id, v_room, 'read');
  v_outcome.reply := confab.reply_text('roominfo.dispatch', room_json(v_room), json_build_object(
    'total', (select count(*) from confab.member where room_id = v_room.id)));
  return v_outcome;
end $$;

-- members_after(room, after, search, limit): members by id, whose user names begin with a text. If few accounts have
-- such a name, they are looked up in the room; otherwise the members are filtered.
create or replace function confab.members_after(p_room uuid, p_after bigint, p_search text, p_limit bigint)
returns bigint[] language plpgsql stable as $$
declare
  v_named bigint[];
begin
  if p_search = '' then
    return array(select m.account_id from confab.member m where m.room_id = p_room and m.account_id > p_after
                 order by m.account_id limit p_limit);
  end if;
  v_named := array(select a.id from confab.account a
                   where lower(a.username) ~>=~ p_search and lower(a.username) ~<~ (p_search || U&'\+10FFFF')
                   order by lower(a.username) using ~<~ limit 5000);
  if cardinality(v_named) < 5000 then
    return array(select i from unnest(v_named) i
                 where i > p_after and (select true from confab.member m where m.room_id = p_room and m.account_id = i)
                 order by i limit p_limit);
  end if;
  return array(select m.account_id from confab.member m
               where m.room_id = p_room and m.account_id > p_after
                 and (select starts_with(lower(a.username), p_search) from confab.account a where a.id = m.account_id)
               order by m.account_id limit p_limit);
end $$;

-- room.members: room_id, after (an id), limit, search (the beginning of a name). Reply roommembers, by id.
-- Raises 4002, 4003, 4004.
create or replace function confab.room_members(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_known(p_caller.account_id, p_data, 'read');
  v_after bigint := confab.integer_value(p_data, 'after', -999999999999999999, 999999999999999999, -999999999999999999);
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 200, 50);
  v_search text := lower(normalize(coalesce(confab.text_value(p_data, 'search', 64), ''), nfc));
  v_ids bigint[];
  v_outcome confab.outcome;
begin
  v_ids := confab.members_after(v_room.id, v_after, v_search, v_limit + 1);
  v_outcome.reply := confab.reply_text('roommembers.dispatch', json_build_object(
    'room_id', v_room.id,
    'members', (
      select coalesce(json_agg(json_build_object('user', user_json(a), 'role', m.role,
                                                 'joined_at', confab.time_text(m.joined_at)) order by i.id), '[]')
      from unnest(v_ids[1:v_limit]) i (id)
      cross join lateral (select x.* from confab.member x where x.room_id = v_room.id
                          and x.account_id = i.id offset 0) m
      cross join lateral (select x from confab.account x where x.id = i.id offset 0) a (a)),
    'has_next', cardinality(v_ids) > v_limit,
    'total', (select count(*) from confab.member where room_id = v_room.id)));
  return v_outcome;
end $$;
