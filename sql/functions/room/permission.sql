-- Permissions in a room: the only place that decides them.

-- may(action, room, member): whether a member may do something in a room; false for a null member.
--   read          see the room and its messages, react, acknowledge, change own messages, leave
--   send          messages, and be seen typing
--   add_members   also by inviting and by answering requests
--   remove_members, administer (change the room, roles and grants), pin, delete, moderate (the moderation commands)
-- Replaceable: a function of this name in the schema confab_site is asked instead.
create or replace function confab.may(p_action text, p_room confab.room, p_member confab.member)
returns boolean language sql immutable as $$
  select case
    when p_member.account_id is null then false
    when p_action = 'read' then true
    when p_room.type = 'OneToOneChat' then p_action in ('send', 'administer', 'delete', 'pin')
    when p_room.creator_id = p_member.account_id then true
    when p_action = 'delete' then false
    when p_member.role = 'admin' then true
    when p_action = 'send' then case p_room.type
      when 'GroupChat' then not p_room.group_locked
      else 'can_send_messages' = any (p_member.grants) end
    when p_action = 'add_members' then
      case p_room.type when 'GroupChat' then 'can_add_new_participants' else 'can_add_new_subscribers'
        end = any (p_member.grants)
    when p_action = 'remove_members' then
      case p_room.type when 'GroupChat' then 'can_remove_participants' else 'can_remove_subscribers'
        end = any (p_member.grants)
    else false
  end
$$;

-- fail_denied(action): 4002 with the action's sentence.
create or replace function confab.fail_denied(p_action text)
returns void language plpgsql as $$
begin
  perform confab.fail(4002, to_jsonb(case p_action
    when 'send' then 'User is not authorized to send message to this room'
    when 'message' then 'User is not authorized to access this message'
    when 'own' then 'User is not authorized to modify this message'
    when 'add_members' then 'User is not authorized to add new members to this room'
    when 'remove_members' then 'User is not authorized to remove members from this room'
    when 'administer' then 'User is not an admin of this room'
    when 'pin' then 'User is not an admin of this room'
    when 'moderate' then 'User is not an admin of this room'
    when 'delete' then 'User is not the creator of this room'
    else 'User is not authorized access this room' end));
end $$;

-- is_blocked(by, account): whether by has blocked the account.
create or replace function confab.is_blocked(p_by bigint, p_account bigint)
returns boolean language plpgsql stable as $$
begin
  return (select true from confab.block where account_id = p_by and blocked_id = p_account) is not null;
end $$;

-- check_not_blocked(account, room): raises 4002 in a one-to-one with a person who has blocked the account. The account
-- may only read there and take back what it has written.
create or replace function confab.check_not_blocked(p_account bigint, p_room uuid)
returns void language plpgsql stable as $$
begin
  if exists (select from unnest((select pair from confab.room where id = p_room)) x
             where confab.is_blocked(x, p_account)) then
    perform confab.fail_denied('send');
  end if;
end $$;

-- room_lock(room), room_share(room): an exclusive lock for changes of a room or its members, and a shared one for
-- sending to it; senders do not wait for each other. So a message is always stored by a member and in an existing room.
-- Held until the end of the transaction; taken before a number is drawn.
create or replace function confab.room_lock(p_room uuid)
returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended(p_room::text, 11))
$$;

create or replace function confab.room_share(p_room uuid)
returns void language sql as $$
  select pg_advisory_xact_lock_shared(hashtextextended(p_room::text, 11))
$$;

-- room_find(data): the room that data.room_id names. Raises 4003, 4004.
create or replace function confab.room_find(p_data jsonb)
returns confab.room language plpgsql as $$
declare
  v_id uuid := confab.room_id_value(p_data);
  v_room confab.room;
begin
  select * into v_room from confab.room where id = v_id;
  if not found then
    perform confab.fail_not_found();
  end if;
  return v_room;
end $$;

-- check_may(account, room, action): the account's membership. Raises 4002.
create or replace function confab.check_may(p_account bigint, p_room confab.room, p_action text)
returns confab.member language plpgsql stable as $$
declare
  v_member confab.member;
begin
  select * into v_member from confab.member where room_id = p_room.id and account_id = p_account;
  if not may(p_action, p_room, v_member) then
    perform confab.fail_denied(p_action);
  end if;
  return v_member;
end $$;

-- is_member(account, room): whether the account is in the room.
create or replace function confab.is_member(p_account bigint, p_room uuid)
returns boolean language plpgsql stable as $$
begin
  return (select true from confab.member where room_id = p_room and account_id = p_account) is not null;
end $$;

-- room_known(account, data, action): the room that data names, in which the account may do something. For a stranger
-- the error is the same as for a room that does not exist. Commands whose error for strangers the reference prescribes
-- use room_find() and check_may(). Raises 4002, 4003, 4004.
create or replace function confab.room_known(p_account bigint, p_data jsonb, p_action text)
returns confab.room language plpgsql stable as $$
declare
  v_room confab.room := confab.room_find(p_data);
begin
  if not confab.is_member(p_account, v_room.id) then
    perform confab.fail_not_found();
  end if;
  perform confab.check_may(p_account, v_room, p_action);
  return v_room;
end $$;

-- room_locked(room): locks a room and returns it as it is then. The caller checks the account's permission before, so a
-- stranger never holds the lock, and again after: the wait may have been long. Raises 4004.
create or replace function confab.room_locked(p_room confab.room)
returns confab.room language plpgsql as $$
begin
  perform confab.room_lock(p_room.id);
  select * into p_room from confab.room where id = p_room.id;
  if not found then
    perform confab.fail_not_found();
  end if;
  return p_room;
end $$;

-- room_held(account, room, action): the same for a room in which the account may do something. Raises 4002, 4004.
create or replace function confab.room_held(p_account bigint, p_room confab.room, p_action text)
returns confab.room language plpgsql as $$
begin
  perform confab.check_may(p_account, p_room, p_action);
  p_room := confab.room_locked(p_room);
  perform confab.check_may(p_account, p_room, p_action);
  return p_room;
end $$;
