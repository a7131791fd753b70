-- Reading parameters. Each raises 4003 with the reference's sentence when the value can't be used.
-- Functions that are called for every message are in PL/pgSQL, which keeps plans; an SQL function that can't be inlined
-- is planned at each call.

-- uuid_value(value, field): an id of a room or message: a UUID in any usual spelling, or an integer as a 128-bit value.
create or replace function confab.uuid_value(p_value jsonb, p_field text)
returns uuid language plpgsql immutable as $$
declare
  v_text text := p_value #>> '{}';
  v_hex text;
  v_number numeric;
begin
  case jsonb_typeof(p_value)
  when 'string' then
    -- The usual spelling: four dashes in their places and hex digits. A regular expression takes twice as long.
    if v_text like '________-____-____-____-____________' and translate(v_text, '0123456789abcdefABCDEF', '') = '----'
    then
      return v_text::uuid;
    end if;
    v_hex := replace(trim(both '{}' from replace(replace(v_text, 'urn:', ''), 'uuid:', '')), '-', '');
    if v_hex ~ '^[0-9a-fA-F]{32}$' then
      return v_hex::uuid;
    end if;
    perform confab.fail_validation(format('“%s” is not a valid UUID.', left(v_text, 200)));
  when 'number' then
    v_number := v_text::numeric;
    if v_number <> trunc(v_number) then
      perform confab.fail_validation(format('Invalid %s type', p_field));
    elsif v_number < 0 or v_number >= 340282366920938463463374607431768211456 then
      perform confab.fail_validation(format('“%s” is not a valid UUID.', left(v_text, 200)));
    end if;
    v_hex := '';
    for i in 1..4 loop
      v_hex := lpad(to_hex(mod(v_number, 4294967296)::bigint), 8, '0') || v_hex;
      v_number := div(v_number, 4294967296);
    end loop;
    return v_hex::uuid;
  else
    perform confab.fail_validation(format('Invalid %s type', p_field));
  end case;
  return null;
end $$;

-- text_value(data, field, limit): an optional text, null when absent or null; 4003 by field otherwise.
create or replace function confab.text_value(p_data jsonb, p_field text, p_limit int)
returns text language plpgsql immutable as $$
declare
  v_value jsonb := p_data -> p_field;
  v_text text := p_data ->> p_field;
begin
  if v_text is null then
    return null;
  elsif jsonb_typeof(v_value) not in ('string', 'number') then
    perform confab.fail_field(p_field, 'Not a valid string.');
  elsif length(v_text) > p_limit then
    perform confab.fail_field(p_field, format('Ensure this field has no more than %s characters.', p_limit));
  elsif v_text ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]' then
    perform confab.fail_field(p_field, 'Control characters are not allowed.');
  end if;
  return v_text;
end $$;

-- boolean_value(data, field, default): a boolean, or the default when absent. Accepts the values of HTML forms, too.
create or replace function confab.boolean_value(p_data jsonb, p_field text, p_default boolean)
returns boolean language plpgsql immutable as $$
declare
  v_text text := lower(btrim(p_data ->> p_field));
begin
  if not p_data ? p_field then
    return p_default;
  elsif jsonb_typeof(p_data -> p_field) in ('boolean', 'string', 'number') then
    if v_text in ('true', 't', 'on', 'yes', 'y', '1') then
      return true;
    elsif v_text in ('false', 'f', 'off', 'no', 'n', '0') then
      return false;
    end if;
  end if;
  perform confab.fail_field(p_field, 'Must be a valid boolean.');
  return null;
end $$;

-- switch_value(data, field, default): the same of an optional field, where null counts as absent.
create or replace function confab.switch_value(p_data jsonb, p_field text, p_default boolean)
returns boolean language plpgsql immutable as $$
begin
  return case when p_data ->> p_field is null then p_default
    else confab.boolean_value(p_data, p_field, p_default) end;
end $$;

-- capacity_value(data, field, default): a limit on members, which is positive.
create or replace function confab.capacity_value(p_data jsonb, p_field text, p_default bigint)
returns bigint language plpgsql immutable as $$
declare
  v_text text := p_data ->> p_field;
begin
  if not p_data ? p_field then
    return p_default;
  elsif v_text is null then
    perform confab.fail_field(p_field, 'This field may not be null.');
  elsif jsonb_typeof(p_data -> p_field) not in ('string', 'number') or v_text !~ '^\d{1,18}$' then
    perform confab.fail_field(p_field, 'A valid integer is required.');
  elsif v_text::bigint < 1 then
    perform confab.fail_field(p_field, 'Ensure this value is greater than or equal to 1.');
  end if;
  return v_text::bigint;
end $$;

-- account_ids_value(value): ids of accounts in a list. Anything but a list counts as an empty one. Unknown ids and null
-- are dropped. Raises 4003 for values that are not numbers.
create or replace function confab.account_ids_value(p_value jsonb)
returns bigint[] language plpgsql stable as $$
declare
  v_bad text;
