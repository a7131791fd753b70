-- Functions for other programs with a database log-in, inside their own transactions: an order and the message about it
-- are committed together, or neither is.
--
-- Such a transaction may stay open for long, and a transaction that holds a number of the log makes every reader wait.
-- So these functions draw no number: they put the work into confab.deferred, and a trigger does it at the very end of
-- the caller's transaction.
--
-- An operator grants them to a role: grant execute on function confab.post(uuid, bigint, text, text), … to shop; grant
-- usage on schema confab to shop.

-- html_of_text(text): plain text as the content of a message: escaped, with its line breaks, which a form sends as two
-- characters.
create or replace function confab.html_of_text(p_text text)
returns text language sql immutable as $$
  select replace(replace(replace(replace(btrim(regexp_replace(regexp_replace(p_text, '\r\n?', E'\n', 'g'),
                                                              '[\x01-\x08\x0b\x0c\x0e-\x1f]', '?', 'g'), E' \t\r\n'),
    '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), E'\n', '<br>')
$$;

-- ensure_user(username, profile): the id of the account of that name, which is created if there is none. It can't log
-- in with a password until one is set.
--   profile  email, first_name, last_name of a new account; id: its number at the issuer that the setting
--            integer_subjects names, which then is the account's
-- Raises C4003 for a name that can't be one.
create or replace function confab.ensure_user(p_username text, p_profile jsonb default '{}')
returns bigint language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_id bigint;
begin
  select id into v_id from confab.account where lower(username) = lower(normalize(p_username, nfc));
  if found then
    return v_id;
  end if;
  if p_profile ? 'id' and confab.setting_value('integer_subjects') <> '""' then
    return confab.external_account(confab.setting_value('integer_subjects') #>> '{}', p_profile ->> 'id',
      p_profile || jsonb_build_object('username', p_username));
  end if;
  return confab.account_create(p_username, null, p_profile);
exception when sqlstate 'C4003' then
  -- Another transaction may have created it in the meantime.
  select id into v_id from confab.account where lower(username) = lower(normalize(p_username, nfc));
  if not found then
    raise;
  end if;
  return v_id;
end $$;

-- ensure_room(key, type, name, members): the id of the room that a program knows by a key, which is created if there is
-- none. Missing members are added at the commit. The first member is the creator. A OneToOneChat is the one of its two
-- members, regardless of the key. Raises C4003 for invalid members or an invalid name. Writes: room, deferred.
create or replace function confab.ensure_room(p_key text, p_type text, p_name text, p_members bigint[])
returns uuid language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room;
  v_members bigint[] := array(select id from confab.account where id = any (p_members) order by id);
  v_new boolean;
begin
  if p_type is null or p_type not in ('OneToOneChat', 'GroupChat', 'Channel') then
    perform confab.fail_validation('Invalid resource type');
  elsif v_members = '{}' or p_type = 'OneToOneChat' and cardinality(v_members) <> 2 then
    perform confab.fail_validation('A room needs members, and a one to one chat two of them');
  end if;
  v_room := confab.room_new(p_type::confab.room_type);
  if p_type = 'OneToOneChat' then
    perform confab.lock_pair(v_members);
    v_room.pair := v_members;
  else
    v_room.external_key := p_key;
    v_room.name := confab.room_name_value(jsonb_build_object('name', p_name));
    v_room.creator_id := p_members[1];
    v_room.capacity := greatest(case p_type when 'GroupChat' then confab.setting_number('max_participants', 100)
                                else confab.setting_number('max_subscribers', 300) end, cardinality(v_members));
  end if;
  insert into confab.room select v_room.* on conflict do nothing;
  v_new := found;
  if not v_new then
    select * into v_room from confab.room where case p_type when 'OneToOneChat' then pair = v_members
      else external_key = p_key end;
  end if;
  insert into confab.deferred (room_id, account_ids, is_new)
  select v_room.id, v_members, v_new
  where v_new or exists (select from unnest(v_members) x where not exists (select from confab.member
    where room_id = v_room.id and account_id = x));
  return v_room.id;
end $$;

-- post(room, sender, content, client_id): sends a message of plain text at the caller's commit. Returns its id, or that
-- of the first one if the client_id was used before. Raises C4002, C4003, C4004. Writes: deferred.
create or replace function confab.post(p_room uuid, p_sender bigint, p_content text, p_client_id text default null)
returns uuid language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_id uuid;
begin
  if p_client_id is not null then
    select id into v_id from confab.message where sender_id = p_sender and client_id = p_client_id;
    if not found then
      select message_id into v_id from confab.deferred where sender_id = p_sender and client_id = p_client_id;
    end if;
    if v_id is not null then
      return v_id;
    end if;
  end if;
  perform confab.message_content(jsonb_build_object('content', confab.html_of_text(p_content)));
  if not exists (select from confab.room where id = p_room) then
    perform confab.fail_not_found();
  elsif not exists (select from confab.member where room_id = p_room and account_id = p_sender)
        and not exists (select from confab.deferred where room_id = p_room and p_sender = any (account_ids)) then
    perform confab.fail_denied('send');
  end if;
  v_id := gen_random_uuid();
  insert into confab.deferred (room_id, message_id, sender_id, content, client_id)
  values (p_room, v_id, p_sender, confab.html_of_text(p_content), left(p_client_id, 64));
  return v_id;
end $$;

-- deferred_members(row): adds the members of ensure_room(). A new room is announced to them, new members of an existing
-- room to all of its members.
create or replace function confab.deferred_members(p_row confab.deferred)
returns void language plpgsql as $$
declare
  v_room confab.room;
begin
  perform confab.room_lock(p_row.room_id);
  select * into v_room from confab.room where id = p_row.room_id;
  if not found then
    return;
  elsif not p_row.is_new then
    if v_room.type <> 'OneToOneChat' then
      perform confab.members_add(v_room, p_row.account_ids, coalesce(confab.account_name(v_room.creator_id), 'self'),
                                 null);
    end if;
    return;
  end if;
  perform confab.room_open(v_room, p_row.account_ids, array[v_room.creator_id]);
end $$;

-- deferred_message(row): sends the posted message.
create or replace function confab.deferred_message(p_row confab.deferred)
returns void language plpgsql as $$
declare
  v_message confab.message;
begin
  perform confab.check_may_send(p_row.sender_id, p_row.room_id);
  v_message.id := p_row.message_id;
  v_message.room_id := p_row.room_id;
  v_message.sender_id := p_row.sender_id;
  v_message.content := p_row.content;
  v_message.client_id := p_row.client_id;
  if p_row.client_id is not null and (confab.message_repeat(p_row.sender_id, p_row.client_id, p_row.room_id,
                                                            p_row.content, null)).seq is not null then
    return;
  end if;
  perform confab.message_store(v_message, null, confab.message_mentions(p_row.room_id, p_row.sender_id, p_row.content));
end $$;

-- deferred_run(): the trigger at the end of the caller's transaction. It rings the doorbell inside the transaction:
-- these are few, and no other program would ring.
create or replace function confab.deferred_run()
returns trigger language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
begin
  -- All room locks of the transaction are taken, in order, before the first number is drawn.
  perform confab.room_lock(d.room_id) from (select distinct room_id from confab.deferred order by room_id) d;
  delete from confab.deferred where id = new.id;
  if new.message_id is null then
    perform confab.deferred_members(new);
  else
    perform confab.deferred_message(new);
  end if;
  perform confab.ring();
  return null;
end $$;

do $$
begin
  if not exists (select from pg_trigger where tgname = 'deferred_run' and tgrelid = 'confab.deferred'::regclass) then
    create constraint trigger deferred_run after insert on confab.deferred deferrable initially deferred
      for each row execute function confab.deferred_run();
  end if;
end $$;
