-- What an erased account has left in the messages and the log rows of others: its name, where somebody mentions it or
-- a dispatch shows it, and its files, where somebody has passed them on.

-- has_mention(text, name): whether a text may mention the name, however it is spelled: composed or not, with tags or
-- references inside. True for longer names that begin with it, too.
create or replace function confab.has_mention(p_text text, p_name text)
returns boolean language plpgsql immutable as $$
begin
  return p_text ~ '@|&#|&commat;' and (
    position('@' || lower(p_name) in lower(normalize(confab.plain_text(p_text), nfc))) > 0
    or position('@' || lower(p_name) in lower(normalize(p_text, nfc))) > 0);
end $$;

-- is_mention(text, name, marks): whether a text (the text after an @) mentions the erased account of that name: not
-- another account with a longer name. p_text and p_name in lower case, composed.
create or replace function confab.is_mention(p_text text, p_name text, p_marks text)
returns boolean language plpgsql stable as $$
declare
  v_try text;
begin
  if not starts_with(p_text, p_name) then
    return false;
  end if;
  foreach v_try in array confab.mention_names(p_text, p_marks) loop
    if v_try = p_name then
      return true;
    elsif (select true from confab.account where lower(username) = v_try) then
      return false;
    end if;
  end loop;
  -- "@ann.Come here" mentions ann.
  return substr(p_text, length(p_name) + 1, 1) = '.';
end $$;

-- mention_split(content, name, new name): mention_redacted() for mentions with markup, references or decomposed letters
-- inside. The text is cut into tags, references and characters; those that spell the name go. Linear in the text.
create or replace function confab.mention_split(p_content text, p_old text, p_new text)
returns text language plpgsql stable as $$
declare
  v_raw text[];
  v_plain text[];
  v_marks text := confab.name_marks();
  v_length int := length(lower(normalize(p_old, nfd)));
  v_left int;
  v_at int := 0;
  v_text text;
begin
  select array_agg(p[1] order by n), array_agg(lower(normalize(confab.plain_text(p[1]), nfd)) order by n)
  into v_raw, v_plain
  from regexp_matches(p_content, '<[^>]*>|&(?:#\w+|\w+);|.', 'g') with ordinality t (p, n);
  foreach v_text in array (string_to_array(array_to_string(v_plain, ''), '@'))[2:] loop
    loop
      v_at := v_at + 1;
      exit when v_plain[v_at] = '@';
    end loop;
    continue when not confab.is_mention(normalize(left(v_text, 300), nfc), lower(normalize(p_old, nfc)), v_marks);
    v_raw[v_at] := '@' || p_new;
    v_left := v_length;
    while v_left > 0 loop
      v_at := v_at + 1;
      v_left := v_left - length(v_plain[v_at]);
      if v_plain[v_at] <> '' then
        v_raw[v_at] := '';
      end if;
    end loop;
  end loop;
  v_text := array_to_string(v_raw, '');
  loop
    p_content := v_text;
    v_text := regexp_replace(v_text, '<([a-z]+)(?: [^>]*)?></\1>', '', 'g');
    exit when v_text = p_content;
  end loop;
  return v_text;
end $$;

-- mention_redacted(content, old name, new name): the text with mentions of the old name replaced by the new one. The
-- usual spelling also goes from attributes.
create or replace function confab.mention_redacted(p_content text, p_old text, p_new text)
returns text language plpgsql stable as $$
declare
  v_old text := regexp_replace(normalize(p_old, nfc) || '|' || normalize(p_old, nfd), '([._-])', '\\\1', 'g');
  v_in_name text := '[[:alnum:]._' || confab.name_marks() || '-]';
begin
  if not confab.has_mention(p_content, p_old) then
    return p_content;
  end if;
  p_content := regexp_replace(p_content, '@(?:' || v_old || ')(?!' || v_in_name || ')', '@' || p_new, 'gi');
  return case when confab.has_mention(p_content, p_old) then confab.mention_split(p_content, p_old, p_new)
    else p_content end;
end $$;

