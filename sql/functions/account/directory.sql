-- Finding and blocking people.

-- lists_everybody(account): whether an account finds people with whom it shares no room. Accounts that exist by a
-- token of the host application alone have a setting of their own: on a public site they are anybody.
create or replace function confab.lists_everybody(p_account bigint)
returns boolean language plpgsql stable as $$
begin
  if exists (select from confab.external_identity e join confab.account a on a.id = e.account_id
             where e.account_id = p_account and e.issuer like 'jwt:%' and a.password_hash is null) then
    return confab.setting_on('visitors_list_people');
  end if;
  return not confab.setting_off('list_people');
end $$;

-- people_after(after, search, limit): ids of accounts whose names begin with search. Of many such names the next are
-- among the next accounts; of few, all are read by the index of names.
create or replace function confab.people_after(p_after bigint, p_search text, p_limit bigint)
returns bigint[] language plpgsql stable as $$
declare
  v_found bigint[];
begin
  v_found := array(
    select n.id from (
      select a.id, a.username from confab.account a where a.id > p_after and not a.disabled
      order by a.id limit case when p_search = '' then p_limit else 2000 end) n
    where starts_with(lower(n.username), p_search) order by n.id limit p_limit);
  if p_search = '' or cardinality(v_found) = p_limit then
    return v_found;
  end if;
  return array(
    select i.id from (
      select a.id from confab.account a
      where a.id > p_after and not a.disabled
        and lower(a.username) ~>=~ p_search and lower(a.username) ~<~ (p_search || U&'\+10FFFF')
      offset 0) i
    order by i.id limit p_limit);
end $$;

-- companions_after(account, after, search, limit): the same of those in the account's rooms, the hundred that it joined
-- last.
create or replace function confab.companions_after(p_account bigint, p_after bigint, p_search text, p_limit bigint)
returns bigint[] language plpgsql stable as $$
declare
  v_rooms uuid[] := array(select room_id from confab.member where account_id = p_account
                          order by joined_at desc, room_id limit 100);
begin
  return array(
    select distinct i.id from unnest(v_rooms) r (id)
    cross join lateral unnest(confab.members_after(r.id, p_after, p_search, p_limit)) i (id)
    where not (select a.disabled from confab.account a where a.id = i.id)
    order by i.id limit p_limit);
end $$;

-- user.list: search (the beginning of a name), after (an id), limit. Reply userlist, by id: of everybody, or of those
-- in the caller's rooms (lists_everybody). Raises 4003.
create or replace function confab.user_list(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_search text := lower(normalize(coalesce(confab.text_value(p_data, 'search', 64), ''), nfc));
  v_after bigint := confab.integer_value(p_data, 'after', -999999999999999999, 999999999999999999, 0);
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 200, 50);
  v_found bigint[];
  v_own boolean := confab.not_own();
  v_outcome confab.outcome;
begin
  v_found := case when confab.lists_everybody(p_caller.account_id)
    then confab.people_after(v_after, v_search, v_limit + 1)
    else confab.companions_after(p_caller.account_id, v_after, v_search, v_limit + 1) end;
  v_outcome.reply := confab.reply_text('userlist.dispatch', json_build_object(
    'users', (select coalesce(json_agg(user_json(a, v_own) order by a.id), '[]') 
              from unnest(v_found[1:v_limit]) i (id) join confab.account a on a.id = i.id),
    'has_next', cardinality(v_found) > v_limit));
  return v_outcome;
end $$;

-- block_set(caller, data, blocked): the common part of user.block and user.unblock. Reply userblock. Raises 4003, 4004.
-- Writes: block.
create or replace function confab.block_set(p_caller confab.caller, p_data jsonb, p_blocked boolean)
returns confab.outcome language plpgsql as $$
declare
  v_account bigint := confab.account_id_value(p_data, 'user_id');
  v_outcome confab.outcome;
begin
  if v_account = p_caller.account_id then
    perform confab.fail_field('user_id', 'You can''t block yourself.');
  elsif p_blocked and not confab.lists_everybody(p_caller.account_id)
    and not confab.shares_room(p_caller.account_id, v_account) then
    perform confab.fail_not_found();  -- the reply would tell the name of any number
  elsif p_blocked then
    insert into confab.block (account_id, blocked_id) values (p_caller.account_id, v_account) on conflict do nothing;
  else
    delete from confab.block where account_id = p_caller.account_id and blocked_id = v_account;
  end if;
  v_outcome.reply := confab.reply_text('userblock.dispatch', json_build_object('user', confab.user_ref(v_account),
    'blocked', p_blocked));
  return v_outcome;
