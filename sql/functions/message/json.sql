-- Messages as they are sent. Lists hold at most 100 entries; the counts beside them are complete.

-- message_json(message, fresh): a Message. fresh: it is being stored, so there are no reactions or receipts to read.
-- Replaceable in confab_site.
create or replace function confab.message_json(m confab.message, p_fresh boolean default false)
returns json language plpgsql stable as $$
declare
  v_state confab.message_state;
  v_parent json;
begin
  if not p_fresh then
    select * into v_state from confab.message_state s where s.room_id = m.room_id and s.seq = m.seq;
  end if;
  if m.parent_seq is not null then
    v_parent := confab.message_parent_json(m);
  end if;
  return confab.message_body_json(m, v_state, v_parent, case
    when p_fresh then m.forwarded_from::json
    when m.forwarded_from is not null then confab.message_origin_json(m) end);
end $$;

-- message_weight(message): its approximate size as a Message in bytes, without making one.
create or replace function confab.message_weight(m confab.message)
returns bigint language plpgsql stable as $$
begin
  if m.parent_seq is not null then
    return 1000 + octet_length(m.content) + coalesce((select octet_length(x.content) from confab.message x
                                                      where x.room_id = m.room_id and x.seq = m.parent_seq), 0);
  end if;
  return 1000 + octet_length(m.content) + coalesce(octet_length(m.forwarded_from ->> 'content'), 0);
end $$;

-- message_body_json(message, state, parent, origin): a Message with these nested parts. A message with a parent_seq and
-- without a parent replies to a message that was deleted.
create or replace function confab.message_body_json(m confab.message, s confab.message_state, p_parent json,
  p_origin json)
returns json language plpgsql stable as $$
declare
  v_created text := confab.time_text(m.created_at);
  v_body json := json_build_object(
    'id', m.id, 'room', json_build_object('id', m.room_id), 'sender',
      (select user_json(a) from confab.account a where a.id = m.sender_id),
    'read_receipts', case when s.read_count > 0 then confab.read_receipts_json(m.room_id, m.seq) else '[]' end,
    'reactions', case when s.reaction_counts <> '{}' then confab.reactions_json(m.room_id, m.seq) else '[]' end,
    'attachments', case when m.has_attachments then confab.attachments_json(m.room_id, m.seq) else '[]' end,
    'parent_message', p_parent, 'forwarded_from', p_origin,
    'delivered_to', case when s.delivered_count > 0 then confab.delivered_to_json(m.room_id, m.seq) else '[]' end,
    'content', m.content, 'is_deleted', m.is_deleted, 'is_forwarded', m.forwarded_from is not null, 'is_edited',
      m.is_edited,
    'created_at', v_created, 'updated_at',
      case when m.updated_at = m.created_at then v_created else confab.time_text(m.updated_at) end, 'seq', m.seq,
    'delivered_count', coalesce(s.delivered_count, 0), 'read_count', coalesce(s.read_count, 0),
    'reaction_counts', coalesce(s.reaction_counts, '{}'),
    'mentions', case when m.has_mentions then confab.mentions_json(m.room_id, m.seq) else '[]' end,
    'pinned', m.pinned_at is not null);
  v_parent_deleted boolean := m.parent_seq is not null and p_parent is null;
  v_more jsonb;
begin
  if m.custom is null and m.client_id is null and not v_parent_deleted then
    return v_body;
  end if;
  v_more := coalesce(m.custom, '{}') || case when m.client_id is not null
    then jsonb_build_object('client_id', m.client_id) else '{}' end
    || case when v_parent_deleted then '{"parent_deleted": true}' else '{}' end::jsonb;
  if v_more = '{}' then
    return v_body;
  end if;
  return (left(v_body::text, -1) || ', ' || substr(v_more::text, 2))::json;
end $$;

-- Each row's account is read by its key, row by row: a join might become a scan of all accounts.
create or replace function confab.read_receipts_json(p_room uuid, p_seq bigint)
returns json language plpgsql stable as $$
declare
  v_own boolean := confab.not_own();
begin
  return (select coalesce(json_agg(json_build_object('reader', (select user_json(a, v_own) from confab.account a
                                                                where a.id = t.account_id),
                                                     'read_at', confab.time_text(t.read_at)) order by t.read_at,
                                                       t.account_id), '[]')
          from (select * from confab.receipt where room_id = p_room and seq = p_seq and read_at is not null
                order by account_id limit 100) t);
end $$;