-- is_erased_file(url, erased): whether the URL is that of an upload of the erased account.
create or replace function confab.is_erased_file(p_url text, p_erased confab.erased_account)
returns boolean language sql immutable as $$
  select coalesce(confab.media_id(p_url) = any (p_erased.media_ids), false)
$$;

-- shows_person(payload, erased): whether a dispatch may show the erased account's name, a mention of it or one of its
-- files.
create or replace function confab.shows_person(p_payload text, p_erased confab.erased_account)
returns boolean language plpgsql immutable as $$
begin
  return strpos(lower(p_payload), lower(trim(both '"' from to_json(p_erased.username)::text))) > 0
    or confab.has_mention(p_payload, p_erased.username)
    or p_erased.media_ids <> '{}' and exists (
      select from regexp_matches(p_payload, '"(?:media_url|avatar)" ?: ?"((?:[^"\\]|\\.)+)"', 'g') u
      where confab.is_erased_file(u[1], p_erased));
end $$;

-- person_redacted(data, key, erased, new name): the part of a dispatch or a forward that describes an account, without
-- the account's name, address and files. key: the field that holds the data.
create or replace function confab.person_redacted(p_data jsonb, p_key text, p_erased confab.erased_account, p_new text)
returns jsonb language plpgsql stable as $$
declare
  v_id text := p_erased.account_id;
  v_old text := p_erased.username;
  v_reaction text;