end $$;

-- user.block, user.unblock: user_id. A blocked person can't open a one-to-one with the caller or send in it, add the
-- caller to rooms, mention or notify the caller, or react to the caller's messages. The caller does not see the blocked
-- person type, and the blocked person does not see the caller's presence.
create or replace function confab.user_block(p_caller confab.caller, p_data jsonb)
returns confab.outcome language sql security definer set search_path = confab_site, confab, pg_temp as $$
  select confab.block_set(p_caller, p_data, p_blocked => true)
$$;

create or replace function confab.user_unblock(p_caller confab.caller, p_data jsonb)
returns confab.outcome language sql security definer set search_path = confab_site, confab, pg_temp as $$
  select confab.block_set(p_caller, p_data, p_blocked => false)
$$;

-- user.blocked: the people whom the caller has blocked. Reply userblocked.
create or replace function confab.user_blocked(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('userblocked.dispatch', json_build_object('users', (
    select coalesce(json_agg(json_build_object('id', a.id, 'username', a.username) order by k.created_at desc), '[]')
    from (select * from confab.block where account_id = p_caller.account_id order by created_at desc limit 1000) k
    join confab.account a on a.id = k.blocked_id)));
  return v_outcome;
end $$;

-- people_named(account, search, limit, offset): the people whom the account may find, without itself, by name.
create or replace function confab.people_named(p_account bigint, p_search text, p_limit bigint, p_offset bigint)
returns table (id bigint, username text) language plpgsql stable as $$
#variable_conflict use_column
begin
  if confab.lists_everybody(p_account) then
    -- Every name is between nothing and this end, so a search for nothing needs no "or", which no index can follow.
    return query
      select a.id, a.username from confab.account a
      where not a.disabled and a.id <> p_account
        and lower(a.username) ~>=~ p_search and lower(a.username) ~<~ (p_search || U&'\+10FFFF')
      order by lower(a.username) using ~<~ limit p_limit offset p_offset;
    return;
  end if;
  return query
    select a.id, a.username
    from unnest(confab.companions_after(p_account, -999999999999999999, p_search, 1001)) i (id)
    join confab.account a on a.id = i.id where a.id <> p_account
    order by lower(a.username) using ~<~ limit p_limit offset p_offset;
end $$;

-- direct.people: search (the beginning of a name), limit, offset. Reply directpeople, by name: a list of everybody, up
-- to a thousand; with one of the parameters a page of the first ten thousand. Raises 4003.
create or replace function confab.direct_people(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_search text := lower(normalize(coalesce(confab.text_value(p_data, 'search', 64), ''), nfc));
  v_is_paged boolean := p_data ?| array['search', 'limit', 'offset'];
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 1000, case when v_is_paged then 100 else 1000 end);
  v_offset bigint := confab.integer_value(p_data, 'offset', 0, 10000, 0);
  v_people json;
  v_count bigint;
  v_outcome confab.outcome;
begin
  v_people := (select coalesce(json_agg(json_build_object('id', p.id, 'username', p.username)
                                        order by lower(p.username) using ~<~), '[]')
               from confab.people_named(p_caller.account_id, v_search, v_limit, v_offset) p);
  if v_is_paged then
    v_count := (select count(*) from confab.people_named(p_caller.account_id, v_search, 10000, 0));
    v_people := json_build_object(
      'count', v_count,
      'next', case when v_offset + v_limit < v_count
        then confab.direct_link(p_data, '{search}', format('limit=%s&offset=%s', v_limit, v_offset + v_limit)) end,
      'previous', case when v_offset > 0
        then confab.direct_link(p_data, '{search}', format('limit=%s&offset=%s', v_limit,
                                                           greatest(v_offset - v_limit, 0))) end,
      'results', v_people);
  end if;
  v_outcome.reply := confab.reply_text('directpeople.dispatch', v_people);
  return v_outcome;
end $$;
