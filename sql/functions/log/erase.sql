-- Erasing the copies of a deleted message or room, in the log and in forwards. The upkeep does this within minutes;
-- until then log_told (sql/functions/log/deleted.sql) hides them.

-- message_erased(id, seq): records that a message is deleted for good. Writes: erased_message.
create or replace function confab.message_erased(p_id uuid, p_seq bigint)
returns void language sql as $$
  insert into confab.erased_message (id, seq) values (p_id, p_seq) on conflict do nothing
$$;

-- erase_in_log(message, seq): removes a message from the rows of the log that show it; the rows stay. Writes: log.
create or replace function confab.erase_in_log(p_id uuid, p_seq bigint)
returns void language plpgsql set enable_bitmapscan = on as $$
begin
  update confab.log l set payload = null, message_ids = '{}'
  where l.seq = p_seq and l.is_own and l.message_ids = array[p_id];
  update confab.log l
  set payload = confab.payload_now(l.payload, l.message_ids), message_ids = array_remove(l.message_ids, p_id)
  where l.message_ids @> array[p_id] and not l.is_own;
end $$;

-- erase_messages(limit): erases copies of some of the messages deleted for good. Copies of each are searched for during
-- a minute: by then the log has every row that was being written at the deletion. Writes: erased_message, log, message.
create or replace function confab.erase_messages(p_limit int)
returns int language plpgsql as $$
declare
  v_erased record;
  v_done int := 0;
begin
  for v_erased in
    select id, seq, erased_at from confab.erased_message order by erased_at limit p_limit for update skip locked
  loop
    perform confab.erase_in_log(v_erased.id, v_erased.seq);
    update confab.message set forwarded_from = confab.message_stub(forwarded_from)
    where forwarded_from is not null and (forwarded_from ->> 'id')::uuid = v_erased.id and forwarded_from ? 'content';
    if v_erased.erased_at < now() - interval '1 minute' then
      delete from confab.erased_message where id = v_erased.id;
    end if;
    v_done := v_done + 1;
  end loop;
  return v_done;
end $$;

-- message_without_reaction(value, message, content): a JSON value in which the Message with this id, wherever it is
-- nested, lacks the reactions of a content.
create or replace function confab.message_without_reaction(p_value jsonb, p_id text, p_content text)
returns jsonb language plpgsql immutable as $$
declare
  v_value jsonb := p_value;
  v_key text;
begin
  if jsonb_typeof(v_value) = 'array' then
    return (select jsonb_agg(confab.message_without_reaction(e, p_id, p_content) order by n)
            from jsonb_array_elements(v_value) with ordinality t (e, n));
  end if;
  if v_value ->> 'id' = p_id and v_value ? 'reaction_counts' then
    v_value := v_value || jsonb_build_object('reaction_counts', (v_value -> 'reaction_counts') - p_content, 'reactions',
      (select coalesce(jsonb_agg(e order by n), '[]') from jsonb_array_elements(v_value -> 'reactions')
       with ordinality t (e, n) where e ->> 'reaction_content' <> p_content));
  end if;
  foreach v_key in array array['data', 'message', 'parent_message'] loop
    if jsonb_typeof(v_value -> v_key) in ('object', 'array') then
      v_value := jsonb_set(v_value, array[v_key],
                           confab.message_without_reaction(v_value -> v_key, p_id, p_content));
    end if;
  end loop;
  return v_value;
end $$;

-- erase_reactions(limit): erases copies in the log of some of the reactions that were taken back, also for a minute. A
-- reaction that somebody has given again stays. Writes: erased_reaction, log.
create or replace function confab.erase_reactions(p_limit int)
returns int language plpgsql set enable_bitmapscan = on as $$
declare
  v_erased record;
  v_done int := 0;
begin
  for v_erased in
    select e.message_id, e.content, e.erased_at, exists (
      select from confab.message m join confab.message_state s on s.room_id = m.room_id and s.seq = m.seq
      where m.id = e.message_id and s.reaction_counts ? e.content) as is_given
    from confab.erased_reaction e order by e.erased_at limit p_limit for update of e skip locked
  loop
    if not v_erased.is_given then
      update confab.log l
      set payload = confab.dispatch_text(l.payload::json ->> 'eventType',
        confab.message_without_reaction(l.payload::jsonb -> 'data', v_erased.message_id::text, v_erased.content)::json,
        l.seq)
      where l.message_ids @> array[v_erased.message_id] and not l.is_own
        and position(to_json(v_erased.content)::text in l.payload) > 0;
    end if;
    if v_erased.is_given or v_erased.erased_at < now() - interval '1 minute' then
      delete from confab.erased_reaction where message_id = v_erased.message_id and content = v_erased.content;
    end if;
    v_done := v_done + 1;
  end loop;
  return v_done;
end $$;

-- erase_room(room, limit): empties some of the log rows about an erased room, except for the dispatch that it is
-- deleted. True when all rows were processed. Writes: log, erased_room.
create or replace function confab.erase_room(p_room uuid, p_limit int)
returns boolean language plpgsql as $$
declare
  v_from bigint := (select swept_seq from confab.erased_room where room_id = p_room);
  v_to bigint;
  v_rows int;
begin
  select max(s.seq), count(*) into v_to, v_rows
  from (select seq from confab.log where seq > v_from order by seq limit p_limit) s;
  update confab.log l set payload = null, message_ids = '{}'
  where l.seq > v_from and l.seq <= v_to and l.room_id = p_room and l.payload is not null;
  update confab.log l set payload = confab.payload_gone(l.payload::json ->> 'eventType', p_room, l.seq),
    message_ids = '{}'
  where l.seq > v_from and l.seq <= v_to and l.room_id is null and position(p_room::text in l.payload) > 0
    and confab.room_told(l.payload::json ->> 'eventType', l.payload::json -> 'data') = p_room;
  update confab.erased_room set swept_seq = v_to where room_id = p_room and v_to is not null;
  return v_rows < p_limit;
