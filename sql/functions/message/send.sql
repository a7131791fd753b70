-- Sending messages.

-- message_content(data, field): the text of a new message, in a field. Raises 4003 by field. The program has sanitised
-- it; "emptied" says that there was text and the sanitiser removed all of it.
create or replace function confab.message_content(p_data jsonb, p_field text default 'content')
returns text language plpgsql stable as $$
declare
  v_content text := p_data ->> p_field;
begin
  if v_content is null then
    perform confab.fail_missing(p_data, p_field);
  elsif jsonb_typeof(p_data -> p_field) not in ('string', 'number') then
    perform confab.fail_field(p_field, 'Not a valid string.');
  elsif btrim(v_content, E' \t\r\n\f\v') = '' and p_data ->> 'emptied' is null then
    perform confab.fail_field(p_field, 'This field may not be blank.');
  elsif length(v_content) > confab.setting_number('max_content', 100000) then
    perform confab.fail_field(p_field, format('Ensure this field has no more than %s characters.',
                                                confab.setting_number('max_content', 100000)));
  end if;
  return v_content;
end $$;

-- message_client_id(caller, data): the key by which a repeat is recognised, or null. Raises 4003.
create or replace function confab.message_client_id(p_caller confab.caller, p_data jsonb)
returns text language plpgsql immutable as $$
declare
  v_client_id text := p_data ->> 'client_id';
begin
  if v_client_id is null then
    return nullif(p_caller.idempotency_key, '');
  elsif jsonb_typeof(p_data -> 'client_id') <> 'string' then
    perform confab.fail_field('client_id', 'Not a valid string.');
  elsif length(v_client_id) > 64 then
    perform confab.fail_field('client_id', 'Ensure this field has no more than 64 characters.');
  end if;
  return nullif(v_client_id, '');
end $$;

-- message_had_text(message, content), message_had_media(message, media): whether the message had them when it was sent,
-- regardless of later changes.
create or replace function confab.message_had_text(m confab.message, p_content text)
returns boolean language plpgsql stable as $$
begin
  return p_content = case when m.is_edited then
      (select content from confab.message_version where room_id = m.room_id and seq = m.seq and version = 1)
    else m.content end;
end $$;

create or replace function confab.message_had_media(m confab.message, p_media jsonb)
returns boolean language plpgsql stable as $$
begin
  return coalesce((select jsonb_agg(e ->> 'media_url' order by n)
                   from jsonb_array_elements(p_media) with ordinality t (e, n)), '[]')
    = coalesce((select jsonb_agg(t.media_url order by t.position) from confab.attachment t where t.room_id = m.room_id
                and t.seq = m.seq), '[]');
end $$;

-- message_repeat(account, client_id, room, content, media): the first answer to the same message, or null when this is
-- the first attempt. Waits for a first attempt that is still running. Raises 4003 when the key was used for another
-- message.
create or replace function confab.message_repeat(p_account bigint, p_client_id text, p_room uuid, p_content text,
  p_media jsonb)
returns confab.outcome language plpgsql as $$
declare
  v_message confab.message;
  v_outcome confab.outcome;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_client_id, p_account));
  select * into v_message from confab.message where sender_id = p_account and client_id = p_client_id;
  if not found then
    return null;
  end if;
  if v_message.room_id <> p_room or not confab.message_had_text(v_message, p_content)
    or not confab.message_had_media(v_message, p_media) then
    perform confab.fail_field('client_id', 'Already used for another message.');
  end if;
  v_outcome.seq := v_message.seq;
  -- The same bytes as long as the log keeps them; after that, the message is made anew. Messages that it replies to or
  -- forwards may have been deleted since, and these are not sent again even to the sender.
  select confab.payload_now(l.payload, l.message_ids) into v_outcome.reply from confab.log l
    where l.seq = v_message.seq;
  if v_outcome.reply is null then
    v_outcome.reply := confab.dispatch_text('message.dispatch', confab.message_now(v_message), v_message.seq);
  end if;
  return v_outcome;
end $$;

-- message_reference(extra, field): the message that a field of extra_fields names, or null. room: the room that it must
-- be in; account: an account that must be a member of its room. For a message that the caller may not see the error is
-- the same as for one that does not exist. Raises 4003 by field.
create or replace function confab.message_reference(p_extra jsonb, p_field text, p_room uuid, p_account bigint)
returns confab.message language plpgsql as $$
declare
  v_id uuid;
  v_message confab.message;
