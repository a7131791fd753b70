-- One-to-one messages by the names and ids of people instead of rooms, for clients that want plain HTTP: the message
-- centre's REST, and front ends that are written like a tutorial. confab-command makes these commands from requests
-- (fcgi/command/rest.c). "shape" says how a message is written:
--   center  {"id", "user", "recipient", "timestamp", "body"}, people by their names
--   thread  {"id", "sender", "recipient", "content", "timestamp"}, people by their ids

-- direct_shape(data): the shape of the answer. Raises 4003.
create or replace function confab.direct_shape(p_data jsonb)
returns text language plpgsql immutable as $$
declare
  v_shape text := coalesce(p_data ->> 'shape', 'center');
begin
  if v_shape not in ('center', 'thread') then
    perform confab.fail_field('shape', format('"%s" is not a valid choice.', left(v_shape, 200)));
  end if;
  return v_shape;
end $$;

-- direct_json(message, pair, shape): a message of the one-to-one of a pair.
create or replace function confab.direct_json(m confab.message, p_pair bigint[], p_shape text)
returns json language plpgsql stable as $$
declare
  v_recipient bigint := case when p_pair[1] = m.sender_id then p_pair[2] else p_pair[1] end;
begin
  if p_shape = 'thread' then
    return json_build_object('id', m.id, 'sender', m.sender_id, 'recipient', v_recipient, 'content', m.content,
                             'timestamp', confab.time_text(m.created_at));
  end if;
  return json_build_object('id', m.id, 'user', confab.account_name(m.sender_id),
                           'recipient', confab.account_name(v_recipient),
                           'timestamp', confab.time_text(m.created_at), 'body', m.content);
end $$;

-- direct_list(messages, shape): a list in the order of the messages.
create or replace function confab.direct_list(p_messages confab.message[], p_shape text)
returns json language plpgsql stable as $$
begin
  return (select coalesce(json_agg(confab.direct_json(p_messages[i], (
            select r.pair from confab.room r where r.id = p_messages[i].room_id), p_shape) order by i), '[]')
          from generate_series(1, cardinality(p_messages)) i);
end $$;

-- direct_peer(account, data, field): the account that recipient_id names, or the field: by name, or by id in the shape
-- thread. Null for an unknown one; a name that the account can't find (lists_everybody) is unknown. Raises 4003 by
-- field.
create or replace function confab.direct_peer(p_account bigint, p_data jsonb, p_field text)
returns bigint language plpgsql stable as $$
declare
  v_field text := case when p_data ->> 'recipient_id' is not null then 'recipient_id' else p_field end;
  v_id bigint;
  v_name text;
begin
  if p_data ->> v_field is null then
    perform confab.fail_missing(p_data, v_field);
  elsif v_field = 'recipient_id' or confab.direct_shape(p_data) = 'thread' then
    v_id := confab.integer_value(p_data, v_field, -999999999999999999, 999999999999999999, null);
    return (select a.id from confab.account a where a.id = v_id);
  end if;
  v_name := normalize(confab.text_value(p_data, v_field, 1000), nfc);
  v_id := (select a.id from confab.account a where lower(a.username) = lower(v_name));
  return case when confab.lists_everybody(p_account) or confab.shares_room(p_account, v_id) then v_id end;
end $$;

-- direct_pair(account, other): the pair as its room has it.
create or replace function confab.direct_pair(p_account bigint, p_other bigint)
returns bigint[] language sql immutable as $$
  select array[least(p_account, p_other), greatest(p_account, p_other)]
$$;

-- direct_places(account, peer, limit, offset): the messages of the one-to-one with a person, newest first. peer null:
-- of all, the hundred in which something was said last, among the thousand that were opened last. Each of these is
-- read only as far as the page reaches. direct_page(): the messages themselves.
create or replace function confab.direct_places(p_account bigint, p_peer bigint, p_limit bigint, p_offset bigint)
returns table (room_id uuid, seq bigint) language plpgsql stable as $$
#variable_conflict use_column
declare
  -- Looked up one after the other: a join might begin with all rooms of the account.
  v_room uuid := (select r.id from confab.room r where r.pair = confab.direct_pair(p_account, p_peer));
  v_floor bigint := (select b.history_floor from confab.member b where b.room_id = v_room
                     and b.account_id = p_account);
