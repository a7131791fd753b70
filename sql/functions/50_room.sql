-- Rooms.

-- room_detail_json(room): RoomDetail, as in roomcreate and roominfo.
create or replace function confab.room_detail_json(r confab.room)
returns json language plpgsql stable as $$
declare
  v_ids bigint[] := array(select m.account_id from confab.member m where m.room_id = r.id);
  v_admins bigint[];
  v_head jsonb := jsonb_build_object('preferences', r.preferences);
begin
  if r.type = 'OneToOneChat' then
    return json_build_object(
      'id', r.id, 'property', v_head, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 1, 'type', r.type, 'participants', confab.users_json(r.pair));
  end if;
  v_admins := array(select m.account_id from confab.member m where m.room_id = r.id and m.role = 'admin');
  if r.type = 'GroupChat' then
    return json_build_object(
      'id', r.id, 'property', v_head, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 2, 'type', r.type, 'name', r.name, 'description', r.description, 'creator', confab.creator_json(r),
      'participants', confab.users_json(v_ids), 'admins', confab.users_json(v_admins), 'max_participants', r.capacity,
      'avatar', r.avatar, 'join_approval_required', r.join_approval_required, 'group_locked', r.group_locked);
  end if;
  return json_build_object(
    'id', r.id, 'property', v_head, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
    'polymorphic_ctype', 3, 'type', r.type, 'name', r.name, 'description', r.description, 'creator', confab.creator_json(r),
    'subscribers', confab.users_json(v_ids), 'moderators', confab.users_json(v_admins), 'is_public', r.is_public,
    'avatar', r.avatar, 'max_subscribers', r.capacity);
end $$;

create or replace function confab.creator_json(r confab.room)
returns json language sql stable as $$
  select confab.user_json(a) from confab.account a where a.id = r.creator_id
$$;

-- room_item_json(room, account): what stands before and behind last_message in a RoomListItem.
create or replace function confab.room_item_json(r confab.room, p_account bigint, p_last json, p_unread bigint, p_last_read bigint)
returns json language sql stable as $$
  select case r.type
    when 'OneToOneChat' then json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 1, 'type', r.type,
      'peer', (select confab.user_json(a) from confab.account a where a.id = case when r.pair[1] = p_account then r.pair[2] else r.pair[1] end),
      'unread', p_unread, 'last_read_seq', p_last_read)
    when 'GroupChat' then json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 2, 'type', r.type, 'creator', confab.creator_json(r), 'name', r.name, 'description', r.description,
      'max_participants', r.capacity, 'avatar', r.avatar, 'join_approval_required', r.join_approval_required,
      'group_locked', r.group_locked, 'unread', p_unread, 'last_read_seq', p_last_read)
    else json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 3, 'type', r.type, 'creator', confab.creator_json(r), 'name', r.name, 'description', r.description,
      'is_public', r.is_public, 'avatar', r.avatar, 'max_subscribers', r.capacity, 'unread', p_unread, 'last_read_seq', p_last_read)
  end
$$;

-- room_insert(room, members, admins): a new room with its members, announced to them. Returns the outcome for its creator.
-- Writes: room, member, log (effect joined).
create or replace function confab.room_insert(p_room confab.room, p_members bigint[], p_admins bigint[])
returns confab.outcome language plpgsql as $$
declare
  v_outcome confab.outcome;
begin
  insert into confab.room select p_room.*;
  v_outcome.seq := confab.log_draw();
  insert into confab.member (room_id, account_id, since_seq, role)
  select p_room.id, m, v_outcome.seq, case when m = any (p_admins) then 'admin' else 'member' end from unnest(p_members) m;
  v_outcome.dispatch := confab.log_write(v_outcome.seq, p_room.id, null, 'roomcreate.dispatch', confab.room_detail_json(p_room),
                                         json_build_object('joined', p_members));
  return v_outcome;
end $$;

-- room_preferences(extra): extra_fields.property.preferences, checked.
create or replace function confab.room_preferences(p_extra jsonb)
returns jsonb language plpgsql immutable as $$
declare
  v_property jsonb := p_extra -> 'property';
  v_preferences jsonb := v_property -> 'preferences';
begin
  if v_property is null or v_property in ('null', 'false', '0', '""', '[]', '{}') then
    return '{}';
  elsif jsonb_typeof(v_property) <> 'object' then
    perform confab.fail_validation('Room property must be a python dictionary/javascript object');
  elsif v_preferences is null or v_preferences in ('null', 'false', '0', '""', '[]') then
    return '{}';
  elsif jsonb_typeof(v_preferences) <> 'object' then
    perform confab.fail_validation('preferences must be a python dictionary/javascript object');
  end if;
  return v_preferences;
end $$;

create or replace function confab.room_create_one_to_one(p_account bigint, p_data jsonb, p_room confab.room)
returns confab.outcome language plpgsql as $$
declare
  v_pair bigint[] := array(select distinct x from unnest(confab.account_ids_value(p_data -> 'participants') || p_account) x order by x);
  v_existing uuid;
begin
  if cardinality(v_pair) <> 2 then
    perform confab.fail_validation('A one to one chat can only have 2 participants');
  end if;
  -- Two who open the same chat at once: the second waits here and then finds the first one's.
  perform pg_advisory_xact_lock(hashtextextended(v_pair::text, 7));
  select id into v_existing from confab.room where pair = v_pair;
  if found then
    perform confab.fail_validation('Chat already exists', jsonb_build_object('room_id', v_existing));
  end if;
  p_room.pair := v_pair;
  return confab.room_insert(p_room, v_pair, '{}');
