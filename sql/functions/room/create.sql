-- Creating rooms.

-- room_open(room, members, admins, adder): adds the first members to an existing room and announces it to them. Returns
-- the outcome for its creator. Writes: member, log (effect joined).
create or replace function confab.room_open(p_room confab.room, p_members bigint[], p_admins bigint[],
  p_adder bigint default null)
returns confab.outcome language plpgsql as $$
declare
  v_entry confab.entry;
  v_outcome confab.outcome;
begin
  insert into confab.member (room_id, account_id, since_seq, added_by, role, grants)
  select p_room.id, m, 0, nullif(p_adder, m), case when m = any (p_admins) then 'admin' else 'member' end,
         case when m = any (p_admins) then confab.room_grants(p_room) else '{}' end
  from unnest(p_members) m;
  v_entry := confab.log_entry(p_room.id, null, 'roomcreate.dispatch', room_json(p_room),
                              json_build_object('joined', p_members));
  v_outcome := confab.log_append(v_entry);
  perform confab.members_since(p_room.id, p_members, v_outcome.seq);
  return v_outcome;
end $$;

-- members_since(room, accounts, seq): records the dispatch with which the members joined. Updates one row at a time by
-- its whole key, so no plan reads other rows, whatever the planner's statistics say.
create or replace function confab.members_since(p_room uuid, p_accounts bigint[], p_seq bigint)
returns void language plpgsql as $$
declare
  v_account bigint;
begin
  foreach v_account in array p_accounts loop
    update confab.member set since_seq = p_seq where room_id = p_room and account_id = v_account;
  end loop;
end $$;

-- room_insert(room, members, admins, adder): a new room with its first members. Writes: room, and what room_open()
-- writes.
create or replace function confab.room_insert(p_room confab.room, p_members bigint[], p_admins bigint[],
  p_adder bigint default null)
returns confab.outcome language plpgsql as $$
begin
  insert into confab.room select p_room.*;
  return confab.room_open(p_room, p_members, p_admins, p_adder);
end $$;

-- room_grants(room): the rights that can be granted in a room of this type; admins hold all of them.
create or replace function confab.room_grants(p_room confab.room)
returns text[] language sql immutable as $$
  select case p_room.type
    when 'GroupChat' then array['can_add_new_participants', 'can_remove_participants']
    when 'Channel' then array['can_add_new_subscribers', 'can_remove_subscribers', 'can_send_messages']
    else '{}' end
$$;

-- room_preferences(data): property.preferences, checked. Raises 4003.
create or replace function confab.room_preferences(p_data jsonb)
returns jsonb language plpgsql immutable as $$
declare
  v_property jsonb := p_data -> 'property';
begin
  if confab.is_falsy(v_property) then
    return '{}';
  elsif jsonb_typeof(v_property) <> 'object' then
    perform confab.fail_validation('Room property must be a python dictionary/javascript object');
  elsif confab.is_falsy(v_property -> 'preferences') then
    return '{}';
  elsif jsonb_typeof(v_property -> 'preferences') <> 'object' then
    perform confab.fail_validation('preferences must be a python dictionary/javascript object');
  elsif octet_length((v_property -> 'preferences')::text) > 16384 then
    perform confab.fail_validation('preferences are too large');
  end if;
  return v_property -> 'preferences';
end $$;

-- room_name_value(data), room_avatar_value(account, data): the checked name and avatar of a new or changed room. Raise
-- 4003 by field.
create or replace function confab.room_name_value(p_data jsonb)
returns text language plpgsql stable as $$
declare
  v_name text;
begin
  if p_data ->> 'name' is null then
    perform confab.fail_missing(p_data, 'name');
  end if;
  v_name := btrim(confab.text_value(p_data, 'name', 64), E' \t\r\n');
  if confab.name_error(v_name) is not null then
    perform confab.fail_field('name', confab.name_error(v_name));
  end if;
  return v_name;
end $$;

create or replace function confab.room_avatar_value(p_account bigint, p_data jsonb)
returns text language plpgsql stable as $$
declare
  v_avatar text := nullif(confab.text_value(p_data, 'avatar', 200), '');
  v_media uuid := confab.own_media_id(v_avatar);
begin
  if v_avatar !~ '^https?://[^\s<>"]+$' then
    perform confab.fail_field('avatar', 'Enter a valid URL.');
  elsif v_media is not null and not confab.media_visible(p_account, v_media) then
    perform confab.fail_field('avatar', 'Unknown upload.');
  end if;
  return v_avatar;
end $$;

-- lock_pair(pair): serialises opening and leaving of the one-to-one of two accounts, so each caller finds the result of
-- the one before.
create or replace function confab.lock_pair(p_pair bigint[])
returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended(p_pair::text, 7))
$$;

-- room_create_one_to_one(account, data, room), room_create_named(account, data, room): room is the result of
-- room_new(). Raise 4003. Write what room_insert() writes.
create or replace function confab.room_create_one_to_one(p_account bigint, p_data jsonb, p_room confab.room)
returns confab.outcome language plpgsql as $$
declare
  v_pair bigint[] := array(select distinct x from unnest(confab.account_ids_value(p_data -> 'participants')
                                                         || p_account) x order by x);
  v_existing confab.room;