begin
  if confab.is_falsy(p_extra -> p_field) then
    return null;
  end if;
  begin
    v_id := confab.uuid_value(p_extra -> p_field, p_field);
  exception when sqlstate 'C4003' then
    perform confab.fail_field(p_field, format('“%s” is not a valid UUID.', left(p_extra ->> p_field, 200)));
  end;
  select m.* into v_message from confab.message m
  where m.id = v_id and not m.is_deleted and (p_room is null or m.room_id = p_room)
    and (select m.seq > b.history_floor from confab.member b where b.room_id = m.room_id and b.account_id = p_account);
  if not found then
    perform confab.fail_field(p_field, format('Invalid pk "%s" - object does not exist.',
                                              left(p_extra ->> p_field, 200)));
  end if;
  return v_message;
end $$;

-- message_keys(): the fields of a Message; a custom field can't have one of these names.
create or replace function confab.message_keys()
returns text[] language sql immutable as $$
  select array['id', 'room', 'sender', 'read_receipts', 'reactions', 'attachments', 'parent_message', 'forwarded_from',
               'delivered_to', 'content',
    'is_deleted', 'is_forwarded', 'is_edited', 'created_at', 'updated_at', 'seq', 'delivered_count', 'read_count',
      'reaction_counts', 'mentions', 'pinned',
    'client_id', 'parent_deleted', 'media', 'with_text', 'parent_message_id', 'forwarded_from_id']
$$;

-- message_custom(extra): the operator's own fields (setting message_fields) among extra_fields, or null. Raises 4003 by
-- field.
create or replace function confab.message_custom(p_extra jsonb)
returns jsonb language plpgsql stable as $$
declare
  v_custom jsonb;
begin
  if p_extra = '{}' then
    return null;
  end if;
  select jsonb_object_agg(f.name, p_extra -> f.name) into v_custom
  from jsonb_array_elements_text(confab.setting_value('message_fields')) f (name)
  where p_extra ? f.name and f.name <> all (confab.message_keys());
  if octet_length((v_custom)::text) > 16384 then
    perform confab.fail_field('extra_fields', 'The custom fields are too large.');
  end if;
  return v_custom;
end $$;

-- unspaced(): scripts without spaces between words, for a bracket of a regular expression.
create or replace function confab.unspaced()
returns text language sql immutable as $$
  select '\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff'
$$;

-- mention_names(text, marks): the user names that may stand at the beginning of a text (the text after an @), the
-- likeliest first. The name may be followed directly by other text, in scripts without spaces, or by a full stop.
create or replace function confab.mention_names(p_text text, p_marks text)
returns text[] language plpgsql immutable as $$
declare
  v_name text := substring(p_text from '^[[:alnum:]._' || p_marks || '-]{1,64}');
  v_latin text := substring(v_name from '^[^' || confab.unspaced() || ']+');
begin
  return array[v_name, rtrim(v_name, '._-'), v_latin]
    || case when v_latin is null then array(select left(v_name, n) from generate_series(10, 1, -1) n) else '{}' end;
end $$;

-- mentioned(room, sender, text, marks): the member of a room whose name stands at the beginning of a text.
create or replace function confab.mentioned(p_room uuid, p_sender bigint, p_text text, p_marks text)
returns bigint language plpgsql stable as $$
declare
  v_try text;
  v_id bigint;
begin
  foreach v_try in array confab.mention_names(p_text, p_marks) loop
    select a.id into v_id from confab.account a where lower(a.username) = lower(v_try);
    if v_id is not null and v_id <> p_sender and not confab.is_blocked(v_id, p_sender)
       and (select true from confab.member m where m.room_id = p_room and m.account_id = v_id) then
      return v_id;
    end if;
  end loop;
  return null;
end $$;

-- message_mentions(room, sender, content): members of the room whom the text mentions as @username, without the sender;
-- at most 50, among the first 500 words after an @. Parts of e-mail addresses, of paths and of names at other hosts
-- (@bob@host) don't count. Linear in the text.
create or replace function confab.message_mentions(p_room uuid, p_sender bigint, p_content text)
returns bigint[] language plpgsql stable as $$
declare
  v_parts text[];
  v_before text;
  v_word text;
  v_is_address boolean := false;
  v_marks text;
  v_id bigint;
  v_ids bigint[] := '{}';
