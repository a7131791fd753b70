-- Rooms as they go over the wire.

-- room_json(room): RoomDetail, as in roomcreate, roominfo, roomupdate and inside what is told of members. Lists hold
-- the first 1000. Replaceable in confab_site.
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

-- room_newest(room): the number of its newest message, deleted or not; 0 when there was none.
create or replace function confab.room_newest(p_room uuid)
returns bigint language plpgsql stable as $$
begin
  -- Not max(): that may become a walk through the room.
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

-- room.list: the caller's rooms, newest message first. Reply roomlist.
-- unread counts messages of others after last_read_seq without a receipt of the caller's, up to 1000; mentions are
-- those of them that name the caller.
create or replace function confab.room_list(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_outcome confab.outcome;
  v_list json;
begin
  select coalesce(json_agg(confab.room_item_json(r, p_caller.account_id,
                             case when l.id is not null then message_json(l) end, u.unread, n.mentions, m.last_read_seq)
                           order by coalesce(l.created_at, r.created_at) desc, r.id), '[]')
  into v_list
  from confab.member m
  join confab.room r on r.id = m.room_id
  left join lateral (select * from confab.message x
                     where x.room_id = m.room_id and x.seq > m.history_floor and not x.is_deleted order by x.seq desc
                       limit 1) l on true
  cross join lateral (
    select count(*) unread from (
      select from confab.message x
      where x.room_id = m.room_id and x.seq > greatest(m.last_read_seq, m.since_seq, m.history_floor)
        and x.sender_id <> p_caller.account_id and not x.is_deleted
        and not exists (select from confab.receipt t where t.room_id = x.room_id and t.seq = x.seq
                        and t.account_id = m.account_id and t.read_at is not null)
      order by x.seq desc limit 1000) limited) u
  cross join lateral (
    select count(*) mentions from (
      select from confab.mention y
      where y.account_id = m.account_id and y.room_id = m.room_id and y.seq > greatest(m.last_read_seq, m.since_seq,
        m.history_floor)
        and not exists (select from confab.receipt t where t.room_id = y.room_id and t.seq = y.seq
                        and t.account_id = m.account_id and t.read_at is not null)
        and exists (select from confab.message x where x.room_id = y.room_id and x.seq = y.seq and not x.is_deleted)
      order by y.seq desc limit 1000) limited) n
  where m.account_id = p_caller.account_id and (not m.hidden or l.id is not null);
  v_outcome.reply := confab.reply_text('roomlist.dispatch', v_list);
  return v_outcome;
end $$;

-- room.info: room_id. Reply roominfo. Raises 4002, 4003, 4004.
create or replace function confab.room_info(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_outcome confab.outcome;
begin
  perform confab.check_may(p_caller.account_id, v_room, 'read');
  v_outcome.reply := confab.reply_text('roominfo.dispatch', room_json(v_room));
  return v_outcome;
end $$;
