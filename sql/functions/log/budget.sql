-- Budgets of an account, besides its number of commands: bytes logged and delivered, rooms created.

-- budget_take(account, kind, amount, limit, seconds): counts an amount against what the account may use in a number of
-- seconds; limit 0 allows any amount. As long as anything is left, the whole amount is granted. Raises 4029. Writes:
-- budget.
create or replace function confab.budget_take(p_account bigint, p_kind text, p_amount bigint, p_limit bigint,
  p_seconds int)
returns void language plpgsql as $$
declare
  b confab.budget;
begin
  if p_limit <= 0 or p_account is null then
    return;
  end if;
  insert into confab.budget as t (account_id, kind, used) values (p_account, p_kind, p_amount)
  on conflict (account_id, kind) do update set
    used = case when t.since <= now() - make_interval(secs => p_seconds) then 0 else t.used end + excluded.used,
    since = case when t.since <= now() - make_interval(secs => p_seconds) then now() else t.since end
  returning * into b;
  if b.used - p_amount >= p_limit then
    perform confab.fail(4029, to_jsonb(greatest(1, ceil(extract(epoch from
      b.since + make_interval(secs => p_seconds) - now())))::int::text));
  end if;
end $$;

-- free_bytes(): dispatches up to this size are free; the number of commands is limited, too.
create or replace function confab.free_bytes()
returns bigint language sql immutable parallel safe as $$ select 4096::bigint $$;

-- give(content): notes the bytes that the caller has sent in this command; a dispatch made of them counts a tenth of
-- them.
create or replace function confab.give(p_content text)
returns void language plpgsql as $$
begin
  perform set_config('confab.given', octet_length(p_content)::text, true);
end $$;

-- charge(room, accounts, bytes): counts a dispatch that is larger than free_bytes() against the bytes that the caller
-- may have logged and delivered in a minute. At most a thousand recipients count.
-- Called before a number is drawn. Earlier commands decide about a refusal, not the size of this one, so no command is
-- refused for ever.
create or replace function confab.charge(p_room uuid, p_accounts bigint[], p_bytes bigint)
returns void language plpgsql as $$
declare
  v_account bigint := nullif(current_setting('confab.account', true), '')::bigint;
  v_admitted boolean := coalesce(current_setting('confab.admitted', true), '') <> '';
  v_audience bigint := coalesce(cardinality(p_accounts), 0);
begin
  p_bytes := p_bytes - coalesce(nullif(current_setting('confab.given', true), '')::bigint, 0) * 9 / 10;
  if v_account is null or p_bytes <= confab.free_bytes() then
    return;
  end if;
  if p_room is not null then
    v_audience := v_audience + (select count(*) from (select from confab.member where room_id = p_room limit 1000) m);
  end if;
  perform confab.budget_take(v_account, 'logged', p_bytes,
    case when v_admitted then 9223372036854775807 else confab.setting_number('account_log_bytes', 6000000) end, 60);
  perform confab.budget_take(v_account, 'told', p_bytes * v_audience,
    case when v_admitted then 9223372036854775807 else confab.setting_number('account_told_bytes', 300000000) end, 60);
  perform set_config('confab.admitted', 'yes', true);
end $$;