end $$;

create or replace function confab.room_create_named(p_account bigint, p_data jsonb, p_room confab.room)
returns confab.outcome language plpgsql as $$
declare
  v_group boolean := p_room.type = 'GroupChat';
  v_members bigint[] := array(select distinct x from unnest(
    confab.account_ids_value(p_data -> case when v_group then 'participants' else 'subscribers' end) || p_account) x order by x);
begin
  if not p_data ? 'name' then
    perform confab.fail_field('name', 'This field is required.');
  elsif p_data ->> 'name' is null then
    perform confab.fail_field('name', 'This field may not be null.');
  end if;
  p_room.name := trim(confab.text_value(p_data, 'name', 64));
  if p_room.name = '' then
    perform confab.fail_field('name', 'This field may not be blank.');
  end if;
  p_room.description := confab.text_value(p_data, 'description', 4000);
  p_room.avatar := confab.text_value(p_data, 'avatar', 200);
  if p_room.avatar !~ '^https?://[^\s<>"]+$' then
    perform confab.fail_field('avatar', 'Enter a valid URL.');
  end if;
  p_room.creator_id := p_account;
  p_room.capacity := case when v_group then confab.capacity_value(p_data, 'max_participants', 100)
                     else confab.capacity_value(p_data, 'max_subscribers', 300) end;
  if v_group then
    p_room.join_approval_required := confab.boolean_value(p_data, 'join_approval_required', false);
    p_room.group_locked := confab.boolean_value(p_data, 'group_locked', false);
  else
    p_room.is_public := confab.boolean_value(p_data, 'is_public', false);
  end if;
  if cardinality(v_members) > p_room.capacity then
    perform confab.fail_validation(case when v_group then 'Maximum number of group participants exceeded'
                                   else 'Maximum number of channel subscribers exceeded' end);
  end if;
  return confab.room_insert(p_room, v_members, array[p_account]);
end $$;

-- room.create: type, participants or subscribers, name, description, extra_fields. Dispatch roomcreate to its members.
-- Raises 4003.
create or replace function confab.room_create(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = '' as $$
declare
  v_room confab.room;
  v_extra jsonb := p_data -> 'extra_fields';
  v_data jsonb := p_data;
begin
  if p_data ->> 'type' is null or p_data ->> 'type' not in ('OneToOneChat', 'GroupChat', 'Channel') then
    perform confab.fail_validation('Invalid resource type');
  elsif v_extra is not null and jsonb_typeof(v_extra) <> 'object' then
    perform confab.fail_field('extra_fields', case v_extra when 'null' then 'This field may not be null.' else 'Must be an object.' end);
  end if;
  -- Only what is documented can be set there; a name has to stand at the top.
  v_data := (p_data - 'extra_fields') || coalesce(v_extra, '{}') - array['name', 'type', 'participants', 'subscribers', 'id'];
  v_data := v_data || (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(p_data)
                       where key in ('name', 'participants', 'subscribers'));
  v_room.id := gen_random_uuid();
  v_room.type := p_data ->> 'type';
  v_room.preferences := confab.room_preferences(v_data);
  v_room.created_at := now();
  v_room.updated_at := now();
  v_room.is_public := false;
  v_room.join_approval_required := false;
  v_room.group_locked := false;
  if v_room.type = 'OneToOneChat' then
    return confab.room_create_one_to_one(p_caller.account_id, v_data, v_room);
  end if;
  return confab.room_create_named(p_caller.account_id, v_data, v_room);
end $$;

-- room.list: the caller's rooms, newest message first. Reply roomlist.
create or replace function confab.room_list(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = '' as $$
declare
  v_outcome confab.outcome;
  v_list json;
begin
  select coalesce(json_agg(confab.room_item_json(r, p_caller.account_id,
                             case when l.id is not null then confab.message_json(l, s) end, u.unread, m.last_read_seq)
                           order by coalesce(l.created_at, r.created_at) desc, r.id), '[]')
  into v_list
  from confab.member m
  join confab.room r on r.id = m.room_id
  left join lateral (select * from confab.message x where x.room_id = m.room_id and not x.is_deleted order by x.seq desc limit 1) l on true
  left join confab.account s on s.id = l.sender_id
  cross join lateral (
    select count(*) unread from (
      select from confab.message x
      where x.room_id = m.room_id and x.seq > greatest(m.last_read_seq, m.since_seq) and x.sender_id <> p_caller.account_id and not x.is_deleted
      limit 1000) limited) u
  where m.account_id = p_caller.account_id;
  v_outcome.reply := confab.reply_text('roomlist.dispatch', v_list);
  return v_outcome;
end $$;

-- room.info: room_id. Reply roominfo. Raises 4002, 4003, 4004.
create or replace function confab.room_info(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = '' as $$
declare
  v_room confab.room := confab.room_for(p_caller.account_id, confab.uuid_value(coalesce(p_data -> 'room_id', 'null'), 'room_id'), 'read');
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roominfo.dispatch', confab.room_detail_json(v_room));
  return v_outcome;
end $$;
