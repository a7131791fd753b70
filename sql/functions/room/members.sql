-- Membership: joining, leaving, adding, removing. Each function locks the room first, so its dispatches show the actual
-- members.

-- members_add(room, accounts, by, adder): adds those who are not members yet, and announces them to the room. by: the
-- name of the person who added them; adder: that person's account, null if they joined by themselves. Raises 4003 when
-- there is no room for them.
-- Writes: member, join_request, invitation, left_room, log (effect joined).
create or replace function confab.members_add(p_room confab.room, p_accounts bigint[], p_by text, p_adder bigint)
returns confab.outcome language plpgsql as $$
declare
  v_new bigint[] := array(select x from unnest(p_accounts) x
                          where (select true from confab.member m where m.room_id = p_room.id
                                 and m.account_id = x) is null
                          order by x);
  v_account bigint;
  v_entry confab.entry;
  v_outcome confab.outcome;
begin
  if v_new <> '{}' then
    perform confab.check_capacity(p_room, cardinality(v_new) + (select count(*) from confab.member
                                                                where room_id = p_room.id));
  end if;
  foreach v_account in array v_new loop
    delete from confab.join_request where room_id = p_room.id and account_id = v_account;
    delete from confab.invitation where room_id = p_room.id and account_id = v_account;
    delete from confab.left_room where room_id = p_room.id and account_id = v_account;
    insert into confab.member (room_id, account_id, since_seq, added_by) values (p_room.id, v_account, 0, p_adder);
  end loop;
  v_entry := confab.log_entry(p_room.id, null, 'roomaddmembers.dispatch', json_build_object(
      'room', room_json(p_room), 'new_members', confab.usernames_json(case when p_by = 'self' then p_accounts
                                                                      else v_new end), 'added_by', p_by),
    case when v_new <> '{}' then json_build_object('joined', v_new) end);
  v_outcome := confab.log_append(v_entry);
  perform confab.members_since(p_room.id, v_new, v_outcome.seq);
  return v_outcome;
end $$;

-- usernames_json(accounts): their names, by id.
create or replace function confab.usernames_json(p_accounts bigint[])
returns json language sql stable as $$
  select coalesce(json_agg(confab.account_name(i) order by i), '[]') from unnest(p_accounts) i
$$;

-- account_name(account): its user name.
create or replace function confab.account_name(p_account bigint)
returns text language sql stable as $$
  select username from confab.account where id = p_account
$$;

-- members_remove(room, accounts, by, message, caller): removes members: roomremovemembers goes to those who stay,
-- roomexit to each who leaves. A creator who leaves hands the room over; a room without members is deleted. Returns the
-- outcome for the caller: roomexit if it left itself. Writes: member, room, log (effect departed).
create or replace function confab.members_remove(p_room confab.room, p_accounts bigint[], p_by text, p_message text,
  p_caller bigint)
returns confab.outcome language plpgsql as $$
declare
  v_gone bigint[];
  v_creator bigint := p_room.creator_id;
  v_json json;
  v_told confab.entry;
  v_exit confab.entry;
  v_update confab.entry;
  v_left confab.outcome;
  v_outcome confab.outcome;
begin
  v_gone := confab.members_drop(p_room.id, p_accounts);
  if not exists (select from confab.member where room_id = p_room.id) then
    return confab.room_erase(p_room, v_gone);
  end if;
  p_room := confab.room_hand_over(p_room);
  v_json := room_json(p_room);
  v_told := confab.log_entry(p_room.id, null, 'roomremovemembers.dispatch',
    json_build_object('room', v_json, 'removed_members', confab.usernames_json(v_gone), 'removed_by', p_by),
    case when v_gone <> '{}' then json_build_object('departed', v_gone) end);
  v_exit := confab.log_entry(null, v_gone, 'roomexit.dispatch', json_build_object('room', v_json, 'message',
    p_message));
  v_update := confab.log_entry(p_room.id, null, 'roomupdate.dispatch', v_json);
  v_outcome := confab.log_append(v_told);
  if v_gone <> '{}' then
    v_left := confab.log_append(v_exit);
    v_outcome.seq := v_left.seq;
    v_outcome.dispatch := case when p_caller = any (v_gone) then v_left.dispatch else v_outcome.dispatch end;
  end if;
  if p_room.creator_id <> v_creator then
    v_outcome.seq := (confab.log_append(v_update)).seq;
  end if;
  return v_outcome;
end $$;

-- members_drop(room, accounts): deletes their rows, each by its whole key; returns those who were members.
create or replace function confab.members_drop(p_room uuid, p_accounts bigint[])
returns bigint[] language plpgsql as $$
declare
  v_account bigint;
  v_gone bigint[] := '{}';
