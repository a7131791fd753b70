-- Finding and blocking people.

-- user.list: search (the beginning of a name), after (an id), limit. Reply userlist, by id. Raises 4003.
create or replace function confab.user_list(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql stable security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_search text := lower(normalize(coalesce(confab.text_value(p_data, 'search', 64), ''), nfc));
  v_after bigint := confab.integer_value(p_data, 'after', -999999999999999999, 999999999999999999, 0);
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 200, 50);
  v_found confab.account[];
  v_own boolean := confab.not_own();
  v_outcome confab.outcome;
begin
  v_found := array(
    select a from confab.account a
    where a.id > v_after and not a.disabled and (v_search = '' or lower(a.username) ~>=~ v_search
                                                 and lower(a.username) ~<~ (v_search || U&'\+10FFFF'))
    order by a.id limit v_limit + 1);
  v_outcome.reply := confab.reply_text('userlist.dispatch', json_build_object(
    'users', (select coalesce(json_agg(user_json(a, v_own) order by a.id), '[]') from unnest(v_found[1:v_limit]) a),
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