begin
  if p_content !~ '@|&#|&commat;' then
    return '{}';
  end if;
  v_parts := (string_to_array(normalize(confab.plain_text(p_content), nfc), '@'))[1:502];
  v_marks := confab.name_marks();
  for i in 2 .. least(cardinality(v_parts), 501) loop
    v_before := right(v_parts[i - 1], 300);
    v_word := v_before;
    if v_before ~ '[\s，。、；：！？（）「」]' then
      v_word := substring(v_before from '[^\s，。、；：！？（）「」]*$');
      v_is_address := false;
      v_id := null;
    end if;
    -- One person's name after another's (@ann/@bob) is no path.
    v_is_address := v_is_address or v_word ~ '://|www\.' or v_word ~ '[^/]/$' and v_id is null
      or v_parts[i + 1] ~ '^[[:alnum:]]' and v_parts[i] ~ ('^[[:alnum:]._' || v_marks || '-]+$')
        and v_parts[i] !~ ('[' || confab.unspaced() || ']$');
    continue when v_is_address or v_before = '' and i > 2 or v_before ~ ('[[:alnum:]._' || v_marks || '-]$')
      and v_before !~ ('[' || confab.unspaced() || ']$');
    v_id := confab.mentioned(p_room, p_sender, v_parts[i], v_marks);
    if v_id is not null and v_id <> all (v_ids) then
      v_ids := v_ids || v_id;
      exit when cardinality(v_ids) = 50;
    end if;
  end loop;
  return array(select x from unnest(v_ids) x order by x);
end $$;

-- message_store(message, media, mentions): the last steps of sending: draws the number and writes. The caller holds the
-- room's shared lock; media is the result of media_bind(). Writes: message, log, and attachment and mention if there
-- are any; nothing else, so its cost does not grow with members, rooms or messages.
create or replace function confab.message_store(m confab.message, p_media jsonb, p_mentions bigint[])
returns confab.outcome language plpgsql as $$
declare
  v_shown uuid[] := array[m.id];
  v_told confab.message;
  v_weight bigint;
  v_recipient bigint := (select case when r.pair[1] = m.sender_id then r.pair[2] else r.pair[1] end
                         from confab.room r where r.id = m.room_id);
  v_outcome confab.outcome;
begin
  if m.parent_seq is not null then
    v_shown := v_shown || array(select x.id from confab.message x
                                where x.room_id = m.room_id and x.seq = m.parent_seq);
  elsif m.forwarded_from is not null then
    v_shown := v_shown || (m.forwarded_from ->> 'id')::uuid;
  end if;
  m.is_deleted := false;
  m.is_edited := false;
  m.version := 1;
  m.has_attachments := p_media is not null;
  m.has_mentions := p_mentions <> '{}';
  v_told := confab.message_shared(m);
  v_weight := confab.message_weight(v_told);
  if v_weight > confab.free_bytes() then
    perform confab.give(m.content);
    perform confab.charge(m.room_id, null, v_weight);
  end if;
  m.seq := confab.log_draw();
  m.created_at := clock_timestamp();  -- never before the draw: member_reach() relies on it
  m.updated_at := m.created_at;
  v_told.seq := m.seq;
  v_told.created_at := m.created_at;
  v_told.updated_at := m.created_at;
  insert into confab.message values (m.*);
  if m.has_attachments then
    insert into confab.attachment (room_id, seq, position, media_url, media_type, file_size, mime_type, caption,
                                   metadata, media_id)
    select m.room_id, m.seq, n, e ->> 'media_url', e ->> 'media_type', coalesce((e ->> 'file_size')::bigint, 0),
           coalesce(e ->> 'mime_type', 'image/jpeg'), e ->> 'caption', confab.plain_metadata(e -> 'metadata'),
             (e ->> 'media_id')::uuid
    from jsonb_array_elements(p_media) with ordinality t (e, n);
  end if;
  if m.has_mentions then
    insert into confab.mention (account_id, room_id, seq) select x, m.room_id, m.seq from unnest(p_mentions) x;
  end if;
  v_outcome.seq := m.seq;
  v_outcome.dispatch := confab.dispatch_text('message.dispatch', message_json(v_told, p_fresh => true), m.seq);
  insert into confab.log (seq, room_id, payload, message_ids, is_own, recipient_id)
  values (m.seq, m.room_id, v_outcome.dispatch, v_shown, cardinality(v_shown) = 1, v_recipient);
  return v_outcome;