begin
  foreach v_account in array p_accounts loop
    delete from confab.member where room_id = p_room and account_id = v_account;
    if found then
      v_gone := v_gone || v_account;
    end if;
  end loop;
  return v_gone;
end $$;

-- room_hand_over(room): makes the longest-serving admin, or else member, the creator of a room whose creator is not a
-- member any more, with the role. Returns the room as it is then. Writes: room, member.
create or replace function confab.room_hand_over(p_room confab.room)
returns confab.room language plpgsql as $$
declare
  v_heir bigint;
begin
  if exists (select from confab.member where room_id = p_room.id and account_id = p_room.creator_id) then
    return p_room;
  end if;
  select account_id into v_heir from confab.member where room_id = p_room.id order by role = 'admin' desc, since_seq,
    account_id limit 1;
  update confab.member set role = 'admin', grants = confab.room_grants(p_room) where room_id = p_room.id
    and account_id = v_heir;
  update confab.room set creator_id = v_heir, updated_at = now() where id = p_room.id returning * into p_room;
  return p_room;
end $$;

-- room_erase(room, told): deletes a room; told: the accounts that get roomdelete, null for all its members. The
-- contents can't be reached from then on and are collected in steps: a room may hold more than one transaction should
-- delete.
-- Writes: room, member, erased_room, log (effect room_deleted).
create or replace function confab.room_erase(p_room confab.room, p_told bigint[] default null)
returns confab.outcome language plpgsql as $$
declare
  v_effect confab.entry := confab.log_effect(p_room.id, null, json_build_object('room_deleted', true));
  v_entry confab.entry;
begin
  -- The dispatch names its recipients: a member who connects later has no membership by which to find it.
  v_entry := confab.log_entry(null, coalesce(p_told, array(select account_id from confab.member
                                                           where room_id = p_room.id)),
                              'roomdelete.dispatch', json_build_object('room_id', p_room.id));
  insert into confab.erased_room (room_id) values (p_room.id);
  delete from confab.room where id = p_room.id;
  perform confab.log_append(v_effect);
  return confab.log_append(v_entry);
end $$;

-- collect_erased(limit): deletes some of the contents of erased rooms; returns the number of rows.
create or replace function confab.collect_erased(p_limit int)
returns bigint language plpgsql as $$
declare
  v_room uuid;
  v_table text;
  v_rows bigint;
  v_all bigint := 0;
