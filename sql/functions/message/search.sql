-- Full-text search over the caller's rooms.

-- search_query(text): the text as a query. Words match by their beginning; "in quotes" is a phrase, -word excludes, or
-- means or. Null when it has no words.
create or replace function confab.search_query(p_text text)
returns tsquery language sql immutable as $$
  select nullif(regexp_replace(websearch_to_tsquery('pg_catalog.simple', confab.spaced_text(confab.folded_text(
    case when position('"' in p_text) > 0 then p_text
    else regexp_replace(p_text,
      '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)', '"\1"', 'g')
    end)))::text,
    '''(?=[\s)]|$)', ''':*', 'g')::tsquery, ''::tsquery)
$$;

-- search_words(text): the words that a snippet marks.
create or replace function confab.search_words(p_text text)
returns text[] language sql immutable as $$
  select array(select distinct w from regexp_split_to_table(lower(p_text || ' ' || confab.folded_text(p_text)),
                                                            '[^[:alnum:]]+') w where w not in ('', 'or')
               order by w limit 20)
$$;

-- search_snippet(content, words): the text around the first of the words, as HTML: escaped, the words in <mark>.
create or replace function confab.search_snippet(p_content text, p_words text[])
returns text language plpgsql immutable as $$
declare
  v_text text := regexp_replace(confab.plain_text(left(p_content, 20000)), '\s+', ' ', 'g');
  v_lower text := lower(confab.folded_text(v_text));
  v_first int;
  v_start int;
begin
  if length(v_lower) <> length(v_text) then
    v_lower := lower(v_text);
  end if;
  select min(nullif(position(w in v_lower), 0)) into v_first from unnest(p_words) w;
  v_start := greatest(coalesce(v_first, 1) - 60, 1);
  v_text := case when v_start > 1 then '… ' else '' end || substr(v_text, v_start, 200) || case
    when length(v_text) > v_start + 199 then ' …' else '' end;
  if p_words <> '{}' then
    -- Control characters stand for the tags until the rest is escaped; messages contain none.
    v_text := regexp_replace(translate(v_text, E'\x01\x02', ''), '(' || array_to_string(p_words, '|') || ')',
                             E'\x01\\1\x02', 'gi');
  end if;
  v_text := replace(replace(replace(replace(v_text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
  return replace(replace(v_text, E'\x01', '<mark>'), E'\x02', '</mark>');
end $$;

-- search_rooms(account, data): the rooms to search: the given one, or all of the account's. Raises 4002, 4003, 4004.
create or replace function confab.search_rooms(p_account bigint, p_data jsonb)
returns uuid[] language plpgsql as $$
begin
  if confab.is_falsy(p_data -> 'room_id') then
    return array(select room_id from confab.member where account_id = p_account);
  end if;
  return array[(confab.room_known(p_account, p_data, 'read')).id];
end $$;

-- The index of words is read as a bitmap, which the programs' roles do without elsewhere.
-- search_matches(account, rooms, query, sender, before, limit): the newest messages that match, by the index of words.
create or replace function confab.search_matches(p_account bigint, p_rooms uuid[], p_query tsquery, p_sender bigint,
  p_before bigint, p_limit bigint)
returns confab.message[] language plpgsql stable set enable_bitmapscan = on as $$
declare
  v_query tsquery := array_to_string(array(select format('%L', 'room:' || r) from unnest(p_rooms) r),
                                     '|')::tsquery && p_query;
  v_member record;
begin
  -- Read once, and not for each message that matches: few rooms hide older messages.
  select coalesce(array_agg(b.room_id::text), '{}') as rooms,
         coalesce(jsonb_object_agg(b.room_id, b.history_floor) filter (where b.history_floor > 0), '{}') as floors
  into v_member
  from unnest(p_rooms) r
  cross join lateral (select x.room_id, x.history_floor from confab.member x
                      where x.room_id = r and x.account_id = p_account offset 0) b;
  -- Only the index of words answers this: by another one, which a planner without statistics might choose, the words of
  -- every message would be looked at.
  return array(
    select m from confab.message m
    where not m.is_deleted and confab.search_vector(m.room_id, m.content) @@ v_query
      and m.room_id::text = any (v_member.rooms) and m.seq + 0 < p_before
      and (p_sender is null or m.sender_id = p_sender)
      and (v_member.floors = '{}' or m.seq > coalesce((v_member.floors ->> m.room_id::text)::bigint, 0))
    order by m.seq desc limit p_limit);
end $$;

-- search_loosely(query): a query that the index of words answers without a look at the messages: what it finds
-- includes all that match, with the words of a phrase anywhere.
create or replace function confab.search_loosely(p_query tsquery)
returns tsquery language sql immutable as $$
  select regexp_replace(nullif(querytree(p_query), 'T'), '<(?:-|\d+)>', '&', 'g')::tsquery
$$;

-- search_phrases(…): search_matches() for a query with a phrase. The index doesn't know the order of words, so each
-- message that has them is looked at, the newest first, and at most twenty thousand of them or eight million bytes.
create or replace function confab.search_phrases(p_account bigint, p_rooms uuid[], p_query tsquery, p_sender bigint,
  p_before bigint, p_limit bigint)
returns confab.message[] language plpgsql stable as $$
declare
  m confab.message;
  v_found confab.message[] := '{}';
  v_bytes bigint := 0;
begin
  if confab.search_loosely(p_query) is null then
    return confab.search_matches(p_account, p_rooms, p_query, p_sender, p_before, p_limit);
  end if;
  foreach m in array confab.search_matches(p_account, p_rooms, confab.search_loosely(p_query), p_sender, p_before,
                                           20000) loop
    v_bytes := v_bytes + octet_length(m.content);
    exit when cardinality(v_found) = p_limit or v_bytes > 8000000;
    if confab.search_vector(m.room_id, m.content) @@ p_query then
      v_found := v_found || m;
    end if;
  end loop;
  return v_found;
end $$;

-- search_recent(…): the same, searched among the newest five thousand messages of the rooms and the newest eight
-- million bytes of these. For words in so many messages that the index would have to sort a great part of them. If some
-- rooms have more messages, those older than the oldest one seen of such a room are left out, so the result is the
-- newest matches of all rooms.
create or replace function confab.search_recent(p_account bigint, p_rooms uuid[], p_query tsquery, p_sender bigint,
  p_before bigint, p_limit bigint)
returns confab.message[] language plpgsql stable as $$
declare
  v_each bigint := greatest(5000 / cardinality(p_rooms), 50);
  v_recent confab.message[];
  v_edge bigint;
begin
  v_recent := array(
    select x from unnest(p_rooms) r
    join confab.member b on b.room_id = r and b.account_id = p_account
    cross join lateral (select m as x from confab.message m where m.room_id = r and m.seq < p_before
                        and m.seq > b.history_floor and not m.is_deleted
                        order by m.seq desc limit v_each) m);
  select coalesce(max(oldest), 0) into v_edge
  from (select min(m.seq) oldest from unnest(v_recent) m group by m.room_id having count(*) = v_each) full_rooms;
  return array(
    select m from (select m, sum(octet_length(m.content)) over (order by m.seq desc) bytes from unnest(v_recent) m
                   where m.seq >= v_edge and (p_sender is null or m.sender_id = p_sender)) near (m, bytes)
    where bytes <= 8000000 and confab.search_vector((m).room_id, (m).content) @@ p_query
    order by (m).seq desc limit p_limit);
end $$;

-- words_sampled(): lets PostgreSQL sample the words of messages when there are so many messages that a word can be
-- common. The sample of a large table holds only words that many messages have; that of a small one would hold words of
-- a single message, and keep them when that is deleted.
create or replace function confab.words_sampled()
returns void language plpgsql as $$
declare
  v_large boolean := (select reltuples >= 100000 from pg_catalog.pg_class where oid = 'confab.message'::regclass);
  v_sampled boolean := (select stxstattarget <> 0 from pg_catalog.pg_statistic_ext
                        where stxname = 'message_search_words' and stxnamespace = 'confab'::regnamespace);
begin
  if v_large and not v_sampled then
    alter statistics confab.message_search_words set statistics 100;
  elsif v_sampled and not v_large then
    -- The sample is dropped with it.
    drop statistics confab.message_search_words;
    create statistics confab.message_search_words on (confab.search_vector(room_id, content)) from confab.message;
    alter statistics confab.message_search_words set statistics 0;
  end if;
end $$;

-- search_is_common(query): whether the planner expects many messages to match.
create or replace function confab.search_is_common(p_query tsquery)
returns boolean language plpgsql set enable_bitmapscan = on as $$
declare
  v_plan json;
begin
  execute format('explain (format json) select from confab.message
                  where not is_deleted and confab.search_vector(room_id, content) @@ %L', p_query) into v_plan;
  return (v_plan #>> '{0,Plan,Plan Rows}')::numeric > 20000;
end $$;

-- search_find(account, rooms, query, sender, before, wanted, limit): the newest matches, at most limit; for common
-- words, as few as wanted are enough.
create or replace function confab.search_find(p_account bigint, p_rooms uuid[], p_query tsquery, p_sender bigint,
  p_before bigint, p_wanted bigint, p_limit bigint)
returns confab.message[] language plpgsql as $$
declare
  v_found confab.message[];
begin
  if p_query is null or p_rooms = '{}' then
    return '{}';
  elsif cardinality(p_rooms) <= 100 and confab.search_is_common(p_query) then
    v_found := confab.search_recent(p_account, p_rooms, p_query, p_sender, p_before, p_limit);
    if cardinality(v_found) >= p_wanted then
      return v_found;
    end if;
  end if;
  if position('<' in p_query::text) > 0 then
    return confab.search_phrases(p_account, p_rooms, p_query, p_sender, p_before, p_limit);
  end if;
  return confab.search_matches(p_account, p_rooms, p_query, p_sender, p_before, p_limit);
end $$;

-- search_rank(message, query): how well it matches, by its first 5,000 characters: a rank costs as much as the text is
-- long.
create or replace function confab.search_rank(m confab.message, p_query tsquery)
returns real language sql stable as $$
  select ts_rank(confab.search_vector(m.room_id, left(m.content, 5000)), p_query)
$$;

-- search_best(messages, query, order, limit): the results in their order, up to about a million bytes.
create or replace function confab.search_best(p_messages confab.message[], p_query tsquery, p_order text,
  p_limit bigint)
returns confab.message[] language plpgsql stable as $$
begin
  return confab.messages_fitting(array(
    select m from unnest(p_messages) m
    order by case p_order when 'newest' then 0 else confab.search_rank(m, p_query) end desc, m.seq desc
    limit p_limit));
end $$;

-- message.search: query, room_id, sender, before, limit, order. Reply messagesearch. Raises 4002, 4003, 4004.
create or replace function confab.message_search(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_text text := confab.text_value(p_data, 'query', 500);
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 100, 20);
  v_sender bigint := confab.integer_value(p_data, 'sender', -999999999999999999, 999999999999999999, null);
  v_order text := coalesce(p_data ->> 'order', case when confab.is_falsy(p_data -> 'before') then 'relevance'
                           else 'newest' end);
  v_before bigint := case when confab.is_falsy(p_data -> 'before') then confab.seq_most()
    else confab.seq_value(p_data, 'before') end;
  v_query tsquery;
  v_words text[];
  v_messages confab.message[];
  v_best confab.message[];
  v_outcome confab.outcome;
begin
  if not p_data ? 'query' then
    perform confab.fail_field('query', 'This field is required.');
  elsif btrim(coalesce(v_text, ''), E' \t\r\n') = '' then
    perform confab.fail_field('query', 'This field may not be blank.');
  elsif v_order not in ('relevance', 'newest') then
    perform confab.fail_field('order', format('"%s" is not a valid choice.', left(v_order, 64)));
  end if;
  begin
    v_query := confab.search_query(v_text);
  exception when internal_error then
    v_query := null;  -- nested deeper than PostgreSQL can read a query, so it matches nothing
  end;
  v_words := confab.search_words(v_text);
  v_messages := confab.search_find(p_caller.account_id, confab.search_rooms(p_caller.account_id, p_data), v_query,
                                   v_sender, v_before,
                                   v_limit + 1, case v_order when 'newest' then v_limit + 1 else 200 end);
  v_best := confab.search_best(v_messages, v_query, v_order, v_limit);
  v_outcome.reply := confab.reply_text('messagesearch.dispatch', json_build_object(
    'query', v_text, 'order', v_order, 'has_next', cardinality(v_messages) > cardinality(v_best),
    'results', (
      select coalesce(json_agg(json_build_object(
        'message', message_json(confab.message_seen_by(v_best[n], p_caller.account_id)),
        'snippet', confab.search_snippet(v_best[n].content, v_words),
        'rank', round(confab.search_rank(v_best[n], v_query)::numeric, 4)) order by n), '[]')
      from generate_subscripts(v_best, 1) n)));
  return v_outcome;
end $$;