begin
  if cardinality(v_pair) <> 2 then
    perform confab.fail_validation('A one to one chat can only have 2 participants');
  elsif exists (select from confab.block where account_id = any (v_pair) and account_id <> p_account
                and blocked_id = p_account) then
    perform confab.fail_validation('A one to one chat can''t be opened with this user');
  end if;
  perform confab.lock_pair(v_pair);
  select * into v_existing from confab.room where pair = v_pair;
  if found then
    -- The other side may be deleting it at this moment.
    perform confab.room_lock(v_existing.id);
    select * into v_existing from confab.room where pair = v_pair;
  end if;
  if found then
    return confab.room_reopen(p_account, v_existing);
  end if;
  p_room.pair := v_pair;
  return confab.room_insert(p_room, v_pair, '{}');
end $$;

-- room_reopen(account, room): an existing one-to-one is an error, unless the account has deleted it: then it is listed
-- again and announced to the account's own devices.
create or replace function confab.room_reopen(p_account bigint, p_room confab.room)
returns confab.outcome language plpgsql as $$
begin
  update confab.member set hidden = false
  where room_id = p_room.id and account_id = p_account and hidden
    and not exists (select from confab.message x where x.room_id = p_room.id and x.seq > history_floor
                    and not x.is_deleted);
  if not found then
    perform confab.fail_validation('Chat already exists', jsonb_build_object('room_id', p_room.id));
  end if;
  return confab.log_append(confab.log_entry(null, array[p_account], 'roomcreate.dispatch', room_json(p_room)));
end $$;

create or replace function confab.room_create_named(p_account bigint, p_data jsonb, p_room confab.room)
returns confab.outcome language plpgsql as $$
declare
  v_group boolean := p_room.type = 'GroupChat';
  v_members bigint[] := array(select distinct x from unnest(
    confab.account_ids_value(p_data -> case when v_group then 'participants' else 'subscribers' end) || p_account) x
      order by x);
  v_chosen record;
  v_entry confab.entry;
  v_entries confab.entry[];
  v_outcome confab.outcome;
begin
  p_room.name := confab.room_name_value(p_data);
  p_room.description := confab.text_value(p_data, 'description', 4000);
  p_room.avatar := confab.room_avatar_value(p_account, p_data);
  p_room.creator_id := p_account;
  if v_group then
    p_room.capacity := confab.capacity_value(p_data, 'max_participants',
                                             confab.setting_number('max_participants', 100));
    p_room.join_approval_required := confab.boolean_value(p_data, 'join_approval_required', p_default => false);
    p_room.group_locked := confab.boolean_value(p_data, 'group_locked', p_default => false);
  else
    p_room.capacity := confab.capacity_value(p_data, 'max_subscribers', confab.setting_number('max_subscribers', 300));
    p_room.is_public := confab.boolean_value(p_data, 'is_public', p_default => false);
  end if;
  perform confab.check_capacity(p_room, cardinality(v_members));
  select * into v_chosen from confab.members_chosen(p_room.id, p_account, v_members);
  insert into confab.room select p_room.*;
  v_entries := confab.invitations_send(p_room.id, p_account, v_chosen.invited);
  v_outcome := confab.room_open(p_room, v_chosen.added, array[p_account], p_account);
  foreach v_entry in array v_entries loop
    v_outcome.seq := (confab.log_append(v_entry)).seq;
  end loop;
  return v_outcome;
end $$;

-- check_capacity(room, members): raises 4003 when that many members exceed the capacity of the room.
create or replace function confab.check_capacity(p_room confab.room, p_members bigint)
returns void language plpgsql as $$
begin
  if p_members > p_room.capacity then
    perform confab.fail_validation(case p_room.type when 'GroupChat'
                                   then 'Maximum number of group participants exceeded'
                                   else 'Maximum number of channel subscribers exceeded' end);
  end if;
end $$;

-- extra_fields_value(data): data.extra_fields, an object; empty when absent. Raises 4003.
create or replace function confab.extra_fields_value(p_data jsonb)
returns jsonb language plpgsql immutable as $$
declare
  v_extra jsonb := coalesce(p_data -> 'extra_fields', '{}');
begin
  if jsonb_typeof(v_extra) <> 'object' then
    perform confab.fail_field('extra_fields', case v_extra when 'null' then 'This field may not be null.'
                              else 'Must be an object.' end);
  end if;
  return v_extra;
end $$;

-- room_new(type, preferences): the row of a new room, not yet inserted.
create or replace function confab.room_new(p_type confab.room_type, p_preferences jsonb default '{}')
returns confab.room language plpgsql as $$
declare
  v_room confab.room;
begin
  v_room.id := gen_random_uuid();
  v_room.type := p_type;
  v_room.preferences := p_preferences;
  v_room.created_at := now();
  v_room.updated_at := now();
  v_room.is_public := false;
  v_room.join_approval_required := false;
  v_room.group_locked := false;
  return v_room;
end $$;

-- room.create: type, participants or subscribers, name, description, extra_fields. Dispatch roomcreate to its members.
-- Raises 4003.
create or replace function confab.room_create(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_data jsonb;
  v_room confab.room;
begin
  if p_data ->> 'type' is null or p_data ->> 'type' not in ('OneToOneChat', 'GroupChat', 'Channel') then
    perform confab.fail_validation('Invalid resource type');
  end if;
  -- A field in extra_fields overrides the same one beside it, except for the type.
  v_data := (p_data - 'extra_fields') || (confab.extra_fields_value(p_data) - 'type');
  v_room := confab.room_new((p_data ->> 'type')::confab.room_type, confab.room_preferences(v_data));
  perform confab.budget_take(p_caller.account_id, 'rooms', 1, confab.setting_number('rooms_per_day', 1000), 86400);
  if v_room.type = 'OneToOneChat' then
    return confab.room_create_one_to_one(p_caller.account_id, v_data, v_room);
  end if;
  return confab.room_create_named(p_caller.account_id, v_data, v_room);
end $$;