begin
  case jsonb_typeof(p_data)
  when 'object' then
    if p_data ? 'reaction_counts' then
      select e ->> 'reaction_content' into v_reaction from jsonb_array_elements(p_data -> 'reactions') e
      where e #>> '{user,id}' = v_id;
      p_data := p_data || jsonb_build_object('reaction_counts', case when v_reaction is null
        then p_data -> 'reaction_counts' else confab.reaction_count(p_data -> 'reaction_counts', v_reaction, -1) end);
    end if;
    if p_data ? 'username' and p_data ->> 'id' = v_id then
      return p_data - 'avatar' - 'is_staff' || jsonb_build_object('username', p_new) || case when p_data ? 'email'
        then '{"email": "", "first_name": "", "last_name": ""}'::jsonb else '{}' end;
    elsif p_data ? 'attachments' and p_data #>> '{sender,id}' = v_id then
      p_data := jsonb_set(p_data, '{attachments}', '[]');
    end if;
    return (select coalesce(jsonb_object_agg(e.key, case
              when e.key = 'reason' and p_data #>> '{user,id}' = v_id then 'null'
              else confab.person_redacted(e.value, e.key, p_erased, p_new) end), '{}')
            from jsonb_each(p_data) e);
  when 'array' then
    return (select coalesce(jsonb_agg(confab.person_redacted(e, p_key, p_erased, p_new) order by n), '[]')
            from jsonb_array_elements(p_data) with ordinality t (e, n)
            where case p_key when 'reactions' then e #>> '{user,id}' is distinct from v_id
              when 'attachments' then not confab.is_erased_file(e ->> 'media_url', p_erased) else true end);
  when 'string' then
    return case
      when p_key = 'content' then to_jsonb(confab.mention_redacted(p_data #>> '{}', v_old, p_new))
      when p_key = 'avatar' and confab.is_erased_file(p_data #>> '{}', p_erased) then 'null'
      when p_key in ('username', 'new_members', 'removed_members', 'added_by', 'removed_by', 'delivered_to')
        and p_data #>> '{}' = v_old then to_jsonb(p_new)
      when p_key = 'message' and right(p_data #>> '{}', length(v_old) + 4) = ' by ' || v_old
        then to_jsonb(left(p_data #>> '{}', -length(v_old)) || p_new)
      else p_data end;
  else
    return p_data;
  end case;
end $$;

-- message_redact(message, erased, new name): removes an erased account's traces from somebody else's
-- message: its reaction, and its name where the message mentions it or was forwarded from it. Writes: message,
-- reaction, message_state, message_version, attachment.
create or replace function confab.message_redact(m confab.message, e confab.erased_account, p_new text)
returns void language plpgsql as $$
declare
  v_reaction text;
begin
  delete from confab.reaction where room_id = m.room_id and seq = m.seq and account_id = e.account_id
  returning content into v_reaction;
  if v_reaction is not null then
    update confab.message_state set reaction_counts = confab.reaction_count(reaction_counts, v_reaction, -1)
    where room_id = m.room_id and seq = m.seq;
  end if;
  if m.forwarded_from #>> '{sender,id}' = e.account_id::text or confab.has_mention(m.content, e.username)
    or confab.has_mention(m.forwarded_from ->> 'content', e.username) then
    update confab.message set content = confab.mention_redacted(m.content, e.username, p_new),
      forwarded_from = confab.person_redacted(m.forwarded_from, null, e, p_new)
    where room_id = m.room_id and seq = m.seq;
  end if;
  if m.version > 1 then
    update confab.message_version set content = confab.mention_redacted(content, e.username, p_new)
    where room_id = m.room_id and seq = m.seq and confab.has_mention(content, e.username);
  end if;
  if m.sender_id = e.account_id and m.has_attachments then
    delete from confab.attachment where room_id = m.room_id and seq = m.seq;
  end if;
end $$;

-- account_redact_messages(erased, limit): looks through the next messages. The erased account's own messages are
-- deleted if the setting erase_messages says so; otherwise they stay without a name. Returns the messages to delete.
-- Writes: erased_account, and as message_redact and messages_erase.
create or replace function confab.account_redact_messages(p_erased confab.erased_account, p_limit int)
returns confab.message[] language plpgsql as $$
declare
  v_new text := confab.account_name(p_erased.account_id);
  v_go boolean := confab.setting_on('erase_messages');
  m confab.message;
  v_gone confab.message[] := '{}';
  v_seen int := 0;
begin
  for m in
    select * from confab.message x where (x.room_id, x.seq) > (p_erased.place_room, p_erased.place_seq)
    order by x.room_id, x.seq limit p_limit
  loop
    v_seen := v_seen + 1;
    p_erased.place_room := m.room_id;
    p_erased.place_seq := m.seq;
    if v_go and m.sender_id = p_erased.account_id then
      v_gone := v_gone || m;
    else
      perform confab.message_redact(m, p_erased, v_new);
    end if;
  end loop;
  if v_gone <> '{}' then
    perform confab.messages_lock(v_gone);
    perform confab.messages_erase(v_gone);
  end if;
  update confab.erased_account set place_room = p_erased.place_room, place_seq = p_erased.place_seq,
    are_messages_done = v_seen < p_limit where account_id = p_erased.account_id;
  return v_gone;
end $$;

-- account_redact_log(erased, limit): replaces an erased account by deleted-<id> in the next rows of the log that
-- mention it. Returns the number of the last row that it looked at, once it has seen all rows from before the erasure;
-- null before that. Writes: log, erased_account.
create or replace function confab.account_redact_log(p_erased confab.erased_account, p_limit int)
returns bigint language plpgsql as $$
declare
  v_new text := confab.account_name(p_erased.account_id);
  v_to bigint;
  v_rows int;
begin
  -- The newest rows have to wait: a row with a lower number may not have been committed yet.
  select max(s.seq), count(*) into v_to, v_rows
  from (select seq from confab.log where seq > p_erased.swept_seq and created_at < now() - interval '15 seconds'
        order by seq limit p_limit) s;
  update confab.log l set payload = confab.dispatch_text(l.payload::jsonb ->> 'eventType',
    confab.person_redacted(l.payload::jsonb -> 'data', null, p_erased, v_new)::json, l.seq)
  where l.seq > p_erased.swept_seq and l.seq <= v_to and confab.shows_person(l.payload, p_erased);
  update confab.erased_account set swept_seq = v_to where account_id = p_erased.account_id and v_to is not null;
  return case when v_rows < p_limit and p_erased.erased_at < now() - interval '1 minute'
    then coalesce(v_to, p_erased.swept_seq) end;
end $$;
