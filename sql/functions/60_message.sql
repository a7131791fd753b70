-- Messages.

-- message_json(message, sender): a Message.
create or replace function confab.message_json(m confab.message, a confab.account)
returns json language sql stable as $$
  select json_build_object(
    'id', m.id, 'room', json_build_object('id', m.room_id), 'sender', confab.user_json(a),
    'read_receipts', '[]'::json, 'reactions', '[]'::json, 'attachments', '[]'::json,
    'parent_message', null, 'forwarded_from', null, 'delivered_to', '[]'::json,
    'content', m.content, 'is_deleted', m.is_deleted, 'is_forwarded', false, 'is_edited', m.is_edited,
    'created_at', confab.time_text(m.created_at), 'updated_at', confab.time_text(m.updated_at),
    'seq', m.seq, 'client_id', m.client_id,
    'delivered_count', 0, 'read_count', 0, 'reaction_counts', '{}'::json, 'mentions', '[]'::json, 'pinned', false)
$$;

-- message_content(data): the text of a new message. Raises 4003 by field.
-- The program sanitises it before; "emptied" says that there was text and nothing of it was allowed.
create or replace function confab.message_content(p_data jsonb)
returns text language plpgsql immutable as $$
declare
  v_content text := p_data ->> 'content';
begin
  if not p_data ? 'content' then
    perform confab.fail_field('content', 'This field is required.');
  elsif v_content is null then
    perform confab.fail_field('content', 'This field may not be null.');
  elsif jsonb_typeof(p_data -> 'content') not in ('string', 'number') then
    perform confab.fail_field('content', 'Not a valid string.');
  elsif btrim(v_content, E' \t\r\n\f\v') = '' and p_data ->> 'emptied' is null then
    perform confab.fail_field('content', 'This field may not be blank.');
  end if;
  return v_content;
end $$;

-- message_client_id(caller, data): what makes a repeat safe, or null. Raises 4003.
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

-- message_repeat(account, client_id, room, content): the first answer to the same message, or null when this is the first.
-- Waits for a first attempt that is still under way. Raises 4003 when the key was used for another message.
create or replace function confab.message_repeat(p_account bigint, p_client_id text, p_room uuid, p_content text)
returns confab.outcome language plpgsql as $$
declare
  v_message confab.message;
  v_sender confab.account;
  v_outcome confab.outcome;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_client_id, p_account));
  select * into v_message from confab.message where sender_id = p_account and client_id = p_client_id;
  if not found then
    return null;
  end if;
  if v_message.room_id <> p_room or not v_message.is_edited and v_message.content <> p_content then
    perform confab.fail_field('client_id', 'Already used for another message.');
  end if;
  v_outcome.seq := v_message.seq;
  -- Byte for byte while the log keeps it; the same message made anew after that.
  select l.payload into v_outcome.reply from confab.log l where l.seq = v_message.seq;
  if v_outcome.reply is null then
    select * into v_sender from confab.account where id = p_account;
    v_outcome.reply := '{"eventType":"message.dispatch","data":' || confab.message_json(v_message, v_sender)::text || ',"seq":' || v_message.seq || '}';
  end if;
  return v_outcome;
end $$;

