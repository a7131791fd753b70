-- People who are invited to a room and accept or refuse, and the choice between inviting and adding people.

-- shares_room(account, other): whether both are in one of the first two hundred rooms of either.
create or replace function confab.shares_room(p_account bigint, p_other bigint)
returns boolean language plpgsql stable as $$
begin
  return exists (select from (select room_id from confab.member where account_id = p_other limit 200) x
                 where (select true from confab.member y where y.room_id = x.room_id and y.account_id = p_account))
      or exists (select from (select room_id from confab.member where account_id = p_account limit 200) x
                 where (select true from confab.member y where y.room_id = x.room_id and y.account_id = p_other));
end $$;

-- stranger_counted(account): counts that a person who shares no room with the account adds it to a room. False when the
-- daily limit (setting strangers_per_day) is reached. Writes: budget.
create or replace function confab.stranger_counted(p_account bigint)
returns boolean language plpgsql as $$
begin
  perform confab.budget_take(p_account, 'strangers', 1, confab.setting_number('strangers_per_day', 100), 86400);
  return true;
exception when sqlstate 'C4029' then
  return false;
end $$;

-- members_chosen(room, caller, accounts): splits people to be added. invited: those who left the room before, or share
-- no room with the caller while add_strangers is off. added: the others, except those who have blocked the caller and
-- strangers beyond their daily limit, who are in neither list.
create or replace function confab.members_chosen(p_room uuid, p_caller bigint, p_accounts bigint[],
  out added bigint[], out invited bigint[])
language plpgsql as $$
declare
  v_account bigint;
  v_strangers boolean := not confab.setting_off('add_strangers');
  v_stranger boolean;
begin
  added := '{}';
  invited := '{}';
  foreach v_account in array p_accounts loop
    if v_account = p_caller
       or (select true from confab.member where room_id = p_room and account_id = v_account) is not null then
      added := added || v_account;
      continue;
    end if;
    continue when confab.is_blocked(v_account, p_caller);
    v_stranger := not confab.shares_room(p_caller, v_account);
    if (select true from confab.left_room where room_id = p_room and account_id = v_account) is not null
       or v_stranger and not v_strangers then
      invited := invited || v_account;
    elsif not v_stranger or confab.stranger_counted(v_account) then
      added := added || v_account;
    end if;
  end loop;
end $$;

-- room_ref(room): a short reference to a room, for people outside it.
create or replace function confab.room_ref(p_room uuid)
returns json language plpgsql stable as $$
begin
  return (select json_build_object('id', id, 'type', type, 'name', name) from confab.room where id = p_room);
end $$;

-- invitation_json(room, account, inviter, status): the payload about an invitation.
create or replace function confab.invitation_json(p_room uuid, p_account bigint, p_inviter bigint, p_status text)
returns json language plpgsql stable as $$
begin
  return json_build_object('room_id', p_room, 'room', confab.room_ref(p_room), 'user', confab.user_ref(p_account),
                           'inviter', confab.user_ref(p_inviter), 'status', p_status);
end $$;

-- person_invited(room, inviter, account): invites a person once. A person who has blocked the inviter gets no
-- invitation. Returns the entry for the invited person, or null. Writes: invitation.
create or replace function confab.person_invited(p_room uuid, p_inviter bigint, p_account bigint)
returns confab.entry language plpgsql as $$
begin
  if confab.is_blocked(p_account, p_inviter) then
    return null;
  end if;
  insert into confab.invitation (room_id, account_id, inviter_id) values (p_room, p_account, p_inviter)
  on conflict do nothing;
  if not found then
    return null;
  end if;
  return confab.log_entry(null, array[p_account], 'roominvite.dispatch',
                          confab.invitation_json(p_room, p_account, p_inviter, 'pending'));
end $$;

-- invitations_send(room, inviter, accounts): entries for the invited people.
create or replace function confab.invitations_send(p_room uuid, p_inviter bigint, p_accounts bigint[])
returns confab.entry[] language plpgsql as $$
declare
  v_account bigint;
  v_entry confab.entry;
  v_entries confab.entry[] := '{}';
begin
  foreach v_account in array p_accounts loop
    v_entry := confab.person_invited(p_room, p_inviter, v_account);
    if v_entry.event is not null then
      v_entries := v_entries || v_entry;
    end if;
  end loop;
  return v_entries;
end $$;

-- room_invite_person(caller, room, data): room.invite with user_id. Reply roominvite with status pending; a targeted
-- dispatch of the same goes to the person. Raises 4003, 4004.
create or replace function confab.room_invite_person(p_caller bigint, p_room confab.room, p_data jsonb)
returns confab.outcome language plpgsql as $$
declare
  v_account bigint := confab.account_id_value(p_data, 'user_id');
  v_entry confab.entry;
  v_outcome confab.outcome;
begin
  if (select true from confab.member where room_id = p_room.id and account_id = v_account) is not null then
    perform confab.fail_field('user_id', 'This person is a member already.');
  end if;
  v_outcome.reply := confab.reply_text('roominvite.dispatch',
                                       confab.invitation_json(p_room.id, v_account, p_caller, 'pending'));
  if not confab.shares_room(p_caller, v_account) and not confab.stranger_counted(v_account) then
    return v_outcome;
  end if;
  v_entry := confab.person_invited(p_room.id, p_caller, v_account);
  if v_entry.event is not null then
    v_outcome.seq := (confab.log_append(v_entry)).seq;
  end if;
  return v_outcome;
end $$;

-- invitation_answer(account, room, accept): the answer of the invited person. Dispatch roomaddmembers in the inviter's
-- name; or roominvite with status refused to the inviter, which is also the reply. Raises 4004.
create or replace function confab.invitation_answer(p_account bigint, p_room confab.room, p_accept boolean)
returns confab.outcome language plpgsql as $$
declare
  v_inviter bigint;
  v_json json;
  v_outcome confab.outcome;
begin
  delete from confab.invitation where room_id = p_room.id and account_id = p_account
    returning inviter_id into v_inviter;
  if v_inviter is null then
    perform confab.fail_not_found();
  elsif p_accept then
    return confab.members_add(p_room, array[p_account], confab.account_name(v_inviter), null);
  end if;
  v_json := confab.invitation_json(p_room.id, p_account, v_inviter, 'refused');
  v_outcome.reply := confab.reply_text('roominvite.dispatch', v_json);
  v_outcome.seq := (confab.log_append(confab.log_entry(null, array[v_inviter], 'roominvite.dispatch', v_json))).seq;
  return v_outcome;
end $$;

-- invites_json(account): {room: [Notification]} of type ROOM_INVITE: rooms that the account was added to and has not
-- read anything in yet, and rooms that it is invited to; the newest hundred of each.
create or replace function confab.invites_json(p_account bigint)
returns json language plpgsql stable as $$
begin
  return (
    select coalesce(json_object_agg(n.room_id, json_build_array(json_build_object(
        'id', confab.notification_id(n.room_id, p_account), 'notification_type', 'ROOM_INVITE', 'message', null,
        'room', confab.room_ref(n.room_id), 'user', confab.user_ref(n.by), 'status', n.status,
        'created_at', confab.time_text(n.at))) order by n.at desc), '{}')
    from ((select room_id, added_by as by, 'added' as status, joined_at as at from confab.member
           where account_id = p_account and added_by is not null order by joined_at desc limit 100)
          union all
          (select room_id, inviter_id, 'pending', created_at from confab.invitation
           where account_id = p_account order by created_at desc limit 100)) n);
end $$;