begin
  for v_room in select room_id from confab.erased_room order by erased_at limit 10 for update skip locked loop
    perform confab.message_erased(m.id, m.seq)
    from (select id, seq from confab.message where room_id = v_room limit p_limit) m;
    foreach v_table in array array['message', 'message_state', 'message_version', 'attachment', 'mention', 'receipt',
                                   'reaction'] loop
      execute format('delete from confab.%I
                      where ctid = any (array(select ctid from confab.%1$I where room_id = $1 limit $2))', v_table)
      using v_room, p_limit;
      get diagnostics v_rows = row_count;
      v_all := v_all + v_rows;
    end loop;
    exit when v_all >= p_limit;
    continue when not confab.erase_room(v_room, 20000);
    -- Rows that were being written when the room was deleted are in the log by now.
    delete from confab.erased_room where room_id = v_room and erased_at < now() - interval '1 minute';
  end loop;
  return v_all;
end $$;

-- refuse_one_to_one(account, room, sentence): raises an error for a one-to-one: this sentence for the two, and for a
-- stranger the same as for a room that does not exist.
create or replace function confab.refuse_one_to_one(p_account bigint, p_room confab.room, p_sentence text)
returns void language plpgsql as $$
begin
  if p_room.type = 'OneToOneChat' then
    if not confab.is_member(p_account, p_room.id) then
      perform confab.fail_not_found();
    end if;
    perform confab.fail_validation(p_sentence);
  end if;
end $$;

-- check_may_join(account, room): raises 4003 for a room that is not open to everybody, 4004 as refuse_one_to_one().
create or replace function confab.check_may_join(p_account bigint, p_room confab.room)
returns void language plpgsql stable as $$
begin
  perform confab.refuse_one_to_one(p_account, p_room, 'You can only join a channel/group chat');
  if p_room.type = 'GroupChat' then
    perform confab.fail_validation('Ask an admin to add you to the group');
  elsif not p_room.is_public then
    perform confab.fail_validation('Channel is private, ask a moderator to add you to the channel');
  end if;
end $$;

-- room.join: room_id of a public channel; or invite. Dispatch roomaddmembers, or a request where approval is required.
-- Raises 4003, 4004.
create or replace function confab.room_join(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room;
begin
  if not confab.is_falsy(p_data -> 'invite') then
    return confab.room_join_invited(p_caller.account_id, p_data);
  end if;
  v_room := confab.room_find(p_data);
  perform confab.check_may_join(p_caller.account_id, v_room);
  v_room := confab.room_locked(v_room);
  perform confab.check_may_join(p_caller.account_id, v_room);
  return confab.members_add(v_room, array[p_caller.account_id], 'self', null);
end $$;

-- room.leave: room_id. Dispatch roomexit to the caller's devices and roomremovemembers to those who stay; or
-- roomdelete. Raises 4002, 4003, 4004.
create or replace function confab.room_leave(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_find(p_data);
begin
  perform confab.check_may(p_caller.account_id, v_room, 'read');
  perform confab.refuse_one_to_one(p_caller.account_id, v_room, 'You can only leave a channel/group chat');
  v_room := confab.room_held(p_caller.account_id, v_room, 'read');
  insert into confab.left_room (room_id, account_id) values (v_room.id, p_caller.account_id) on conflict do nothing;
  return confab.members_remove(v_room, array[p_caller.account_id], 'self', 'You left ' || v_room.name,
                               p_caller.account_id);
end $$;

-- not_members(): the error for changing the members of a one-to-one.
create or replace function confab.not_members()
returns text language sql immutable as $$
  select 'Invalid room, Can only add or remove members from Groups/Channels'
$$;

-- room_of_members(caller, data, action): the room that data names, locked, in which the caller may add or remove
-- members. Raises 4002, 4003, 4004.
create or replace function confab.room_of_members(p_caller confab.caller, p_data jsonb, p_action text)
returns confab.room language plpgsql as $$
declare
  v_room confab.room := confab.room_find(p_data);
begin
  perform confab.refuse_one_to_one(p_caller.account_id, v_room, confab.not_members());
  return confab.room_held(p_caller.account_id, v_room, p_action);
end $$;

-- room_of_guests(caller, data): the room that data names, in which the caller may add members. Raises 4002, 4003, 4004.
create or replace function confab.room_of_guests(p_caller confab.caller, p_data jsonb)
returns confab.room language plpgsql stable as $$
declare
  v_room confab.room := confab.room_known(p_caller.account_id, p_data, 'read');
begin
  perform confab.refuse_one_to_one(p_caller.account_id, v_room, confab.not_members());
  perform confab.check_may(p_caller.account_id, v_room, 'add_members');
  return v_room;
end $$;

-- room.add_members: room_id, members. Dispatch roomaddmembers to the room including the new members. Raises 4002, 4003,
-- 4004.
create or replace function confab.room_add_members(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'add_members');
  v_chosen record;
  v_entry confab.entry;
  v_entries confab.entry[];
  v_outcome confab.outcome;
begin
  select * into v_chosen from confab.members_chosen(v_room.id, p_caller.account_id,
                                                    confab.known_account_ids_value(p_data, 'members'));
  v_entries := confab.invitations_send(v_room.id, p_caller.account_id, v_chosen.invited);
  v_outcome := confab.members_add(v_room, v_chosen.added, confab.account_name(p_caller.account_id),
                                  p_caller.account_id);
  foreach v_entry in array v_entries loop
    v_outcome.seq := (confab.log_append(v_entry)).seq;
  end loop;
  return v_outcome;
end $$;

-- check_may_remove(account, room, ids): raises 4002 when a member who is not an admin removes admins.
create or replace function confab.check_may_remove(p_account bigint, p_room confab.room, p_ids bigint[])
returns void language plpgsql stable as $$
begin
  if (select role from confab.member where room_id = p_room.id and account_id = p_account) is distinct from 'admin'
     and exists (select from unnest(p_ids) i
                 where (select m.role from confab.member m where m.room_id = p_room.id
                        and m.account_id = i) = 'admin') then
    perform confab.fail_denied('remove_members');
  end if;
end $$;

-- room.remove_members: room_id, members. Dispatch roomexit to each of them, roomremovemembers to those who stay. The
-- creator is skipped, unless it is the caller. Raises 4002, 4003, 4004.
create or replace function confab.room_remove_members(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'remove_members');
  v_name text := confab.account_name(p_caller.account_id);
  v_ids bigint[];
begin
  v_ids := confab.known_account_ids_value(p_data, 'members');
  if p_caller.account_id <> v_room.creator_id then
    v_ids := array_remove(v_ids, v_room.creator_id);
    perform confab.check_may_remove(p_caller.account_id, v_room, v_ids);
  end if;
  return confab.members_remove(v_room, v_ids, v_name, 'You have been removed by ' || v_name, p_caller.account_id);
end $$;
