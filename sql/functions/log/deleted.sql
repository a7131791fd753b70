-- Reading the log without what has been deleted since.
--
-- Rows of the log stay as they were written and are checked when they are read. A row lists what its payload shows that
-- may be deleted (message_ids): the messages, nested ones included, and the room that some accounts are told of. The
-- statement that reads rows compares the list with the messages and rooms that exist. So the kind of deletion does not
-- matter (deleted, expired, with its room), nor a reply that was about to commit. The delivering programs withdraw what
-- waits in memory by the effect of the deletion's row (lib/hub/withdraw.c).

-- shown_messages(data): the messages that a dispatch shows (data itself, in a list, or as data.message), and the
-- messages that they reply to or forward.
create or replace function confab.shown_messages(p_data json)
returns uuid[] language plpgsql immutable as $$
declare
  v_data jsonb;
begin
  -- Most dispatches about other things show no message, and some of them are long. Each Message has this field.
  if position('"parent_message"' in p_data::text) = 0 then
    return '{}';
  end if;
  v_data := p_data;
  return array(
    select distinct s.id::uuid
    from (select v_data as m where jsonb_typeof(v_data) = 'object'
          union all select v_data -> 'message'
          union all select e from jsonb_array_elements(case jsonb_typeof(v_data) when 'array' then v_data
                                                       else '[]' end) e) x
    cross join lateral (values (x.m ->> 'id'), (x.m #>> '{parent_message,id}'),
                               (case when x.m #> '{forwarded_from,content}' is not null
                                then x.m #>> '{forwarded_from,id}' end)) s (id)
    where x.m ? 'parent_message' and s.id is not null order by 1);
end $$;

-- room_told(event, data): the room that a dispatch to some accounts tells of, unless it tells that the room is gone. An
-- operator's own dispatches may name rooms in another way.
create or replace function confab.room_told(p_event text, p_data json)
returns uuid language plpgsql immutable as $$
declare
  v_room json := p_data -> 'room';
  v_id text;
begin
  if p_event = 'roomdelete.dispatch' or json_typeof(p_data) <> 'object' then
    return null;
  end if;
  v_id := case when p_data ->> 'room_id' is not null then p_data ->> 'room_id'
               when json_typeof(v_room) = 'object' then v_room ->> 'id'
               when p_event = 'roomcreate.dispatch' then p_data ->> 'id' end;
  return substring(v_id from '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')::uuid;
end $$;

-- messages_gone(ids): those of the messages and rooms that are deleted.
create or replace function confab.messages_gone(p_ids uuid[])
returns uuid[] language plpgsql stable as $$
begin
  return array(select i from unnest(p_ids) i
               where not exists (select from confab.message m join confab.room r on r.id = m.room_id where m.id = i
                                 and not m.is_deleted)
                 and not exists (select from confab.room where id = i));
end $$;

-- payload_gone(event, room, seq): what is left of a dispatch to some accounts about a deleted room. A person who left
-- it before, or was removed, still learns that they are no member.
create or replace function confab.payload_gone(p_event text, p_room uuid, p_seq bigint)
returns text language sql immutable as $$
  select case p_event when 'roomexit.dispatch'
    then confab.dispatch_text('roomdelete.dispatch', json_build_object('room_id', p_room), p_seq) end
$$;

-- message_without(message, gone): a Message without the deleted messages in it; null when it is deleted itself.
create or replace function confab.message_without(p_message jsonb, p_gone text[])
returns jsonb language plpgsql immutable as $$
begin
  if p_message ->> 'id' = any (p_gone) then
    return null;
  end if;
  if p_message #>> '{parent_message,id}' = any (p_gone) then
    p_message := p_message || '{"parent_message": null, "parent_deleted": true}';
  end if;
  if p_message #>> '{forwarded_from,id}' = any (p_gone) then
    p_message := jsonb_set(p_message, '{forwarded_from}', confab.message_stub(p_message -> 'forwarded_from'));
  end if;
  return p_message;
end $$;

-- payload_without(payload, gone): a dispatch of the log without the deleted messages and room; null when nothing is
-- left.
create or replace function confab.payload_without(p_payload text, p_gone text[])
returns text language plpgsql immutable as $$
declare
  v_dispatch jsonb := p_payload;
  v_data jsonb := v_dispatch -> 'data';
  v_room uuid := confab.room_told(v_dispatch ->> 'eventType', v_data::json);
begin
  if v_room::text = any (p_gone) then
    return confab.payload_gone(v_dispatch ->> 'eventType', v_room, (v_dispatch ->> 'seq')::bigint);
  elsif jsonb_typeof(v_data) = 'array' then
    select jsonb_agg(m order by n) into v_data
    from (select n, confab.message_without(e, p_gone) as m from jsonb_array_elements(v_data) with ordinality t (e,
      n)) kept where m is not null;
  elsif v_data ? 'parent_message' then
    v_data := confab.message_without(v_data, p_gone);
  else
    v_data := jsonb_set_lax(v_data, '{message}', confab.message_without(v_data -> 'message', p_gone), false,
                            'delete_key');
    v_data := case when v_data ? 'message' then v_data end;
  end if;
  return confab.dispatch_text(v_dispatch ->> 'eventType', v_data::json, (v_dispatch ->> 'seq')::bigint);
end $$;

-- payload_now(payload, messages): a dispatch of the log as it may be sent now: unchanged if all that it shows exists,
-- otherwise without what was deleted; null when nothing is left. messages: the row's message_ids.
create or replace function confab.payload_now(p_payload text, p_messages uuid[])
returns text language plpgsql stable as $$
declare
  v_gone uuid[];
begin
  if p_payload is null or p_messages = '{}' then
    return p_payload;
  end if;
  v_gone := confab.messages_gone(coalesce(p_messages, confab.shown_messages(p_payload::json -> 'data')));
  return case when v_gone = '{}' then p_payload else confab.payload_without(p_payload, v_gone::text[]) end;
end $$;

-- log_told: the log as it may be sent now, without what was deleted. message_ids: what a payload shows.
create or replace view confab.log_told as
  select l.seq, l.room_id, l.account_ids, l.effect::text as effect,
         -- Nearly every row shows no message, or one that exists; no function is called for these. With "exists" a
         -- planner might read the whole table.
         case when l.message_ids = '{}' then l.payload
              when cardinality(l.message_ids) = 1
                and (select not m.is_deleted and m.room_id <> all (array(select e.room_id from confab.erased_room e))
                     from confab.message m where m.id = l.message_ids[1]) then l.payload
              else confab.payload_now(l.payload, l.message_ids) end as payload,
         coalesce(l.message_ids, confab.shown_messages(l.payload::json -> 'data')) as message_ids,
         confab.log_stamp(l.created_at) as stamp, l.recipient_id
  from confab.log l;
