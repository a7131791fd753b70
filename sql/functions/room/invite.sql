-- Ways into a room besides being added: invites, and requests to join.

-- invite_is_good(invite): whether it can still be used: as long as its creator may add members.
create or replace function confab.invite_is_good(i confab.invite)
returns boolean language plpgsql stable as $$
begin
  return i.expires_at > now() and (i.max_uses is null or i.uses < i.max_uses)
    and (select may('add_members', r, m) from confab.room r left join confab.member m on m.room_id = r.id
         and m.account_id = i.creator_id
         where r.id = i.room_id);
end $$;

-- invite_find(secret): the invite with this secret if it can still be used; otherwise no row.
create or replace function confab.invite_find(p_secret jsonb)
returns setof confab.invite language sql volatile rows 1 as $$
  select i.* from confab.invite i
  where jsonb_typeof(p_secret) = 'string' and i.secret_hash = sha256(convert_to(left(p_secret #>> '{}', 100), 'utf8'))
    and confab.invite_is_good(i)
$$;

-- room_join_invited(account, data): joins by an invite, or makes a request where approval is required. Raises 4003,
-- 4004.
create or replace function confab.room_join_invited(p_account bigint, p_data jsonb)
returns confab.outcome language plpgsql as $$
declare
  v_invite confab.invite;
  v_room confab.room;
begin
  -- Uses are counted under the room's lock. The invite is read before to know the room, and again under the lock.
  perform confab.room_lock(i.room_id) from confab.invite_find(p_data -> 'invite') i;
  select * into v_invite from confab.invite_find(p_data -> 'invite');
  if not found then
    perform confab.fail_validation('Invite is not valid');
  end if;
  select * into v_room from confab.room where id = v_invite.room_id;
  if p_data ->> 'room_id' is not null and confab.uuid_value(p_data -> 'room_id', 'room_id') <> v_room.id then
    perform confab.fail_not_found();
  end if;
  if not exists (select from confab.member where room_id = v_room.id and account_id = p_account) then
    if v_room.join_approval_required then
      return confab.request_make(v_room, p_account, p_data);
    end if;
    update confab.invite set uses = uses + 1 where id = v_invite.id;
  end if;
  return confab.members_add(v_room, array[p_account], 'self', null);
end $$;

-- room.invite: room_id, and user_id for inviting a person; otherwise expires_in (s) and max_uses for an invite that
-- anybody with its secret can use. Reply roominvite with the secret, which is shown this once. Raises 4002, 4003, 4004.
-- Writes: invite.
create or replace function confab.room_invite(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_held(p_caller.account_id, confab.room_of_guests(p_caller, p_data),
                                          'add_members');
  v_seconds bigint := confab.integer_value(p_data, 'expires_in', 60, 31536000, 604800);
  v_secret text := confab.random_secret();
  v_invite confab.invite;
  v_outcome confab.outcome;
begin
  if p_data ->> 'user_id' is not null then
    return confab.room_invite_person(p_caller.account_id, v_room, p_data);
  end if;
  insert into confab.invite (room_id, creator_id, secret_hash, expires_at, max_uses)
  values (v_room.id, p_caller.account_id, sha256(convert_to(v_secret, 'utf8')),
          now() + make_interval(secs => v_seconds),
          confab.integer_value(p_data, 'max_uses', 1, 1000000000, null))
  returning * into v_invite;
  v_outcome.reply := confab.reply_text('roominvite.dispatch', json_build_object(
    'room_id', v_room.id, 'id', v_invite.id, 'invite', v_secret, 'expires_at', confab.time_text(v_invite.expires_at),
    'max_uses', v_invite.max_uses, 'uses', v_invite.uses));
  return v_outcome;
end $$;

-- random_secret(): 43 characters of base64url with 244 bits from the server's cryptographic random generator.
create or replace function confab.random_secret()
returns text language sql volatile as $$
  -- Two random UUIDs hold 244 random bits; the hash spreads them over all characters.
  select translate(rtrim(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'), '='),
                   '+/', '-_')
$$;

-- room.invites: room_id. Reply roominvites: the invites that can still be used. Raises 4002, 4003, 4004.
create or replace function confab.room_invites(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_of_guests(p_caller, p_data);
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roominvites.dispatch', json_build_object('room_id', v_room.id, 'invites', (
    select coalesce(json_agg(json_build_object('id', i.id, 'creator', confab.user_ref(i.creator_id), 'expires_at',
                                               confab.time_text(i.expires_at),
                                               'max_uses', i.max_uses, 'uses', i.uses) order by i.id desc), '[]')
    from (select * from confab.invite x where x.room_id = v_room.id and confab.invite_is_good(x) order by x.id desc
          limit 200) i)));
  return v_outcome;
end $$;

-- room.revoke_invite: room_id, invite_id. Raises 4002, 4003, 4004.
create or replace function confab.room_revoke_invite(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_held(p_caller.account_id, confab.room_of_guests(p_caller, p_data),
                                          'add_members');
  v_invite bigint := confab.integer_value(p_data, 'invite_id', 0, 999999999999999999, null);
begin
  if v_invite is null then
    perform confab.fail_field('invite_id', 'This field is required.');
  end if;
  delete from confab.invite where room_id = v_room.id and id = v_invite;
  if not found then
    perform confab.fail_not_found();
  end if;
  return null;
end $$;

-- request_json(request): a request as sent to clients.
create or replace function confab.request_json(p_request confab.join_request)
returns jsonb language plpgsql stable as $$
begin
  return (select jsonb_build_object('room_id', p_request.room_id, 'user', user_json(a), 'reason', p_request.reason,
                                    'created_at', confab.time_text(p_request.created_at))
          from confab.account a where a.id = p_request.account_id);
end $$;

-- request_make(room, account, data): requests to join and notifies the room's admins, once. Replies with status
-- pending.
create or replace function confab.request_make(p_room confab.room, p_account bigint, p_data jsonb)
returns confab.outcome language plpgsql as $$
declare
  v_request confab.join_request;
  v_entry confab.entry;
  v_outcome confab.outcome;
  v_new boolean;
begin
  insert into confab.join_request (room_id, account_id, reason) values (p_room.id, p_account,
    confab.text_value(p_data, 'reason', 500))
  on conflict do nothing;
  v_new := found;
  select * into v_request from confab.join_request where room_id = p_room.id and account_id = p_account;
  v_outcome.reply := confab.reply_text('roomrequest.dispatch', (confab.request_json(v_request)
                                                                || '{"status": "pending"}')::json);
  if v_new then
    v_entry := confab.log_entry(null, array(select account_id from confab.member where room_id = p_room.id
                                            and role = 'admin'
                                            union select p_room.creator_id order by 1),
                                'roomrequest.dispatch', confab.request_json(v_request)::json);
    v_outcome.seq := (confab.log_append(v_entry)).seq;
  end if;
  return v_outcome;
end $$;

-- check_may_request(account, room): 4003 for a member; 4004 unless strangers may ask to be let into the room.
create or replace function confab.check_may_request(p_account bigint, p_room confab.room)
returns void language plpgsql stable as $$
begin
  if confab.is_member(p_account, p_room.id) then
    perform confab.fail_validation('You are already a member of this room');
  elsif p_room.type <> 'GroupChat' or not p_room.join_approval_required then
    perform confab.fail_not_found();
  end if;
end $$;

-- room.request: room_id, reason: asks to join a group with join_approval_required. Reply roomrequest; a targeted
-- dispatch of the same goes to its admins. Raises 4003, 4004.
create or replace function confab.room_request(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_find(p_data);
begin
  perform confab.check_may_request(p_caller.account_id, v_room);
  v_room := confab.room_locked(v_room);
  perform confab.check_may_request(p_caller.account_id, v_room);
  return confab.request_make(v_room, p_caller.account_id, p_data);
end $$;

-- room.requests: room_id. Reply roomrequests: the open requests. Raises 4002, 4003, 4004.
create or replace function confab.room_requests(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_of_guests(p_caller, p_data);
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roomrequests.dispatch', json_build_object('room_id', v_room.id, 'requests', (
    select coalesce(json_agg(confab.request_json(q) - 'room_id' order by q.created_at), '[]')
    from (select * from confab.join_request where room_id = v_room.id order by created_at limit 200) q)));
  return v_outcome;
end $$;

-- request_refuse(room, account): refuses a request. Dispatch to the person who asked and to the one who refused.
create or replace function confab.request_refuse(p_room confab.room, p_account bigint)
returns confab.outcome language plpgsql as $$
declare
  v_data json;
  v_outcome confab.outcome;
begin
  delete from confab.join_request where room_id = p_room.id and account_id = p_account;
  select json_build_object('room_id', p_room.id, 'user', user_json(a), 'status', 'refused') into v_data
  from confab.account a where a.id = p_account;
  v_outcome.reply := confab.reply_text('roomrequest.dispatch', v_data);
  v_outcome.seq := (confab.log_append(confab.log_entry(null, array[p_account], 'roomrequest.dispatch', v_data))).seq;
  return v_outcome;
end $$;

-- room.answer: room_id, accept: the answer of an invited person; with user_id: the answer of a member who may add
-- members to a person's request. Dispatch roomaddmembers when accepted; otherwise roomrequest or roominvite with status
-- refused to the other side. Raises 4002, 4003, 4004.
create or replace function confab.room_answer(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room;
  v_account bigint;
  v_invited boolean := p_data ->> 'user_id' is null or p_data ->> 'user_id' = p_caller.account_id::text;
begin
  if v_invited and (select true from confab.invitation
                    where room_id = confab.room_id_value(p_data) and account_id = p_caller.account_id) then
    v_room := confab.room_locked(confab.room_find(p_data));
    if p_data ->> 'accept' is null then
      perform confab.fail_missing(p_data, 'accept');
    end if;
    return confab.invitation_answer(p_caller.account_id, v_room,
                                    confab.boolean_value(p_data, 'accept', p_default => false));
  end if;
  v_room := confab.room_held(p_caller.account_id, confab.room_of_guests(p_caller, p_data), 'add_members');
  v_account := confab.account_id_value(p_data, 'user_id');
  if p_data ->> 'accept' is null then
    perform confab.fail_missing(p_data, 'accept');
  elsif not exists (select from confab.join_request where room_id = v_room.id and account_id = v_account) then
    perform confab.fail_not_found();
  elsif confab.boolean_value(p_data, 'accept', p_default => false) then
    return confab.members_add(v_room, array[v_account], confab.account_name(p_caller.account_id), null);
  end if;
  return confab.request_refuse(v_room, v_account);
end $$;