create or replace function confab.delivered_to_json(p_room uuid, p_seq bigint)
returns json language plpgsql stable as $$
begin
  return (select coalesce(json_agg((select a.username from confab.account a where a.id = t.account_id)
                                   order by t.delivered_at, t.account_id), '[]')
          from (select * from confab.receipt where room_id = p_room and seq = p_seq order by account_id limit 100) t);
end $$;

-- reaction_json(reaction): one Reaction.
create or replace function confab.reaction_json(r confab.reaction)
returns json language plpgsql stable as $$
begin
  return json_build_object('id', r.id, 'user', (select user_json(a) from confab.account a where a.id = r.account_id),
                           'reaction_content', r.content, 'created_at', confab.time_text(r.created_at));
end $$;

create or replace function confab.reactions_json(p_room uuid, p_seq bigint)
returns json language plpgsql stable as $$
begin
  return (select coalesce(json_agg(confab.reaction_json(r) order by r.created_at, r.id), '[]')
          from (select * from confab.reaction where room_id = p_room and seq = p_seq order by account_id limit 100) r);
end $$;

create or replace function confab.attachments_json(p_room uuid, p_seq bigint)
returns json language plpgsql stable as $$
begin
  return (select coalesce(json_agg(json_build_object('id', t.id, 'media_url', t.media_url, 'media_type', t.media_type,
                                                     'file_size', t.file_size,
                                               'mime_type', t.mime_type, 'caption', t.caption, 'metadata', t.metadata)
                                                 order by t.position), '[]')
    from confab.attachment t where t.room_id = p_room and t.seq = p_seq);
end $$;

-- user_ref(account): a short reference to a person.
create or replace function confab.user_ref(p_account bigint)
returns json language plpgsql stable as $$
begin
  return (select json_build_object('id', id, 'username', username) from confab.account where id = p_account);
end $$;

create or replace function confab.mentions_json(p_room uuid, p_seq bigint)
returns json language plpgsql stable as $$
begin
  return (select coalesce(json_agg(confab.user_ref(n.account_id) order by n.account_id), '[]')
          from confab.mention n where n.room_id = p_room and n.seq = p_seq);
end $$;

-- message_parent_json(message): the message that it replies to, without nested parts; null if that is deleted.
create or replace function confab.message_parent_json(m confab.message)
returns json language plpgsql stable as $$
declare
  v_parent confab.message;
  v_state confab.message_state;
begin
  select * into v_parent from confab.message x where x.room_id = m.room_id and x.seq = m.parent_seq
    and not x.is_deleted;
  if not found then
    return null;
  end if;
  v_parent.parent_seq := null;
  select * into v_state from confab.message_state s where s.room_id = m.room_id and s.seq = m.parent_seq;
  return confab.message_body_json(v_parent, v_state, null, null);
end $$;

-- message_origin_json(message): the forwarded message as it was then; only a stub if that is deleted.
create or replace function confab.message_origin_json(m confab.message)
returns json language plpgsql stable as $$
begin
  return (select case when exists (select from confab.message x join confab.room r on r.id = x.room_id
                             where x.id = (m.forwarded_from ->> 'id')::uuid and not x.is_deleted)
      then m.forwarded_from::json
      else confab.message_stub(m.forwarded_from)::json end);
end $$;

-- message_stub(message): the public part of a deleted origin, from its Message.
create or replace function confab.message_stub(p_message jsonb)
returns jsonb language sql immutable as $$
  select jsonb_build_object('id', p_message -> 'id', 'room', p_message -> 'room', 'sender', p_message -> 'sender',
                            'is_deleted', true)
$$;

-- excerpt(content): the beginning of a long text: at most 500 characters, valid HTML without tags.
create or replace function confab.excerpt(p_content text)
returns text language plpgsql immutable as $$
declare
  v_text text;
  v_html text := p_content;
begin
  if length(p_content) > 500 then
    v_text := left(btrim(confab.plain_text(left(p_content, 4000)), E' \t\r\n'), 500);
    loop
      v_html := confab.html_of_text(v_text);
      exit when length(v_html) <= 500;
      v_text := left(v_text, length(v_text) * 499 / length(v_html));
    end loop;
  end if;
  return v_html;
end $$;

-- message_excerpted(message): a Message whose parent and origin are excerpts if they are long.
create or replace function confab.message_excerpted(p_message json)
returns json language plpgsql immutable as $$
declare
  v_key text;
  v_message jsonb;