-- message.send: room_id, content, client_id. Dispatch message to the room.
-- Raises 4002, 4003, 4004. Writes: message, log; nothing else, so that its cost does not grow with members, rooms or messages.
create or replace function confab.message_send(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = '' as $$
declare
  v_room_id uuid;
  v_found record;
  v_message confab.message;
  v_outcome confab.outcome;
begin
  if not p_data ? 'room_id' then
    perform confab.fail_field('room_id', 'This field is required.');
  end if;
  v_room_id := confab.uuid_value(p_data -> 'room_id', 'room_id');
  select r as room, m as member, a as sender into v_found
  from confab.room r, confab.member m, confab.account a
  where r.id = v_room_id and m.room_id = v_room_id and m.account_id = p_caller.account_id and a.id = p_caller.account_id;
  if not found or not confab.may('send', v_found.room, v_found.member) then
    perform confab.room_for(p_caller.account_id, v_room_id, 'send');  -- says why
  end if;
  if jsonb_typeof(coalesce(p_data -> 'extra_fields', '{}')) <> 'object' then
    perform confab.fail_field('extra_fields', 'Must be an object.');
  end if;
  v_message.room_id := v_room_id;
  v_message.content := confab.message_content(p_data);
  v_message.client_id := confab.message_client_id(p_caller, p_data);
  if v_message.client_id is not null then
    v_outcome := confab.message_repeat(p_caller.account_id, v_message.client_id, v_room_id, v_message.content);
    if v_outcome.seq is not null then
      return v_outcome;
    end if;
  end if;
  v_message.id := gen_random_uuid();
  v_message.sender_id := p_caller.account_id;
  v_message.is_deleted := false;
  v_message.is_edited := false;
  v_message.created_at := now();
  v_message.updated_at := v_message.created_at;
  v_message.seq := confab.log_draw();
  v_outcome.seq := v_message.seq;
  v_outcome.dispatch := '{"eventType":"message.dispatch","data":' || confab.message_json(v_message, v_found.sender)::text || ',"seq":' || v_message.seq || '}';
  insert into confab.message values (v_message.*);
  insert into confab.log (seq, room_id, payload) values (v_message.seq, v_room_id, v_outcome.dispatch);
  return v_outcome;
end $$;

-- messages_json(room, messages): {"room_id", "messages"}, newest first.
create or replace function confab.messages_json(p_room uuid, p_messages confab.message[])
returns json language sql stable as $$
  select json_build_object('room_id', p_room, 'messages', coalesce(
    (select json_agg(confab.message_json(m, a) order by m.seq desc) from unnest(p_messages) m join confab.account a on a.id = m.sender_id), '[]'))
$$;

-- message_page_older, message_page_newer: up to limit messages beside a place in a room.
create or replace function confab.message_page_older(p_room uuid, p_seq bigint, p_limit bigint)
returns confab.message[] language sql stable as $$
  select array(select m from confab.message m where m.room_id = p_room and m.seq < p_seq and not m.is_deleted order by m.seq desc limit p_limit)
$$;

create or replace function confab.message_page_newer(p_room uuid, p_seq bigint, p_limit bigint)
returns confab.message[] language sql stable as $$
  select array(select m from confab.message m where m.room_id = p_room and m.seq > p_seq and not m.is_deleted order by m.seq limit p_limit)
$$;

create or replace function confab.message_exists_older(p_room uuid, p_seq bigint)
returns boolean language sql stable as $$
  select exists (select from confab.message m where m.room_id = p_room and m.seq < p_seq and not m.is_deleted)
$$;

create or replace function confab.message_exists_newer(p_room uuid, p_seq bigint)
returns boolean language sql stable as $$
  select exists (select from confab.message m where m.room_id = p_room and m.seq > p_seq and not m.is_deleted)
$$;

-- messages_keyset(room, data): a page beside before, after or around; the cost does not depend on how deep it is.
create or replace function confab.messages_keyset(p_room uuid, p_data jsonb)
returns json language plpgsql stable as $$
declare
  v_key text := case when p_data ? 'around' then 'around' when p_data ? 'before' then 'before' when p_data ? 'after' then 'after' end;
  v_limit bigint := least(confab.capacity_value(p_data, 'limit', 50), 200);
  v_seq bigint := case when v_key is null then 9007199254740991 else confab.seq_value(p_data, v_key) end;
  v_messages confab.message[];
  v_oldest bigint;
  v_newest bigint;
begin
  if v_key = 'around' then
    v_messages := confab.message_page_older(p_room, v_seq + 1, v_limit - v_limit / 2) || confab.message_page_newer(p_room, v_seq, v_limit / 2);
  elsif v_key = 'after' then
    v_messages := confab.message_page_newer(p_room, v_seq, v_limit);
  else
    v_messages := confab.message_page_older(p_room, v_seq, v_limit);
  end if;
  select min(m.seq), max(m.seq) into v_oldest, v_newest from unnest(v_messages) m;
  return json_build_object(
    'has_next', confab.message_exists_older(p_room, coalesce(v_oldest, case v_key when 'after' then v_seq + 1 else v_seq end)),
    'has_previous', confab.message_exists_newer(p_room, coalesce(v_newest, case v_key when 'after' then v_seq else v_seq - 1 end)),
    'limit', v_limit,
    'data', confab.messages_json(p_room, v_messages));
end $$;

-- seq_value(data, field): a seq that a page is asked beside. Raises 4003.
create or replace function confab.seq_value(p_data jsonb, p_field text)
returns bigint language plpgsql immutable as $$
begin
  if jsonb_typeof(p_data -> p_field) not in ('number', 'string') or (p_data ->> p_field) !~ '^\d{1,16}$' then
    perform confab.fail_field(p_field, 'A valid integer is required.');
  end if;
  return (p_data ->> p_field)::bigint;
end $$;

-- page_number(value): a page or size as the reference reads it: a whole number, also as text.
create or replace function confab.page_number(p_value jsonb)
returns bigint language plpgsql immutable as $$
declare
  v_text text := btrim(p_value #>> '{}');
begin
  if jsonb_typeof(p_value) not in ('number', 'string', 'boolean') or v_text !~ '^([+-]?\d{1,15}(\.\d+)?|true)$' then
    perform confab.fail_validation('Invalid types');
  end if;
  return case v_text when 'true' then 1 else trunc(v_text::numeric) end;
end $$;

-- messages_paginated(room, paginate): numbered pages. Past the end, or before the start, is the last one.
create or replace function confab.messages_paginated(p_room uuid, p_paginate jsonb)
returns json language plpgsql stable as $$
declare
  v_falsy jsonb[] := array['null', 'false', '0', '""']::jsonb[];
  v_page bigint;
  v_size bigint;
  v_count bigint;
  v_last bigint;
  v_real bigint;
  v_messages confab.message[];
begin
  if coalesce(p_paginate -> 'page', 'null') = any (v_falsy) or coalesce(p_paginate -> 'size', 'null') = any (v_falsy) then
    perform confab.fail_validation('page and size required');
  end if;
  v_page := confab.page_number(p_paginate -> 'page');
  v_size := least(confab.page_number(p_paginate -> 'size'), 200);
  if v_size < 1 then
    perform confab.fail_field('size', 'Ensure this value is greater than or equal to 1.');
  end if;
  select count(*) into v_count from confab.message m where m.room_id = p_room and not m.is_deleted;
  v_last := greatest((v_count + v_size - 1) / v_size, 1);
  v_real := case when v_page between 1 and v_last then v_page else v_last end;
  v_messages := array(select m from confab.message m where m.room_id = p_room and not m.is_deleted
                      order by m.seq desc limit v_size offset (v_real - 1) * v_size);
  return json_build_object(
    'has_next', v_real < v_last, 'has_previous', v_real > 1,
    'next_page_number', case when v_real < v_last then v_real + 1 end, 'prev_page_number', case when v_real > 1 then v_real - 1 end,
    'page', v_page, 'size', v_size, 'data', confab.messages_json(p_room, v_messages));
end $$;

-- room.messages: room_id and paginate {page, size}; or before, after or around with limit; or none: the newest 500. Reply roommessages.
-- Raises 4002, 4003, 4004.
create or replace function confab.room_messages(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = '' as $$
declare
  v_room confab.room := confab.room_for(p_caller.account_id, confab.uuid_value(coalesce(p_data -> 'room_id', 'null'), 'room_id'), 'read');
  v_paginate jsonb := p_data -> 'paginate';
  v_messages confab.message[];
  v_data json;
  v_outcome confab.outcome;
begin
  if jsonb_typeof(v_paginate) = 'object' and v_paginate <> '{}' then
    v_data := confab.messages_paginated(v_room.id, v_paginate);
  elsif p_data ?| array['before', 'after', 'around', 'limit'] then
    v_data := confab.messages_keyset(v_room.id, p_data);
  else
    v_messages := confab.message_page_older(v_room.id, 9007199254740991, 501);
    v_data := json_build_object('data', confab.messages_json(v_room.id, v_messages[1:500]), 'has_next', cardinality(v_messages) > 500);
  end if;
  v_outcome.reply := confab.reply_text('roommessages.dispatch', v_data);
  return v_outcome;
end $$;