end $$;

-- check_may_send_now(account, room): raises 4002 or 4004 unless the account may send.
create or replace function confab.check_may_send_now(p_account bigint, p_room uuid)
returns void language plpgsql stable as $$
declare
  v_type confab.room_type;
  v_may boolean;
begin
  select r.type, may('send', r, m) into v_type, v_may
  from confab.room r left join confab.member m on m.room_id = r.id and m.account_id = p_account
  where r.id = p_room;
  if not found then
    perform confab.fail_not_found();
  elsif not v_may then
    perform confab.fail_denied('send');
  elsif v_type = 'OneToOneChat' then
    perform confab.check_not_blocked(p_account, p_room);
  end if;
end $$;

-- check_may_send(account, room): the same with the room's shared lock. The statement that finds the membership takes
-- the lock, so a stranger is refused without one. Raises 4002, 4004.
create or replace function confab.check_may_send(p_account bigint, p_room uuid)
returns void language plpgsql as $$
begin
  perform confab.room_share(m.room_id) from confab.member m where m.room_id = p_room and m.account_id = p_account;
  if not found then
    perform confab.check_may_send_now(p_account, p_room);
    perform confab.room_share(p_room);
  end if;
  perform confab.check_may_send_now(p_account, p_room);
end $$;

-- message.send: room_id, content, client_id, as_user, extra_fields (parent_message_id, forwarded_from_id, media,
-- with_text, the operator's own). Dispatch message to the room. Raises 4001, 4002, 4003, 4004, 4005.
create or replace function confab.message_send(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_message confab.message;
  v_outcome confab.outcome;
  v_extra jsonb;
  v_media jsonb;
  v_mentions bigint[];
begin
  if p_data ->> 'as_user' <> p_caller.account_id::text then
    perform confab.fail_unauthenticated();  -- the browser's cookie may belong to another account by now
  end if;
  v_message.room_id := confab.room_id_value(p_data);
  perform confab.check_may_send(p_caller.account_id, v_message.room_id);
  v_message.sender_id := p_caller.account_id;
  v_extra := confab.extra_fields_value(p_data);
  if v_extra <> '{}' then
    v_media := confab.message_media(v_extra);
  end if;
  v_message.content := case when v_media is null or confab.switch_value(v_extra, 'with_text', p_default => false)
    then confab.message_content(p_data) else 'Media Files' end;
  v_message.client_id := confab.message_client_id(p_caller, p_data);
  if v_message.client_id is not null then
    v_outcome := confab.message_repeat(p_caller.account_id, v_message.client_id, v_message.room_id, v_message.content,
                                       v_media);
    if v_outcome.seq is not null then
      return v_outcome;
    end if;
  end if;
  -- The messages that a repeat refers to may be deleted by now, so they are checked only here.
  if v_extra <> '{}' then
    v_message.parent_seq := (confab.message_reference(v_extra, 'parent_message_id', v_message.room_id,
                                                      p_caller.account_id)).seq;
    v_message.forwarded_from := confab.message_forwarded(v_extra, p_caller.account_id);
    if v_message.parent_seq is not null and v_message.forwarded_from is not null then
      perform confab.fail_constraint();
    end if;
    v_message.custom := confab.message_custom(v_extra);
  end if;
  v_mentions := confab.message_mentions(v_message.room_id, p_caller.account_id, v_message.content);
  if v_media is not null then
    v_media := confab.media_bind(p_caller.account_id, v_media);
  end if;
  v_message.id := gen_random_uuid();
  return confab.message_store(v_message, v_media, v_mentions);
end $$;

-- message_forwarded(extra, account): a copy of the message that extra_fields.forwarded_from_id names, as a forward
-- keeps it, or null. Raises 4003 by field.
create or replace function confab.message_forwarded(p_extra jsonb, p_account bigint)
returns jsonb language plpgsql as $$
declare
  v_origin confab.message := confab.message_reference(p_extra, 'forwarded_from_id', null, p_account);
begin
  return case when v_origin.id is not null then confab.message_snapshot(v_origin) end;
end $$;