begin
  foreach v_key in array array['parent_message', 'forwarded_from'] loop
    if length(p_message -> v_key ->> 'content') > 500 then
      v_message := coalesce(v_message, p_message::jsonb);
      v_message := jsonb_set(v_message, array[v_key], v_message -> v_key
        || jsonb_build_object('content', confab.excerpt(v_message #>> array[v_key, 'content']), 'excerpt', true));
    end if;
  end loop;
  return coalesce(v_message::json, p_message);
end $$;

-- message_snapshot(message): a Message in the form that a forward keeps: no nested parts, empty lists.
create or replace function confab.message_snapshot(m confab.message)
returns jsonb language plpgsql stable as $$
begin
  m.has_attachments := false;
  m.has_mentions := false;
  m.pinned_at := null;
  m.custom := null;
  m.client_id := null;
  m.parent_seq := null;
  return jsonb_set(confab.message_body_json(m, null, null, null)::jsonb, '{is_forwarded}',
                   to_jsonb(m.forwarded_from is not null));
end $$;

-- message_seen(message, floor): the message for a reader to whom nothing up to the floor is shown: a parent below the
-- floor is left out.
create or replace function confab.message_seen(m confab.message, p_floor bigint)
returns confab.message language plpgsql immutable as $$
begin
  if m.parent_seq <= p_floor then
    m.parent_seq := null;
  end if;
  return m;
end $$;

-- message_seen_by(message, account): message_seen() with the floor of a member.
create or replace function confab.message_seen_by(m confab.message, p_account bigint)
returns confab.message language plpgsql stable as $$
begin
  if m.parent_seq is null then
    return m;
  end if;
  return confab.message_seen(m, (select history_floor from confab.member where room_id = m.room_id
                                 and account_id = p_account));
end $$;

-- message_shared(message): the message in the form for all recipients: one side may have deleted a one-to-one.
create or replace function confab.message_shared(m confab.message)
returns confab.message language plpgsql stable as $$
begin
  if m.parent_seq is null then
    return m;
  end if;
  return confab.message_seen(m, coalesce((
    select max(b.history_floor) from confab.room r, unnest(r.pair) p
    cross join lateral (select x.history_floor from confab.member x where x.room_id = m.room_id
                        and x.account_id = p offset 0) b
    where r.id = m.room_id), 0));
end $$;

-- messages_json(messages, floor): a list, newest first, for a reader to whom nothing up to the floor is shown.
create or replace function confab.messages_json(p_messages confab.message[], p_floor bigint)
returns json language plpgsql stable as $$
begin
  return (select coalesce(json_agg(message_json(confab.message_seen(m, p_floor)) order by m.seq desc), '[]')
          from unnest(p_messages) m);
end $$;

-- message_lists_weight(message): how much a Message's lists add to message_weight(), approximately.
create or replace function confab.message_lists_weight(m confab.message)
returns bigint language sql stable as $$
  select coalesce((select least(s.read_count, 100) * 200 + least(s.delivered_count, 100) * 30
                     + octet_length(s.reaction_counts::text)
                     + case when s.reaction_counts <> '{}' then 400 * (
                         select least(sum(n::bigint), 100) from jsonb_each_text(s.reaction_counts) c (content, n))
                       else 0 end
                   from confab.message_state s where s.room_id = m.room_id and s.seq = m.seq), 0)
    + case when m.has_attachments then coalesce((
        select sum(500 + octet_length(t.media_url) + coalesce(octet_length(t.caption), 0)
                   + octet_length(t.metadata::text))
        from confab.attachment t where t.room_id = m.room_id and t.seq = m.seq), 0) else 0 end
    + coalesce(octet_length(m.custom::text), 0)
$$;

-- messages_fitting(messages): the first messages of a page, at least one, up to about a million bytes.
create or replace function confab.messages_fitting(p_messages confab.message[])
returns confab.message[] language plpgsql stable as $$
declare
  m confab.message;
  v_bytes bigint := 0;
  v_count int := 0;
begin
  foreach m in array p_messages loop
    v_bytes := v_bytes + confab.message_weight(m) + confab.message_lists_weight(m);
    if m.parent_seq is not null then
      v_bytes := v_bytes + coalesce((select confab.message_lists_weight(x) from confab.message x
                                     where x.room_id = m.room_id and x.seq = m.parent_seq), 0);
    end if;
    if v_bytes > 1000000 and v_count > 0 then
      return p_messages[1 : v_count];
    end if;
    v_count := v_count + 1;
  end loop;
  return p_messages;
end $$;