begin
  if p_peer is not null then
    return query
      select x.room_id, x.seq from confab.message x where x.room_id = v_room and x.seq > v_floor
      and not x.is_deleted order by x.seq desc limit p_limit offset p_offset;
    return;
  end if;
  return query
    select m.room_id, m.seq from (
      select b.room_id, b.history_floor,
        (select x.seq from confab.message x where x.room_id = b.room_id and x.seq > b.history_floor
         and not x.is_deleted order by x.seq desc limit 1) as newest
      from (select * from confab.member where account_id = p_account order by joined_at desc, room_id limit 1000) b
      where (select r.pair is not null from confab.room r where r.id = b.room_id)
      order by newest desc nulls last limit 100) c
    cross join lateral (select x.room_id, x.seq from confab.message x where x.room_id = c.room_id
                        and x.seq > c.history_floor and not x.is_deleted order by x.seq desc
                        limit p_limit + p_offset) m
    order by m.seq desc limit p_limit offset p_offset;
end $$;

create or replace function confab.direct_page(p_account bigint, p_peer bigint, p_limit bigint, p_offset bigint)
returns confab.message[] language plpgsql stable as $$
begin
  return array(select m from confab.direct_places(p_account, p_peer, p_limit, p_offset) k
               cross join lateral (select x.* from confab.message x where x.room_id = k.room_id and x.seq = k.seq) m
               order by m.seq desc);
end $$;

-- direct_most(peer): how many messages can be paged through: older ones are found with room.messages.
create or replace function confab.direct_most(p_peer bigint)
returns bigint language sql immutable as $$
  select case when p_peer is null then 1000 else 10000 end
$$;

-- direct_count(account, peer): the number of messages, up to direct_most().
create or replace function confab.direct_count(p_account bigint, p_peer bigint)
returns bigint language plpgsql stable as $$
begin
  return (select count(*) from confab.direct_places(p_account, p_peer, confab.direct_most(p_peer), 0));
end $$;

-- url_encoded(text): a value of a query.
create or replace function confab.url_encoded(p_text text)
returns text language plpgsql immutable as $$
begin
  return coalesce((
    select string_agg(case when chr(b) ~ '[A-Za-z0-9._~-]' then chr(b)
                      else '%' || upper(lpad(to_hex(b), 2, '0')) end, '' order by i)
    from (select i, get_byte(convert_to(p_text, 'UTF8'), i) as b
          from generate_series(0, octet_length(p_text) - 1) i) t), '');
end $$;

-- direct_link(data, keys, more): a reference to another page: the path of the request (data.path), those of its
-- parameters that are listed, and the ones of the page.
create or replace function confab.direct_link(p_data jsonb, p_keys text[], p_more text)
returns text language plpgsql immutable as $$
begin
  return coalesce(p_data ->> 'path', '') || '?'
    || coalesce((select string_agg(k || '=' || confab.url_encoded(p_data ->> k), '&' order by o) || '&'
                 from unnest(p_keys) with ordinality u (k, o) where p_data ->> k is not null), '') || p_more;
end $$;

-- direct_paged(data, account, peer, known): a page of the message centre; an unknown person has no messages. Raises
-- 4003, and 4004 for a page after the last.
create or replace function confab.direct_paged(p_data jsonb, p_account bigint, p_peer bigint, p_is_known boolean)
returns json language plpgsql stable as $$
declare
  v_size bigint := confab.setting_number('messages_to_load', 15);
  v_page bigint := confab.integer_value(p_data, 'page', 1, 1000000, 1);
  v_keys text[] := array['target', 'recipient_id'];
  v_count bigint := case when p_is_known then confab.direct_count(p_account, p_peer) else 0 end;
