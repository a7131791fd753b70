-- A new message's own dispatch is found by the message's number, so the index over what dispatches show leaves it out:
-- most rows are such, and each cost a send two records of the write-ahead log.
alter table confab.log add column is_own boolean not null default false;
drop index confab.log_message_ids_idx;
create index log_message_ids_idx on confab.log using gin (message_ids) with (gin_pending_list_limit = 64)
  where not is_own;
alter table confab.erased_message add column seq bigint;
drop function if exists confab.message_erased(uuid);
drop function if exists confab.erase_in_log(uuid);

-- The same results as before. An SQL function that can't be inlined is planned anew in each transaction.
create or replace function confab.folded_text(p_text text)
returns text language plpgsql immutable parallel safe as $$
begin
  if octet_length(p_text) = length(p_text) then
    return p_text;
  end if;
  return normalize(regexp_replace(normalize(
    translate(replace(replace(replace(replace(replace(replace(p_text,
      'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'øØłŁđĐı', 'oOlLdDi'),
    nfd), '[\u0300-\u036f]', '', 'g'), nfc);
end $$;

create or replace function confab.spaced_text(p_text text)
returns text language plpgsql immutable parallel safe as $$
begin
  if octet_length(p_text) = length(p_text) then
    return p_text;
  end if;
  return regexp_replace(p_text,
    '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])', ' \1 ', 'g');
end $$;
