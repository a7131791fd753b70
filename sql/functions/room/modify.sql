-- Changing rooms: names, behaviour, roles and grants; and deleting them.

-- room_updated(room): announces the current state of a room.
create or replace function confab.room_updated(p_room uuid)
returns confab.outcome language plpgsql as $$
declare
  v_room confab.room;
begin
  update confab.room set updated_at = now() where id = p_room returning * into v_room;
  return confab.log_append(confab.log_entry(p_room, null, 'roomupdate.dispatch', room_json(v_room)));
end $$;

-- room_new_capacity(room, data): the capacity of the room as changed by data; never below its number of members. Raises
-- 4003.
create or replace function confab.room_new_capacity(p_room confab.room, p_data jsonb)
returns bigint language plpgsql stable as $$
declare
  v_field text := case p_room.type when 'GroupChat' then 'max_participants' else 'max_subscribers' end;
  v_capacity bigint := confab.capacity_value(p_data, v_field, p_room.capacity);
begin
  if v_capacity < p_room.capacity and v_capacity < (select count(*) from confab.member where room_id = p_room.id) then
    perform confab.fail_field(v_field, 'There are more members than that.');
  end if;
  return v_capacity;
end $$;

-- room_update(account, room, data): name, description, avatar, limits, switches, property. Absent fields stay as they
-- are; null clears description and avatar. A one-to-one can only change its property. Raises 4003.
create or replace function confab.room_update(p_account bigint, p_room confab.room, p_data jsonb)
returns confab.outcome language plpgsql as $$
declare
  v_old confab.room := p_room;
begin
  if p_data ? 'property' then
    p_room.preferences := confab.room_preferences(p_data);
  end if;
  if p_room.type <> 'OneToOneChat' then
    if not confab.is_falsy(p_data -> 'name') then
      p_room.name := confab.room_name_value(p_data);
    end if;
    if p_data ? 'description' then
      p_room.description := confab.text_value(p_data, 'description', 4000);
    end if;
    if p_data ? 'avatar' then
      p_room.avatar := confab.room_avatar_value(p_account, p_data);
    end if;
    p_room.capacity := confab.room_new_capacity(p_room, p_data);
  end if;
  if p_room.type = 'GroupChat' then
    p_room.join_approval_required := confab.boolean_value(p_data, 'join_approval_required',
                                                          p_room.join_approval_required);
    p_room.group_locked := confab.boolean_value(p_data, 'group_locked', p_room.group_locked);
  elsif p_room.type = 'Channel' then
    p_room.is_public := confab.boolean_value(p_data, 'is_public', p_room.is_public);
  end if;
  update confab.room r
  set name = p_room.name, description = p_room.description, avatar = p_room.avatar, capacity = p_room.capacity,
    preferences = p_room.preferences,
      join_approval_required = p_room.join_approval_required, group_locked = p_room.group_locked,
        is_public = p_room.is_public
  where r.id = p_room.id;
  if (p_room.name, p_room.description, p_room.avatar, p_room.preferences)
    is distinct from (v_old.name, v_old.description, v_old.avatar, v_old.preferences) then
    perform confab.room_texts_changed(p_room.id);
  end if;
  return confab.room_updated(p_room.id);
end $$;

-- room_users_value(data): data.users as ids. Raises 4003.
create or replace function confab.room_users_value(p_data jsonb)
returns bigint[] language plpgsql stable as $$
begin
  if confab.is_falsy(p_data -> 'users') then
    perform confab.fail_validation('User ids must be provided');
  elsif jsonb_typeof(p_data -> 'users') <> 'array' then
    perform confab.fail_validation('User ids must be a list/array');
  end if;
  return confab.account_ids_value(p_data -> 'users');
end $$;

-- room_permission_value(room, data): data.permission as grants of this type of room. Raises 4003.
create or replace function confab.room_permission_value(p_room confab.room, p_data jsonb)
returns text[] language plpgsql immutable as $$
declare
  v_bad text;
