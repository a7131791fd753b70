-- may(action, room, member): whether a member may do something in a room. The one place for permissions.
--   action  send, read
create or replace function confab.may(p_action text, p_room confab.room, p_member confab.member)
returns boolean language sql immutable as $$
  select case p_action
    when 'read' then true
    when 'send' then case p_room.type
      when 'OneToOneChat' then true
      when 'GroupChat' then not p_room.group_locked or p_member.role = 'admin' or p_room.creator_id = p_member.account_id
      when 'Channel' then p_member.role = 'admin' or p_room.creator_id = p_member.account_id or 'can_send_messages' = any (p_member.grants)
    end
    else false
  end
$$;

-- room_for(caller, room_id, action): the room, when the caller may. Raises 4004 for an unknown room, 4002 with the reference's sentence.
create or replace function confab.room_for(p_account bigint, p_room uuid, p_action text)
returns confab.room language plpgsql stable as $$
declare
  v_room confab.room;
  v_member confab.member;
begin
  select * into v_room from confab.room where id = p_room;
  if not found then
    perform confab.fail_not_found();
  end if;
  select * into v_member from confab.member where room_id = p_room and account_id = p_account;
  if not found or not confab.may(p_action, v_room, v_member) then
    perform confab.fail(4002, to_jsonb(case p_action
      when 'send' then 'User is not authorized to send message to this room'
      else 'User is not authorized access this room' end));
  end if;
  return v_room;
end $$;