begin
  if p_value is null or jsonb_typeof(p_value) <> 'array' then
    return '{}';
  elsif jsonb_array_length(p_value) > 1000 then
    perform confab.fail_validation('At most 1000 users at once.');
  end if;
  select e #>> '{}' into v_bad from jsonb_array_elements(p_value) e
  where jsonb_typeof(e) not in ('number', 'string', 'null') or (e #>> '{}') !~ '^-?\d{1,18}$' limit 1;
  if found then
    perform confab.fail_validation(format('Field ''id'' expected a number but got ''%s''.',
                                          left(coalesce(v_bad, 'null'), 200)));
  end if;
  return array(select g.id from (select distinct (e #>> '{}')::bigint as id from jsonb_array_elements(p_value) e) g
               where (select true from confab.account a where a.id = g.id) order by g.id);
end $$;

-- known_account_ids_value(data, field): the same for a required list. Raises 4004 for an unknown id.
create or replace function confab.known_account_ids_value(p_data jsonb, p_field text)
returns bigint[] language plpgsql stable as $$
declare
  v_ids bigint[];
begin
  if p_data ->> p_field is null then
    perform confab.fail_missing(p_data, p_field);
  elsif jsonb_typeof(p_data -> p_field) <> 'array' then
    perform confab.fail_field(p_field, 'Expected a list of items.');
  end if;
  v_ids := confab.account_ids_value(p_data -> p_field);
  if cardinality(v_ids) < (select count(distinct (e #>> '{}')::bigint)
                           from jsonb_array_elements(p_data -> p_field) e) then
    perform confab.fail_not_found();
  end if;
  return v_ids;
end $$;

-- account_id_value(data, field): the account that a field names. Raises 4003 by field, 4004.
create or replace function confab.account_id_value(p_data jsonb, p_field text)
returns bigint language plpgsql stable as $$
declare
  v_text text := p_data ->> p_field;
  v_id bigint;
begin
  if v_text is null then
    perform confab.fail_missing(p_data, p_field);
  elsif jsonb_typeof(p_data -> p_field) not in ('number', 'string') or v_text !~ '^-?\d{1,18}$' then
    perform confab.fail_field(p_field, 'A valid integer is required.');
  end if;
  select id into v_id from confab.account where id = v_text::bigint;
  if not found then
    perform confab.fail_not_found();
  end if;
  return v_id;
end $$;

-- integer_value(data, field, least, most, default): a whole number; anything above most counts as most.
create or replace function confab.integer_value(p_data jsonb, p_field text, p_least bigint, p_most bigint,
  p_default bigint)
returns bigint language plpgsql immutable as $$
declare
  v_text text := p_data ->> p_field;
begin
  if v_text is null then
    return p_default;
  elsif jsonb_typeof(p_data -> p_field) not in ('number', 'string') or v_text !~ '^-?\d{1,18}$' then
    perform confab.fail_field(p_field, 'A valid integer is required.');
  elsif v_text::bigint < p_least then
    perform confab.fail_field(p_field, format('Ensure this value is greater than or equal to %s.', p_least));
  end if;
  return least(v_text::bigint, p_most);
end $$;

-- message_ids_value(data): data.message_id, one id or a list of them, without repeats. Raises 4003.
create or replace function confab.message_ids_value(p_data jsonb)
returns uuid[] language plpgsql immutable as $$
declare
  v_value jsonb := coalesce(p_data -> 'message_id', 'null');
begin
  if jsonb_typeof(v_value) <> 'array' then
    return array[confab.uuid_value(v_value, 'message_id')];
  elsif jsonb_array_length(v_value) > 200 then
    perform confab.fail_validation('At most 200 messages at once.');
  end if;
  return array(select distinct confab.uuid_value(e, 'message_id') from jsonb_array_elements(v_value) e);
end $$;

-- room_id_value(data): data.room_id, which is required. Raises 4003.
create or replace function confab.room_id_value(p_data jsonb)
returns uuid language plpgsql immutable as $$
begin
  if not p_data ? 'room_id' then
    perform confab.fail_field('room_id', 'This field is required.');
  end if;
  return confab.uuid_value(p_data -> 'room_id', 'room_id');
end $$;

-- seq_most(): the largest number, limited by what a number of JavaScript holds exactly.
create or replace function confab.seq_most()
returns bigint language sql immutable as $$
  select 9007199254740991
$$;

-- is_falsy(value): whether the reference treats the value as absent.
create or replace function confab.is_falsy(p_value jsonb)
returns boolean language sql immutable parallel safe as $$
  select coalesce(p_value in ('null', 'false', '0', '""', '[]', '{}'), true)
$$;

-- time_text(moment): a time in ISO 8601, in UTC, with microseconds.
create or replace function confab.time_text(p_moment timestamptz)
returns text language plpgsql immutable parallel safe as $$
begin
  return to_char(p_moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
end $$;

-- setting_value(name): the value of a setting, null if it is not set.
create or replace function confab.setting_value(p_name text)
returns jsonb language plpgsql stable as $$
begin
  return (select value from confab.setting where name = p_name);
end $$;

-- setting_number(name, default): the value of a setting that is a whole number.
create or replace function confab.setting_number(p_name text, p_default bigint)
returns bigint language plpgsql stable as $$
declare
  v_value jsonb := confab.setting_value(p_name);
begin
  return case when jsonb_typeof(v_value) = 'number' then trunc(v_value::numeric)::bigint else p_default end;
end $$;

-- setting_on(name): whether a switch is on. setting_off(name): whether a switch that is on by default is off.
create or replace function confab.setting_on(p_name text)
returns boolean language plpgsql stable as $$
begin
  return coalesce(confab.setting_value(p_name) = 'true', false);
end $$;

create or replace function confab.setting_off(p_name text)
returns boolean language plpgsql stable as $$
begin
  return coalesce(confab.setting_value(p_name) = 'false', false);
end $$;
