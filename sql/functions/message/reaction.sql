-- Reactions: at most one by each person to a message.

-- reaction_count(counts, content, step): the counts with one reaction of a content added or removed.
create or replace function confab.reaction_count(p_counts jsonb, p_content text, p_step int)
returns jsonb language sql immutable as $$
  select case when coalesce((p_counts ->> p_content)::bigint, 0) + p_step <= 0 then p_counts - p_content
    else p_counts || jsonb_build_object(p_content, coalesce((p_counts ->> p_content)::bigint, 0) + p_step) end
$$;

-- reaction_key(content): a key that is equal for equal reactions: without variation selectors and invisible characters.
create or replace function confab.reaction_key(p_content text)
returns text language sql immutable as $$
  select regexp_replace(normalize(p_content, nfc), '[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e'
    '\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]', '', 'g')
$$;

-- reaction_known(message, content): the spelling of the same reaction that the message already has, or the content
-- itself.
create or replace function confab.reaction_known(m confab.message, p_content text)
returns text language plpgsql stable as $$
begin
  return coalesce((select k from confab.message_state s, jsonb_object_keys(s.reaction_counts) k
                   where s.room_id = m.room_id and s.seq = m.seq and confab.reaction_key(k)
                     = confab.reaction_key(p_content)
                   limit 1), p_content);
end $$;

-- reaction_content_value(data): the text of a reaction. Raises 4003.
create or replace function confab.reaction_content_value(p_data jsonb)
returns text language plpgsql stable as $$
declare
  v_content text;
begin
  if p_data ->> 'reaction_content' is null then
    perform confab.fail_missing(p_data, 'reaction_content');
  end if;
  v_content := btrim(p_data ->> 'reaction_content', E' \t\r\n\f\v');
  if confab.name_error(v_content) is not null then
    perform confab.fail_field('reaction_content', confab.name_error(v_content));
  end if;
  return confab.text_value(jsonb_build_object('reaction_content',
    case jsonb_typeof(p_data -> 'reaction_content') when 'string' then to_jsonb(v_content)
      else p_data -> 'reaction_content' end), 'reaction_content', 128);
end $$;

-- reaction_erased(message, content): records that somebody has taken a reaction back. Writes: erased_reaction.
create or replace function confab.reaction_erased(p_message uuid, p_content text)
returns void language sql as $$
  insert into confab.erased_reaction (message_id, content) values (p_message, p_content)
  on conflict (message_id, content) do update set erased_at = now()
$$;

-- reaction_add(account, message, content): adds the account's reaction, or replaces it. Raises 4005 when the same one
-- is there already. Writes: reaction, message_state, erased_reaction, log.
create or replace function confab.reaction_add(p_account bigint, m confab.message, p_content text)
returns confab.outcome language plpgsql as $$
declare
  v_old text;
  v_entry confab.entry;
  v_outcome confab.outcome;
begin
  delete from confab.reaction where room_id = m.room_id and seq = m.seq and account_id = p_account
    and content <> p_content returning content into v_old;
  if v_old is null and exists (select from confab.reaction where room_id = m.room_id and seq = m.seq
                               and account_id = p_account) then
    perform confab.fail_constraint();
  end if;
  update confab.message_state s
  set reaction_counts = confab.reaction_count(case when v_old is null then s.reaction_counts
                                              else confab.reaction_count(s.reaction_counts, v_old, -1) end, p_content,
    1)
  where s.room_id = m.room_id and s.seq = m.seq;
  if v_old is not null then
    perform confab.reaction_erased(m.id, v_old);
  end if;
  insert into confab.reaction (room_id, seq, account_id, content, log_seq)
    values (m.room_id, m.seq, p_account, p_content, 0);
  v_entry := confab.log_entry_about(m.room_id, m.seq, 'reaction.dispatch',
    json_build_object('status', 'successful', 'type', 'add', 'message', confab.message_told(m)));
  v_outcome := confab.log_append(v_entry);
  update confab.reaction set log_seq = v_outcome.seq where room_id = m.room_id and seq = m.seq
    and account_id = p_account;
  return v_outcome;
end $$;

-- reaction_remove(account, message): removes the account's reaction; if there is none, only the caller gets the
-- dispatch, with status failed.
create or replace function confab.reaction_remove(p_account bigint, m confab.message)
returns confab.outcome language plpgsql as $$
declare
  v_old text;
  v_outcome confab.outcome;
begin
  delete from confab.reaction where room_id = m.room_id and seq = m.seq and account_id = p_account
    returning content into v_old;
  if v_old is null then
    v_outcome.reply := confab.reply_text('reaction.dispatch', json_build_object('status', 'failed', 'message',
      confab.message_told(m), 'action', 'remove'));
    return v_outcome;
  end if;
  update confab.message_state s set reaction_counts = confab.reaction_count(s.reaction_counts, v_old, -1)
    where s.room_id = m.room_id and s.seq = m.seq;
  perform confab.reaction_erased(m.id, v_old);
  return confab.log_append(confab.log_entry_about(m.room_id, m.seq, 'reaction.dispatch',
    json_build_object('status', 'successful', 'message', confab.message_told(m), 'action', 'remove')));
end $$;

-- message.react: message_id, type add or remove, reaction_content. Dispatch reaction. Raises 4002, 4003, 4004, 4005.
create or replace function confab.message_react(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_type text := p_data ->> 'type';
  v_content text;
  v_id uuid := confab.uuid_value(coalesce(p_data -> 'message_id', 'null'), 'message_id');
  m confab.message := (confab.messages_checked(p_caller.account_id, array[v_id]))[1];
begin
  if v_type = 'add' then
    perform confab.check_not_blocked(p_caller.account_id, m.room_id);
    if confab.is_blocked(m.sender_id, p_caller.account_id) then
      perform confab.fail_denied('message');
    end if;
    m := confab.message_lock(p_caller.account_id, v_id);
    v_content := confab.reaction_known(m, confab.reaction_content_value(p_data));
    return confab.reaction_add(p_caller.account_id, m, v_content);
  elsif v_type = 'remove' then
    return confab.reaction_remove(p_caller.account_id, confab.message_lock(p_caller.account_id, v_id));
  end if;
  perform confab.fail_validation('invalid reaction type');
  return null;
end $$;