begin
  if v_page > 1 and (v_page - 1) * v_size >= v_count then
    perform confab.fail_not_found();
  end if;
  return json_build_object(
    'count', v_count,
    'next', case when v_page * v_size < v_count then confab.direct_link(p_data, v_keys, 'page=' || v_page + 1) end,
    'previous', case when v_page > 1 then confab.direct_link(p_data, v_keys, 'page=' || v_page - 1) end,
    'results', confab.direct_list(case when v_count > 0
      then confab.direct_page(p_account, p_peer, least(v_size, v_count - (v_page - 1) * v_size), (v_page - 1) * v_size)
      else '{}' end, 'center'));
end $$;

-- direct.messages: target (a name) or recipient_id, page, shape. Reply directmessages: in the shape center a page,
-- newest first; in the shape thread a list of the newest 500, oldest first. Of all one-to-ones without a person; an
-- unknown one has none. Raises 4003, 4004.
create or replace function confab.direct_messages(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_shape text := confab.direct_shape(p_data);
  v_is_one boolean := p_data ->> 'target' is not null or p_data ->> 'recipient_id' is not null;
  v_peer bigint := case when v_is_one then confab.direct_peer(p_caller.account_id, p_data, 'target') end;
  v_is_known boolean := not v_is_one or v_peer is not null;
  v_messages confab.message[] := '{}';
  v_outcome confab.outcome;
begin
  if v_shape = 'center' then
    v_outcome.reply := confab.reply_text('directmessages.dispatch',
                                         confab.direct_paged(p_data, p_caller.account_id, v_peer, v_is_known));
    return v_outcome;
  end if;
  if v_is_known then
    v_messages := confab.messages_fitting(confab.direct_page(p_caller.account_id, v_peer, 500, 0));
  end if;
  v_outcome.reply := confab.reply_text('directmessages.dispatch', confab.direct_list(
    array(select m from unnest(v_messages) m order by m.seq), v_shape));
  return v_outcome;
end $$;

-- direct.message: message_id, shape. Reply directmessage. Raises 4004, also for a message of another kind of room and
-- for an id that is none.
create or replace function confab.direct_message(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_shape text := confab.direct_shape(p_data);
  v_id uuid := substring(p_data ->> 'message_id'
                         from '^[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}$')::uuid;
  v_message confab.message;
  v_pair bigint[];
  v_outcome confab.outcome;
begin
  select m.* into v_message from confab.message m where m.id = v_id and not m.is_deleted
    and (select m.seq > b.history_floor from confab.member b where b.room_id = m.room_id
         and b.account_id = p_caller.account_id);
  v_pair := (select r.pair from confab.room r where r.id = v_message.room_id);
  if v_pair is null then
    perform confab.fail_not_found();
  end if;
  v_outcome.reply := confab.reply_text('directmessage.dispatch', confab.direct_json(v_message, v_pair, v_shape));
  return v_outcome;
end $$;

-- direct_content(data, field): the plain text of a field as the content of a message. Raises 4003 by field.
create or replace function confab.direct_content(p_data jsonb, p_field text)
returns text language plpgsql stable as $$
begin
  if jsonb_typeof(p_data -> p_field) in ('string', 'number') then
    p_data := jsonb_build_object(p_field, confab.html_of_text(p_data ->> p_field));
  end if;
  return confab.message_content(p_data, p_field);
end $$;

-- direct_store(caller, peer, content, data): sends it with message.send, as it is configured, and returns its outcome.
-- Raises what that does; 4003; 4004 for nobody; and 4004 with "recipient_id" beside the error when there is no
-- one-to-one yet, which room.create opens.
create or replace function confab.direct_store(p_caller confab.caller, p_peer bigint, p_content text, p_data jsonb)
returns confab.outcome language plpgsql as $$
declare
  v_room uuid := (select r.id from confab.room r where r.pair = confab.direct_pair(p_caller.account_id, p_peer));
begin
  if not exists (select from confab.account a where a.id = p_peer and not a.disabled) then
    perform confab.fail_not_found();
  elsif p_peer = p_caller.account_id then
    perform confab.fail_field('recipient', 'You can''t write to yourself.');
  elsif v_room is null then
    perform confab.fail(4004, '"Resource not found."', jsonb_build_object('recipient_id', p_peer));
  end if;
  return confab.command_run('message.send', p_caller, jsonb_build_object('room_id', v_room, 'content', p_content)
    || case when p_data ? 'client_id' then jsonb_build_object('client_id', p_data -> 'client_id') else '{}' end);
end $$;

-- direct.send: recipient (a name; in the shape thread an id) or recipient_id, body (in the shape thread: content) of
-- plain text, client_id, shape. Dispatch message to both; reply directmessage. Raises what direct_store() does.
create or replace function confab.direct_send(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_shape text := confab.direct_shape(p_data);
  v_peer bigint := confab.direct_peer(p_caller.account_id, p_data, 'recipient');
  v_pair bigint[] := confab.direct_pair(p_caller.account_id, v_peer);
  v_outcome confab.outcome;
begin
  v_outcome := confab.direct_store(p_caller, v_peer,
    confab.direct_content(p_data, case v_shape when 'thread' then 'content' else 'body' end), p_data);
  v_outcome.reply := confab.reply_text('directmessage.dispatch', (
    select confab.direct_json(m, v_pair, v_shape) from confab.message m
    where m.room_id = (select r.id from confab.room r where r.pair = v_pair) and m.seq = v_outcome.seq));
  return v_outcome;
end $$;

-- direct_is_told(account, message): whether an object that a client hands on is a message that the account has sent:
-- both sides have got it, or will.
create or replace function confab.direct_is_told(p_account bigint, p_message jsonb)
returns boolean language plpgsql stable as $$
declare
  v_id uuid := substring(lower(p_message ->> 'id') from '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')::uuid;
begin
  return (select m.sender_id = p_account from confab.message m where m.id = v_id) is true;
end $$;

-- direct_told_text(message): what is said: a text, or the text in an object. Raises 4003.
create or replace function confab.direct_told_text(p_message jsonb)
returns jsonb language plpgsql immutable as $$
begin
  if jsonb_typeof(p_message) <> 'object' then
    return p_message;
  end if;
  return coalesce(p_message -> 'content', p_message -> 'body', p_message -> 'message', p_message -> 'text');
end $$;

-- direct.tell: recipient_id, message (a text, or an object with content). With a recipient it is sent as by
-- direct.send; a message that was sent already is not sent again. Without, it is not stored: a signal, directtell,
-- brings it to the account's own streams of this kind. Raises what direct_store() does. The dispatch of the outcome is
-- empty when no dispatch follows.
create or replace function confab.direct_tell(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_message jsonb := confab.direct_told_text(p_data -> 'message');
  v_data jsonb := (p_data - 'message') || case when v_message is not null
    then jsonb_build_object('message', v_message) else '{}' end;
  v_content text;
  v_outcome confab.outcome;
begin
  v_outcome.dispatch := '';
  if confab.direct_is_told(p_caller.account_id, p_data -> 'message') then
    return v_outcome;
  end if;
  v_content := confab.direct_content(v_data, 'message');
  if p_data ->> 'recipient_id' is not null then
    v_outcome := confab.direct_store(p_caller, confab.direct_peer(p_caller.account_id, p_data, 'recipient_id'),
                                     v_content, p_data);
    v_outcome.dispatch := coalesce(v_outcome.dispatch, '');
    v_outcome.reply := null;
    return v_outcome;
  elsif length(v_content) > 1500 then  -- a notification carries 8000 bytes
    perform confab.fail_field('message', 'Ensure this field has no more than 1500 characters.');
  end if;
  perform confab.signal(jsonb_build_object('accounts', array[p_caller.account_id]), 'directtell.dispatch',
                        json_build_object('message', v_content));
  return v_outcome;
end $$;