end $$;

-- room_texts_changed(room): records that the room's texts are not those of its older dispatches. Writes: changed_room.
create or replace function confab.room_texts_changed(p_room uuid)
returns void language sql as $$
  insert into confab.changed_room (room_id) values (p_room)
  on conflict (room_id) do update set changed_at = now(), swept_seq = 0
$$;

-- room_texts_now(shown): a room in a dispatch, with the texts that the room has now; unchanged if it is gone.
create or replace function confab.room_texts_now(p_shown jsonb)
returns jsonb language sql stable as $$
  select coalesce((
    select p_shown || jsonb_object_agg(t.key, t.value)
    from confab.room r,
      jsonb_each(jsonb_build_object('name', r.name, 'description', r.description, 'avatar', r.avatar, 'property',
                                    coalesce(p_shown -> 'property', '{}')
                                      || jsonb_build_object('preferences', r.preferences))) t
    where r.id = (p_shown ->> 'id')::uuid and p_shown ? t.key), p_shown)
$$;

-- payload_renamed(payload, rooms): a dispatch about one of the rooms with the texts that it has now; null when it has
-- them already, or is about something else.
create or replace function confab.payload_renamed(p_payload text, p_rooms uuid[])
returns text language plpgsql stable as $$
declare
  v_event text := p_payload::json ->> 'eventType';
  v_old jsonb := p_payload::jsonb -> 'data';
  v_data jsonb := v_old;
begin
  if v_data ->> 'id' = any (p_rooms::text[]) then
    v_data := confab.room_texts_now(v_data);
  elsif v_data #>> '{room,id}' = any (p_rooms::text[]) then
    v_data := jsonb_set(v_data, '{room}', confab.room_texts_now(v_data -> 'room'));
    if v_data ->> 'message' = 'You left ' || (v_old #>> '{room,name}') then
      v_data := jsonb_set(v_data, '{message}', to_jsonb('You left ' || (v_data #>> '{room,name}')));
    end if;
  end if;
  return case when v_data <> v_old
    then confab.dispatch_text(v_event, v_data::json, (p_payload::json ->> 'seq')::bigint) end;
end $$;

-- erase_room_texts(limit): replaces old texts of changed rooms in the next rows of the log. A pass through the log is
-- for all rooms that were changed a while before it began: by then the log has every row that was being written at the
-- change. A room that is changed meanwhile is in the next pass. Returns the number up to which rows have changed, at
-- the end of a pass. Writes: log, changed_room.
create or replace function confab.erase_room_texts(p_limit int)
returns bigint language plpgsql as $$
declare
  v_rooms uuid[] := array(select room_id from confab.changed_room where swept_seq > 0 limit 1000);
  v_from bigint;
  v_to bigint;
  v_rows int;
begin
  if v_rooms = '{}' then
    v_rooms := array(select room_id from confab.changed_room where changed_at < now() - interval '30 seconds'
                     order by changed_at limit 1000);
  end if;
  if v_rooms = '{}' then
    return null;
  end if;
  select max(swept_seq) into v_from from confab.changed_room where room_id = any (v_rooms);
  select coalesce(max(s.seq), v_from), count(*) into v_to, v_rows
  from (select seq from confab.log where seq > v_from order by seq limit p_limit) s;
  update confab.log l set payload = n.payload
  from (select x.seq, confab.payload_renamed(x.payload, v_rooms) as payload from confab.log x
        where x.seq > v_from and x.seq <= v_to and (x.room_id is null or x.room_id = any (v_rooms))
          and x.payload like '{"eventType":"room%' offset 0) n
  where l.seq = n.seq and n.payload is not null;
  if v_rows < p_limit then
    delete from confab.changed_room where room_id = any (v_rooms) and changed_at < now() - interval '30 seconds';
    return v_to;
  end if;
  update confab.changed_room set swept_seq = v_to where room_id = any (v_rooms)
    and changed_at < now() - interval '30 seconds';
  return null;
end $$;

-- room_texts_upkeep(limit): the next step of that; at the end of a pass, delivering programs forget the old rows.
create or replace function confab.room_texts_upkeep(p_limit int)
returns void language plpgsql as $$
declare
  v_to bigint := confab.erase_room_texts(p_limit);
begin
  if v_to > 0 then
    perform confab.log_append(confab.log_effect(null, null, confab.effect_rewritten(v_to)));
  end if;
end $$;

-- log_trim(limit): removes some of the rows that are older than the setting log_days. It first raises the floor, and
-- removes the rows below it in the next call, when no reader needs them any more. Writes: log, log_trimmed.
create or replace function confab.log_trim(p_limit int)
returns void language plpgsql as $$
declare
  v_days numeric := coalesce((confab.setting_value('log_days'))::text::numeric, 7);
  v_before timestamptz := now() - make_interval(secs => (v_days * 86400)::double precision);
  v_floor bigint := (select seq from confab.log_trimmed);
  v_next bigint;
begin
  delete from confab.log where seq <= v_floor;
  select max(o.seq) into v_next from (
    select s.seq, bool_and(s.created_at < v_before) over (order by s.seq) as is_old
    from (select seq, created_at from confab.log where seq > v_floor order by seq limit p_limit) s) o
  where o.is_old;
  update confab.log_trimmed set seq = v_next where v_next > seq;
end $$;