begin
  if confab.is_falsy(p_data -> 'permission') then
    perform confab.fail_validation('Permission to add or remove should be passed');
  elsif jsonb_typeof(p_data -> 'permission') <> 'array' then
    perform confab.fail_validation('Permission must be a list');
  end if;
  select left(coalesce(e #>> '{}', 'null'), 64) into v_bad from jsonb_array_elements(p_data -> 'permission') e
  where jsonb_typeof(e) <> 'string' or (e #>> '{}') <> all (confab.room_grants(p_room)) limit 1;
  if found then
    perform confab.fail_validation(format('Permission ''%s'' is not a valid %s permission', v_bad,
                                          case p_room.type when 'GroupChat' then 'group chat' else 'channel' end));
  end if;
  return array(select distinct e #>> '{}' from jsonb_array_elements(p_data -> 'permission') e);
end $$;

-- room_set_role(room, data, admin): makes members admins, or plain members again. Skips the creator and people who are
-- not members.
create or replace function confab.room_set_role(p_room confab.room, p_data jsonb, p_admin boolean)
returns confab.outcome language plpgsql as $$
declare
  v_account bigint;
begin
  foreach v_account in array confab.room_users_value(p_data) loop
    update confab.member m
    set role = case when p_admin then 'admin' else 'member' end,
        grants = case when p_admin then confab.room_grants(p_room) else '{}' end
    where m.room_id = p_room.id and m.account_id = v_account and m.account_id <> p_room.creator_id
      and m.role <> case when p_admin then 'admin' else 'member' end;
  end loop;
  return confab.room_updated(p_room.id);
end $$;

-- room_set_grants(room, data, give): gives members single rights, or takes them away.
create or replace function confab.room_set_grants(p_room confab.room, p_data jsonb, p_give boolean)
returns confab.outcome language plpgsql as $$
declare
  v_users bigint[] := confab.room_users_value(p_data);
  v_grants text[] := confab.room_permission_value(p_room, p_data);
  v_account bigint;
begin
  foreach v_account in array v_users loop
    update confab.member m
    set grants = array(select g from unnest(confab.room_grants(p_room)) g
                       where case when p_give then g = any (m.grants || v_grants)
                                  else g = any (m.grants) and g <> all (v_grants) end)
    where m.room_id = p_room.id and m.account_id = v_account and m.account_id <> p_room.creator_id;
  end loop;
  return confab.room_updated(p_room.id);
end $$;

-- room_check_type(room, action): raises 4003 for a change of roles or grants in a type of room without them.
create or replace function confab.room_check_type(p_room confab.room, p_action text)
returns void language plpgsql immutable as $$
begin
  if p_action in ('add_admin', 'remove_admin') and p_room.type <> 'GroupChat' then
    perform confab.fail_validation('Room should be a group chat to modify the admins');
  elsif p_action in ('add_moderator', 'remove_moderator') and p_room.type <> 'Channel' then
    perform confab.fail_validation('Room should be a channel to modify the moderators');
  elsif p_action in ('add_permission', 'remove_permission') and p_room.type = 'OneToOneChat' then
    perform confab.fail_validation('Room should be a group chat to modify the admins');
  end if;
end $$;

-- one_to_one_hide(room, account): a deleted one-to-one is hidden from the account that deletes it; when both sides have
-- deleted it, it is erased. In the log the account leaves and joins again, so a stream that opens later does not get
-- dispatches from before. Mentions stay, because the other side still has the messages. Writes: member, log; or what
-- room_erase writes.
create or replace function confab.one_to_one_hide(p_room confab.room, p_account bigint)
returns confab.outcome language plpgsql as $$
declare
  v_newest bigint;
  v_effect confab.entry := confab.log_effect(p_room.id, null, json_build_object('departed', array[p_account], 'joined',
    array[p_account]));
  v_entry confab.entry := confab.log_entry(null, array[p_account], 'roomdelete.dispatch',
                                           json_build_object('room_id', p_room.id));
begin
  v_newest := confab.room_newest(p_room.id);
  update confab.member set hidden = true, history_floor = greatest(history_floor, v_newest)
  where room_id = p_room.id and account_id = p_account;
  if not exists (select from confab.member m where m.room_id = p_room.id
                 and not (m.hidden and m.history_floor >= v_newest)) then
    return confab.room_erase(p_room, array[p_account]);
  end if;
  perform confab.members_since(p_room.id, array[p_account], (confab.log_append(v_effect)).seq);
  return confab.log_append(v_entry);
end $$;

-- room_delete(account, room): the action delete of room.modify: by the creator; a one-to-one by either side, for
-- itself.
create or replace function confab.room_delete(p_account bigint, p_room confab.room)
returns confab.outcome language plpgsql as $$
begin
  p_room := confab.room_held(p_account, p_room, 'delete');
  if p_room.type = 'OneToOneChat' then
    return confab.one_to_one_hide(p_room, p_account);
  end if;
  return confab.room_erase(p_room);
end $$;

-- room.modify: room_id, action, data. Dispatch roomupdate, or roomdelete. Raises 4002, 4003, 4004.
create or replace function confab.room_modify(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room;
  v_action text := p_data ->> 'action';
  v_data jsonb := p_data -> 'data';
begin
  v_room := confab.room_find(p_data);
  if v_action = 'delete' then
    return confab.room_delete(p_caller.account_id, v_room);
  end if;
  perform confab.check_may(p_caller.account_id, v_room, 'administer');
  perform confab.check_not_blocked(p_caller.account_id, v_room.id);
  v_room := confab.room_held(p_caller.account_id, v_room, 'administer');
  if confab.is_falsy(p_data -> 'action') then
    perform confab.fail_validation('Action must be provided');
  elsif v_action not in ('update', 'add_admin', 'remove_admin', 'add_moderator', 'remove_moderator', 'add_permission',
                         'remove_permission') then
    perform confab.fail_validation('Invalid action type');
  elsif confab.is_falsy(v_data) then
    perform confab.fail_validation('data must be provided');
  elsif jsonb_typeof(v_data) <> 'object' then
    perform confab.fail_field('data', 'Must be an object.');
  end if;
  perform confab.room_check_type(v_room, v_action);
  return case v_action
    when 'update' then confab.room_update(p_caller.account_id, v_room, v_data)
    when 'add_admin' then confab.room_set_role(v_room, v_data, p_admin => true)
    when 'add_moderator' then confab.room_set_role(v_room, v_data, p_admin => true)
    when 'remove_admin' then confab.room_set_role(v_room, v_data, p_admin => false)
    when 'remove_moderator' then confab.room_set_role(v_room, v_data, p_admin => false)
    when 'add_permission' then confab.room_set_grants(v_room, v_data, p_give => true)
    else confab.room_set_grants(v_room, v_data, p_give => false) end;
end $$;

-- room.permissions: room_id. Reply roompermissions: the caller's rights and, for a caller who may administer, the
-- grants of plain members. Raises 4002, 4003, 4004.
create or replace function confab.room_permissions(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_known(p_caller.account_id, p_data, 'read');
  v_member confab.member := confab.check_may(p_caller.account_id, v_room, 'read');
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roompermissions.dispatch', json_build_object(
    'room_id', v_room.id,
    'may', (select json_agg(a order by n) from unnest(array['read', 'send', 'add_members', 'remove_members',
                                                            'administer', 'pin', 'delete'])
            with ordinality x(a, n) where may(a, v_room, v_member)),
    'members', (
      select coalesce(json_agg(json_build_object('user', confab.user_ref(m.account_id), 'permission', to_json(m.grants))
                               order by m.account_id), '[]')
      from confab.member m
      where m.room_id = v_room.id and m.role = 'member' and m.grants <> '{}' and m.account_id is distinct
        from v_room.creator_id
        and may('administer', v_room, v_member))));
  return v_outcome;
end $$;
