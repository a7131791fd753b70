-- Reading the messages of a room.

-- message_page_older, message_page_newer: up to limit messages beside a place in a room.
create or replace function confab.message_page_older(p_room uuid, p_floor bigint, p_seq bigint, p_limit bigint)
returns confab.message[] language sql stable as $$
  select array(select m from confab.message m where m.room_id = p_room and m.seq < p_seq and m.seq > p_floor
               and not m.is_deleted order by m.seq desc limit p_limit)
$$;

create or replace function confab.message_page_newer(p_room uuid, p_floor bigint, p_seq bigint, p_limit bigint)
returns confab.message[] language sql stable as $$
  select array(select m from confab.message m where m.room_id = p_room and m.seq > greatest(p_seq, p_floor)
               and not m.is_deleted order by m.seq limit p_limit)
$$;

create or replace function confab.message_exists_older(p_room uuid, p_floor bigint, p_seq bigint)
returns boolean language plpgsql stable as $$
begin
  -- The order matters: a planner that takes "any" for selective reads the whole table when nothing matches.
  return (select true from confab.message m where m.room_id = p_room and m.seq < p_seq and m.seq > p_floor
          and not m.is_deleted order by m.seq desc limit 1) is not null;
end $$;

create or replace function confab.message_exists_newer(p_room uuid, p_seq bigint)
returns boolean language plpgsql stable as $$
begin
  return (select true from confab.message m where m.room_id = p_room and m.seq > p_seq and not m.is_deleted
          order by m.seq limit 1) is not null;
end $$;

-- page_json(room, floor, messages): {"room_id", "messages"}, newest first.
create or replace function confab.page_json(p_room uuid, p_floor bigint, p_messages confab.message[])
returns json language sql stable as $$
  select json_build_object('room_id', p_room, 'messages', confab.messages_json(p_messages, p_floor))
$$;

-- messages_keyset(room, floor, data): a page beside before, after or around. Its cost does not depend on its depth.
create or replace function confab.messages_keyset(p_room uuid, p_floor bigint, p_data jsonb)
returns json language plpgsql stable as $$
declare
  v_key text := case when p_data ->> 'around' is not null then 'around'
    when p_data ->> 'before' is not null then 'before' when p_data ->> 'after' is not null then 'after' end;
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 200, 50);
  v_seq bigint := case when v_key is null then confab.seq_most() else confab.seq_value(p_data, v_key) end;
  v_messages confab.message[];
  v_oldest bigint;
  v_newest bigint;
begin
  if v_key = 'around' then
    v_messages := confab.messages_fitting(confab.message_page_older(p_room, p_floor, v_seq + 1, v_limit - v_limit / 2))
      || confab.messages_fitting(confab.message_page_newer(p_room, p_floor, v_seq, v_limit / 2));
  elsif v_key = 'after' then
    v_messages := confab.messages_fitting(confab.message_page_newer(p_room, p_floor, v_seq, v_limit));
  else
    v_messages := confab.messages_fitting(confab.message_page_older(p_room, p_floor, v_seq, v_limit));
  end if;
  select min(m.seq), max(m.seq) into v_oldest, v_newest from unnest(v_messages) m;
  return json_build_object(
    'has_next', confab.message_exists_older(p_room, p_floor, coalesce(v_oldest, case v_key when 'after' then v_seq + 1
                                                                      else v_seq end)),
    'has_previous', confab.message_exists_newer(p_room, coalesce(v_newest, case v_key when 'after' then v_seq
                                                                 else v_seq - 1 end)),
    'limit', v_limit,
    'data', confab.page_json(p_room, p_floor, v_messages));
end $$;

-- seq_value(data, field): the seq beside which a page starts. Raises 4003.
create or replace function confab.seq_value(p_data jsonb, p_field text)
returns bigint language plpgsql immutable as $$
begin
  if jsonb_typeof(p_data -> p_field) not in ('number', 'string') or (p_data ->> p_field) !~ '^\d{1,16}$' then
    perform confab.fail_field(p_field, 'A valid integer is required.');
  end if;
  return (p_data ->> p_field)::bigint;
end $$;

-- page_number(value): a page or size as the reference reads it: a whole number, or a text of one.
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

-- messages_paginated(room, floor, paginate): numbered pages. A page outside the range is the last one. A page of more
-- than about a million bytes is cut; it then names the number before which its other messages are found.
create or replace function confab.messages_paginated(p_room uuid, p_floor bigint, p_paginate jsonb)
returns json language plpgsql stable as $$
declare
  v_page bigint;
  v_size bigint;
  v_count bigint;
  v_last bigint;
  v_real bigint;
  v_messages confab.message[];
  v_fitting confab.message[];
  v_page_json json;
begin
  if confab.is_falsy(p_paginate -> 'page') or confab.is_falsy(p_paginate -> 'size') then
    perform confab.fail_validation('page and size required');
  end if;
  v_page := confab.page_number(p_paginate -> 'page');
  v_size := least(confab.page_number(p_paginate -> 'size'), 200);
  if v_size < 1 then
    perform confab.fail_field('size', 'Ensure this value is greater than or equal to 1.');
  end if;
  select count(*) into v_count from confab.message m where m.room_id = p_room and m.seq > p_floor and not m.is_deleted;
  v_last := greatest((v_count + v_size - 1) / v_size, 1);
  v_real := case when v_page between 1 and v_last then v_page else v_last end;
  v_messages := array(select m from confab.message m where m.room_id = p_room and m.seq > p_floor and not m.is_deleted
                      order by m.seq desc limit v_size offset (v_real - 1) * v_size);
  v_fitting := confab.messages_fitting(v_messages);
  v_page_json := json_build_object(
    'has_next', v_real < v_last, 'has_previous', v_real > 1,
    'next_page_number', case when v_real < v_last then v_real + 1 end, 'prev_page_number', case when v_real > 1
      then v_real - 1 end,
    'page', v_page, 'size', v_size, 'data', confab.page_json(p_room, p_floor, v_fitting));
  if cardinality(v_fitting) < cardinality(v_messages) then
    return format('%s, "before": %s}', left(v_page_json::text, -1), v_fitting[cardinality(v_fitting)].seq);
  end if;
  return v_page_json;
end $$;

-- room.messages: room_id and paginate {page, size}; or before, after or around with limit; or neither: the newest 500.
-- Reply roommessages. Raises 4002, 4003, 4004.
create or replace function confab.room_messages(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_floor bigint := (confab.check_may(p_caller.account_id, v_room, 'read')).history_floor;
  v_paginate jsonb := p_data -> 'paginate';
  v_messages confab.message[];
  v_fitting confab.message[];
  v_data json;
  v_outcome confab.outcome;
begin
  if jsonb_typeof(v_paginate) = 'object' and v_paginate <> '{}' then
    v_data := confab.messages_paginated(v_room.id, v_floor, v_paginate);
  elsif jsonb_strip_nulls(p_data) ?| array['before', 'after', 'around', 'limit'] then
    v_data := confab.messages_keyset(v_room.id, v_floor, p_data);
  else
    v_messages := confab.message_page_older(v_room.id, v_floor, confab.seq_most(), 501);
    v_fitting := confab.messages_fitting(v_messages[1:500]);
    v_data := json_build_object('data', confab.page_json(v_room.id, v_floor, v_fitting),
                                'has_next', cardinality(v_messages) > cardinality(v_fitting));
  end if;
  v_outcome.reply := confab.reply_text('roommessages.dispatch', v_data);
  return v_outcome;
end $$;
