-- A database as 0007_bounds.sql and the functions beside it left it, with the same two people, room and messages as at_0001.sql.
CREATE SCHEMA confab;
CREATE SCHEMA confab_site;
CREATE TYPE confab.caller AS (
	account_id bigint,
	login_id bigint,
	session_id uuid,
	idempotency_key text
);
CREATE TYPE confab.outcome AS (
	reply text,
	dispatch text,
	seq bigint
);
CREATE TYPE confab.room_type AS ENUM (
    'OneToOneChat',
    'GroupChat',
    'Channel'
);
CREATE FUNCTION confab.account_change_password(p_account bigint, p_password_hash text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  update confab.account set password_hash = p_password_hash where id = p_account;
  delete from confab.password_reset where account_id = p_account;
  perform confab.logins_end(p_account, array(select id from confab.login where account_id = p_account));
end $$;
CREATE FUNCTION confab.account_create(p_username text, p_password_hash text, p_profile jsonb DEFAULT '{}'::jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $_$
declare
  v_username text := normalize(p_username, nfc);
  v_id bigint;
begin
  if v_username is null or v_username !~ '^[[:alnum:]._-]{1,64}$' then
    perform confab.fail_field('username', 'A user name has 1 to 64 letters, digits and . _ -');
  elsif confab.is_reserved_name(v_username) then
    perform confab.fail_field('username', 'This user name is taken.');
  end if;
  insert into confab.account (username, password_hash, email, first_name, last_name)
  values (v_username, p_password_hash, coalesce(confab.text_value(p_profile, 'email', 254), ''),
          coalesce(confab.text_value(p_profile, 'first_name', 64), ''), coalesce(confab.text_value(p_profile, 'last_name', 64), ''))
  on conflict (lower(username)) do nothing
  returning id into v_id;
  if v_id is null then
    perform confab.fail_field('username', 'This user name is taken.');
  end if;
  return v_id;
end $_$;
CREATE FUNCTION confab.account_disable(p_account bigint, p_disabled boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  update confab.account set disabled = p_disabled where id = p_account;
  if p_disabled then
    perform confab.logins_end(p_account, array(select id from confab.login where account_id = p_account));
  end if;
end $$;
CREATE FUNCTION confab.account_id_value(p_data jsonb, p_field text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $_$
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
end $_$;
CREATE FUNCTION confab.account_ids_value(p_value jsonb) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $_$
declare
  v_bad text;
begin
  if p_value is null or jsonb_typeof(p_value) <> 'array' then
    return '{}';
  elsif jsonb_array_length(p_value) > 1000 then
    perform confab.fail_validation('At most 1000 users at once.');
  end if;
  select e #>> '{}' into v_bad from jsonb_array_elements(p_value) e
  where jsonb_typeof(e) not in ('number', 'string') or (e #>> '{}') !~ '^-?\d{1,18}$' limit 1;
  if found then
    perform confab.fail_validation(format('Field ''id'' expected a number but got ''%s''.', left(coalesce(v_bad, 'null'), 200)));
  end if;
  return array(select a.id from confab.account a
               where a.id in (select (e #>> '{}')::bigint from jsonb_array_elements(p_value) e) order by a.id);
end $_$;
CREATE FUNCTION confab.account_name(p_account bigint) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  select username from confab.account where id = p_account
$$;
CREATE FUNCTION confab.account_register(p_username text, p_password_hash text, p_profile jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if confab.setting_value('allow_register') is distinct from 'true' then
    perform confab.fail(4002, '"Registration is closed."');
  end if;
  return confab.account_create(p_username, p_password_hash, p_profile);
end $$;
CREATE FUNCTION confab.account_set_password_hash(p_account bigint, p_password_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update confab.account set password_hash = p_password_hash where id = p_account
$$;
CREATE FUNCTION confab.asset_errors(p_asset jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $_$
  select case when jsonb_typeof(p_asset) <> 'object' then
      jsonb_build_object('non_field_errors', jsonb_build_array(format('Invalid data. Expected a dictionary, but got %s.', jsonb_typeof(p_asset))))
    else (
      select coalesce(jsonb_object_agg(field, jsonb_build_array(sentence)), '{}')
      from (values
        ('media_url', coalesce(confab.asset_text_error(p_asset, 'media_url', 2000, true),
           case when p_asset ->> 'media_url' ~ '[\t\r\n\xa0]|^\s' or p_asset ->> 'media_url' ~ '^[^/?#]*:' and p_asset ->> 'media_url' !~* '^https?://'
                  then 'Enter a valid URL.' end)),
        ('media_type', coalesce(confab.asset_text_error(p_asset, 'media_type', 64, true),
           case when p_asset ->> 'media_type' <> all (confab.media_types()) then format('"%s" is not a valid choice.', p_asset ->> 'media_type') end)),
        ('file_size', case
           when not p_asset ? 'file_size' then null
           when p_asset ->> 'file_size' is null then 'This field may not be null.'
           when jsonb_typeof(p_asset -> 'file_size') not in ('number', 'string') or p_asset ->> 'file_size' !~ '^-?\d{1,18}$' then 'A valid integer is required.'
           when p_asset ->> 'file_size' ~ '^-.*[1-9]' then 'Ensure this value is greater than or equal to 0.' end),
        ('mime_type', case when p_asset ? 'mime_type' then confab.asset_text_error(p_asset, 'mime_type', 200, true) end),
        ('caption', confab.asset_text_error(p_asset, 'caption', 2000, false)),
        ('metadata', case when octet_length((p_asset -> 'metadata')::text) > 16384 then 'This field is too large.' end)) checked (field, sentence)
      where sentence is not null) end
$_$;
CREATE FUNCTION confab.asset_text_error(p_asset jsonb, p_field text, p_limit integer, p_required boolean) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select case
    when not p_asset ? p_field then case when p_required then 'This field is required.' end
    when p_asset ->> p_field is null then case when p_required then 'This field may not be null.' end
    when jsonb_typeof(p_asset -> p_field) not in ('string', 'number') then 'Not a valid string.'
    when p_required and btrim(p_asset ->> p_field, E' \t\r\n') = '' then 'This field may not be blank.'
    when length(p_asset ->> p_field) > p_limit then format('Ensure this field has no more than %s characters.', p_limit)
    when p_asset ->> p_field ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]' then 'Control characters are not allowed.'
  end
$$;
CREATE FUNCTION confab.attachment_gone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  v_ids uuid[] := array(select distinct media_id from gone where media_id is not null);
begin
  if v_ids <> '{}' then
    perform from confab.media where id = any (v_ids) order by id for update;
    update confab.media m set loose_since = '-infinity'
    where m.id = any (v_ids) and not exists (select from confab.attachment t where t.media_id = m.id);
  end if;
  return null;
end $$;
CREATE FUNCTION confab.attachments_json(p_room uuid, p_seq bigint) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select coalesce(json_agg(json_build_object('id', t.id, 'media_url', t.media_url, 'media_type', t.media_type, 'file_size', t.file_size,
                                               'mime_type', t.mime_type, 'caption', t.caption, 'metadata', t.metadata) order by t.position), '[]')
    from confab.attachment t where t.room_id = p_room and t.seq = p_seq);
end $$;
CREATE FUNCTION confab.attempt_begin(p_username text, p_address text, p_account_limit integer, p_address_limit integer, p_seconds integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_key record;
  v_wait int := 0;
begin
  delete from confab.attempt where key in (select key from confab.attempt where ends_at <= now() limit 1000 for update skip locked);
  for v_key in
    select k.key, case when k.by_account then p_account_limit else p_address_limit end most from confab.attempt_keys(p_username, p_address) k
  loop
    insert into confab.attempt as a (key, failures, ends_at) values (v_key.key, 1, now() + make_interval(secs => p_seconds))
    on conflict (key) do update set
      failures = case when a.ends_at <= now() then 1 else a.failures + 1 end,
      ends_at = case when a.ends_at <= now() then excluded.ends_at else a.ends_at end;
    select greatest(v_wait, ceil(extract(epoch from a.ends_at - now()))::int, 1) into v_wait
    from confab.attempt a where a.key = v_key.key and v_key.most > 0 and a.failures > v_key.most;
    v_wait := coalesce(v_wait, 0);
    exit when v_wait > 0;
  end loop;
  return v_wait;
end $$;
CREATE FUNCTION confab.attempt_keys(p_username text, p_address text) RETURNS TABLE(key bytea, by_account boolean)
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_address text := p_address;
begin
  if p_address like '%:%' then
    begin
      v_address := network(set_masklen(p_address::inet, 64))::text;
    exception when data_exception then
      null;
    end;
  end if;
  return query
    select sha256(convert_to(k.kind || ' ' || k.name, 'UTF8')), k.kind = 'account'
    from (values ('account', lower(normalize(p_username, nfc))), ('address', v_address)) k (kind, name)
    where k.name is not null order by 1;
end $$;
CREATE FUNCTION confab.attempt_succeeded(p_username text, p_address text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_key record;
begin
  for v_key in select k.* from confab.attempt_keys(p_username, p_address) k loop
    if v_key.by_account then
      delete from confab.attempt a where a.key = v_key.key;
    else
      update confab.attempt a set failures = greatest(a.failures - 1, 0) where a.key = v_key.key;
    end if;
  end loop;
end $$;
CREATE FUNCTION confab.authenticate(p_token_hash bytea, p_session uuid DEFAULT NULL::uuid, p_idempotency_key text DEFAULT NULL::text) RETURNS confab.caller
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_login record;
begin
  select l.id, l.account_id, l.last_seen into v_login
  from confab.login l join confab.account a on a.id = l.account_id
  where l.token_hash = p_token_hash and l.expires_at > now() and not a.disabled;
  if not found then
    perform confab.fail_unauthenticated();
  end if;
  if v_login.last_seen < now() - interval '1 minute' then
    -- Whoever else does it now does it as well: nobody waits, and so two that do it for many in different order don't stand in each other's way.
    update confab.login set last_seen = now() where id in (select l.id from confab.login l where l.id = v_login.id for no key update skip locked);
  end if;
  return row (v_login.account_id, v_login.id, p_session, p_idempotency_key)::confab.caller;
end $$;
CREATE FUNCTION confab.block_set(p_caller confab.caller, p_data jsonb, p_blocked boolean) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
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
  v_outcome.reply := confab.reply_text('userblock.dispatch', json_build_object('user', confab.user_ref(v_account), 'blocked', p_blocked));
  return v_outcome;
end $$;
CREATE FUNCTION confab.boolean_value(p_data jsonb, p_field text, p_default boolean) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  if not p_data ? p_field then
    return p_default;
  elsif jsonb_typeof(p_data -> p_field) <> 'boolean' then
    perform confab.fail_field(p_field, 'Must be a valid boolean.');
  end if;
  return (p_data -> p_field)::boolean;
end $$;
CREATE FUNCTION confab.capacity_value(p_data jsonb, p_field text, p_default bigint) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
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
end $_$;
CREATE TABLE confab.room (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    type confab.room_type NOT NULL,
    name text,
    description text,
    avatar text,
    creator_id bigint,
    capacity bigint,
    is_public boolean DEFAULT false NOT NULL,
    join_approval_required boolean DEFAULT false NOT NULL,
    group_locked boolean DEFAULT false NOT NULL,
    preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    pair bigint[],
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    external_key text,
    CONSTRAINT room_by_type CHECK (
CASE type
    WHEN 'OneToOneChat'::confab.room_type THEN ((name IS NULL) AND (capacity IS NULL) AND (pair IS NOT NULL) AND (cardinality(pair) = 2))
    ELSE ((length(name) BETWEEN 1 AND 64) AND (capacity >= 1) AND (pair IS NULL))
END)
);
CREATE FUNCTION confab.check_capacity(p_room confab.room, p_members bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if p_members > p_room.capacity then
    perform confab.fail_validation(case p_room.type when 'GroupChat' then 'Maximum number of group participants exceeded'
                                   else 'Maximum number of channel subscribers exceeded' end);
  end if;
end $$;
CREATE TABLE confab.member (
    room_id uuid NOT NULL,
    account_id bigint NOT NULL,
    since_seq bigint NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    grants text[] DEFAULT '{}'::text[] NOT NULL,
    last_read_seq bigint DEFAULT 0 NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL,
    last_acked_seq bigint DEFAULT 0 NOT NULL,
    reactions_seen_seq bigint DEFAULT 0 NOT NULL,
    history_floor bigint DEFAULT 0 NOT NULL,
    hidden boolean DEFAULT false NOT NULL,
    CONSTRAINT member_role_check CHECK ((role = ANY (ARRAY['member'::text, 'admin'::text])))
)
WITH (fillfactor='80');
CREATE FUNCTION confab.check_may(p_account bigint, p_room confab.room, p_action text) RETURNS confab.member
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_member confab.member;
begin
  select * into v_member from confab.member where room_id = p_room.id and account_id = p_account;
  if not may(p_action, p_room, v_member) then
    perform confab.fail_denied(p_action);
  end if;
  return v_member;
end $$;
CREATE FUNCTION confab.check_may_send(p_account bigint, p_room uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_found record;
begin
  perform confab.room_share(p_room);
  select r as room, m as member into v_found
  from confab.room r left join confab.member m on m.room_id = r.id and m.account_id = p_account
  where r.id = p_room;
  if not found then
    perform confab.fail_not_found();
  elsif not may('send', v_found.room, v_found.member) then
    perform confab.fail_denied('send');
  elsif (v_found.room).type = 'OneToOneChat' then
    perform confab.check_not_blocked(p_account, p_room);
  end if;
end $$;
CREATE FUNCTION confab.check_new_content(p_extra jsonb) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if p_extra is null or jsonb_typeof(p_extra) <> 'object' or p_extra = '{}' then
    perform confab.fail_validation('''extra_fields'' field should be provided for update action');
  elsif not p_extra ? 'content' or p_extra ->> 'emptied' is not null then
    perform confab.fail_validation('Content should be provided for update action');
  end if;
  perform confab.message_content(p_extra);
end $$;
CREATE FUNCTION confab.check_not_blocked(p_account bigint, p_room uuid) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if exists (select from confab.block k join confab.room r on r.id = p_room and k.account_id = any (r.pair) where k.blocked_id = p_account) then
    perform confab.fail_denied('send');
  end if;
end $$;
CREATE FUNCTION confab.claim_text(p_profile jsonb, p_name text, p_limit integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select nullif(left(regexp_replace(normalize(p_profile ->> p_name, nfc), '[\x01-\x1f\x7f]', ' ', 'g'), p_limit), '')
$$;
CREATE FUNCTION confab.collect_erased(p_limit integer) RETURNS bigint
    LANGUAGE plpgsql
    AS $_$
declare
  v_room uuid;
  v_table text;
  v_rows bigint;
  v_all bigint := 0;
begin
  for v_room in select room_id from confab.erased_room order by erased_at limit 10 for update skip locked loop
    foreach v_table in array array['message', 'message_state', 'message_version', 'attachment', 'mention', 'receipt', 'reaction'] loop
      execute format('delete from confab.%I where ctid = any (array(select ctid from confab.%I where room_id = $1 limit $2))', v_table, v_table)
      using v_room, p_limit;
      get diagnostics v_rows = row_count;
      v_all := v_all + v_rows;
    end loop;
    exit when v_all >= p_limit;
    delete from confab.erased_room where room_id = v_room;
  end loop;
  return v_all;
end $_$;
CREATE FUNCTION confab.command_list() RETURNS TABLE(name text, statement text, rich_text text[], rings boolean, keep_class_id boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select c.name, confab.command_statement(c), c.rich_text, c.rings, confab.setting_on('rich_text_class_id')
  from confab.command c where c.enabled order by c.name
$$;
CREATE FUNCTION confab.command_stamp() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select md5(concat_ws(' ',
    (select string_agg(c.name || c.xmin, ',' order by c.name) from confab.command c),
    (select s.xmin::text from confab.setting s where s.name = 'rich_text_class_id'),
    (select string_agg(p.oid || ':' || p.xmin, ',' order by p.oid) from pg_proc p where p.pronamespace = 'confab_site'::regnamespace)))
$$;
CREATE TABLE confab.command (
    name text NOT NULL,
    function regproc NOT NULL,
    rich_text text[] DEFAULT '{}'::text[] NOT NULL,
    rings boolean DEFAULT true NOT NULL,
    enabled boolean DEFAULT true NOT NULL
);
CREATE FUNCTION confab.command_statement(c confab.command) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $_$
declare
  v_before regprocedure := confab.hook('before', c.name);
  v_after regprocedure := confab.hook('after', c.name);
  v_data text := case when v_before is null then '$4::jsonb' else 'd.data' end;
begin
  return 'select ' || case when v_after is null then 'o' else 'h' end || '.* from confab.authenticate($1::bytea, $2::uuid, $3::text) c'
    || case when v_before is null then '' else format(' cross join lateral (select %s(c, $4::jsonb) as data offset 0) d', v_before::regproc) end
    || format(' cross join lateral %s(c, %s) o', c.function, v_data)
    || case when v_after is null then '' else format(' cross join lateral %s(c, %s, o) h', v_after::regproc, v_data) end;
end $_$;
CREATE FUNCTION confab.creator_json(r confab.room) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select user_json(a) from confab.account a where a.id = r.creator_id);
end $$;
CREATE TABLE confab.deferred (
    id bigint NOT NULL,
    room_id uuid NOT NULL,
    account_ids bigint[],
    is_new boolean,
    message_id uuid,
    sender_id bigint,
    content text,
    client_id text
);
CREATE FUNCTION confab.deferred_members(p_row confab.deferred) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_room confab.room;
begin
  perform confab.room_lock(p_row.room_id);
  select * into v_room from confab.room where id = p_row.room_id;
  if not found then
    return;
  elsif not p_row.is_new then
    if v_room.type <> 'OneToOneChat' then
      perform confab.members_add(v_room, p_row.account_ids, coalesce(confab.account_name(v_room.creator_id), 'self'));
    end if;
    return;
  end if;
  perform confab.room_open(v_room, p_row.account_ids, array[v_room.creator_id]);
end $$;
CREATE FUNCTION confab.deferred_message(p_row confab.deferred) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_message confab.message;
begin
  perform confab.check_may_send(p_row.sender_id, p_row.room_id);
  v_message.id := p_row.message_id;
  v_message.room_id := p_row.room_id;
  v_message.sender_id := p_row.sender_id;
  v_message.content := p_row.content;
  v_message.client_id := p_row.client_id;
  if p_row.client_id is not null and (confab.message_repeat(p_row.sender_id, p_row.client_id, p_row.room_id, p_row.content, null)).seq is not null then
    return;
  end if;
  perform confab.message_store(v_message, null, confab.message_mentions(p_row.room_id, p_row.sender_id, p_row.content));
end $$;
CREATE FUNCTION confab.deferred_run() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
begin
  delete from confab.deferred where id = new.id;
  if new.message_id is null then
    perform confab.deferred_members(new);
  else
    perform confab.deferred_message(new);
  end if;
  perform confab.ring();
  return null;
end $$;
CREATE FUNCTION confab.delivered_to_json(p_room uuid, p_seq bigint) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select coalesce(json_agg(a.username order by t.delivered_at, a.id), '[]')
    from (select * from confab.receipt where room_id = p_room and seq = p_seq order by account_id limit 100) t
    join confab.account a on a.id = t.account_id);
end $$;
CREATE FUNCTION confab.dispatch_text(p_event text, p_data json, p_seq bigint) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select '{"eventType":"' || p_event || '","data":' || p_data::text || ',"seq":' || p_seq::text || '}'
$$;
CREATE TABLE confab.message (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    sender_id bigint NOT NULL,
    content text NOT NULL,
    client_id text,
    is_deleted boolean DEFAULT false NOT NULL,
    is_edited boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    parent_seq bigint,
    forwarded_from jsonb,
    has_attachments boolean DEFAULT false NOT NULL,
    has_mentions boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    pinned_at timestamp with time zone,
    custom jsonb,
    CONSTRAINT message_forwarded_or_reply CHECK (((forwarded_from IS NULL) OR (parent_seq IS NULL)))
);
CREATE FUNCTION confab.effect_deleted(p_messages confab.message[]) RETURNS json
    LANGUAGE sql IMMUTABLE
    AS $$
  select json_build_object('deleted', json_agg(m.id)) from unnest(p_messages) m
$$;
CREATE FUNCTION confab.ensure_room(p_key text, p_type text, p_name text, p_members bigint[]) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room;
  v_members bigint[] := array(select id from confab.account where id = any (p_members) order by id);
  v_new boolean;
begin
  if p_type is null or p_type not in ('OneToOneChat', 'GroupChat', 'Channel') then
    perform confab.fail_validation('Invalid resource type');
  elsif v_members = '{}' or p_type = 'OneToOneChat' and cardinality(v_members) <> 2 then
    perform confab.fail_validation('A room needs members, and a one to one chat two of them');
  end if;
  v_room := confab.room_new(p_type::confab.room_type);
  if p_type = 'OneToOneChat' then
    perform confab.lock_pair(v_members);
    v_room.pair := v_members;
  else
    v_room.external_key := p_key;
    v_room.name := confab.room_name_value(jsonb_build_object('name', p_name));
    v_room.creator_id := p_members[1];
    v_room.capacity := greatest(case p_type when 'GroupChat' then confab.setting_number('max_participants', 100) else confab.setting_number('max_subscribers', 300) end, cardinality(v_members));
  end if;
  insert into confab.room select v_room.* on conflict do nothing;
  v_new := found;
  if not v_new then
    select * into v_room from confab.room where case p_type when 'OneToOneChat' then pair = v_members else external_key = p_key end;
  end if;
  insert into confab.deferred (room_id, account_ids, is_new)
  select v_room.id, v_members, v_new
  where v_new or exists (select from unnest(v_members) x where not exists (select from confab.member where room_id = v_room.id and account_id = x));
  return v_room.id;
end $$;
CREATE FUNCTION confab.ensure_user(p_username text, p_profile jsonb DEFAULT '{}'::jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_id bigint;
begin
  select id into v_id from confab.account where lower(username) = lower(normalize(p_username, nfc));
  if found then
    return v_id;
  end if;
  return confab.account_create(p_username, null, p_profile);
exception when sqlstate 'C4003' then
  -- Somebody else may have made it just now.
  select id into v_id from confab.account where lower(username) = lower(normalize(p_username, nfc));
  if not found then
    raise;
  end if;
  return v_id;
end $$;
CREATE FUNCTION confab.external_account(p_issuer text, p_subject text, p_profile jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
  v_email text := confab.claim_text(p_profile, 'email', 254);
  v_first_name text := confab.claim_text(p_profile, 'first_name', 64);
  v_last_name text := confab.claim_text(p_profile, 'last_name', 64);
  v_wanted text := confab.external_username(p_profile, p_subject);
  v_name text := v_wanted;
  v_account record;
  v_id bigint;
begin
  select a.* into v_account from confab.external_identity e join confab.account a on a.id = e.account_id
  where e.issuer = p_issuer and e.subject = p_subject;
  if found then
    if v_account.disabled then
      perform confab.fail_unauthenticated();
    end if;
    update confab.account a
    set email = coalesce(v_email, email), first_name = coalesce(v_first_name, first_name), last_name = coalesce(v_last_name, last_name)
    where a.id = v_account.id
      and (email, first_name, last_name) is distinct from (coalesce(v_email, email), coalesce(v_first_name, first_name), coalesce(v_last_name, last_name));
    return v_account.id;
  end if;
  for i in 2..12 loop
    insert into confab.account (username, email, first_name, last_name)
    select v_name, coalesce(v_email, ''), coalesce(v_first_name, ''), coalesce(v_last_name, '') where not confab.is_reserved_name(v_name)
    on conflict (lower(username)) do nothing returning id into v_id;
    exit when v_id is not null;
    -- After a few in a row, one that nobody has.
    v_name := left(v_wanted, 51) || '-' || case when i < 11 then i::text else left(md5(p_issuer || E'\n' || p_subject), 12) end;
  end loop;
  if v_id is null then
    perform confab.fail_constraint();
  end if;
  insert into confab.external_identity (issuer, subject, account_id) values (p_issuer, p_subject, v_id);
  return v_id;
end $$;
CREATE FUNCTION confab.external_link(p_account bigint, p_issuer text, p_subject text) RETURNS void
    LANGUAGE sql
    AS $$
  insert into confab.external_identity (issuer, subject, account_id) values (p_issuer, p_subject, p_account)
  on conflict (issuer, subject) do update set account_id = excluded.account_id
$$;
CREATE FUNCTION confab.external_username(p_profile jsonb, p_subject text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select coalesce(nullif(left(regexp_replace(normalize(
    coalesce(confab.claim_text(p_profile, 'username', 255), nullif(split_part(confab.claim_text(p_profile, 'email', 254), '@', 1), ''), p_subject), nfc),
    '[^[:alnum:]._-]', '_', 'g'), 64), ''), 'user')
$$;
CREATE FUNCTION confab.extra_fields_value(p_data jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_extra jsonb := coalesce(p_data -> 'extra_fields', '{}');
begin
  if jsonb_typeof(v_extra) <> 'object' then
    perform confab.fail_field('extra_fields', case v_extra when 'null' then 'This field may not be null.' else 'Must be an object.' end);
  end if;
  return v_extra;
end $$;
CREATE FUNCTION confab.fail(p_code integer, p_detail jsonb, p_beside jsonb DEFAULT NULL::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'C' || p_code,
    message = p_detail #>> '{}',
    detail = (jsonb_build_object('error', jsonb_build_object('code', p_code, 'detail', p_detail)) || coalesce(p_beside, '{}'))::text;
end $$;
CREATE FUNCTION confab.fail_constraint() RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4005, '"Database constraint violated."');
end $$;
CREATE FUNCTION confab.fail_denied(p_action text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4002, to_jsonb(case p_action
    when 'send' then 'User is not authorized to send message to this room'
    when 'message' then 'User is not authorized to access this message'
    when 'own' then 'User is not authorized to modify this message'
    when 'add_members' then 'User is not authorized to add new members to this room'
    when 'remove_members' then 'User is not authorized to remove members from this room'
    when 'administer' then 'User is not an admin of this room'
    when 'pin' then 'User is not an admin of this room'
    when 'moderate' then 'User is not an admin of this room'
    when 'delete' then 'User is not the creator of this room'
    else 'User is not authorized access this room' end));
end $$;
CREATE FUNCTION confab.fail_field(p_field text, p_sentence text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4003, jsonb_build_object(p_field, jsonb_build_array(p_sentence)));
end $$;
CREATE FUNCTION confab.fail_missing(p_data jsonb, p_field text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail_field(p_field, case when p_data ? p_field then 'This field may not be null.' else 'This field is required.' end);
end $$;
CREATE FUNCTION confab.fail_not_found() RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4004, '"Resource not found."');
end $$;
CREATE FUNCTION confab.fail_unauthenticated() RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4001, '"Authentication required."');
end $$;
CREATE FUNCTION confab.fail_validation(p_sentence text, p_beside jsonb DEFAULT NULL::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4003, jsonb_build_array(p_sentence), p_beside);
end $$;
CREATE FUNCTION confab.hook(p_when text, p_command text) RETURNS regprocedure
    LANGUAGE sql STABLE
    AS $_$
  select to_regprocedure(format('confab_site.%s_%s(confab.caller, jsonb%s)', p_when, replace(p_command, '.', '_'),
                                case p_when when 'after' then ', confab.outcome' else '' end))
  where p_command ~ '^[a-z0-9_.]{1,50}$'
$_$;
CREATE FUNCTION confab.html_of_text(p_text text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select replace(replace(replace(replace(btrim(regexp_replace(p_text, '[\x01-\x08\x0b\x0c\x0e-\x1f]', '?', 'g'), E' \t\r\n'),
    '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), E'\n', '<br>')
$$;
CREATE FUNCTION confab.integer_value(p_data jsonb, p_field text, p_least bigint, p_most bigint, p_default bigint) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
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
end $_$;
CREATE TABLE confab.invite (
    id bigint NOT NULL,
    room_id uuid NOT NULL,
    creator_id bigint NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    max_uses bigint,
    uses bigint DEFAULT 0 NOT NULL
);
CREATE FUNCTION confab.invite_find(p_secret jsonb) RETURNS SETOF confab.invite
    LANGUAGE sql ROWS 1
    AS $$
  select i.* from confab.invite i
  where jsonb_typeof(p_secret) = 'string' and i.secret_hash = sha256(convert_to(left(p_secret #>> '{}', 100), 'utf8')) and confab.invite_is_good(i)
$$;
CREATE FUNCTION confab.invite_is_good(i confab.invite) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return i.expires_at > now() and (i.max_uses is null or i.uses < i.max_uses)
    and (select may('add_members', r, m) from confab.room r left join confab.member m on m.room_id = r.id and m.account_id = i.creator_id
         where r.id = i.room_id);
end $$;
CREATE FUNCTION confab.is_falsy(p_value jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select coalesce(p_value in ('null', 'false', '0', '""', '[]', '{}'), true)
$$;
CREATE FUNCTION confab.is_reserved_name(p_username text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
  select lower(normalize(p_username, nfkc)) = 'self'
$$;
CREATE FUNCTION confab.known_account_ids_value(p_data jsonb, p_field text) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_ids bigint[];
begin
  if p_data ->> p_field is null then
    perform confab.fail_missing(p_data, p_field);
  elsif jsonb_typeof(p_data -> p_field) <> 'array' then
    perform confab.fail_field(p_field, 'Expected a list of items.');
  end if;
  v_ids := confab.account_ids_value(p_data -> p_field);
  if cardinality(v_ids) < (select count(distinct (e #>> '{}')::bigint) from jsonb_array_elements(p_data -> p_field) e) then
    perform confab.fail_not_found();
  end if;
  return v_ids;
end $$;
CREATE FUNCTION confab.lock_pair(p_pair bigint[]) RETURNS void
    LANGUAGE sql
    AS $$
  select pg_advisory_xact_lock(hashtextextended(p_pair::text, 7))
$$;
CREATE FUNCTION confab.log_draw() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  return nextval('confab.log_seq');
end $$;
CREATE FUNCTION confab.log_floor() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (select coalesce(greatest(min(first_seq) - 1, 0), 0) from confab.log_partition);
end $$;
CREATE FUNCTION confab.log_holders() RETURNS TABLE(in_recovery boolean, server_start text, holders text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select pg_is_in_recovery(), pg_postmaster_start_time()::text, coalesce(string_agg(l.virtualtransaction, ','), '')
  from pg_locks l
  where l.locktype = 'relation' and l.granted and l.mode = 'RowExclusiveLock'
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
    and l.relation = 'confab.log_seq'::regclass and l.virtualtransaction not like '%/0'
$$;
CREATE FUNCTION confab.log_holds() RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select exists (select from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.granted
                 and l.mode = 'RowExclusiveLock' and l.relation = 'confab.log_seq'::regclass)
$$;
CREATE FUNCTION confab.log_lag(p_after bigint) RETURNS TABLE(lag bigint, milliseconds bigint)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select greatest((select max(l.seq) from confab.log l) - p_after, 0),
         coalesce((select greatest(extract(epoch from clock_timestamp() - l.created_at) * 1000, 0)::bigint
                   from confab.log l where l.seq > p_after order by l.seq limit 1), 0)
$$;
CREATE FUNCTION confab.log_maintain() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    AS $$
declare
  v_next bigint := (select case when is_called then last_value else 0 end from confab.log_seq) / 1000000 * 1000000;
  v_days numeric := coalesce((confab.setting_value('log_days'))::text::numeric, 7);
  v_newest timestamptz;
  v_done int := 0;
  v_old record;
begin
  if (select max(first_seq) >= v_next + 4000000 from confab.log_partition)
     and not exists (select from confab.log_partition where first_seq + 1000000 <= v_next) then
    return 0;
  end if;
  if not pg_try_advisory_xact_lock(hashtext('confab.log_maintain')) then
    return 0;
  end if;
  for v_first in v_next .. v_next + 4000000 by 1000000 loop
    if not exists (select from confab.log_partition where first_seq = v_first) then
      perform confab.log_partition_create(v_first);
      v_done := v_done + 1;
    end if;
  end loop;
  for v_old in select first_seq, name from confab.log_partition where first_seq + 1000000 <= v_next order by first_seq loop
    execute format('select created_at from confab.%I order by seq desc limit 1', v_old.name) into v_newest;
    exit when v_newest > now() - make_interval(secs => (v_days * 86400)::double precision);
    execute format('drop table confab.%I', v_old.name);
    delete from confab.log_partition where first_seq = v_old.first_seq;
    v_done := v_done + 1;
  end loop;
  return v_done;
exception when lock_not_available then
  return 0;  -- somebody is busy; next time
end $$;
CREATE FUNCTION confab.log_partition_create(p_first bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_name text := format('log_%s', p_first / 1000000);
begin
  execute format('create table confab.%I (like confab.log including defaults including constraints, primary key (seq), check (seq >= %s and seq < %s))',
                 v_name, p_first, p_first + 1000000);
  execute format('alter table confab.log attach partition confab.%I for values from (%s) to (%s)', v_name, p_first, p_first + 1000000);
  insert into confab.log_partition (first_seq, name) values (p_first, v_name);
end $$;
CREATE FUNCTION confab.log_probe() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select nextval('confab.log_seq')
$$;
CREATE FUNCTION confab.log_read(p_after bigint, p_limit integer) RETURNS TABLE(seq bigint, room_id uuid, account_ids bigint[], effect text, payload text, message_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  return query
    select l.seq, l.room_id, l.account_ids, l.effect, l.payload, l.message_ids
    from confab.log_told l where l.seq > p_after order by l.seq limit p_limit;
end $$;
CREATE FUNCTION confab.log_read_back(p_to bigint, p_limit integer) RETURNS TABLE(seq bigint, room_id uuid, account_ids bigint[], payload text, message_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  return query
    select l.seq, l.room_id, l.account_ids, l.payload, l.message_ids
    from confab.log_told l where l.seq <= p_to order by l.seq desc limit p_limit;
end $$;
CREATE FUNCTION confab.log_state() RETURNS TABLE(epoch text, floor bigint, last_value bigint, head bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select e.epoch, confab.log_floor(), case when s.is_called then s.last_value else 0 end,
         greatest((select max(l.seq) from confab.log l), confab.log_floor())
  from confab.epoch e, confab.log_seq s
$$;
CREATE FUNCTION confab.log_write(p_seq bigint, p_room uuid, p_accounts bigint[], p_event text, p_data json, p_effect json DEFAULT NULL::json) RETURNS text
    LANGUAGE plpgsql
    AS $$
declare
  v_payload text := confab.dispatch_text(p_event, p_data, p_seq);
begin
  insert into confab.log (seq, room_id, account_ids, effect, payload, message_ids)
  values (p_seq, p_room, p_accounts, p_effect, v_payload, confab.shown_messages(p_data));
  return v_payload;
end $$;
CREATE FUNCTION confab.log_write_about(p_seq bigint, p_room uuid, p_message bigint, p_event text, p_data json, p_effect json DEFAULT NULL::json) RETURNS text
    LANGUAGE plpgsql
    AS $$
begin
  if exists (select from confab.room where id = p_room and pair is not null)
     and exists (select from confab.member where room_id = p_room and history_floor >= p_message) then
    return confab.log_write(p_seq, null, array(select account_id from confab.member where room_id = p_room and history_floor < p_message), p_event, p_data, p_effect);
  end if;
  return confab.log_write(p_seq, p_room, null, p_event, p_data, p_effect);
end $$;
CREATE FUNCTION confab.login_create(p_account bigint, p_token_hash bytea, p_user_agent text, p_address text) RETURNS TABLE(account text, login_id bigint, expires_at text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
begin
  return query
    with made as (
      insert into confab.login as l (account_id, token_hash, user_agent, address, expires_at)
      values (p_account, p_token_hash, left(p_user_agent, 300), left(p_address, 64),
              now() + make_interval(days => coalesce(confab.setting_value('login_days')::int, 30)))
      returning l.id, l.expires_at)
    select user_json(a, true)::text, made.id, confab.time_text(made.expires_at)
    from made, confab.account a where a.id = p_account;
end $$;
CREATE FUNCTION confab.login_credentials(p_username text) RETURNS TABLE(account_id bigint, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select a.id, a.password_hash from confab.account a
  where lower(a.username) = lower(normalize(p_username, nfc)) and not a.disabled
$$;
CREATE FUNCTION confab.login_end(p_token_hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_login confab.login;
begin
  select * into v_login from confab.login where token_hash = p_token_hash;
  if not found then
    return false;
  end if;
  perform confab.logins_end(v_login.account_id, array[v_login.id]);
  return true;
end $$;
CREATE FUNCTION confab.login_external(p_issuer text, p_subject text, p_profile jsonb, p_expires_at timestamp with time zone, p_token_hash bytea, p_user_agent text, p_address text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_account bigint;
  v_expires timestamptz := coalesce(p_expires_at, now() + make_interval(days => coalesce(confab.setting_value('login_days')::int, 30)));
begin
  if exists (select from confab.login where token_hash = p_token_hash and expires_at > now()) then
    return;
  end if;
  if exists (select from confab.ended_token where token_hash = p_token_hash) then
    perform confab.fail_unauthenticated();
  end if;
  -- The same person's first requests may come at once.
  perform pg_advisory_xact_lock(hashtextextended('confab ' || p_issuer || E'\n' || p_subject, 0));
  v_account := confab.external_account(p_issuer, p_subject, p_profile);
  delete from confab.login l
  where l.account_id = v_account and l.expires_at <= now() and l.token_hash <> p_token_hash
    and not exists (select from confab.session s where s.login_id = l.id);
  insert into confab.login (account_id, token_hash, user_agent, address, expires_at, issuer)
  values (v_account, p_token_hash, left(p_user_agent, 300), left(p_address, 64), v_expires, p_issuer)
  on conflict (token_hash) do update set expires_at = excluded.expires_at;
end $$;
CREATE FUNCTION confab.login_hold(p_login bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform from confab.login where id = p_login for key share;
  if not found then
    perform confab.fail_unauthenticated();
  end if;
end $$;
CREATE FUNCTION confab.login_key(p_login bigint) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (select encode(token_hash, 'hex') from confab.login where id = p_login);
end $$;
CREATE FUNCTION confab.login_whoami(p_token_hash bytea) RETURNS TABLE(account text, login_id bigint, expires_at text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
begin
  return query
    select user_json(a, true)::text, l.id, confab.time_text(l.expires_at)
    from confab.login l join confab.account a on a.id = l.account_id where l.id = v_caller.login_id;
end $$;
CREATE FUNCTION confab.logins_end(p_account bigint, p_logins bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  insert into confab.ended_token (token_hash, expires_at)
  select token_hash, expires_at from confab.login where id = any (p_logins) and issuer like 'jwt:%' and expires_at > now()
  on conflict (token_hash) do nothing;
  delete from confab.ended_token where token_hash in (
    select token_hash from confab.ended_token where expires_at <= now() limit 1000 for update skip locked);
  delete from confab.login where id = any (p_logins);
  insert into confab.log (seq, account_ids, effect)
  values (confab.log_draw(), array[p_account], json_build_object('ended_logins', p_logins));
end $$;
CREATE FUNCTION confab.may(p_action text, p_room confab.room, p_member confab.member) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
  select case
    when p_member.account_id is null then false
    when p_action = 'read' then true
    when p_room.type = 'OneToOneChat' then p_action in ('send', 'administer', 'delete', 'pin')
    when p_room.creator_id = p_member.account_id then true
    when p_action = 'delete' then false
    when p_member.role = 'admin' then true
    when p_action = 'send' then case p_room.type
      when 'GroupChat' then not p_room.group_locked
      else 'can_send_messages' = any (p_member.grants) end
    when p_action = 'add_members' then
      case p_room.type when 'GroupChat' then 'can_add_new_participants' else 'can_add_new_subscribers' end = any (p_member.grants)
    when p_action = 'remove_members' then
      case p_room.type when 'GroupChat' then 'can_remove_participants' else 'can_remove_subscribers' end = any (p_member.grants)
    else false
  end
$$;
CREATE FUNCTION confab.media_allow(p_caller confab.caller, p_size bigint, p_quota bigint) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_left bigint := confab.media_left(p_caller.account_id, p_quota);
begin
  if p_size > v_left or v_left = 0 then
    perform confab.fail_field('file', format('Your uploads may have %s bytes in all; %s are left.', p_quota, v_left));
  end if;
end $$;
CREATE FUNCTION confab.media_bind(p_account bigint, p_media jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
declare
  v_ids uuid[] := array(select confab.media_id(e ->> 'media_url') from jsonb_array_elements(p_media) with ordinality t (e, n) order by n);
  v_errors jsonb;
begin
  perform from confab.media where id = any (v_ids) order by id for key share;
  -- At another host it is somebody else's.
  v_ids := array(select case when i is not null and (p_media -> (n::int - 1) ->> 'media_url' like '/%' or exists (select from confab.media x where x.id = i)) then i end
                 from unnest(v_ids) with ordinality t (i, n) order by n);
  select jsonb_agg(case when i is null or confab.media_visible(p_account, i) then '{}' else '{"media_url": ["Unknown upload."]}'::jsonb end order by n) into v_errors
  from unnest(v_ids) with ordinality t (i, n);
  if v_errors @> '[{"media_url": []}]' then
    perform confab.fail(4003, v_errors);
  end if;
  update confab.media set loose_since = null where id = any (v_ids) and loose_since is not null;
  return (select jsonb_agg(e || jsonb_build_object('media_id', v_ids[n]) order by n) from jsonb_array_elements(p_media) with ordinality t (e, n));
end $$;
CREATE FUNCTION confab.media_collect(p_limit integer) RETURNS TABLE(content_id bigint, hash bytea)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  v_media record;
  v_locked int;
begin
  if not pg_try_advisory_xact_lock(hashtext('confab.media_collect')) then
    return;
  end if;
  for v_media in select m.id, array_remove(array[m.content_id, m.preview_id], null) as files from confab.media m
                 where m.loose_since < now() - interval '1 day' order by m.loose_since limit p_limit for update skip locked loop
    if exists (select from confab.attachment t where t.media_id = v_media.id) then
      update confab.media set loose_since = null where id = v_media.id;
      continue;
    end if;
    -- The same content may be on its way in: next time.
    perform from confab.media_content c where c.id = any (v_media.files) for update skip locked;
    get diagnostics v_locked = row_count;
    if v_locked = (select count(distinct f) from unnest(v_media.files) f) then
      perform confab.media_drop(v_media.id);
    end if;
  end loop;
  return query select c.id, c.hash from confab.media_content c where c.doomed_at is not null order by c.doomed_at limit p_limit;
end $$;
CREATE FUNCTION confab.media_collected(p_ids bigint[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from confab.media_content where id = any (p_ids) and doomed_at is not null
$$;
CREATE FUNCTION confab.media_create(p_caller confab.caller, p_name text, p_media_type text, p_mime_type text, p_hash bytea, p_size bigint, p_width integer, p_height integer, p_preview_hash bytea, p_preview_size bigint, p_quota bigint) RETURNS TABLE(id uuid, content_id bigint, preview_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  v_media confab.media;
begin
  if p_mime_type <> all (confab.mime_types()) then
    perform confab.fail_field('file', format('Files of the type %s can''t be sent.', p_mime_type));
  end if;
  -- Two uploads at once count each other.
  perform pg_advisory_xact_lock(hashtextextended('confab.media', p_caller.account_id));
  perform confab.media_allow(p_caller, p_size, p_quota);
  v_media.content_id := confab.media_store(p_hash, p_size);
  if p_preview_hash is not null then
    v_media.preview_id := confab.media_store(p_preview_hash, p_preview_size);
  end if;
  return query
    insert into confab.media as m (account_id, content_id, preview_id, size, name, media_type, mime_type, width, height)
    values (p_caller.account_id, v_media.content_id, v_media.preview_id, p_size, p_name, p_media_type, p_mime_type, p_width, p_height)
    returning m.id, m.content_id, m.preview_id;
end $$;
CREATE FUNCTION confab.media_drop(p_id uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_files bigint[];
begin
  delete from confab.media where id = p_id returning array_remove(array[content_id, preview_id], null) into v_files;
  update confab.media_content c set doomed_at = now()
  where c.id = any (v_files) and not exists (select from confab.media m where m.content_id = c.id or m.preview_id = c.id);
end $$;
CREATE FUNCTION confab.media_get(p_caller confab.caller, p_id uuid, p_preview boolean) RETURNS TABLE(content_id bigint, hash bytea, size bigint, name text, mime_type text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if confab.media_visible(p_caller.account_id, p_id) then
    return query
      select c.id, c.hash, c.size, case when p_preview then m.name || '.webp' else m.name end, case when p_preview then 'image/webp' else m.mime_type end
      from confab.media m join confab.media_content c on c.id = case when p_preview then m.preview_id else m.content_id end
      where m.id = p_id;
  end if;
  if not found then
    perform confab.fail_not_found();
  end if;
end $$;
CREATE FUNCTION confab.media_id(p_url text) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $$
  select substring(p_url from '(?i)^(?:https?://[^/?#]+)?(?:/[^?#]*)?/media/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/')::uuid
$$;
CREATE FUNCTION confab.media_left(p_account bigint, p_quota bigint) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
  select greatest(p_quota - coalesce(sum(m.size), 0), 0)::bigint from confab.media m where m.account_id = p_account
$$;
CREATE FUNCTION confab.media_store(p_hash bytea, p_size bigint) RETURNS bigint
    LANGUAGE sql
    AS $$
  insert into confab.media_content (hash, size) values (p_hash, p_size)
  on conflict (hash) where doomed_at is null do update set size = excluded.size
  returning id
$$;
CREATE FUNCTION confab.media_types() RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
  select array['image', 'video', 'audio', 'file']
$$;
CREATE FUNCTION confab.media_visible(p_account bigint, p_media uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
begin
  return exists (select from confab.media where id = p_media and account_id = p_account and loose_since > '-infinity')
    or exists (select from confab.attachment t
               join confab.message m on m.room_id = t.room_id and m.seq = t.seq
               join confab.room r on r.id = t.room_id
               join confab.member b on b.room_id = t.room_id and b.account_id = p_account
               where t.media_id = p_media and not m.is_deleted and m.seq > b.history_floor and may('read', r, b));
end $$;
CREATE FUNCTION confab.member_advance(p_account bigint, p_rooms uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  update confab.member b
  set last_read_seq = greatest(b.last_read_seq, p.read_to), last_acked_seq = greatest(b.last_acked_seq, p.acked_to)
  from (
    select m.room_id, r.read_to, a.acked_to
    from confab.member m
    cross join lateral (
      select coalesce(min(x.seq) filter (where x.due) - 1, max(x.seq)) read_to
      from (select x.seq, x.sender_id <> p_account and t.read_at is null as due
            from confab.message x left join confab.receipt t on t.room_id = x.room_id and t.seq = x.seq and t.account_id = p_account
            where x.room_id = m.room_id and x.seq > m.last_read_seq and x.created_at < clock_timestamp() - interval '15 seconds' and not x.is_deleted order by x.seq limit 1000) x) r
    cross join lateral (
      select coalesce(min(x.seq) filter (where x.due) - 1, max(x.seq)) acked_to
      from (select x.seq, x.sender_id <> p_account and t.seq is null as due
            from confab.message x left join confab.receipt t on t.room_id = x.room_id and t.seq = x.seq and t.account_id = p_account
            where x.room_id = m.room_id and x.seq > greatest(m.last_acked_seq, m.last_read_seq) and x.created_at < clock_timestamp() - interval '15 seconds' and not x.is_deleted order by x.seq limit 1000) x) a
    where m.account_id = p_account and m.room_id = any (p_rooms)) p
  where b.room_id = p.room_id and b.account_id = p_account and (p.read_to > b.last_read_seq or p.acked_to > b.last_acked_seq);
end $$;
CREATE FUNCTION confab.members_add(p_room confab.room, p_accounts bigint[], p_by text) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_outcome confab.outcome;
  v_new bigint[] := array(select x from unnest(p_accounts) x
                          where not exists (select from confab.member m where m.room_id = p_room.id and m.account_id = x) order by x);
begin
  if v_new <> '{}' then
    perform confab.check_capacity(p_room, cardinality(v_new) + (select count(*) from confab.member where room_id = p_room.id));
  end if;
  delete from confab.join_request where room_id = p_room.id and account_id = any (v_new);
  v_outcome.seq := confab.log_draw();
  insert into confab.member (room_id, account_id, since_seq, role)
  select p_room.id, x, v_outcome.seq, 'member' from unnest(v_new) x;
  v_outcome.dispatch := confab.log_write(v_outcome.seq, p_room.id, null, 'roomaddmembers.dispatch',
    json_build_object('room', room_json(p_room), 'new_members', confab.usernames_json(case when p_by = 'self' then p_accounts else v_new end), 'added_by', p_by),
    case when v_new <> '{}' then json_build_object('joined', v_new) end);
  return v_outcome;
end $$;
CREATE FUNCTION confab.members_json(p_room uuid, p_role text DEFAULT NULL::text) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_own boolean := confab.not_own();
begin
  return (select coalesce(json_agg(user_json(a, v_own) order by a.id), '[]')
          from (select m.account_id from confab.member m where m.room_id = p_room and (p_role is null or m.role = p_role)
                order by m.account_id limit 1000) m
          join confab.account a on a.id = m.account_id);
end $$;
CREATE FUNCTION confab.members_remove(p_room confab.room, p_accounts bigint[], p_by text, p_message text, p_caller bigint) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_gone bigint[];
  v_creator bigint := p_room.creator_id;
  v_outcome confab.outcome;
  v_exit confab.outcome;
begin
  with gone as (delete from confab.member where room_id = p_room.id and account_id = any (p_accounts) returning account_id)
  select coalesce(array_agg(account_id), '{}') into v_gone from gone;
  if not exists (select from confab.member where room_id = p_room.id) then
    return confab.room_erase(p_room, v_gone);
  end if;
  p_room := confab.room_hand_over(p_room);
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write(v_outcome.seq, p_room.id, null, 'roomremovemembers.dispatch',
    json_build_object('room', room_json(p_room), 'removed_members', confab.usernames_json(v_gone), 'removed_by', p_by),
    case when v_gone <> '{}' then json_build_object('departed', v_gone) end);
  if v_gone <> '{}' then
    v_exit.seq := confab.log_draw();
    v_exit.dispatch := confab.log_write(v_exit.seq, null, v_gone, 'roomexit.dispatch', json_build_object('room', room_json(p_room), 'message', p_message));
  end if;
  if p_room.creator_id <> v_creator then
    perform confab.log_write(confab.log_draw(), p_room.id, null, 'roomupdate.dispatch', room_json(p_room));
  end if;
  if p_caller = any (v_gone) then
    v_outcome.dispatch := v_exit.dispatch;
  end if;
  v_outcome.seq := currval('confab.log_seq');
  return v_outcome;
end $$;
CREATE FUNCTION confab.mentions_json(p_room uuid, p_seq bigint) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select coalesce(json_agg(json_build_object('id', a.id, 'username', a.username) order by a.id), '[]')
    from confab.mention n join confab.account a on a.id = n.account_id where n.room_id = p_room and n.seq = p_seq);
end $$;
CREATE FUNCTION confab.message_acknowledged(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
begin
  return confab.receipts_make(p_caller, p_data, false);
end $$;
CREATE TABLE confab.message_state (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    delivered_count bigint DEFAULT 0 NOT NULL,
    read_count bigint DEFAULT 0 NOT NULL,
    reaction_counts jsonb DEFAULT '{}'::jsonb NOT NULL
)
WITH (fillfactor='70');
CREATE FUNCTION confab.message_body_json(m confab.message, s confab.message_state, p_parent json, p_origin json) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_body json := json_build_object(
    'id', m.id, 'room', json_build_object('id', m.room_id), 'sender', (select user_json(a) from confab.account a where a.id = m.sender_id),
    'read_receipts', case when s.read_count > 0 then confab.read_receipts_json(m.room_id, m.seq) else '[]' end,
    'reactions', case when s.reaction_counts <> '{}' then confab.reactions_json(m.room_id, m.seq) else '[]' end,
    'attachments', case when m.has_attachments then confab.attachments_json(m.room_id, m.seq) else '[]' end,
    'parent_message', p_parent, 'forwarded_from', p_origin,
    'delivered_to', case when s.delivered_count > 0 then confab.delivered_to_json(m.room_id, m.seq) else '[]' end,
    'content', m.content, 'is_deleted', m.is_deleted, 'is_forwarded', m.forwarded_from is not null, 'is_edited', m.is_edited,
    'created_at', confab.time_text(m.created_at), 'updated_at', confab.time_text(m.updated_at), 'seq', m.seq,
    'delivered_count', coalesce(s.delivered_count, 0), 'read_count', coalesce(s.read_count, 0),
    'reaction_counts', coalesce(s.reaction_counts, '{}'),
    'mentions', case when m.has_mentions then confab.mentions_json(m.room_id, m.seq) else '[]' end,
    'pinned', m.pinned_at is not null);
  v_more jsonb := coalesce(m.custom, '{}') || case when m.client_id is not null then jsonb_build_object('client_id', m.client_id) else '{}' end;
begin
  if v_more = '{}' then
    return v_body;
  end if;
  return (left(v_body::text, -1) || ', ' || substr(v_more::text, 2))::json;
end $$;
CREATE FUNCTION confab.message_client_id(p_caller confab.caller, p_data jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_client_id text := p_data ->> 'client_id';
begin
  if v_client_id is null then
    return nullif(p_caller.idempotency_key, '');
  elsif jsonb_typeof(p_data -> 'client_id') <> 'string' then
    perform confab.fail_field('client_id', 'Not a valid string.');
  elsif length(v_client_id) > 64 then
    perform confab.fail_field('client_id', 'Ensure this field has no more than 64 characters.');
  end if;
  return nullif(v_client_id, '');
end $$;
CREATE FUNCTION confab.message_content(p_data jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_content text := p_data ->> 'content';
begin
  if v_content is null then
    perform confab.fail_missing(p_data, 'content');
  elsif jsonb_typeof(p_data -> 'content') not in ('string', 'number') then
    perform confab.fail_field('content', 'Not a valid string.');
  elsif btrim(v_content, E' \t\r\n\f\v') = '' and p_data ->> 'emptied' is null then
    perform confab.fail_field('content', 'This field may not be blank.');
  elsif length(v_content) > confab.setting_number('max_content', 100000) then
    perform confab.fail_field('content', format('Ensure this field has no more than %s characters.', confab.setting_number('max_content', 100000)));
  end if;
  return v_content;
end $$;
CREATE FUNCTION confab.message_custom(p_extra jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_custom jsonb;
begin
  if p_extra = '{}' then
    return null;
  end if;
  select jsonb_object_agg(f.name, p_extra -> f.name) into v_custom
  from jsonb_array_elements_text(confab.setting_value('message_fields')) f (name)
  where p_extra ? f.name and f.name <> all (confab.message_keys());
  if octet_length((v_custom)::text) > 16384 then
    perform confab.fail_field('extra_fields', 'The custom fields are too large.');
  end if;
  return v_custom;
end $$;
CREATE FUNCTION confab.message_exists_newer(p_room uuid, p_seq bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select true from confab.message m where m.room_id = p_room and m.seq > p_seq and not m.is_deleted order by m.seq limit 1) is not null;
end $$;
CREATE FUNCTION confab.message_exists_older(p_room uuid, p_floor bigint, p_seq bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
begin
  -- With an order: a planner that takes "any" for easy to find reads the table where there is none.
  return (select true from confab.message m where m.room_id = p_room and m.seq < p_seq and m.seq > p_floor and not m.is_deleted order by m.seq desc limit 1) is not null;
end $$;
CREATE FUNCTION confab.message_forwarded(p_extra jsonb, p_account bigint) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
declare
  v_origin confab.message := confab.message_reference(p_extra, 'forwarded_from_id', null, p_account);
begin
  return case when v_origin.id is not null then confab.message_snapshot(v_origin) end;
end $$;
CREATE FUNCTION confab.message_had_media(m confab.message, p_media jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return coalesce((select jsonb_agg(e ->> 'media_url' order by n) from jsonb_array_elements(p_media) with ordinality t (e, n)), '[]')
    = coalesce((select jsonb_agg(t.media_url order by t.position) from confab.attachment t where t.room_id = m.room_id and t.seq = m.seq), '[]');
end $$;
CREATE FUNCTION confab.message_had_text(m confab.message, p_content text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return p_content = case when m.is_edited then
      (select content from confab.message_version where room_id = m.room_id and seq = m.seq and version = 1)
    else m.content end;
end $$;
CREATE FUNCTION confab.message_history(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_id uuid := confab.uuid_value(coalesce(p_data -> 'message_id', 'null'), 'message_id');
  m confab.message := (confab.messages_find(p_caller.account_id, array[v_id]))[1];
  v_versions json;
  v_outcome confab.outcome;
begin
  select json_agg(json_build_object('version', v.version, 'content', v.content, 'created_at', confab.time_text(v.created_at)) order by v.version desc) into v_versions
  from (select m.version, m.content, m.updated_at as created_at
        union all (select version, content, created_at from confab.message_version
                   where room_id = m.room_id and seq = m.seq order by version desc limit 200)) v;
  v_outcome.reply := confab.reply_text('messagehistory.dispatch', json_build_object('message_id', m.id, 'room_id', m.room_id, 'versions', v_versions));
  return v_outcome;
end $$;
CREATE FUNCTION confab.message_ids_value(p_data jsonb) RETURNS uuid[]
    LANGUAGE plpgsql IMMUTABLE
    AS $$
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
CREATE FUNCTION confab.message_json(m confab.message, p_fresh boolean DEFAULT false) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
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
  return confab.message_body_json(m, v_state, v_parent, case when m.forwarded_from is not null then confab.message_origin_json(m) end);
end $$;
CREATE FUNCTION confab.message_keys() RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
  select array['id', 'room', 'sender', 'read_receipts', 'reactions', 'attachments', 'parent_message', 'forwarded_from', 'delivered_to', 'content',
    'is_deleted', 'is_forwarded', 'is_edited', 'created_at', 'updated_at', 'seq', 'delivered_count', 'read_count', 'reaction_counts', 'mentions', 'pinned',
    'client_id', 'media', 'parent_message_id', 'forwarded_from_id']
$$;
CREATE FUNCTION confab.message_lock(p_account bigint, p_id uuid) RETURNS confab.message
    LANGUAGE plpgsql
    AS $$
declare
  v_messages confab.message[] := confab.messages_lock(confab.messages_find(p_account, array[p_id]));
begin
  if v_messages = '{}' then
    perform confab.fail_not_found();
  end if;
  return v_messages[1];
end $$;
CREATE FUNCTION confab.message_media(p_extra jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_media jsonb := p_extra -> 'media';
  v_errors jsonb;
begin
  if v_media is null or v_media in ('null', '[]') then
    return null;
  elsif jsonb_typeof(v_media) <> 'array' then
    perform confab.fail_validation('Media must be a list of media files');
  elsif jsonb_array_length(v_media) > 20 then
    perform confab.fail_validation('A message has at most 20 media files');
  end if;
  select jsonb_agg(confab.asset_errors(e) order by n) into v_errors from jsonb_array_elements(v_media) with ordinality t (e, n);
  if exists (select from jsonb_array_elements(v_errors) e where e <> '{}') then
    perform confab.fail(4003, v_errors);
  elsif exists (select from jsonb_array_elements(v_media) e where coalesce(e ->> 'mime_type', 'image/jpeg') <> all (confab.mime_types())) then
    perform confab.fail_constraint();
  end if;
  return v_media;
end $$;
CREATE FUNCTION confab.message_mentions(p_room uuid, p_sender bigint, p_content text) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if position('@' in p_content) = 0 then
    return '{}';
  end if;
  return array(
    with named as (
      select distinct lower(n.name) as name
      from regexp_matches(confab.plain_text(p_content), '(?:^|[^[:alnum:]@._-])@([[:alnum:]._-]{1,64})', 'g') f (found)
      cross join lateral (values (f.found[1]), (rtrim(f.found[1], '._-'))) n (name)
      limit 100)
    select a.id from named join confab.account a on lower(a.username) = named.name
    join confab.member m on m.room_id = p_room and m.account_id = a.id
    where a.id <> p_sender order by a.id limit 50);
end $$;
CREATE FUNCTION confab.message_modify(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_action text := p_data ->> 'action';
  v_messages confab.message[] := confab.own_messages(p_caller.account_id, confab.message_ids_value(p_data));
begin
  if v_action = 'delete' then
    return confab.messages_remove(p_caller.account_id, v_messages, p_data -> 'message_id');
  elsif v_action = 'update' then
    if cardinality(v_messages) > 1 then
      perform confab.fail_validation('You can only update one message at a time');
    end if;
    perform confab.check_not_blocked(p_caller.account_id, v_messages[1].room_id);
    perform confab.check_new_content(p_data -> 'extra_fields');
    return confab.message_update(v_messages[1], p_data -> 'extra_fields');
  end if;
  perform confab.fail_validation('Invalid action type');
  return null;
end $$;
CREATE FUNCTION confab.message_now(p_message confab.message) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select message_json(m) from confab.message m where m.room_id = p_message.room_id and m.seq = p_message.seq);
end $$;
CREATE FUNCTION confab.message_origin_json(m confab.message) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select case when exists (select from confab.message x join confab.room r on r.id = x.room_id
                             where x.id = (m.forwarded_from ->> 'id')::uuid and not x.is_deleted)
      then m.forwarded_from::json
      else confab.message_stub(m.forwarded_from)::json end);
end $$;
CREATE FUNCTION confab.message_page_newer(p_room uuid, p_floor bigint, p_seq bigint, p_limit bigint) RETURNS confab.message[]
    LANGUAGE sql STABLE
    AS $$
  select array(select m from confab.message m where m.room_id = p_room and m.seq > greatest(p_seq, p_floor) and not m.is_deleted order by m.seq limit p_limit)
$$;
CREATE FUNCTION confab.message_page_older(p_room uuid, p_floor bigint, p_seq bigint, p_limit bigint) RETURNS confab.message[]
    LANGUAGE sql STABLE
    AS $$
  select array(select m from confab.message m where m.room_id = p_room and m.seq < p_seq and m.seq > p_floor and not m.is_deleted order by m.seq desc limit p_limit)
$$;
CREATE FUNCTION confab.message_parent_json(m confab.message) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_parent confab.message;
  v_state confab.message_state;
begin
  select * into v_parent from confab.message x where x.room_id = m.room_id and x.seq = m.parent_seq and not x.is_deleted;
  if not found then
    return null;
  end if;
  select * into v_state from confab.message_state s where s.room_id = m.room_id and s.seq = m.parent_seq;
  return confab.message_body_json(v_parent, v_state, null, null);
end $$;
CREATE FUNCTION confab.message_pin(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_id uuid := confab.uuid_value(coalesce(p_data -> 'message_id', 'null'), 'message_id');
  m confab.message;
  v_room confab.room;
  v_add boolean := p_data ->> 'type' = 'add';
  v_outcome confab.outcome;
begin
  if p_data ->> 'type' is null or p_data ->> 'type' not in ('add', 'remove') then
    perform confab.fail_validation('invalid pin type');
  end if;
  m := confab.message_lock(p_caller.account_id, v_id);
  select * into v_room from confab.room where id = m.room_id;
  perform confab.check_may(p_caller.account_id, v_room, 'pin');
  perform confab.check_not_blocked(p_caller.account_id, v_room.id);
  if (m.pinned_at is not null) = v_add then
    v_outcome.reply := confab.reply_text('messagepin.dispatch', json_build_object('status', 'failed', 'type', p_data ->> 'type', 'message', message_json(m),
                                                                                  'user', confab.user_ref(p_caller.account_id)));
    return v_outcome;
  end if;
  update confab.message set pinned_at = case when v_add then now() end where room_id = m.room_id and seq = m.seq;
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write_about(v_outcome.seq, m.room_id, m.seq, 'messagepin.dispatch', json_build_object(
    'status', 'successful', 'type', p_data ->> 'type', 'message', confab.message_now(m), 'user', confab.user_ref(p_caller.account_id)));
  return v_outcome;
end $$;
CREATE FUNCTION confab.message_react(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_type text := p_data ->> 'type';
  v_content text;
  m confab.message := confab.message_lock(p_caller.account_id, confab.uuid_value(coalesce(p_data -> 'message_id', 'null'), 'message_id'));
begin
  if v_type = 'add' then
    perform confab.check_not_blocked(p_caller.account_id, m.room_id);
    v_content := confab.reaction_content_value(p_data);
    return confab.reaction_add(p_caller.account_id, m, v_content);
  elsif v_type = 'remove' then
    return confab.reaction_remove(p_caller.account_id, m);
  end if;
  perform confab.fail_validation('invalid reaction type');
  return null;
end $$;
CREATE FUNCTION confab.message_read(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
begin
  return confab.receipts_make(p_caller, p_data, true);
end $$;
CREATE FUNCTION confab.message_reference(p_extra jsonb, p_field text, p_room uuid, p_account bigint) RETURNS confab.message
    LANGUAGE plpgsql
    AS $$
declare
  v_id uuid;
  v_message confab.message;
begin
  if confab.is_falsy(p_extra -> p_field) then
    return null;
  end if;
  begin
    v_id := confab.uuid_value(p_extra -> p_field, p_field);
  exception when sqlstate 'C4003' then
    perform confab.fail_field(p_field, format('“%s” is not a valid UUID.', left(p_extra ->> p_field, 200)));
  end;
  select m.* into v_message
  from confab.message m join confab.member b on b.room_id = m.room_id and b.account_id = p_account
  where m.id = v_id and not m.is_deleted and m.seq > b.history_floor and (p_room is null or m.room_id = p_room);
  if not found then
    perform confab.fail_field(p_field, format('Invalid pk "%s" - object does not exist.', left(p_extra ->> p_field, 200)));
  end if;
  return v_message;
end $$;
CREATE FUNCTION confab.message_repeat(p_account bigint, p_client_id text, p_room uuid, p_content text, p_media jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_message confab.message;
  v_outcome confab.outcome;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_client_id, p_account));
  select * into v_message from confab.message where sender_id = p_account and client_id = p_client_id;
  if not found then
    return null;
  end if;
  if v_message.room_id <> p_room or not confab.message_had_text(v_message, p_content) or not confab.message_had_media(v_message, p_media) then
    perform confab.fail_field('client_id', 'Already used for another message.');
  end if;
  v_outcome.seq := v_message.seq;
  -- Byte for byte while the log keeps it; the same message made anew after that. What it replies to or forwards may be deleted since: not even its
  -- sender is told that again.
  select confab.payload_now(l.payload, l.message_ids) into v_outcome.reply from confab.log l where l.seq = v_message.seq;
  if v_outcome.reply is null then
    v_outcome.reply := confab.dispatch_text('message.dispatch', message_json(v_message), v_message.seq);
  end if;
  return v_outcome;
end $$;
CREATE FUNCTION confab.message_search(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_text text := confab.text_value(p_data, 'query', 500);
  v_limit bigint := confab.integer_value(p_data, 'limit', 1, 100, 20);
  v_sender bigint := confab.integer_value(p_data, 'sender', -999999999999999999, 999999999999999999, null);
  v_order text := coalesce(p_data ->> 'order', case when confab.is_falsy(p_data -> 'before') then 'relevance' else 'newest' end);
  v_before bigint := case when confab.is_falsy(p_data -> 'before') then confab.seq_most() else confab.seq_value(p_data, 'before') end;
  v_query tsquery;
  v_words text[];
  v_messages confab.message[];
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
    v_query := null;  -- nested deeper than PostgreSQL reads a query: it says nothing that could be found
  end;
  v_words := confab.search_words(v_text);
  v_messages := confab.search_find(p_caller.account_id, confab.search_rooms(p_caller.account_id, p_data), v_query, v_sender, v_before,
                                   v_limit + 1, case v_order when 'newest' then v_limit + 1 else 200 end);
  v_outcome.reply := confab.reply_text('messagesearch.dispatch', json_build_object(
    'query', v_text, 'order', v_order, 'has_next', cardinality(v_messages) > v_limit,
    'results', (
      select coalesce(json_agg(json_build_object('message', message_json(m), 'snippet', confab.search_snippet((m).content, v_words), 'rank', round(rank::numeric, 4)) order by place), '[]')
      from (select m, rank, row_number() over (order by case v_order when 'newest' then 0 else rank end desc, (m).seq desc) place
            from (select m, ts_rank(confab.search_vector(m.room_id, m.content), v_query) rank from unnest(v_messages) m) ranked
            order by place limit v_limit) best)));
  return v_outcome;
end $$;
CREATE FUNCTION confab.message_send(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_message confab.message;
  v_outcome confab.outcome;
  v_extra jsonb;
  v_media jsonb;
  v_mentions bigint[];
begin
  if not p_data ? 'room_id' then
    perform confab.fail_field('room_id', 'This field is required.');
  end if;
  v_message.room_id := confab.uuid_value(p_data -> 'room_id', 'room_id');
  perform confab.check_may_send(p_caller.account_id, v_message.room_id);
  v_message.sender_id := p_caller.account_id;
  v_extra := confab.extra_fields_value(p_data);
  if v_extra <> '{}' then
    v_media := confab.message_media(v_extra);
  end if;
  v_message.content := case when v_media is not null then 'Media Files' else confab.message_content(p_data) end;
  v_message.client_id := confab.message_client_id(p_caller, p_data);
  if v_message.client_id is not null then
    v_outcome := confab.message_repeat(p_caller.account_id, v_message.client_id, v_message.room_id, v_message.content, v_media);
    if v_outcome.seq is not null then
      return v_outcome;
    end if;
  end if;
  -- Of a repeat it does not matter whether they are there still.
  if v_extra <> '{}' then
    v_message.parent_seq := (confab.message_reference(v_extra, 'parent_message_id', v_message.room_id, p_caller.account_id)).seq;
    v_message.forwarded_from := confab.message_forwarded(v_extra, p_caller.account_id);
    if v_message.parent_seq is not null and v_message.forwarded_from is not null then
      perform confab.fail_constraint();
    end if;
    v_message.custom := confab.message_custom(v_extra);
  end if;
  v_mentions := confab.message_mentions(v_message.room_id, p_caller.account_id, v_message.content);
  if v_media is not null then
    v_media := confab.media_bind(p_caller.account_id, v_media);
  end if;
  v_message.id := gen_random_uuid();
  return confab.message_store(v_message, v_media, v_mentions);
end $$;
CREATE FUNCTION confab.message_snapshot(m confab.message) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
begin
  m.has_attachments := false;
  m.has_mentions := false;
  m.pinned_at := null;
  m.custom := null;
  m.client_id := null;
  return jsonb_set(confab.message_body_json(m, null, null, null)::jsonb, '{is_forwarded}', to_jsonb(m.forwarded_from is not null));
end $$;
CREATE FUNCTION confab.message_store(m confab.message, p_media jsonb, p_mentions bigint[]) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_json json;
  v_outcome confab.outcome;
begin
  m.is_deleted := false;
  m.is_edited := false;
  m.version := 1;
  m.has_attachments := p_media is not null;
  m.has_mentions := p_mentions <> '{}';
  m.seq := confab.log_draw();
  m.created_at := clock_timestamp();  -- never before the draw: member_advance() counts on it
  m.updated_at := m.created_at;
  insert into confab.message values (m.*);
  if m.has_attachments then
    insert into confab.attachment (room_id, seq, position, media_url, media_type, file_size, mime_type, caption, metadata, media_id)
    select m.room_id, m.seq, n, e ->> 'media_url', e ->> 'media_type', coalesce((e ->> 'file_size')::bigint, 0),
           coalesce(e ->> 'mime_type', 'image/jpeg'), e ->> 'caption', coalesce(e -> 'metadata', '{}'), (e ->> 'media_id')::uuid
    from jsonb_array_elements(p_media) with ordinality t (e, n);
  end if;
  if m.has_mentions then
    insert into confab.mention (account_id, room_id, seq) select x, m.room_id, m.seq from unnest(p_mentions) x;
  end if;
  v_outcome.seq := m.seq;
  v_json := message_json(m, true);
  v_outcome.dispatch := confab.dispatch_text('message.dispatch', v_json, m.seq);
  insert into confab.log (seq, room_id, payload, message_ids)
  values (m.seq, m.room_id, v_outcome.dispatch,
          case when m.parent_seq is null and m.forwarded_from is null then array[m.id] else confab.shown_messages(v_json) end);
  return v_outcome;
end $$;
CREATE FUNCTION confab.message_stub(p_message jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
  select jsonb_build_object('id', p_message -> 'id', 'room', p_message -> 'room', 'sender', p_message -> 'sender', 'is_deleted', true)
$$;
CREATE FUNCTION confab.message_typing(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room uuid;
  v_blockers bigint[];
begin
  if confab.is_falsy(p_data -> 'room_id') and not confab.is_falsy(p_data -> 'message_id') then
    v_room := (confab.messages_find(p_caller.account_id, array[confab.uuid_value(p_data -> 'message_id', 'message_id')]))[1].room_id;
  else
    v_room := confab.uuid_value(coalesce(p_data -> 'room_id', 'null'), 'room_id');
  end if;
  perform confab.check_may_send(p_caller.account_id, v_room);
  insert into confab.typing as t (account_id, room_id) values (p_caller.account_id, v_room)
  on conflict (account_id, room_id) do update set told_at = now() where t.told_at <= now() - interval '1 second';
  if not found then
    return null;
  end if;
  v_blockers := array(select k.account_id from confab.block k join confab.member m on m.room_id = v_room and m.account_id = k.account_id
                      where k.blocked_id = p_caller.account_id limit 301);
  if cardinality(v_blockers) <= 300 then
    perform confab.signal(
      jsonb_build_object('room', v_room, 'except', v_blockers),
      'messagetyping.dispatch',
      (select json_build_object('username', a.username, 'room_id', v_room, 'user', confab.user_ref(a.id))
       from confab.account a where a.id = p_caller.account_id));
  end if;
  return null;
end $$;
CREATE FUNCTION confab.message_update(m confab.message, p_extra jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_content text := p_extra ->> 'content';
  v_mentions bigint[];
  v_outcome confab.outcome;
begin
  insert into confab.message_version (room_id, seq, version, content, created_at) values (m.room_id, m.seq, m.version, m.content, m.updated_at);
  v_mentions := confab.message_mentions(m.room_id, m.sender_id, v_content);
  delete from confab.mention where room_id = m.room_id and seq = m.seq and account_id <> all (v_mentions);
  insert into confab.mention (account_id, room_id, seq) select x, m.room_id, m.seq from unnest(v_mentions) x on conflict do nothing;
  update confab.message x
  set content = v_content, is_edited = true, version = version + 1, has_mentions = v_mentions <> '{}', updated_at = now(),
      custom = nullif(coalesce(x.custom, '{}') || coalesce(confab.message_custom(p_extra), '{}'), '{}')
  where x.room_id = m.room_id and x.seq = m.seq;
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write_about(v_outcome.seq, m.room_id, m.seq, 'messagemodification.dispatch',
    json_build_object('status', 'successful', 'action', 'update', 'message', confab.message_now(m)));
  return v_outcome;
end $$;
CREATE FUNCTION confab.message_weight(m confab.message) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return 1000 + octet_length(m.content) + coalesce(pg_column_size(m.forwarded_from), 0)
    + case when m.parent_seq is null then 0 else coalesce((select octet_length(x.content) from confab.message x where x.room_id = m.room_id and x.seq = m.parent_seq), 0) end;
end $$;
CREATE FUNCTION confab.message_without(p_message jsonb, p_gone text[]) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  if p_message ->> 'id' = any (p_gone) then
    return null;
  end if;
  if p_message #>> '{parent_message,id}' = any (p_gone) then
    p_message := jsonb_set(p_message, '{parent_message}', 'null');
  end if;
  if p_message #>> '{forwarded_from,id}' = any (p_gone) then
    p_message := jsonb_set(p_message, '{forwarded_from}', confab.message_stub(p_message -> 'forwarded_from'));
  end if;
  return p_message;
end $$;
CREATE FUNCTION confab.messages_delete(p_messages confab.message[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_room uuid := (p_messages[1]).room_id;
  v_seqs bigint[] := array(select m.seq from unnest(p_messages) m);
begin
  delete from confab.mention where room_id = v_room and seq = any (v_seqs);
  if confab.setting_on('message_soft_delete') then
    update confab.message set is_deleted = true, pinned_at = null, client_id = null where room_id = v_room and seq = any (v_seqs);
    return;
  end if;
  delete from confab.message where room_id = v_room and seq = any (v_seqs);
  delete from confab.message_state where room_id = v_room and seq = any (v_seqs);
  delete from confab.message_version where room_id = v_room and seq = any (v_seqs);
  delete from confab.attachment where room_id = v_room and seq = any (v_seqs);
  delete from confab.receipt where room_id = v_room and seq = any (v_seqs);
  delete from confab.reaction where room_id = v_room and seq = any (v_seqs);
end $$;
CREATE FUNCTION confab.messages_expire(p_limit integer DEFAULT 1000, OUT deleted integer, OUT is_over boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_days numeric := coalesce(nullif(confab.setting_value('message_days'), 'null')::text::numeric, 0);
  v_place uuid;
  v_room record;
  v_seen int := 0;
  v_gone confab.message[];
  v_all confab.message[] := '{}';
begin
  deleted := 0;
  is_over := true;
  if (v_days <= 0 and not exists (select from confab.retention where keep_days > 0)) or not pg_try_advisory_xact_lock(hashtext('confab.messages_expire')) then
    return;
  end if;
  insert into confab.upkeep (name, place) values ('messages_expire', '00000000-0000-0000-0000-000000000000') on conflict do nothing;
  select place into v_place from confab.upkeep where name = 'messages_expire';
  for v_room in
    select r.id, coalesce(t.keep_days, v_days) as days from confab.room r left join confab.retention t on t.room_id = r.id
    where r.id > v_place and coalesce(t.keep_days, v_days) > 0 order by r.id limit 200
  loop
    v_seen := v_seen + 1;
    v_gone := confab.room_expire(v_room.id, v_room.days, p_limit - deleted);
    v_all := v_all || v_gone;
    deleted := cardinality(v_all);
    exit when deleted >= p_limit;  -- this room may have more
    v_place := v_room.id;
  end loop;
  is_over := v_seen < 200 and deleted < p_limit;
  update confab.upkeep set place = case when is_over then '00000000-0000-0000-0000-000000000000' else v_place end where name = 'messages_expire';
  -- Last: a number is drawn when nothing can block any more.
  if deleted > 0 then
    insert into confab.log (seq, effect) values (confab.log_draw(), confab.effect_deleted(v_all));
  end if;
end $$;
CREATE FUNCTION confab.messages_find(p_account bigint, p_ids uuid[]) RETURNS confab.message[]
    LANGUAGE plpgsql
    AS $$
declare
  v_rooms uuid[];
  v_messages confab.message[];
begin
  v_rooms := array(select distinct m.room_id from confab.message m where m.id = any (p_ids) order by 1);
  perform confab.room_share(r) from unnest(v_rooms) r;
  v_messages := array(select m from confab.message m join confab.room r on r.id = m.room_id
                      where m.id = any (p_ids) and not m.is_deleted order by m.room_id, m.seq);
  if cardinality(v_messages) < cardinality(p_ids) then
    perform confab.fail_not_found();
  elsif exists (select from unnest(v_messages) m
                where not exists (select from confab.member b where b.room_id = m.room_id and b.account_id = p_account and m.seq > b.history_floor)) then
    perform confab.fail_denied('message');
  end if;
  return v_messages;
end $$;
CREATE FUNCTION confab.messages_gone(p_ids uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return array(select i from unnest(p_ids) i
               where not exists (select from confab.message m join confab.room r on r.id = m.room_id where m.id = i and not m.is_deleted));
end $$;
CREATE FUNCTION confab.messages_json(p_messages confab.message[]) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select coalesce(json_agg(message_json(m) order by m.seq desc), '[]') from unnest(p_messages) m);
end $$;
CREATE FUNCTION confab.messages_keyset(p_room uuid, p_floor bigint, p_data jsonb) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_key text := case when p_data ? 'around' then 'around' when p_data ? 'before' then 'before' when p_data ? 'after' then 'after' end;
  v_limit bigint := least(confab.capacity_value(p_data, 'limit', 50), 200);
  v_seq bigint := case when v_key is null then confab.seq_most() else confab.seq_value(p_data, v_key) end;
  v_messages confab.message[];
  v_oldest bigint;
  v_newest bigint;
begin
  if v_key = 'around' then
    v_messages := confab.message_page_older(p_room, p_floor, v_seq + 1, v_limit - v_limit / 2) || confab.message_page_newer(p_room, p_floor, v_seq, v_limit / 2);
  elsif v_key = 'after' then
    v_messages := confab.message_page_newer(p_room, p_floor, v_seq, v_limit);
  else
    v_messages := confab.message_page_older(p_room, p_floor, v_seq, v_limit);
  end if;
  select min(m.seq), max(m.seq) into v_oldest, v_newest from unnest(v_messages) m;
  return json_build_object(
    'has_next', confab.message_exists_older(p_room, p_floor, coalesce(v_oldest, case v_key when 'after' then v_seq + 1 else v_seq end)),
    'has_previous', confab.message_exists_newer(p_room, coalesce(v_newest, case v_key when 'after' then v_seq else v_seq - 1 end)),
    'limit', v_limit,
    'data', confab.page_json(p_room, v_messages));
end $$;
CREATE FUNCTION confab.messages_lock(p_messages confab.message[]) RETURNS confab.message[]
    LANGUAGE plpgsql
    AS $$
declare
  v_messages confab.message[];
begin
  insert into confab.message_state (room_id, seq) select m.room_id, m.seq from unnest(p_messages) m order by m.room_id, m.seq on conflict do nothing;
  perform from confab.message_state s
  where (s.room_id, s.seq) in (select m.room_id, m.seq from unnest(p_messages) m) order by s.room_id, s.seq for update;
  v_messages := array(select m from confab.message m join unnest(p_messages) p on p.room_id = m.room_id and p.seq = m.seq
                      where not m.is_deleted order by m.room_id, m.seq);
  if cardinality(v_messages) < cardinality(p_messages) then
    delete from confab.message_state s using unnest(p_messages) p
    where s.room_id = p.room_id and s.seq = p.seq and not exists (select from confab.message m where m.room_id = s.room_id and m.seq = s.seq);
  end if;
  return v_messages;
end $$;
CREATE FUNCTION confab.messages_paginated(p_room uuid, p_floor bigint, p_paginate jsonb) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_page bigint;
  v_size bigint;
  v_count bigint;
  v_last bigint;
  v_real bigint;
  v_messages confab.message[];
begin
  if confab.is_falsy(p_paginate -> 'page') or confab.is_falsy(p_paginate -> 'size') then
    perform confab.fail_validation('page and size required');
  end if;
  v_page := confab.page_number(p_paginate -> 'page');
  v_size := least(confab.page_number(p_paginate -> 'size'), 200);
  if v_size < 1 then
    perform confab.fail_field('size', 'Ensure this value is greater than or equal to 1.');
  end if;
  select count(*) into v_count from confab.message m where m.room_id = p_room and m.seq > p_floor and not m.is_deleted;
  v_last := greatest((v_count + v_size - 1) / v_size, 1);
  v_real := case when v_page between 1 and v_last then v_page else v_last end;
  v_messages := array(select m from confab.message m where m.room_id = p_room and m.seq > p_floor and not m.is_deleted
                      order by m.seq desc limit v_size offset (v_real - 1) * v_size);
  return json_build_object(
    'has_next', v_real < v_last, 'has_previous', v_real > 1,
    'next_page_number', case when v_real < v_last then v_real + 1 end, 'prev_page_number', case when v_real > 1 then v_real - 1 end,
    'page', v_page, 'size', v_size, 'data', confab.page_json(p_room, v_messages));
end $$;
CREATE FUNCTION confab.messages_remove(p_account bigint, p_messages confab.message[], p_ids jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_room uuid := (p_messages[1]).room_id;
  v_outcome confab.outcome;
begin
  perform confab.messages_delete(p_messages);
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write_about(v_outcome.seq, v_room, (select min(m.seq) from unnest(p_messages) m), 'messagemodification.dispatch', json_build_object(
    'status', 'successful', 'action', 'delete', 'message_ids', case jsonb_typeof(p_ids) when 'array' then p_ids else jsonb_build_array(p_ids) end,
    'room_id', v_room, 'user', confab.user_ref(p_account)), confab.effect_deleted(p_messages));
  return v_outcome;
end $$;
CREATE FUNCTION confab.mime_types() RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
  select array['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/bmp', 'image/heic',
    'audio/mpeg', 'audio/mp4', 'audio/aac', 'audio/ogg', 'audio/wav', 'audio/opus',
    'video/mp4', 'video/quicktime', 'video/webm', 'video/ogg', 'video/x-msvideo', 'video/x-matroska',
    'application/pdf', 'application/msword', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/vnd.ms-excel', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'application/vnd.ms-powerpoint', 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    'text/plain', 'text/csv']
$$;
CREATE FUNCTION confab.not_own() RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return case when confab.setting_on('expose_email') then false end;
end $$;
CREATE FUNCTION confab.notification_id(p_what uuid, p_account bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $$
  select md5(p_what::text || p_account)::uuid
$$;
CREATE FUNCTION confab.notification_type(m confab.message, p_account bigint) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return case when m.has_mentions and exists (select from confab.mention n where n.account_id = p_account and n.room_id = m.room_id and n.seq = m.seq) then 'MENTION'
    when m.parent_seq is not null then 'REPLY' else 'NEW_MESSAGE' end;
end $$;
CREATE FUNCTION confab.notifications_json(p_account bigint) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (
    with pending as (
      select p.room_id, p.notification_type, p.message_seq, p.reaction_id, p.at_seq, m as message,
             sum(confab.message_weight(m)) over (order by p.at_seq desc rows between unbounded preceding and 1 preceding) as bytes_before
      from (select * from confab.pending_notification where account_id = p_account order by at_seq desc limit 1000) p
      join confab.message m on m.room_id = p.room_id and m.seq = p.message_seq),
    by_room as (
      select p.room_id, json_agg(
          case when p.reaction_id is null then
            json_build_object('id', confab.notification_id((p.message).id, p_account), 'notification_type', p.notification_type,
                              'message', message_json(p.message))
          else
            json_build_object('id', confab.notification_id(p.reaction_id, p_account), 'notification_type', p.notification_type,
                              'message', message_json(p.message), 'reaction', confab.reaction_json(r)) end
          order by p.at_seq desc) list
      from pending p
      left join confab.reaction r on r.room_id = p.room_id and r.seq = p.message_seq and r.id = p.reaction_id
      where p.bytes_before is null or p.bytes_before < 1000000
      group by p.room_id)
    select coalesce(json_object_agg(b.room_id, b.list order by r.created_at desc), '{}') from by_room b join confab.room r on r.id = b.room_id);
end $$;
CREATE FUNCTION confab.notified_messages(b confab.member, p_limit integer) RETURNS TABLE(seq bigint, notification_type text)
    LANGUAGE sql STABLE
    AS $$
  select x.seq, confab.notification_type(x, b.account_id)
  from confab.message x
  where x.room_id = b.room_id and x.seq > greatest(b.since_seq, b.last_read_seq, b.last_acked_seq, b.history_floor)
    and x.sender_id <> b.account_id and not x.is_deleted
    and not exists (select from confab.receipt t where t.room_id = x.room_id and t.seq = x.seq and t.account_id = b.account_id)
  order by x.seq desc limit p_limit
$$;
CREATE TABLE confab.reaction (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    account_id bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    content text NOT NULL,
    log_seq bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE FUNCTION confab.notified_reactions(b confab.member, p_limit integer) RETURNS SETOF confab.reaction
    LANGUAGE sql STABLE
    AS $$
  select r.* from confab.reaction r
  where r.room_id = b.room_id and r.log_seq > greatest(b.since_seq, b.history_floor) and r.account_id <> b.account_id
    and not (r.seq <= b.last_read_seq and r.log_seq <= b.reactions_seen_seq)
    and not exists (select from confab.receipt t where t.room_id = r.room_id and t.seq = r.seq and t.account_id = b.account_id and t.acked_seq >= r.log_seq)
    and exists (select from confab.message x where x.room_id = r.room_id and x.seq = r.seq and not x.is_deleted)
  order by r.log_seq desc limit p_limit
$$;
CREATE FUNCTION confab.one_to_one_hide(p_room confab.room, p_account bigint) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_newest bigint;
  v_outcome confab.outcome;
begin
  select coalesce(max(seq), 0) into v_newest from confab.message where room_id = p_room.id;
  update confab.member set hidden = true, history_floor = greatest(history_floor, v_newest)
  where room_id = p_room.id and account_id = p_account;
  if not exists (select from confab.member m where m.room_id = p_room.id and not (m.hidden and m.history_floor >= v_newest)) then
    return confab.room_erase(p_room, array[p_account]);
  end if;
  v_outcome.seq := confab.log_draw();
  update confab.member set since_seq = v_outcome.seq where room_id = p_room.id and account_id = p_account;
  insert into confab.log (seq, room_id, effect)
  values (v_outcome.seq, p_room.id, json_build_object('departed', array[p_account], 'joined', array[p_account]));
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write(v_outcome.seq, null, array[p_account], 'roomdelete.dispatch', json_build_object('room_id', p_room.id));
  return v_outcome;
end $$;
CREATE FUNCTION confab.own_messages(p_account bigint, p_ids uuid[]) RETURNS confab.message[]
    LANGUAGE plpgsql
    AS $$
declare
  v_found record;
  v_messages confab.message[];
begin
  if p_ids = '{}' then
    perform confab.fail_validation('Atleast one message_id is required for modification');
  end if;
  select count(*) as messages, count(distinct m.room_id) as rooms, bool_and(m.sender_id = p_account) as own into v_found
  from confab.message m join confab.room r on r.id = m.room_id where m.id = any (p_ids) and not m.is_deleted;
  if v_found.messages < cardinality(p_ids) then
    perform confab.fail_not_found();
  elsif v_found.rooms > 1 then
    perform confab.fail_validation('All messages marked for modification must come from the same room');
  elsif not v_found.own then
    perform confab.fail_denied('own');
  end if;
  v_messages := confab.messages_lock(confab.messages_find(p_account, p_ids));
  if cardinality(v_messages) < cardinality(p_ids) then
    perform confab.fail_not_found();
  end if;
  return v_messages;
end $$;
CREATE FUNCTION confab.page_json(p_room uuid, p_messages confab.message[]) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select json_build_object('room_id', p_room, 'messages', confab.messages_json(p_messages))
$$;
CREATE FUNCTION confab.page_number(p_value jsonb) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
declare
  v_text text := btrim(p_value #>> '{}');
begin
  if jsonb_typeof(p_value) not in ('number', 'string', 'boolean') or v_text !~ '^([+-]?\d{1,15}(\.\d+)?|true)$' then
    perform confab.fail_validation('Invalid types');
  end if;
  return case v_text when 'true' then 1 else trunc(v_text::numeric) end;
end $_$;
CREATE FUNCTION confab.password_change(p_token_hash bytea, p_password_hash text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
begin
  perform confab.password_current(p_token_hash);
  update confab.account set password_hash = p_password_hash where id = v_caller.account_id;
  delete from confab.password_reset where account_id = v_caller.account_id;
  perform confab.logins_end(v_caller.account_id,
    array(select id from confab.login where account_id = v_caller.account_id and id <> v_caller.login_id order by id));
end $$;
CREATE FUNCTION confab.password_current(p_token_hash bytea) RETURNS TABLE(username text, password_hash text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
  v_account confab.account;
begin
  select * into v_account from confab.account where id = v_caller.account_id;
  if v_account.password_hash is null then
    perform confab.fail(4002, '"This account has no password here."');
  end if;
  return query select v_account.username, v_account.password_hash;
end $$;
CREATE FUNCTION confab.payload_now(p_payload text, p_messages uuid[]) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_gone uuid[];
begin
  if p_payload is null or p_messages = '{}' then
    return p_payload;
  end if;
  v_gone := confab.messages_gone(coalesce(p_messages, confab.shown_messages(p_payload::json -> 'data')));
  return case when v_gone = '{}' then p_payload else confab.payload_without(p_payload, v_gone::text[]) end;
end $$;
CREATE FUNCTION confab.payload_without(p_payload text, p_gone text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_dispatch jsonb := p_payload;
  v_data jsonb := v_dispatch -> 'data';
begin
  if jsonb_typeof(v_data) = 'array' then
    select jsonb_agg(m order by n) into v_data
    from (select n, confab.message_without(e, p_gone) as m from jsonb_array_elements(v_data) with ordinality t (e, n)) kept where m is not null;
  elsif v_data ? 'parent_message' then
    v_data := confab.message_without(v_data, p_gone);
  else
    v_data := jsonb_set_lax(v_data, '{message}', confab.message_without(v_data -> 'message', p_gone), false, 'delete_key');
    v_data := case when v_data ? 'message' then v_data end;
  end if;
  return confab.dispatch_text(v_dispatch ->> 'eventType', v_data::json, (v_dispatch ->> 'seq')::bigint);
end $$;
CREATE FUNCTION confab.plain_text(p_html text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
begin
  if position('<' in p_html) > 0 then
    p_html := regexp_replace(regexp_replace(p_html, '<(br|/p|/li)[^>]*>', E'\n', 'g'), '<[^>]*>', '', 'g');
  end if;
  if position('&' in p_html) > 0 then
    p_html := replace(replace(replace(replace(replace(replace(p_html,
      '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&nbsp;', ' '), '&amp;', '&');
  end if;
  return p_html;
end $$;
CREATE FUNCTION confab.post(p_room uuid, p_sender bigint, p_content text, p_client_id text DEFAULT NULL::text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_id uuid;
begin
  if p_client_id is not null then
    select id into v_id from confab.message where sender_id = p_sender and client_id = p_client_id;
    if not found then
      select message_id into v_id from confab.deferred where sender_id = p_sender and client_id = p_client_id;
    end if;
    if v_id is not null then
      return v_id;
    end if;
  end if;
  perform confab.message_content(jsonb_build_object('content', confab.html_of_text(p_content)));
  if not exists (select from confab.room where id = p_room) then
    perform confab.fail_not_found();
  elsif not exists (select from confab.member where room_id = p_room and account_id = p_sender)
        and not exists (select from confab.deferred where room_id = p_room and p_sender = any (account_ids)) then
    perform confab.fail_denied('send');
  end if;
  v_id := gen_random_uuid();
  insert into confab.deferred (room_id, message_id, sender_id, content, client_id)
  values (p_room, v_id, p_sender, confab.html_of_text(p_content), left(p_client_id, 64));
  return v_id;
end $$;
CREATE FUNCTION confab.presence_arrive(p_account bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if not exists (select from confab.presence where account_id = p_account and status = 'online') then
    perform confab.presence_update(array[p_account]);
  end if;
end $$;
CREATE FUNCTION confab.presence_asked(p_account bigint) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return array(
    select b.session_id from confab.presence_subscription b where b.account_id = p_account
    union
    select b.session_id from confab.member m join confab.presence_subscription b on b.room_id = m.room_id where m.account_id = p_account);
end $$;
CREATE FUNCTION confab.presence_audience(p_sessions uuid[], p_account bigint) RETURNS TABLE(session_id uuid, account_id bigint)
    LANGUAGE plpgsql STABLE
    AS $$
#variable_conflict use_column
begin
  return query select s.id, s.account_id from confab.session s
  where s.id = any (p_sessions)
    and exists (select from confab.member x join confab.member y on y.room_id = x.room_id
                where x.account_id = p_account and y.account_id = s.account_id)
    and not exists (select from confab.block k where k.account_id = p_account and k.blocked_id = s.account_id);
end $$;
CREATE FUNCTION confab.presence_json(p_account bigint) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select json_build_object('user', confab.user_ref(a.id), 'status', coalesce(p.status, confab.presence_now(a.id)),
                           'last_seen', confab.time_text(p.last_seen))
  from confab.account a left join confab.presence p on p.account_id = a.id where a.id = p_account
$$;
CREATE FUNCTION confab.presence_lists(p_data jsonb, OUT p_users bigint[], OUT p_rooms uuid[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
begin
  if coalesce(jsonb_typeof(p_data -> 'users'), 'array') <> 'array' then
    perform confab.fail_field('users', 'Expected a list of items.');
  elsif coalesce(jsonb_typeof(p_data -> 'rooms'), 'array') <> 'array' then
    perform confab.fail_field('rooms', 'Expected a list of items.');
  elsif jsonb_array_length(coalesce(p_data -> 'rooms', '[]')) > 200 then
    perform confab.fail_validation('At most 200 rooms at once.');
  end if;
  p_users := confab.account_ids_value(p_data -> 'users');
  p_rooms := array(select confab.uuid_value(e, 'rooms') from jsonb_array_elements(coalesce(p_data -> 'rooms', '[]')) e);
end $$;
CREATE FUNCTION confab.presence_now(p_account bigint) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select case when count(*) = 0 then 'offline' when bool_and(idle_since is not null) then 'idle' else 'online' end
          from confab.session where account_id = p_account);
end $$;
CREATE FUNCTION confab.presence_refresh() RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.presence_update(array(
    select p.account_id
    from confab.presence p
    left join (select account_id, bool_and(idle_since is not null) as idle from confab.session group by account_id) s on s.account_id = p.account_id
    where p.status <> 'offline' and p.status <> case when s.idle is null then 'offline' when s.idle then 'idle' else 'online' end
    order by 1 limit 1000));
end $$;
CREATE FUNCTION confab.presence_subscribe(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_session uuid := confab.session_of(p_caller, p_data);
  v_users bigint[];
  v_rooms uuid[];
  v_outcome confab.outcome;
begin
  if v_session is null then
    perform confab.fail_field('session_id', 'This field is required.');
  end if;
  select p_users, p_rooms into v_users, v_rooms from confab.presence_targets(p_caller, p_data);
  insert into confab.presence_subscription (session_id, account_id) select v_session, u from unnest(v_users) u on conflict do nothing;
  insert into confab.presence_subscription (session_id, room_id) select v_session, r from unnest(v_rooms) r on conflict do nothing;
  v_outcome.reply := confab.reply_text('presencelist.dispatch', json_build_object('users', (
    select coalesce(json_agg(confab.presence_json(shown.id) order by shown.id), '[]')
    from (select u as id from unnest(v_users) u
          union
          (select m.account_id from confab.member m where m.room_id = any (v_rooms) order by 1 limit 1000)) shown
    where not exists (select from confab.block k where k.account_id = shown.id and k.blocked_id = p_caller.account_id))));
  return v_outcome;
end $$;
CREATE FUNCTION confab.presence_targets(p_caller confab.caller, p_data jsonb, OUT p_users bigint[], OUT p_rooms uuid[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
  v_room uuid;
begin
  select l.p_users, l.p_rooms into p_users, p_rooms from confab.presence_lists(p_data) l;
  p_users := array(select u from unnest(p_users) u
                   where exists (select from confab.member x join confab.member y on y.room_id = x.room_id
                                 where x.account_id = p_caller.account_id and y.account_id = u));
  select r into v_room from unnest(p_rooms) r where not exists (select from confab.room where id = r) limit 1;
  if found then
    perform confab.fail_not_found();
  end if;
  select r into v_room from unnest(p_rooms) r
  where not exists (select from confab.member where room_id = r and account_id = p_caller.account_id) limit 1;
  if found then
    perform confab.fail_denied('read');
  end if;
end $$;
CREATE FUNCTION confab.presence_tell(p_account bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_data json;
  -- Two questions: asked as one, with the statistics of an empty table, it walks all the sessions there are.
  v_sessions uuid[] := confab.presence_asked(p_account);
  v_accounts bigint[];
begin
  if v_sessions = '{}' then
    return;
  end if;
  select array_agg(session_id), array_agg(account_id) into v_sessions, v_accounts from confab.presence_audience(v_sessions, p_account);
  if v_sessions is null then
    return;
  end if;
  v_data := confab.presence_json(p_account);
  for i in 1 .. cardinality(v_sessions) by 100 loop
    perform confab.signal(jsonb_build_object('accounts', array(select distinct unnest(v_accounts[i : i + 99])), 'sessions', v_sessions[i : i + 99]), 'presence.dispatch', v_data);
  end loop;
end $$;
CREATE FUNCTION confab.presence_unsubscribe(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_session uuid := confab.session_of(p_caller, p_data);
  v_users bigint[];
  v_rooms uuid[];
begin
  if v_session is null then
    perform confab.fail_field('session_id', 'This field is required.');
  end if;
  select p_users, p_rooms into v_users, v_rooms from confab.presence_lists(p_data);
  delete from confab.presence_subscription
  where session_id = v_session and (not p_data ?| array['users', 'rooms'] or account_id = any (v_users) or room_id = any (v_rooms));
  return null;
end $$;
CREATE FUNCTION confab.presence_update(p_accounts bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_account bigint;
begin
  for v_account in
    insert into confab.presence as p (account_id, status)
    select a, confab.presence_now(a) from unnest(p_accounts) a order by a
    on conflict (account_id) do update set status = excluded.status, last_seen = now() where p.status <> excluded.status
    returning account_id
  loop
    perform confab.presence_tell(v_account);
  end loop;
end $$;
CREATE FUNCTION confab.push_claim(p_limit integer DEFAULT 100, p_lease interval DEFAULT '00:01:00'::interval) RETURNS TABLE(id bigint, account_id bigint, username text, email text, room_id uuid, notification_type text, attempts integer, message json)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform confab.push_collect();
  return query
    with due as (
      select j.* from confab.push_job j where j.due_at <= now() order by j.due_at limit p_limit for update skip locked),
    pending as (
      select j.id from due j
      join confab.member b on b.room_id = j.room_id and b.account_id = j.account_id
      join confab.message m on m.room_id = j.room_id and m.seq = j.seq and not m.is_deleted
      where case j.notification_type when 'REACTION' then exists (select from confab.reaction r where r.room_id = j.room_id and r.seq = j.seq and r.log_seq = j.log_seq)
                 and not (j.seq <= b.last_read_seq and j.log_seq <= b.reactions_seen_seq)
            else j.seq > greatest(b.last_read_seq, b.last_acked_seq) end
        and j.log_seq > greatest(b.since_seq, b.history_floor)
        and not exists (select from confab.receipt t where t.room_id = j.room_id and t.seq = j.seq and t.account_id = j.account_id and t.acked_seq >= j.log_seq)),
    gone as (
      delete from confab.push_job j using due d where j.id = d.id and d.id not in (select p.id from pending p)),
    claimed as (
      update confab.push_job j set due_at = now() + p_lease, attempts = j.attempts + 1 from pending p where j.id = p.id returning j.*)
    select c.id, c.account_id, a.username, a.email, c.room_id, c.notification_type, c.attempts, message_json(m)
    from claimed c join confab.account a on a.id = c.account_id join confab.message m on m.room_id = c.room_id and m.seq = c.seq
    order by c.id;
end $$;
CREATE FUNCTION confab.push_collect() RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  p confab.push_position;
  v_to bigint;
begin
  if not pg_try_advisory_xact_lock(hashtext('confab.push_collect')) then
    return;
  end if;
  select * into p from confab.push_position;
  if not found then
    insert into confab.push_position (seq) select head from confab.log_state();
    return;
  end if;
  v_to := least(confab.push_settled(p), p.seq + 2000);
  insert into confab.push_job (account_id, room_id, seq, log_seq, notification_type, due_at)
  select b.account_id, m.room_id, m.seq, m.seq,
         confab.notification_type(m, b.account_id),
         now() + make_interval(secs => confab.setting_number('push_delay', 10))
  from confab.log l
  join confab.message m on m.room_id = l.room_id and m.seq = l.seq
  join confab.member b on b.room_id = m.room_id and b.account_id <> m.sender_id and b.since_seq < m.seq
  where l.seq > p.seq and l.seq <= v_to
  union all
  select m.sender_id, m.room_id, m.seq, r.log_seq, 'REACTION', now() + make_interval(secs => confab.setting_number('push_delay', 10))
  from confab.log l
  join confab.reaction r on r.room_id = l.room_id and r.log_seq = l.seq
  join confab.message m on m.room_id = r.room_id and m.seq = r.seq and m.sender_id <> r.account_id
  where l.seq > p.seq and l.seq <= v_to;
  update confab.push_position set seq = v_to where seq < v_to;
end $$;
CREATE FUNCTION confab.push_done(p_ids bigint[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from confab.push_job where id = any (p_ids)
$$;
CREATE FUNCTION confab.push_retry(p_ids bigint[], p_after interval DEFAULT '00:01:00'::interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update confab.push_job set due_at = now() + p_after where id = any (p_ids)
$$;
CREATE TABLE confab.push_position (
    seq bigint NOT NULL,
    fence bigint,
    holders text[],
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT push_position_one_check CHECK (one)
);
CREATE FUNCTION confab.push_settled(p confab.push_position) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
  v_hi bigint := (select max(seq) from confab.log);
  v_holders text[];
  v_prefix bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'push_claim() needs a transaction that is READ COMMITTED' using errcode = '0A000';
  end if;
  v_holders := array(select unnest(string_to_array(nullif(holders, ''), ',')) from confab.log_holders());
  if v_holders = '{}' then
    update confab.push_position set fence = null, holders = null;
    return coalesce(v_hi, p.seq);
  elsif p.fence is not null and not p.holders && v_holders then
    update confab.push_position set fence = null, holders = null;
    return p.fence;
  end if;
  select max(seq) into v_prefix
  from (select seq, row_number() over (order by seq) n from confab.log where seq > p.seq order by seq limit 2000) r where seq = p.seq + n;
  if p.fence is null and v_hi > coalesce(v_prefix, p.seq) then
    update confab.push_position set fence = v_hi, holders = v_holders;
  end if;
  return coalesce(v_prefix, p.seq);
end $$;
CREATE FUNCTION confab.random_secret() RETURNS text
    LANGUAGE sql
    AS $$
  -- Two UUIDs hold 244 random bits; hashing them spreads what is fixed in a UUID.
  select translate(rtrim(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'), '='), '+/', '-_')
$$;
CREATE FUNCTION confab.reaction_add(p_account bigint, m confab.message, p_content text) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_old text;
  v_outcome confab.outcome;
begin
  delete from confab.reaction where room_id = m.room_id and seq = m.seq and account_id = p_account and content <> p_content returning content into v_old;
  if v_old is null and exists (select from confab.reaction where room_id = m.room_id and seq = m.seq and account_id = p_account) then
    perform confab.fail_constraint();
  end if;
  update confab.message_state s
  set reaction_counts = confab.reaction_count(case when v_old is null then s.reaction_counts else confab.reaction_count(s.reaction_counts, v_old, -1) end, p_content, 1)
  where s.room_id = m.room_id and s.seq = m.seq;
  v_outcome.seq := confab.log_draw();
  insert into confab.reaction (room_id, seq, account_id, content, log_seq) values (m.room_id, m.seq, p_account, p_content, v_outcome.seq);
  v_outcome.dispatch := confab.log_write_about(v_outcome.seq, m.room_id, m.seq, 'reaction.dispatch',
    json_build_object('status', 'successful', 'type', 'add', 'message', message_json(m)));
  return v_outcome;
end $$;
CREATE FUNCTION confab.reaction_content_value(p_data jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_content text;
begin
  if p_data ->> 'reaction_content' is null then
    perform confab.fail_missing(p_data, 'reaction_content');
  end if;
  v_content := btrim(p_data ->> 'reaction_content', E' \t\r\n\f\v');
  if v_content = '' then
    perform confab.fail_field('reaction_content', 'This field may not be blank.');
  end if;
  return confab.text_value(jsonb_build_object('reaction_content',
    case jsonb_typeof(p_data -> 'reaction_content') when 'string' then to_jsonb(v_content) else p_data -> 'reaction_content' end), 'reaction_content', 128);
end $$;
CREATE FUNCTION confab.reaction_count(p_counts jsonb, p_content text, p_step integer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
  select case when coalesce((p_counts ->> p_content)::bigint, 0) + p_step <= 0 then p_counts - p_content
    else p_counts || jsonb_build_object(p_content, coalesce((p_counts ->> p_content)::bigint, 0) + p_step) end
$$;
CREATE FUNCTION confab.reaction_json(r confab.reaction) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return json_build_object('id', r.id, 'user', (select user_json(a) from confab.account a where a.id = r.account_id),
                           'reaction_content', r.content, 'created_at', confab.time_text(r.created_at));
end $$;
CREATE FUNCTION confab.reaction_remove(p_account bigint, m confab.message) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_old text;
  v_outcome confab.outcome;
begin
  delete from confab.reaction where room_id = m.room_id and seq = m.seq and account_id = p_account returning content into v_old;
  if v_old is null then
    v_outcome.reply := confab.reply_text('reaction.dispatch', json_build_object('status', 'failed', 'message', message_json(m), 'action', 'remove'));
    return v_outcome;
  end if;
  update confab.message_state s set reaction_counts = confab.reaction_count(s.reaction_counts, v_old, -1) where s.room_id = m.room_id and s.seq = m.seq;
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write_about(v_outcome.seq, m.room_id, m.seq, 'reaction.dispatch',
    json_build_object('status', 'successful', 'message', message_json(m), 'action', 'remove'));
  return v_outcome;
end $$;
CREATE FUNCTION confab.reactions_json(p_room uuid, p_seq bigint) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select coalesce(json_agg(confab.reaction_json(r) order by r.created_at, r.id), '[]')
          from (select * from confab.reaction where room_id = p_room and seq = p_seq order by account_id limit 100) r);
end $$;
CREATE FUNCTION confab.read_receipts_json(p_room uuid, p_seq bigint) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_own boolean := confab.not_own();
begin
  return (select coalesce(json_agg(json_build_object('reader', user_json(a, v_own), 'read_at', confab.time_text(t.read_at)) order by t.read_at, a.id), '[]')
          from (select * from confab.receipt where room_id = p_room and seq = p_seq and read_at is not null order by account_id limit 100) t
          join confab.account a on a.id = t.account_id);
end $$;
CREATE FUNCTION confab.receipts_due(p_account bigint, p_messages confab.message[], p_read boolean) RETURNS confab.message[]
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if p_read then
    return array(select m from unnest(p_messages) m
                 where not exists (select from confab.receipt t where t.room_id = m.room_id and t.seq = m.seq and t.account_id = p_account
                                   and t.read_at is not null));
  end if;
  return array(select m from unnest(p_messages) m
               where not exists (select from confab.receipt t where t.room_id = m.room_id and t.seq = m.seq and t.account_id = p_account
                                 and not exists (select from confab.reaction r where r.room_id = m.room_id and r.seq = m.seq
                                                 and r.log_seq > t.acked_seq and r.account_id <> p_account)));
end $$;
CREATE FUNCTION confab.receipts_make(p_caller confab.caller, p_data jsonb, p_read boolean) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_messages confab.message[] := confab.messages_find(p_caller.account_id, confab.message_ids_value(p_data));
  v_seq bigint;
begin
  if p_read then
    v_messages := array(select m from unnest(v_messages) m where m.sender_id <> p_caller.account_id);
  end if;
  -- The lock, and then what there is: in one statement, what somebody was waited for would not be seen.
  v_messages := confab.messages_lock(v_messages);
  v_messages := confab.receipts_due(p_caller.account_id, v_messages, p_read);
  if v_messages = '{}' then
    return null;
  end if;
  v_seq := confab.log_draw();
  perform confab.receipts_write(p_caller.account_id, v_messages, p_read, v_seq);
  return confab.receipts_tell(p_caller.account_id, v_messages, p_read, v_seq, jsonb_typeof(p_data -> 'message_id') <> 'array');
end $$;
CREATE FUNCTION confab.receipts_tell(p_account bigint, p_messages confab.message[], p_read boolean, p_seq bigint, p_single boolean) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_to record;
  v_some confab.message[];
  v_list json;
  v_text text;
  v_outcome confab.outcome;
begin
  for v_to in
    select w.room, w.sender, array_agg(w.message) as messages from (
      select t.room, t.sender, m as message, (sum(confab.message_weight(m)) over (partition by t.room, t.sender order by m.seq) / 1000000)::bigint as part
      from unnest(p_messages) m cross join lateral (select case when p_read then m.room_id end as room, case when not p_read then m.sender_id end as sender) t) w
    group by w.room, w.sender, w.part order by w.room, w.sender, w.part
  loop
    v_outcome.seq := case when v_text is null then p_seq else confab.log_draw() end;
    v_some := v_to.messages;
    v_list := confab.messages_json(v_some);
    if p_read then
      v_text := confab.log_write_about(v_outcome.seq, v_to.room, (select min(m.seq) from unnest(v_some) m), 'readreceipt.dispatch',
                                       case when p_single then v_list -> 0 else v_list end);
    else
      v_text := confab.log_write(v_outcome.seq, null, array[v_to.sender], 'messagedelivered.dispatch', v_list);
    end if;
    if p_read or v_to.sender = p_account then
      v_outcome.dispatch := coalesce(v_outcome.dispatch, v_text);
    end if;
  end loop;
  return v_outcome;
end $$;
CREATE FUNCTION confab.receipts_write(p_account bigint, p_messages confab.message[], p_read boolean, p_seq bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  with written as (
    insert into confab.receipt as t (room_id, seq, account_id, acked_seq, read_at)
    select m.room_id, m.seq, p_account, p_seq, case when p_read then now() end from unnest(p_messages) m
    on conflict (room_id, seq, account_id) do update set acked_seq = excluded.acked_seq, read_at = coalesce(t.read_at, excluded.read_at)
    returning t.room_id, t.seq, xmax = 0 as new)
  update confab.message_state s
  set delivered_count = s.delivered_count + w.new::int, read_count = s.read_count + p_read::int
  from written w where s.room_id = w.room_id and s.seq = w.seq;
  perform confab.member_advance(p_account, array(select distinct m.room_id from unnest(p_messages) m));
end $$;
CREATE FUNCTION confab.refuse_one_to_one(p_room confab.room, p_sentence text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  if p_room.type = 'OneToOneChat' then
    perform confab.fail_validation(p_sentence);
  end if;
end $$;
CREATE FUNCTION confab.reply_text(p_event text, p_data json) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select '{"eventType":"' || p_event || '","data":' || p_data::text || '}'
$$;
CREATE TABLE confab.join_request (
    room_id uuid NOT NULL,
    account_id bigint NOT NULL,
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE FUNCTION confab.request_json(p_request confab.join_request) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select jsonb_build_object('room_id', p_request.room_id, 'user', user_json(a), 'reason', p_request.reason,
                                    'created_at', confab.time_text(p_request.created_at))
          from confab.account a where a.id = p_request.account_id);
end $$;
CREATE FUNCTION confab.request_make(p_room confab.room, p_account bigint, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_request confab.join_request;
  v_outcome confab.outcome;
  v_new boolean;
begin
  insert into confab.join_request (room_id, account_id, reason) values (p_room.id, p_account, confab.text_value(p_data, 'reason', 500))
  on conflict do nothing;
  v_new := found;
  select * into v_request from confab.join_request where room_id = p_room.id and account_id = p_account;
  v_outcome.reply := confab.reply_text('roomrequest.dispatch', (confab.request_json(v_request) || '{"status": "pending"}')::json);
  if v_new then
    v_outcome.seq := confab.log_draw();
    perform confab.log_write(v_outcome.seq, null,
      array(select account_id from confab.member where room_id = p_room.id and (role = 'admin' or account_id = p_room.creator_id)),
      'roomrequest.dispatch', confab.request_json(v_request)::json);
  end if;
  return v_outcome;
end $$;
CREATE FUNCTION confab.request_refuse(p_room confab.room, p_account bigint) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_data json;
  v_outcome confab.outcome;
begin
  delete from confab.join_request where room_id = p_room.id and account_id = p_account;
  select json_build_object('room_id', p_room.id, 'user', user_json(a), 'status', 'refused') into v_data
  from confab.account a where a.id = p_account;
  v_outcome.reply := confab.reply_text('roomrequest.dispatch', v_data);
  v_outcome.seq := confab.log_draw();
  perform confab.log_write(v_outcome.seq, null, array[p_account], 'roomrequest.dispatch', v_data);
  return v_outcome;
end $$;
CREATE FUNCTION confab.reset_begin(p_username text, p_email text, p_token_hash bytea) RETURNS TABLE(username text, email text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  v_account confab.account;
begin
  delete from confab.password_reset where token_hash in (
    select token_hash from confab.password_reset where expires_at <= now() limit 1000 for update skip locked);
  -- Locked, so that two requests at once make one mail.
  select a.* into v_account from confab.account a
  where (lower(a.username) = lower(normalize(p_username, nfc)) or p_username is null and lower(a.email) = lower(p_email))
    and a.email <> '' and a.password_hash is not null and not a.disabled
  order by a.id limit 1 for update;
  if not found or exists (
    select from confab.password_reset r where r.account_id = v_account.id and r.created_at > now() - interval '1 minute') then
    return;
  end if;
  insert into confab.password_reset (token_hash, account_id, expires_at) values (p_token_hash, v_account.id, now() + interval '1 hour');
  return query select v_account.username, v_account.email;
end $$;
CREATE FUNCTION confab.reset_check(p_token_hash bytea) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select exists (select from confab.password_reset r join confab.account a on a.id = r.account_id
    where r.token_hash = p_token_hash and r.expires_at > now() and not a.disabled)
$$;
CREATE FUNCTION confab.reset_finish(p_token_hash bytea, p_password_hash text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_account bigint;
begin
  if not confab.reset_check(p_token_hash) then
    return false;
  end if;
  delete from confab.password_reset where token_hash = p_token_hash returning account_id into v_account;
  if v_account is null then
    return false;
  end if;
  delete from confab.password_reset where account_id = v_account;
  perform confab.account_change_password(v_account, p_password_hash);
  return true;
end $$;
CREATE FUNCTION confab.restore_done(OUT epoch text, OUT last_value bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  select (l.last_value / 1000000 + 1000) * 1000000 into last_value from confab.log_state() l;
  -- The log's other partitions for the new numbers are made by the programs' upkeep.
  perform confab.log_partition_create(last_value);
  update confab.epoch e set epoch = substr(md5(gen_random_uuid()::text), 1, 8) returning e.epoch into epoch;
  delete from confab.presence_subscription;
  delete from confab.session;
  delete from confab.process;
  update confab.presence set status = 'offline', last_seen = now() where status <> 'offline';
  perform pg_notify('confab_doorbell', 'anew');
  -- Last: it stays done whatever becomes of the transaction.
  perform setval('confab.log_seq', last_value);
end $$;
CREATE FUNCTION confab.ring() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select pg_notify('confab_doorbell', '')
$$;
CREATE FUNCTION confab.room_add_members(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'add_members');
begin
  return confab.members_add(v_room, confab.known_account_ids_value(p_data, 'members'), confab.account_name(p_caller.account_id));
end $$;
CREATE FUNCTION confab.room_answer(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'add_members');
  v_account bigint := confab.account_id_value(p_data, 'user_id');
begin
  if not p_data ? 'accept' then
    perform confab.fail_field('accept', 'This field is required.');
  elsif not exists (select from confab.join_request where room_id = v_room.id and account_id = v_account) then
    perform confab.fail_not_found();
  elsif confab.boolean_value(p_data, 'accept', false) then
    return confab.members_add(v_room, array[v_account], confab.account_name(p_caller.account_id));
  end if;
  return confab.request_refuse(v_room, v_account);
end $$;
CREATE FUNCTION confab.room_avatar_value(p_data jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
declare
  v_avatar text := confab.text_value(p_data, 'avatar', 200);
begin
  if v_avatar !~ '^https?://[^\s<>"]+$' then
    perform confab.fail_field('avatar', 'Enter a valid URL.');
  end if;
  return v_avatar;
end $_$;
CREATE FUNCTION confab.room_check_type(p_room confab.room, p_action text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  if p_action in ('add_admin', 'remove_admin') and p_room.type <> 'GroupChat' then
    perform confab.fail_validation('Room should be a group chat to modify the admins');
  elsif p_action in ('add_moderator', 'remove_moderator') and p_room.type <> 'Channel' then
    perform confab.fail_validation('Room should be a channel to modify the moderators');
  elsif p_action in ('add_permission', 'remove_permission') and p_room.type = 'OneToOneChat' then
    perform confab.fail_validation('Room should be a group chat to modify the admins');
  end if;
end $$;
CREATE FUNCTION confab.room_create(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_top text[] := array['name', 'type', 'participants', 'subscribers'];
  v_data jsonb;
  v_room confab.room;
begin
  if p_data ->> 'type' is null or p_data ->> 'type' not in ('OneToOneChat', 'GroupChat', 'Channel') then
    perform confab.fail_validation('Invalid resource type');
  end if;
  -- What is in extra_fields goes over what is beside it, but for what has to stand at the top.
  v_data := (p_data - 'extra_fields') || (confab.extra_fields_value(p_data) - v_top);
  v_room := confab.room_new((p_data ->> 'type')::confab.room_type, confab.room_preferences(v_data));
  if v_room.type = 'OneToOneChat' then
    return confab.room_create_one_to_one(p_caller.account_id, v_data, v_room);
  end if;
  return confab.room_create_named(p_caller.account_id, v_data, v_room);
end $$;
CREATE FUNCTION confab.room_create_named(p_account bigint, p_data jsonb, p_room confab.room) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_group boolean := p_room.type = 'GroupChat';
  v_members bigint[] := array(select distinct x from unnest(
    confab.account_ids_value(p_data -> case when v_group then 'participants' else 'subscribers' end) || p_account) x order by x);
begin
  p_room.name := confab.room_name_value(p_data);
  p_room.description := confab.text_value(p_data, 'description', 4000);
  p_room.avatar := confab.room_avatar_value(p_data);
  p_room.creator_id := p_account;
  if v_group then
    p_room.capacity := confab.capacity_value(p_data, 'max_participants', confab.setting_number('max_participants', 100));
    p_room.join_approval_required := confab.boolean_value(p_data, 'join_approval_required', false);
    p_room.group_locked := confab.boolean_value(p_data, 'group_locked', false);
  else
    p_room.capacity := confab.capacity_value(p_data, 'max_subscribers', confab.setting_number('max_subscribers', 300));
    p_room.is_public := confab.boolean_value(p_data, 'is_public', false);
  end if;
  perform confab.check_capacity(p_room, cardinality(v_members));
  return confab.room_insert(p_room, v_members, array[p_account]);
end $$;
CREATE FUNCTION confab.room_create_one_to_one(p_account bigint, p_data jsonb, p_room confab.room) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_pair bigint[] := array(select distinct x from unnest(confab.account_ids_value(p_data -> 'participants') || p_account) x order by x);
  v_existing confab.room;
begin
  if cardinality(v_pair) <> 2 then
    perform confab.fail_validation('A one to one chat can only have 2 participants');
  elsif exists (select from confab.block where account_id = any (v_pair) and account_id <> p_account and blocked_id = p_account) then
    perform confab.fail_validation('A one to one chat can''t be opened with this user');
  end if;
  perform confab.lock_pair(v_pair);
  select * into v_existing from confab.room where pair = v_pair;
  if found then
    -- It may be on its way out: the other side is just deleting it.
    perform confab.room_lock(v_existing.id);
    select * into v_existing from confab.room where pair = v_pair;
  end if;
  if found then
    return confab.room_reopen(p_account, v_existing);
  end if;
  p_room.pair := v_pair;
  return confab.room_insert(p_room, v_pair, '{}');
end $$;
CREATE FUNCTION confab.room_delete(p_account bigint, p_room confab.room) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.check_may(p_account, p_room, 'delete');
  if p_room.type = 'OneToOneChat' then
    return confab.one_to_one_hide(p_room, p_account);
  end if;
  return confab.room_erase(p_room);
end $$;
CREATE FUNCTION confab.room_erase(p_room confab.room, p_told bigint[] DEFAULT NULL::bigint[]) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_outcome confab.outcome;
begin
  p_told := coalesce(p_told, array(select account_id from confab.member where room_id = p_room.id));
  insert into confab.erased_room (room_id) values (p_room.id);
  delete from confab.room where id = p_room.id;
  insert into confab.log (seq, room_id, effect) values (confab.log_draw(), p_room.id, json_build_object('room_deleted', true));
  -- By name: whoever comes back later is no member of anything by which it would be found.
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write(v_outcome.seq, null, p_told, 'roomdelete.dispatch', json_build_object('room_id', p_room.id));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_expire(p_room uuid, p_days numeric, p_limit integer) RETURNS confab.message[]
    LANGUAGE plpgsql
    AS $$
declare
  v_before timestamptz := now() - make_interval(secs => (p_days * 86400)::double precision);
  v_gone bigint := coalesce((select expired_seq from confab.retention where room_id = p_room), 0);
  v_messages confab.message[];
begin
  v_messages := array(
    select old from (select m as old, bool_and(m.created_at < v_before) over (order by m.seq) as is_old
                     from (select * from confab.message where room_id = p_room and seq > v_gone order by seq limit p_limit) m) n
    where is_old order by (old).seq);
  if v_messages = '{}' then
    return v_messages;
  end if;
  perform confab.messages_lock(v_messages);
  perform confab.messages_delete(v_messages);
  if confab.setting_on('message_soft_delete') then
    delete from confab.message_state s where s.room_id = p_room and s.seq in (select m.seq from unnest(v_messages) m)
      and s.delivered_count = 0 and s.read_count = 0 and s.reaction_counts = '{}';
  end if;
  insert into confab.retention (room_id, expired_seq) values (p_room, v_messages[cardinality(v_messages)].seq)
  on conflict (room_id) do update set expired_seq = excluded.expired_seq;
  return v_messages;
end $$;
CREATE FUNCTION confab.room_find(p_data jsonb, p_lock boolean DEFAULT false) RETURNS confab.room
    LANGUAGE plpgsql
    AS $$
declare
  v_id uuid := confab.uuid_value(coalesce(p_data -> 'room_id', 'null'), 'room_id');
  v_room confab.room;
begin
  if p_lock then
    perform confab.room_lock(v_id);
  end if;
  select * into v_room from confab.room where id = v_id;
  if not found then
    perform confab.fail_not_found();
  end if;
  return v_room;
end $$;
CREATE FUNCTION confab.room_grants(p_room confab.room) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
  select case p_room.type
    when 'GroupChat' then array['can_add_new_participants', 'can_remove_participants']
    when 'Channel' then array['can_add_new_subscribers', 'can_remove_subscribers', 'can_send_messages']
    else '{}' end
$$;
CREATE FUNCTION confab.room_hand_over(p_room confab.room) RETURNS confab.room
    LANGUAGE plpgsql
    AS $$
declare
  v_heir bigint;
begin
  if exists (select from confab.member where room_id = p_room.id and account_id = p_room.creator_id) then
    return p_room;
  end if;
  select account_id into v_heir from confab.member where room_id = p_room.id order by role = 'admin' desc, since_seq, account_id limit 1;
  update confab.member set role = 'admin', grants = confab.room_grants(p_room) where room_id = p_room.id and account_id = v_heir;
  update confab.room set creator_id = v_heir, updated_at = now() where id = p_room.id returning * into p_room;
  return p_room;
end $$;
CREATE FUNCTION confab.room_info(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_outcome confab.outcome;
begin
  perform confab.check_may(p_caller.account_id, v_room, 'read');
  v_outcome.reply := confab.reply_text('roominfo.dispatch', room_json(v_room));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_insert(p_room confab.room, p_members bigint[], p_admins bigint[]) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
begin
  insert into confab.room select p_room.*;
  return confab.room_open(p_room, p_members, p_admins);
end $$;
CREATE FUNCTION confab.room_invite(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'add_members');
  v_seconds bigint := confab.integer_value(p_data, 'expires_in', 60, 31536000, 604800);
  v_secret text := confab.random_secret();
  v_invite confab.invite;
  v_outcome confab.outcome;
begin
  insert into confab.invite (room_id, creator_id, secret_hash, expires_at, max_uses)
  values (v_room.id, p_caller.account_id, sha256(convert_to(v_secret, 'utf8')), now() + make_interval(secs => v_seconds),
          confab.integer_value(p_data, 'max_uses', 1, 1000000000, null))
  returning * into v_invite;
  v_outcome.reply := confab.reply_text('roominvite.dispatch', json_build_object(
    'room_id', v_room.id, 'id', v_invite.id, 'invite', v_secret, 'expires_at', confab.time_text(v_invite.expires_at),
    'max_uses', v_invite.max_uses, 'uses', v_invite.uses));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_invites(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'add_members');
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roominvites.dispatch', json_build_object('room_id', v_room.id, 'invites', (
    select coalesce(json_agg(json_build_object('id', i.id, 'creator', confab.user_ref(i.creator_id), 'expires_at', confab.time_text(i.expires_at),
                                               'max_uses', i.max_uses, 'uses', i.uses) order by i.id desc), '[]')
    from (select * from confab.invite x where x.room_id = v_room.id and confab.invite_is_good(x) order by x.id desc limit 200) i)));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_item_json(r confab.room, p_account bigint, p_last json, p_unread bigint, p_mentions bigint, p_last_read bigint) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return case r.type
    when 'OneToOneChat' then json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 1, 'type', r.type,
      'peer', (select user_json(a) from confab.account a where a.id = case when r.pair[1] = p_account then r.pair[2] else r.pair[1] end),
      'unread', p_unread, 'mentions', p_mentions, 'last_read_seq', p_last_read)
    when 'GroupChat' then json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 2, 'type', r.type, 'creator', confab.creator_json(r), 'name', r.name, 'description', r.description,
      'max_participants', r.capacity, 'avatar', r.avatar, 'join_approval_required', r.join_approval_required,
      'group_locked', r.group_locked, 'unread', p_unread, 'mentions', p_mentions, 'last_read_seq', p_last_read)
    else json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 3, 'type', r.type, 'creator', confab.creator_json(r), 'name', r.name, 'description', r.description,
      'is_public', r.is_public, 'avatar', r.avatar, 'max_subscribers', r.capacity,
      'unread', p_unread, 'mentions', p_mentions, 'last_read_seq', p_last_read)
  end;
end $$;
CREATE FUNCTION confab.room_join(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room;
begin
  if not confab.is_falsy(p_data -> 'invite') then
    return confab.room_join_invited(p_caller.account_id, p_data);
  end if;
  v_room := confab.room_find(p_data, true);
  perform confab.refuse_one_to_one(v_room, 'You can only join a channel/group chat');
  if v_room.type = 'GroupChat' then
    perform confab.fail_validation('Ask an admin to add you to the group');
  elsif not v_room.is_public then
    perform confab.fail_validation('Channel is private, ask a moderator to add you to the channel');
  end if;
  return confab.members_add(v_room, array[p_caller.account_id], 'self');
end $$;
CREATE FUNCTION confab.room_join_invited(p_account bigint, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_invite confab.invite;
  v_room confab.room;
begin
  -- Uses are counted under the room's lock: the invite is looked at before, to know the room, and again.
  perform confab.room_lock(i.room_id) from confab.invite_find(p_data -> 'invite') i;
  select * into v_invite from confab.invite_find(p_data -> 'invite');
  if not found then
    perform confab.fail_validation('Invite is not valid');
  end if;
  select * into v_room from confab.room where id = v_invite.room_id;
  if p_data ? 'room_id' and confab.uuid_value(p_data -> 'room_id', 'room_id') <> v_room.id then
    perform confab.fail_not_found();
  end if;
  if not exists (select from confab.member where room_id = v_room.id and account_id = p_account) then
    if v_room.join_approval_required then
      return confab.request_make(v_room, p_account, p_data);
    end if;
    update confab.invite set uses = uses + 1 where id = v_invite.id;
  end if;
  return confab.members_add(v_room, array[p_account], 'self');
end $$;
CREATE FUNCTION confab.room_json(r confab.room) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_property json := json_build_object('preferences', r.preferences);
  v_members json := case when r.type <> 'OneToOneChat' then confab.members_json(r.id) end;
  v_admins json := case when r.type <> 'OneToOneChat' then confab.members_json(r.id, 'admin') end;
begin
  return case r.type
    when 'OneToOneChat' then json_build_object(
      'id', r.id, 'property', v_property, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 1, 'type', r.type, 'participants', confab.users_json(r.pair))
    when 'GroupChat' then json_build_object(
      'id', r.id, 'property', v_property, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 2, 'type', r.type, 'name', r.name, 'description', r.description, 'creator', confab.creator_json(r),
      'participants', v_members, 'admins', v_admins, 'max_participants', r.capacity,
      'avatar', r.avatar, 'join_approval_required', r.join_approval_required, 'group_locked', r.group_locked)
    else json_build_object(
      'id', r.id, 'property', v_property, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 3, 'type', r.type, 'name', r.name, 'description', r.description, 'creator', confab.creator_json(r),
      'subscribers', v_members, 'moderators', v_admins, 'is_public', r.is_public,
      'avatar', r.avatar, 'max_subscribers', r.capacity)
  end;
end $$;
CREATE FUNCTION confab.room_keep(p_room uuid, p_days numeric) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into confab.retention (room_id, keep_days) select r.id, p_days from confab.room r where r.id = p_room
  on conflict (room_id) do update set keep_days = excluded.keep_days;
  return found;
end $$;
CREATE FUNCTION confab.room_leave(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_find(p_data, true);
begin
  perform confab.refuse_one_to_one(v_room, 'You can only leave a channel/group chat');
  perform confab.check_may(p_caller.account_id, v_room, 'read');
  return confab.members_remove(v_room, array[p_caller.account_id], 'self', 'You left ' || v_room.name, p_caller.account_id);
end $$;
CREATE FUNCTION confab.room_list(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_outcome confab.outcome;
  v_list json;
begin
  select coalesce(json_agg(confab.room_item_json(r, p_caller.account_id,
                             case when l.id is not null then message_json(l) end, u.unread, n.mentions, m.last_read_seq)
                           order by coalesce(l.created_at, r.created_at) desc, r.id), '[]')
  into v_list
  from confab.member m
  join confab.room r on r.id = m.room_id
  left join lateral (select * from confab.message x
                     where x.room_id = m.room_id and x.seq > m.history_floor and not x.is_deleted order by x.seq desc limit 1) l on true
  cross join lateral (
    select count(*) unread from (
      select from confab.message x
      where x.room_id = m.room_id and x.seq > greatest(m.last_read_seq, m.since_seq, m.history_floor)
        and x.sender_id <> p_caller.account_id and not x.is_deleted
        and not exists (select from confab.receipt t where t.room_id = x.room_id and t.seq = x.seq and t.account_id = m.account_id and t.read_at is not null)
      order by x.seq desc limit 1000) limited) u
  cross join lateral (
    select count(*) mentions from (
      select from confab.mention y
      where y.account_id = m.account_id and y.room_id = m.room_id and y.seq > greatest(m.last_read_seq, m.since_seq, m.history_floor)
        and not exists (select from confab.receipt t where t.room_id = y.room_id and t.seq = y.seq and t.account_id = m.account_id and t.read_at is not null)
        and exists (select from confab.message x where x.room_id = y.room_id and x.seq = y.seq and not x.is_deleted)
      order by y.seq desc limit 1000) limited) n
  where m.account_id = p_caller.account_id and (not m.hidden or l.id is not null);
  v_outcome.reply := confab.reply_text('roomlist.dispatch', v_list);
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_lock(p_room uuid) RETURNS void
    LANGUAGE sql
    AS $$
  select pg_advisory_xact_lock(hashtextextended(p_room::text, 11))
$$;
CREATE FUNCTION confab.room_messages(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_floor bigint := (confab.check_may(p_caller.account_id, v_room, 'read')).history_floor;
  v_paginate jsonb := p_data -> 'paginate';
  v_messages confab.message[];
  v_data json;
  v_outcome confab.outcome;
begin
  if jsonb_typeof(v_paginate) = 'object' and v_paginate <> '{}' then
    v_data := confab.messages_paginated(v_room.id, v_floor, v_paginate);
  elsif p_data ?| array['before', 'after', 'around', 'limit'] then
    v_data := confab.messages_keyset(v_room.id, v_floor, p_data);
  else
    v_messages := confab.message_page_older(v_room.id, v_floor, confab.seq_most(), 501);
    v_data := json_build_object('data', confab.page_json(v_room.id, v_messages[1:500]), 'has_next', cardinality(v_messages) > 500);
  end if;
  v_outcome.reply := confab.reply_text('roommessages.dispatch', v_data);
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_modify(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room;
  v_action text := p_data ->> 'action';
  v_data jsonb := p_data -> 'data';
begin
  if not p_data ? 'room_id' then
    perform confab.fail_not_found();
  end if;
  v_room := confab.room_find(p_data, true);
  if v_action = 'delete' then
    return confab.room_delete(p_caller.account_id, v_room);
  end if;
  perform confab.check_may(p_caller.account_id, v_room, 'administer');
  perform confab.check_not_blocked(p_caller.account_id, v_room.id);
  if confab.is_falsy(p_data -> 'action') then
    perform confab.fail_validation('Action must be provided');
  elsif v_action not in ('update', 'add_admin', 'remove_admin', 'add_moderator', 'remove_moderator', 'add_permission', 'remove_permission') then
    perform confab.fail_validation('Invalid action type');
  elsif confab.is_falsy(v_data) then
    perform confab.fail_validation('data must be provided');
  elsif jsonb_typeof(v_data) <> 'object' then
    perform confab.fail_field('data', 'Must be an object.');
  end if;
  perform confab.room_check_type(v_room, v_action);
  return case v_action
    when 'update' then confab.room_update(v_room, v_data)
    when 'add_admin' then confab.room_set_role(v_room, v_data, true)
    when 'add_moderator' then confab.room_set_role(v_room, v_data, true)
    when 'remove_admin' then confab.room_set_role(v_room, v_data, false)
    when 'remove_moderator' then confab.room_set_role(v_room, v_data, false)
    when 'add_permission' then confab.room_set_grants(v_room, v_data, true)
    else confab.room_set_grants(v_room, v_data, false) end;
end $$;
CREATE FUNCTION confab.room_name_value(p_data jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_name text;
begin
  if p_data ->> 'name' is null then
    perform confab.fail_missing(p_data, 'name');
  end if;
  v_name := btrim(confab.text_value(p_data, 'name', 64), E' \t\r\n');
  if v_name = '' then
    perform confab.fail_field('name', 'This field may not be blank.');
  elsif v_name ~ '[\t\r\n]' then
    perform confab.fail_field('name', 'Control characters are not allowed.');
  end if;
  return v_name;
end $$;
CREATE FUNCTION confab.room_new(p_type confab.room_type, p_preferences jsonb DEFAULT '{}'::jsonb) RETURNS confab.room
    LANGUAGE plpgsql
    AS $$
declare
  v_room confab.room;
begin
  v_room.id := gen_random_uuid();
  v_room.type := p_type;
  v_room.preferences := p_preferences;
  v_room.created_at := now();
  v_room.updated_at := now();
  v_room.is_public := false;
  v_room.join_approval_required := false;
  v_room.group_locked := false;
  return v_room;
end $$;
CREATE FUNCTION confab.room_new_capacity(p_room confab.room, p_data jsonb) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_field text := case p_room.type when 'GroupChat' then 'max_participants' else 'max_subscribers' end;
  v_capacity bigint := confab.capacity_value(p_data, v_field, p_room.capacity);
begin
  if v_capacity < p_room.capacity and v_capacity < (select count(*) from confab.member where room_id = p_room.id) then
    perform confab.fail_field(v_field, 'There are more members than that.');
  end if;
  return v_capacity;
end $$;
CREATE FUNCTION confab.room_of_members(p_caller confab.caller, p_data jsonb, p_action text) RETURNS confab.room
    LANGUAGE plpgsql
    AS $$
declare
  v_room confab.room := confab.room_find(p_data, true);
begin
  perform confab.refuse_one_to_one(v_room, 'Invalid room, Can only add or remove members from Groups/Channels');
  perform confab.check_may(p_caller.account_id, v_room, p_action);
  return v_room;
end $$;
CREATE FUNCTION confab.room_open(p_room confab.room, p_members bigint[], p_admins bigint[]) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_outcome confab.outcome;
begin
  v_outcome.seq := confab.log_draw();
  insert into confab.member (room_id, account_id, since_seq, role, grants)
  select p_room.id, m, v_outcome.seq, case when m = any (p_admins) then 'admin' else 'member' end,
         case when m = any (p_admins) then confab.room_grants(p_room) else '{}' end
  from unnest(p_members) m;
  v_outcome.dispatch := confab.log_write(v_outcome.seq, p_room.id, null, 'roomcreate.dispatch', room_json(p_room),
                                         json_build_object('joined', p_members));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_permission_value(p_room confab.room, p_data jsonb) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_bad text;
begin
  if confab.is_falsy(p_data -> 'permission') then
    perform confab.fail_validation('Permission to add or remove should be passed');
  elsif jsonb_typeof(p_data -> 'permission') <> 'array' then
    perform confab.fail_validation('Permission must be a list');
  end if;
  select left(coalesce(e #>> '{}', 'null'), 64) into v_bad from jsonb_array_elements(p_data -> 'permission') e
  where jsonb_typeof(e) <> 'string' or (e #>> '{}') <> all (confab.room_grants(p_room)) limit 1;
  if found then
    perform confab.fail_validation(format('Permission ''%s'' is not a valid %s permission', v_bad,
                                          case p_room.type when 'GroupChat' then 'group chat' else 'channel' end));
  end if;
  return array(select distinct e #>> '{}' from jsonb_array_elements(p_data -> 'permission') e);
end $$;
CREATE FUNCTION confab.room_permissions(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_member confab.member := confab.check_may(p_caller.account_id, v_room, 'read');
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roompermissions.dispatch', json_build_object(
    'room_id', v_room.id,
    'may', (select json_agg(a order by n) from unnest(array['read', 'send', 'add_members', 'remove_members', 'administer', 'pin', 'delete'])
            with ordinality x(a, n) where may(a, v_room, v_member)),
    'members', (
      select coalesce(json_agg(json_build_object('user', confab.user_ref(m.account_id), 'permission', to_json(m.grants)) order by m.account_id), '[]')
      from confab.member m
      where m.room_id = v_room.id and m.role = 'member' and m.grants <> '{}' and m.account_id is distinct from v_room.creator_id
        and may('administer', v_room, v_member))));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_pins(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_floor bigint := (confab.check_may(p_caller.account_id, v_room, 'read')).history_floor;
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roompins.dispatch', json_build_object('room_id', v_room.id, 'messages', (
    select coalesce(json_agg(message_json(m) order by m.pinned_at desc), '[]')
    from (select * from confab.message where room_id = v_room.id and pinned_at is not null and not is_deleted and seq > v_floor
          order by pinned_at desc limit 100) x
    join confab.message m on m.room_id = x.room_id and m.seq = x.seq)));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_preferences(p_data jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_property jsonb := p_data -> 'property';
begin
  if confab.is_falsy(v_property) then
    return '{}';
  elsif jsonb_typeof(v_property) <> 'object' then
    perform confab.fail_validation('Room property must be a python dictionary/javascript object');
  elsif confab.is_falsy(v_property -> 'preferences') then
    return '{}';
  elsif jsonb_typeof(v_property -> 'preferences') <> 'object' then
    perform confab.fail_validation('preferences must be a python dictionary/javascript object');
  elsif octet_length((v_property -> 'preferences')::text) > 16384 then
    perform confab.fail_validation('preferences are too large');
  end if;
  return v_property -> 'preferences';
end $$;
CREATE FUNCTION confab.room_read(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_find(p_data);
  v_seq bigint;
  v_newest bigint;
  v_outcome confab.outcome;
begin
  perform confab.room_share(v_room.id);
  perform confab.check_may(p_caller.account_id, v_room, 'read');
  if not p_data ? 'seq' then
    perform confab.fail_field('seq', 'This field is required.');
  end if;
  v_seq := confab.seq_value(p_data, 'seq');
  select max(seq) into v_newest from confab.message where room_id = v_room.id;
  v_seq := least(v_seq, coalesce(v_newest, 0));
  perform from confab.member where room_id = v_room.id and account_id = p_caller.account_id and last_read_seq < v_seq for update;
  if not found then
    return null;
  end if;
  v_outcome.seq := confab.log_draw();
  update confab.member set last_read_seq = greatest(last_read_seq, v_seq), reactions_seen_seq = v_outcome.seq
  where room_id = v_room.id and account_id = p_caller.account_id;
  v_outcome.dispatch := confab.log_write(v_outcome.seq, v_room.id, null, 'roomread.dispatch',
    json_build_object('room_id', v_room.id, 'user', confab.user_ref(p_caller.account_id), 'seq', v_seq));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_remove_members(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'remove_members');
  v_name text := confab.account_name(p_caller.account_id);
  v_ids bigint[];
begin
  v_ids := confab.known_account_ids_value(p_data, 'members');
  if p_caller.account_id <> v_room.creator_id then
    v_ids := array_remove(v_ids, v_room.creator_id);
  end if;
  return confab.members_remove(v_room, v_ids, v_name, 'You have been removed by ' || v_name, p_caller.account_id);
end $$;
CREATE FUNCTION confab.room_reopen(p_account bigint, p_room confab.room) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_outcome confab.outcome;
begin
  update confab.member set hidden = false
  where room_id = p_room.id and account_id = p_account and hidden
    and not exists (select from confab.message x where x.room_id = p_room.id and x.seq > history_floor and not x.is_deleted);
  if not found then
    perform confab.fail_validation('Chat already exists', jsonb_build_object('room_id', p_room.id));
  end if;
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write(v_outcome.seq, null, array[p_account], 'roomcreate.dispatch', room_json(p_room));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_request(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_find(p_data, true);
begin
  perform confab.refuse_one_to_one(v_room, 'You can only join a channel/group chat');
  if exists (select from confab.member where room_id = v_room.id and account_id = p_caller.account_id) then
    perform confab.fail_validation('You are already a member of this room');
  elsif v_room.type = 'Channel' then
    perform confab.fail_validation('Channel is private, ask a moderator to add you to the channel');
  elsif not v_room.join_approval_required then
    perform confab.fail_validation('Ask an admin to add you to the group');
  end if;
  return confab.request_make(v_room, p_caller.account_id, p_data);
end $$;
CREATE FUNCTION confab.room_requests(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'add_members');
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roomrequests.dispatch', json_build_object('room_id', v_room.id, 'requests', (
    select coalesce(json_agg(confab.request_json(q) - 'room_id' order by q.created_at), '[]')
    from (select * from confab.join_request where room_id = v_room.id order by created_at limit 200) q)));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_revoke_invite(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_room confab.room := confab.room_of_members(p_caller, p_data, 'add_members');
  v_invite bigint := confab.integer_value(p_data, 'invite_id', 0, 999999999999999999, null);
begin
  if v_invite is null then
    perform confab.fail_field('invite_id', 'This field is required.');
  end if;
  delete from confab.invite where room_id = v_room.id and id = v_invite;
  if not found then
    perform confab.fail_not_found();
  end if;
  return null;
end $$;
CREATE FUNCTION confab.room_set_grants(p_room confab.room, p_data jsonb, p_give boolean) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_users bigint[] := confab.room_users_value(p_data);
  v_grants text[] := confab.room_permission_value(p_room, p_data);
begin
  update confab.member m
  set grants = array(select g from unnest(confab.room_grants(p_room)) g
                     where case when p_give then g = any (m.grants || v_grants) else g = any (m.grants) and g <> all (v_grants) end)
  where m.room_id = p_room.id and m.account_id = any (v_users) and m.account_id <> p_room.creator_id;
  return confab.room_updated(p_room.id);
end $$;
CREATE FUNCTION confab.room_set_role(p_room confab.room, p_data jsonb, p_admin boolean) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_users bigint[] := confab.room_users_value(p_data);
begin
  update confab.member m
  set role = case when p_admin then 'admin' else 'member' end,
      grants = case when p_admin then confab.room_grants(p_room) else '{}' end
  where m.room_id = p_room.id and m.account_id = any (v_users) and m.account_id <> p_room.creator_id
    and m.role <> case when p_admin then 'admin' else 'member' end;
  return confab.room_updated(p_room.id);
end $$;
CREATE FUNCTION confab.room_share(p_room uuid) RETURNS void
    LANGUAGE sql
    AS $$
  select pg_advisory_xact_lock_shared(hashtextextended(p_room::text, 11))
$$;
CREATE FUNCTION confab.room_update(p_room confab.room, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
begin
  if p_data ? 'property' then
    p_room.preferences := confab.room_preferences(p_data);
  end if;
  if p_room.type <> 'OneToOneChat' then
    if not confab.is_falsy(p_data -> 'name') then
      p_room.name := confab.room_name_value(p_data);
    end if;
    if p_data ? 'description' then
      p_room.description := confab.text_value(p_data, 'description', 4000);
    end if;
    if p_data ? 'avatar' then
      p_room.avatar := nullif(confab.room_avatar_value(jsonb_build_object('avatar', nullif(p_data -> 'avatar', '""'))), '');
    end if;
    p_room.capacity := confab.room_new_capacity(p_room, p_data);
  end if;
  if p_room.type = 'GroupChat' then
    p_room.join_approval_required := confab.boolean_value(p_data, 'join_approval_required', p_room.join_approval_required);
    p_room.group_locked := confab.boolean_value(p_data, 'group_locked', p_room.group_locked);
  elsif p_room.type = 'Channel' then
    p_room.is_public := confab.boolean_value(p_data, 'is_public', p_room.is_public);
  end if;
  update confab.room r
  set name = p_room.name, description = p_room.description, avatar = p_room.avatar, capacity = p_room.capacity, preferences = p_room.preferences,
      join_approval_required = p_room.join_approval_required, group_locked = p_room.group_locked, is_public = p_room.is_public
  where r.id = p_room.id;
  return confab.room_updated(p_room.id);
end $$;
CREATE FUNCTION confab.room_updated(p_room uuid) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_room confab.room;
  v_outcome confab.outcome;
begin
  update confab.room set updated_at = now() where id = p_room returning * into v_room;
  v_outcome.seq := confab.log_draw();
  v_outcome.dispatch := confab.log_write(v_outcome.seq, p_room, null, 'roomupdate.dispatch', room_json(v_room));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_users_value(p_data jsonb) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $$
begin
  if confab.is_falsy(p_data -> 'users') then
    perform confab.fail_validation('User ids must be provided');
  elsif jsonb_typeof(p_data -> 'users') <> 'array' then
    perform confab.fail_validation('User ids must be a list/array');
  end if;
  return confab.account_ids_value(p_data -> 'users');
end $$;
CREATE FUNCTION confab.search_find(p_account bigint, p_rooms uuid[], p_query tsquery, p_sender bigint, p_before bigint, p_wanted bigint, p_limit bigint) RETURNS confab.message[]
    LANGUAGE plpgsql
    AS $$
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
  return confab.search_matches(p_account, p_rooms, p_query, p_sender, p_before, p_limit);
end $$;
CREATE FUNCTION confab.search_is_common(p_query tsquery) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
  v_plan json;
begin
  execute format('explain (format json) select from confab.message where not is_deleted and confab.search_vector(room_id, content) @@ %L', p_query) into v_plan;
  return (v_plan #>> '{0,Plan,Plan Rows}')::numeric > 20000;
end $$;
CREATE FUNCTION confab.search_matches(p_account bigint, p_rooms uuid[], p_query tsquery, p_sender bigint, p_before bigint, p_limit bigint) RETURNS confab.message[]
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_query tsquery := array_to_string(array(select format('%L', 'room:' || r) from unnest(p_rooms) r), '|')::tsquery && p_query;
begin
  return array(
    select m from confab.message m
    join confab.member b on b.room_id = m.room_id and b.account_id = p_account
    where not m.is_deleted and confab.search_vector(m.room_id, m.content) @@ v_query and m.room_id = any (p_rooms)
      and m.seq > b.history_floor and m.seq < p_before and (p_sender is null or m.sender_id = p_sender)
    order by m.seq desc limit p_limit);
end $$;
CREATE FUNCTION confab.search_query(p_text text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE
    AS $_$
  select nullif(regexp_replace(websearch_to_tsquery('pg_catalog.simple', confab.spaced_text(
    case when position('"' in p_text) > 0 then p_text
    else regexp_replace(p_text, '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)', '"\1"', 'g') end))::text,
    '''(?=[\s)]|$)', ''':*', 'g')::tsquery, ''::tsquery)
$_$;
CREATE FUNCTION confab.search_recent(p_account bigint, p_rooms uuid[], p_query tsquery, p_sender bigint, p_before bigint, p_limit bigint) RETURNS confab.message[]
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_each bigint := greatest(5000 / cardinality(p_rooms), 50);
  v_recent confab.message[];
  v_edge bigint;
begin
  v_recent := array(
    select x from unnest(p_rooms) r
    join confab.member b on b.room_id = r and b.account_id = p_account
    cross join lateral (select m as x from confab.message m where m.room_id = r and m.seq < p_before and m.seq > b.history_floor and not m.is_deleted
                        order by m.seq desc limit v_each) m);
  select coalesce(max(oldest), 0) into v_edge
  from (select min(m.seq) oldest from unnest(v_recent) m group by m.room_id having count(*) = v_each) full_rooms;
  return array(
    select m from unnest(v_recent) m
    where m.seq >= v_edge and (p_sender is null or m.sender_id = p_sender) and confab.search_vector(m.room_id, m.content) @@ p_query
    order by m.seq desc limit p_limit);
end $$;
CREATE FUNCTION confab.search_rooms(p_account bigint, p_data jsonb) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
declare
  v_room confab.room;
begin
  if confab.is_falsy(p_data -> 'room_id') then
    return array(select room_id from confab.member where account_id = p_account);
  end if;
  v_room := confab.room_find(p_data);
  perform confab.check_may(p_account, v_room, 'read');
  return array[v_room.id];
end $$;
CREATE FUNCTION confab.search_snippet(p_content text, p_words text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_text text := regexp_replace(confab.plain_text(left(p_content, 20000)), '\s+', ' ', 'g');
  v_lower text := lower(v_text);
  v_first int;
  v_start int;
begin
  select min(nullif(position(w in v_lower), 0)) into v_first from unnest(p_words) w;
  v_start := greatest(coalesce(v_first, 1) - 60, 1);
  v_text := case when v_start > 1 then '… ' else '' end || substr(v_text, v_start, 200) || case when length(v_text) > v_start + 199 then ' …' else '' end;
  if p_words <> '{}' then
    -- Control characters stand for the tags until the rest is escaped; a message holds none.
    v_text := regexp_replace(translate(v_text, E'\x01\x02', ''), '(' || array_to_string(p_words, '|') || ')', E'\x01\\1\x02', 'gi');
  end if;
  v_text := replace(replace(replace(replace(v_text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
  return replace(replace(v_text, E'\x01', '<mark>'), E'\x02', '</mark>');
end $$;
CREATE FUNCTION confab.search_vector(p_room uuid, p_content text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
begin
  return array_to_tsvector(array['room:' || p_room]) || to_tsvector('pg_catalog.simple', left(confab.spaced_text(confab.plain_text(left(p_content, 20000))), 20000));
end $$;
CREATE FUNCTION confab.search_words(p_text text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
  select array(select distinct w from regexp_split_to_table(lower(p_text), '[^[:alnum:]]+') w where w not in ('', 'or') order by w limit 20)
$$;
CREATE FUNCTION confab.seq_most() RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$
  select 9007199254740991
$$;
CREATE FUNCTION confab.seq_value(p_data jsonb, p_field text) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
begin
  if jsonb_typeof(p_data -> p_field) not in ('number', 'string') or (p_data ->> p_field) !~ '^\d{1,16}$' then
    perform confab.fail_field(p_field, 'A valid integer is required.');
  end if;
  return (p_data ->> p_field)::bigint;
end $_$;
CREATE FUNCTION confab.session_end(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_login bigint := confab.integer_value(p_data, 'login_id', 0, 999999999999999999, null);
  v_session uuid;
  v_outcome confab.outcome;
begin
  if v_login is not null then
    if not exists (select from confab.login where id = v_login and account_id = p_caller.account_id) then
      perform confab.fail_not_found();
    end if;
    perform confab.logins_end(p_caller.account_id, array[v_login]);
    v_outcome.reply := confab.reply_text('sessionend.dispatch', json_build_object('login_id', v_login));
  else
    if confab.is_falsy(p_data -> 'session_id') then
      perform confab.fail_field('session_id', 'This field is required.');
    end if;
    v_session := confab.session_of(p_caller, p_data);
    perform confab.stream_close(array[v_session]);
    insert into confab.log (seq, account_ids, effect)
    values (confab.log_draw(), array[p_caller.account_id], json_build_object('ended_sessions', array[v_session]));
    v_outcome.reply := confab.reply_text('sessionend.dispatch', json_build_object('session_id', v_session));
  end if;
  v_outcome.seq := currval('confab.log_seq');
  return v_outcome;
end $$;
CREATE FUNCTION confab.session_heartbeat(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_idle boolean := confab.boolean_value(p_data, 'idle', false);
  v_id uuid := confab.session_of(p_caller, p_data);
  v_changed boolean;
begin
  if v_id is null then
    return null;
  end if;
  select (idle_since is not null) <> v_idle into v_changed from confab.session where id = v_id;
  update confab.session set last_seen = now(), idle_since = case when v_idle then coalesce(idle_since, now()) end where id = v_id;
  if v_changed then
    perform confab.presence_update(array[p_caller.account_id]);
  end if;
  return null;
end $$;
CREATE FUNCTION confab.session_list(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('sessionlist.dispatch', json_build_object(
    'sessions', (
      select coalesce(json_agg(json_build_object('id', s.id, 'transport', s.transport, 'user_agent', s.user_agent, 'address', s.address,
               'opened_at', confab.time_text(s.opened_at), 'last_seen', confab.time_text(s.last_seen),
               'current', coalesce(s.id = p_caller.session_id, false)) order by s.opened_at desc), '[]')
      from (select * from confab.session where account_id = p_caller.account_id order by opened_at desc limit 200) s),
    'logins', (
      select coalesce(json_agg(json_build_object('id', l.id, 'user_agent', l.user_agent, 'address', l.address, 'created_at', confab.time_text(l.created_at),
               'last_seen', confab.time_text(l.last_seen), 'expires_at', confab.time_text(l.expires_at),
               'current', l.id = p_caller.login_id) order by l.created_at desc), '[]')
      from (select * from confab.login where account_id = p_caller.account_id and expires_at > now() order by created_at desc limit 200) l)));
  return v_outcome;
end $$;
CREATE FUNCTION confab.session_of(p_caller confab.caller, p_data jsonb) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_id uuid;
begin
  if confab.is_falsy(p_data -> 'session_id') then
    return (select id from confab.session where id = p_caller.session_id and account_id = p_caller.account_id);
  end if;
  v_id := confab.uuid_value(p_data -> 'session_id', 'session_id');
  if not exists (select from confab.session where id = v_id and account_id = p_caller.account_id) then
    perform confab.fail_not_found();
  end if;
  return v_id;
end $$;
CREATE FUNCTION confab.setting_number(p_name text, p_default bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_value jsonb := confab.setting_value(p_name);
begin
  return case when jsonb_typeof(v_value) = 'number' then trunc(v_value::numeric)::bigint else p_default end;
end $$;
CREATE FUNCTION confab.setting_off(p_name text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return coalesce(confab.setting_value(p_name) = 'false', false);
end $$;
CREATE FUNCTION confab.setting_on(p_name text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return coalesce(confab.setting_value(p_name) = 'true', false);
end $$;
CREATE FUNCTION confab.setting_value(p_name text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select value from confab.setting where name = p_name);
end $$;
CREATE FUNCTION confab.shown_messages(p_data json) RETURNS uuid[]
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_data jsonb;
begin
  -- Most dispatches that are no message's have none, and some of them are long. Each Message has this field.
  if position('"parent_message"' in p_data::text) = 0 then
    return '{}';
  end if;
  v_data := p_data;
  return array(
    select distinct s.id::uuid
    from (select v_data as m where jsonb_typeof(v_data) = 'object'
          union all select v_data -> 'message'
          union all select e from jsonb_array_elements(case jsonb_typeof(v_data) when 'array' then v_data else '[]' end) e) x
    cross join lateral (values (x.m ->> 'id'), (x.m #>> '{parent_message,id}'),
                               (case when x.m #> '{forwarded_from,content}' is not null then x.m #>> '{forwarded_from,id}' end)) s (id)
    where x.m ? 'parent_message' and s.id is not null order by 1);
end $$;
CREATE FUNCTION confab.signal(p_audience jsonb, p_event text, p_data json) RETURNS void
    LANGUAGE sql
    AS $$
  select pg_notify('confab_signal', (p_audience || jsonb_build_object('payload', confab.reply_text(p_event, p_data)))::text)
$$;
CREATE FUNCTION confab.spaced_text(p_text text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  -- Most text has none: the expression is costly, and asked of every message.
  select case when octet_length(p_text) = length(p_text) then p_text else regexp_replace(p_text, '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])', ' \1 ', 'g') end
$$;
CREATE FUNCTION confab.status() RETURNS TABLE(name text, value text)
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select 'epoch', l.epoch from confab.log_state() l
  union all select 'head', l.head::text from confab.log_state() l
  union all select 'floor', l.floor::text from confab.log_state() l
  union all select 'last number drawn', l.last_value::text from confab.log_state() l
  union all (select 'partition ' || p.name, format('from %s, %s', p.first_seq, pg_size_pretty(pg_total_relation_size(to_regclass('confab.' || quote_ident(p.name)))))
             from confab.log_partition p order by p.first_seq)
  union all (select 'program ' || p.name, format('heard of %s s ago', greatest(round(extract(epoch from clock_timestamp() - p.alive_at)), 0))
             from confab.process p order by p.name)
  union all (select format('streams %s %s', s.transport, s.process), count(*)::text from confab.session s group by s.transport, s.process order by s.process, s.transport)
  union all (select 'holds a number ' || coalesce('pid ' || l.pid, 'prepared'),
                    format('for %s s, %s, %s', round(extract(epoch from clock_timestamp() - a.xact_start)), a.application_name, a.state)
             from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
             where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and l.relation = 'confab.log_seq'::regclass
               and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
               and (a.xact_start is null or a.xact_start < clock_timestamp() - interval '1 second') order by a.xact_start)
  union all (select 'prepared transaction ' || x.gid, format('since %s by %s', x.prepared, x.owner)
             from pg_catalog.pg_prepared_xacts x where x.database = current_database() order by x.prepared)
  union all select 'push jobs', format('%s, %s of them due', count(*), count(*) filter (where j.due_at <= now())) from confab.push_job j
  union all select 'erased rooms to collect', count(*)::text from confab.erased_room
$$;
CREATE FUNCTION confab.stream_close(p_sessions uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from confab.session where id = any (p_sessions)
$$;
CREATE FUNCTION confab.stream_leave(p_process text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
begin
  delete from confab.session where process = p_process and transport <> 'poll';
  delete from confab.process where name = p_process;
  perform confab.presence_refresh();
end $$;
CREATE FUNCTION confab.stream_open(p_token_hash bytea, p_session uuid, p_transport text, p_user_agent text, p_address text, p_process text, p_notifications boolean DEFAULT true) RETURNS TABLE(account_id bigint, login_id bigint, session_id uuid, account text, rooms text, notifications text, epoch text, floor bigint, last_value bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_caller confab.caller := confab.authenticate(confab.ticket_redeem(p_token_hash));
  v_session uuid;
begin
  if p_session is not null then
    update confab.session s set last_seen = now(), process = p_process where s.id = p_session and s.account_id = v_caller.account_id returning s.id into v_session;
  end if;
  if v_session is null then
    perform confab.login_hold(v_caller.login_id);
    insert into confab.session as s (account_id, login_id, transport, process, user_agent, address)
    values (v_caller.account_id, v_caller.login_id, p_transport, p_process, left(p_user_agent, 300), left(p_address, 64))
    returning s.id into v_session;
    perform confab.presence_arrive(v_caller.account_id);
  end if;
  return query
    select v_caller.account_id, v_caller.login_id, v_session, user_json(a, true)::text,
           (select coalesce(json_agg(json_build_array(m.room_id, m.since_seq)), '[]')::text from confab.member m where m.account_id = a.id),
           case when p_notifications and not confab.setting_off('enable_notification') then confab.notifications_json(a.id)::text end,
           -- Not by log_state(), which also looks for the head.
           e.epoch, confab.log_floor(), case when l.is_called then l.last_value else 0 end
    from confab.account a, confab.epoch e, confab.log_seq l where a.id = v_caller.account_id;
end $$;
CREATE FUNCTION confab.stream_open_all(p_requests jsonb, p_process text) RETURNS TABLE(place bigint, failed text, detail text, account_id bigint, login_id bigint, session_id uuid, account text, rooms text, notifications text, epoch text, floor bigint, last_value bigint, login_key text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  v_request jsonb;
  v_place bigint;
  v_detail text;
begin
  for v_place, v_request in 
    -- In the order of the accounts: each takes the lock of its presence, and other programs open streams of the same people.
    select o, r from jsonb_array_elements(p_requests) with ordinality e (r, o)
    order by (select l.account_id from confab.login l where l.token_hash = decode(r ->> 'token', 'hex')), o loop
    begin
      return query
        select v_place, null::text, null::text, s.*, confab.login_key(s.login_id)
        from confab.stream_open(decode(v_request ->> 'token', 'hex'), (v_request ->> 'session')::uuid, v_request ->> 'transport',
                                v_request ->> 'user_agent', v_request ->> 'address', p_process, coalesce((v_request ->> 'notifications')::boolean, true)) s;
    exception when sqlstate 'C4001' then
      get stacked diagnostics v_detail = pg_exception_detail;
      place := v_place;
      failed := 'C4001';
      detail := v_detail;
      return next;
    end;
  end loop;
end $$;
CREATE FUNCTION confab.stream_sweep(p_process text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from confab.session where split_part(process, '#', 1) = split_part(p_process, '#', 1) and transport <> 'poll';
  delete from confab.process where split_part(name, '#', 1) = split_part(p_process, '#', 1) and name <> p_process;
  insert into confab.process (name) values (p_process) on conflict (name) do update set alive_at = now()
$$;
CREATE FUNCTION confab.stream_upkeep(p_process text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_last timestamptz;
begin
  select alive_at into v_last from confab.process where name = p_process;
  insert into confab.process (name) values (p_process) on conflict (name) do update set alive_at = now();
  -- Whoever was away itself does not judge the others.
  if v_last is null or v_last < now() - interval '15 seconds' or not pg_try_advisory_xact_lock(hashtext('confab.stream_upkeep')) then
    return v_last is not null;
  end if;
  with dead as (delete from confab.process where alive_at < now() - interval '30 seconds' returning name)
  delete from confab.session s using dead where s.process = dead.name and s.transport <> 'poll';
  delete from confab.session
  where transport = 'poll' and last_seen < now() - make_interval(secs => greatest(confab.setting_number('inactivity_threshold', 60), 60));
  perform confab.presence_refresh();
  delete from confab.typing where told_at < now() - interval '1 hour';
  perform confab.collect_erased(5000);
  perform confab.messages_expire(1000);
  return true;
end $$;
CREATE FUNCTION confab.text_value(p_data jsonb, p_field text, p_limit integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
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
CREATE FUNCTION confab.ticket_create(p_token_hash bytea, p_ticket_hash bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
begin
  delete from confab.ticket where ticket_hash in (
    select ticket_hash from confab.ticket where expires_at <= now() limit 1000 for update skip locked);
  if (select count(*) from confab.ticket where login_id = v_caller.login_id) >= 100 then
    perform confab.fail(4029, '"30"');
  end if;
  perform confab.login_hold(v_caller.login_id);
  insert into confab.ticket (ticket_hash, login_id, expires_at) values (p_ticket_hash, v_caller.login_id, now() + interval '30 seconds');
end $$;
CREATE FUNCTION confab.ticket_redeem(p_hash bytea) RETURNS bytea
    LANGUAGE plpgsql
    AS $$
declare
  v_login bigint;
begin
  delete from confab.ticket where ticket_hash = p_hash and expires_at > now() returning login_id into v_login;
  if not found then
    return p_hash;
  end if;
  return (select token_hash from confab.login where id = v_login);
end $$;
CREATE FUNCTION confab.time_text(p_moment timestamp with time zone) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
begin
  return to_char(p_moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
end $$;
CREATE FUNCTION confab.user_block(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
  select confab.block_set(p_caller, p_data, true)
$$;
CREATE FUNCTION confab.user_blocked(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
declare
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('userblocked.dispatch', json_build_object('users', (
    select coalesce(json_agg(json_build_object('id', a.id, 'username', a.username) order by k.created_at desc), '[]')
    from (select * from confab.block where account_id = p_caller.account_id order by created_at desc limit 1000) k
    join confab.account a on a.id = k.blocked_id)));
  return v_outcome;
end $$;
CREATE TABLE confab.account (
    id bigint NOT NULL,
    username text NOT NULL,
    email text DEFAULT ''::text NOT NULL,
    first_name text DEFAULT ''::text NOT NULL,
    last_name text DEFAULT ''::text NOT NULL,
    password_hash text,
    disabled boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT account_username_form CHECK (((username ~ '^[[:alnum:]._-]{1,64}$'::text) AND (username IS NFC NORMALIZED)))
);
CREATE FUNCTION confab.user_json(a confab.account, p_own boolean DEFAULT false) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select json_build_object(
    'id', a.id, 'username', a.username,
    'email', case when p_own or p_own is not null and confab.setting_value('expose_email') = 'true' then a.email else '' end,
    'first_name', a.first_name, 'last_name', a.last_name)
$$;
CREATE FUNCTION confab.user_list(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
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
    where a.id > v_after and not a.disabled and (v_search = '' or lower(a.username) ~>=~ v_search and lower(a.username) ~<~ (v_search || U&'\+10FFFF'))
    order by a.id limit v_limit + 1);
  v_outcome.reply := confab.reply_text('userlist.dispatch', json_build_object(
    'users', (select coalesce(json_agg(user_json(a, v_own) order by a.id), '[]') from unnest(v_found[1:v_limit]) a),
    'has_next', cardinality(v_found) > v_limit));
  return v_outcome;
end $$;
CREATE FUNCTION confab.user_ref(p_account bigint) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
begin
  return (select json_build_object('id', id, 'username', username) from confab.account where id = p_account);
end $$;
CREATE FUNCTION confab.user_unblock(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'confab_site', 'confab', 'pg_temp'
    AS $$
  select confab.block_set(p_caller, p_data, false)
$$;
CREATE FUNCTION confab.usernames_json(p_accounts bigint[]) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select coalesce(json_agg(a.username order by a.id), '[]') from confab.account a where a.id = any (p_accounts)
$$;
CREATE FUNCTION confab.users_json(p_ids bigint[]) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select coalesce(json_agg(user_json(a) order by a.id), '[]') from confab.account a where a.id = any (p_ids)
$$;
CREATE FUNCTION confab.uuid_value(p_value jsonb, p_field text) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
declare
  v_text text := p_value #>> '{}';
  v_hex text;
  v_number numeric;
begin
  case jsonb_typeof(p_value)
  when 'string' then
    -- The usual spelling needs no more than a look.
    if v_text ~ '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$' then
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
end $_$;
ALTER TABLE confab.account ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.attachment (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    "position" smallint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    media_url text NOT NULL,
    media_type text NOT NULL,
    file_size bigint NOT NULL,
    mime_type text NOT NULL,
    caption text,
    metadata jsonb NOT NULL,
    media_id uuid
);
CREATE UNLOGGED TABLE confab.attempt (
    key bytea NOT NULL,
    failures integer NOT NULL,
    ends_at timestamp with time zone NOT NULL
);
CREATE TABLE confab.block (
    account_id bigint NOT NULL,
    blocked_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE confab.deferred ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.deferred_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.ended_token (
    token_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE confab.epoch (
    epoch text NOT NULL,
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT epoch_epoch_check CHECK ((epoch ~ '^[A-Za-z0-9_-]{1,32}$'::text)),
    CONSTRAINT epoch_one_check CHECK (one)
);
CREATE TABLE confab.erased_room (
    room_id uuid NOT NULL,
    erased_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.external_identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE confab.invite ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.invite_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.log (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    message_ids uuid[]
)
PARTITION BY RANGE (seq);
CREATE TABLE confab.log_0 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    message_ids uuid[],
    CONSTRAINT log_0_seq_check CHECK (((seq >= 0) AND (seq < 1000000)))
);
CREATE TABLE confab.log_1 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    message_ids uuid[],
    CONSTRAINT log_1_seq_check CHECK (((seq >= 1000000) AND (seq < 2000000)))
);
CREATE TABLE confab.log_2 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    message_ids uuid[],
    CONSTRAINT log_2_seq_check CHECK (((seq >= 2000000) AND (seq < 3000000)))
);
CREATE TABLE confab.log_3 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    message_ids uuid[],
    CONSTRAINT log_3_seq_check CHECK (((seq >= 3000000) AND (seq < 4000000)))
);
CREATE TABLE confab.log_4 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    message_ids uuid[],
    CONSTRAINT log_4_seq_check CHECK (((seq >= 4000000) AND (seq < 5000000)))
);
CREATE TABLE confab.log_partition (
    first_seq bigint NOT NULL,
    name text NOT NULL
);
CREATE SEQUENCE confab.log_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE VIEW confab.log_told AS
 SELECT l.seq,
    l.room_id,
    l.account_ids,
    (l.effect)::text AS effect,
        CASE
            WHEN (l.message_ids = '{}'::uuid[]) THEN l.payload
            WHEN ((cardinality(l.message_ids) = 1) AND ( SELECT ((NOT m.is_deleted) AND (m.room_id <> ALL (ARRAY( SELECT e.room_id
                       FROM confab.erased_room e))))
               FROM confab.message m
              WHERE (m.id = l.message_ids[1]))) THEN l.payload
            ELSE confab.payload_now(l.payload, l.message_ids)
        END AS payload,
    COALESCE(l.message_ids, confab.shown_messages(((l.payload)::json -> 'data'::text))) AS message_ids
   FROM confab.log l;
CREATE TABLE confab.login (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    user_agent text,
    address text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    issuer text,
    CONSTRAINT login_token_hash_check CHECK ((length(token_hash) = 32))
);
ALTER TABLE confab.login ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.login_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.media (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    account_id bigint,
    content_id bigint NOT NULL,
    preview_id bigint,
    size bigint NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    mime_type text NOT NULL,
    width integer,
    height integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    loose_since timestamp with time zone DEFAULT now()
);
CREATE TABLE confab.media_content (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    size bigint NOT NULL,
    doomed_at timestamp with time zone,
    CONSTRAINT media_content_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT media_content_size_check CHECK ((size >= 0))
);
ALTER TABLE confab.media_content ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.media_content_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.mention (
    account_id bigint NOT NULL,
    room_id uuid NOT NULL,
    seq bigint NOT NULL
);
CREATE TABLE confab.message_version (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    version integer NOT NULL,
    content text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE confab.password_reset (
    token_hash bytea NOT NULL,
    account_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT password_reset_token_hash_check CHECK ((length(token_hash) = 32))
);
CREATE VIEW confab.pending_notification AS
 SELECT b.account_id,
    b.room_id,
    n.seq AS message_seq,
    n.notification_type,
    n.reaction_id,
    n.at_seq
   FROM (confab.member b
     CROSS JOIN LATERAL ( SELECT m.seq,
            m.notification_type,
            NULL::uuid AS reaction_id,
            m.seq AS at_seq
           FROM confab.notified_messages(b.*, 100) m(seq, notification_type)
        UNION ALL
         SELECT r.seq,
            'REACTION'::text,
            r.id,
            r.log_seq
           FROM confab.notified_reactions(b.*, 100) r(room_id, seq, account_id, id, content, log_seq, created_at)) n);
CREATE TABLE confab.presence (
    account_id bigint NOT NULL,
    status text NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT presence_status_check CHECK ((status = ANY (ARRAY['online'::text, 'idle'::text, 'offline'::text])))
);
CREATE TABLE confab.presence_subscription (
    session_id uuid NOT NULL,
    account_id bigint,
    room_id uuid,
    CONSTRAINT presence_subscription_check CHECK ((num_nonnulls(account_id, room_id) = 1))
);
CREATE TABLE confab.process (
    name text NOT NULL,
    alive_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.push_job (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    log_seq bigint NOT NULL,
    notification_type text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL
);
ALTER TABLE confab.push_job ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.push_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE confab.receipt (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    account_id bigint NOT NULL,
    acked_seq bigint NOT NULL,
    delivered_at timestamp with time zone DEFAULT now() NOT NULL,
    read_at timestamp with time zone
);
CREATE TABLE confab.retention (
    room_id uuid NOT NULL,
    keep_days numeric,
    expired_seq bigint DEFAULT 0 NOT NULL,
    CONSTRAINT retention_keep_days_form CHECK ((keep_days >= (0)::numeric))
);
CREATE TABLE confab.schema_version (
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.session (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    account_id bigint NOT NULL,
    login_id bigint,
    transport text NOT NULL,
    process text NOT NULL,
    user_agent text,
    address text,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    idle_since timestamp with time zone,
    CONSTRAINT session_transport_check CHECK ((transport = ANY (ARRAY['websocket'::text, 'sse'::text, 'poll'::text])))
);
CREATE TABLE confab.setting (
    name text NOT NULL,
    value jsonb NOT NULL,
    help text NOT NULL
);
CREATE TABLE confab.ticket (
    ticket_hash bytea NOT NULL,
    login_id bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT ticket_ticket_hash_check CHECK ((length(ticket_hash) = 32))
);
CREATE UNLOGGED TABLE confab.typing (
    account_id bigint NOT NULL,
    room_id uuid NOT NULL,
    told_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE confab.upkeep (
    name text NOT NULL,
    place uuid NOT NULL
);
ALTER TABLE ONLY confab.log ATTACH PARTITION confab.log_0 FOR VALUES FROM ('0') TO ('1000000');
ALTER TABLE ONLY confab.log ATTACH PARTITION confab.log_1 FOR VALUES FROM ('1000000') TO ('2000000');
ALTER TABLE ONLY confab.log ATTACH PARTITION confab.log_2 FOR VALUES FROM ('2000000') TO ('3000000');
ALTER TABLE ONLY confab.log ATTACH PARTITION confab.log_3 FOR VALUES FROM ('3000000') TO ('4000000');
ALTER TABLE ONLY confab.log ATTACH PARTITION confab.log_4 FOR VALUES FROM ('4000000') TO ('5000000');
INSERT INTO confab.account OVERRIDING SYSTEM VALUE VALUES (1, 'ann', '', '', '', NULL, false, '2026-11-24 22:23:57.694551+00');
INSERT INTO confab.account OVERRIDING SYSTEM VALUE VALUES (2, 'bob', '', '', '', NULL, false, '2026-11-24 22:23:57.694551+00');
INSERT INTO confab.command VALUES ('message.send', 'confab.message_send', '{content}', true, true);
INSERT INTO confab.command VALUES ('room.create', 'confab.room_create', '{}', true, true);
INSERT INTO confab.command VALUES ('room.list', 'confab.room_list', '{}', false, true);
INSERT INTO confab.command VALUES ('room.info', 'confab.room_info', '{}', false, true);
INSERT INTO confab.command VALUES ('room.messages', 'confab.room_messages', '{}', false, true);
INSERT INTO confab.command VALUES ('session.heartbeat', 'confab.session_heartbeat', '{}', false, true);
INSERT INTO confab.command VALUES ('message.acknowledged', 'confab.message_acknowledged', '{}', true, true);
INSERT INTO confab.command VALUES ('message.read', 'confab.message_read', '{}', true, true);
INSERT INTO confab.command VALUES ('message.react', 'confab.message_react', '{}', true, true);
INSERT INTO confab.command VALUES ('message.typing', 'confab.message_typing', '{}', false, true);
INSERT INTO confab.command VALUES ('message.modify', 'confab.message_modify', '{extra_fields.content}', true, true);
INSERT INTO confab.command VALUES ('message.pin', 'confab.message_pin', '{}', true, true);
INSERT INTO confab.command VALUES ('message.history', 'confab.message_history', '{}', false, true);
INSERT INTO confab.command VALUES ('message.search', 'confab.message_search', '{}', false, true);
INSERT INTO confab.command VALUES ('room.permissions', 'confab.room_permissions', '{}', false, true);
INSERT INTO confab.command VALUES ('room.pins', 'confab.room_pins', '{}', false, true);
INSERT INTO confab.command VALUES ('room.read', 'confab.room_read', '{}', true, true);
INSERT INTO confab.command VALUES ('room.join', 'confab.room_join', '{}', true, true);
INSERT INTO confab.command VALUES ('room.leave', 'confab.room_leave', '{}', true, true);
INSERT INTO confab.command VALUES ('room.add_members', 'confab.room_add_members', '{}', true, true);
INSERT INTO confab.command VALUES ('room.remove_members', 'confab.room_remove_members', '{}', true, true);
INSERT INTO confab.command VALUES ('room.modify', 'confab.room_modify', '{}', true, true);
INSERT INTO confab.command VALUES ('room.invite', 'confab.room_invite', '{}', false, true);
INSERT INTO confab.command VALUES ('room.invites', 'confab.room_invites', '{}', false, true);
INSERT INTO confab.command VALUES ('room.revoke_invite', 'confab.room_revoke_invite', '{}', false, true);
INSERT INTO confab.command VALUES ('room.request', 'confab.room_request', '{}', true, true);
INSERT INTO confab.command VALUES ('room.requests', 'confab.room_requests', '{}', false, true);
INSERT INTO confab.command VALUES ('room.answer', 'confab.room_answer', '{}', true, true);
INSERT INTO confab.command VALUES ('session.list', 'confab.session_list', '{}', false, true);
INSERT INTO confab.command VALUES ('session.end', 'confab.session_end', '{}', true, true);
INSERT INTO confab.command VALUES ('presence.subscribe', 'confab.presence_subscribe', '{}', false, true);
INSERT INTO confab.command VALUES ('presence.unsubscribe', 'confab.presence_unsubscribe', '{}', false, true);
INSERT INTO confab.command VALUES ('user.list', 'confab.user_list', '{}', false, true);
INSERT INTO confab.command VALUES ('user.block', 'confab.user_block', '{}', false, true);
INSERT INTO confab.command VALUES ('user.unblock', 'confab.user_unblock', '{}', false, true);
INSERT INTO confab.command VALUES ('user.blocked', 'confab.user_blocked', '{}', false, true);
INSERT INTO confab.epoch VALUES ('before', true);
INSERT INTO confab.log_0 VALUES (1, '119c48c4-34b2-42d6-9cb1-2a63456821ce', NULL, '{"joined" : [1,2]}', '{"eventType":"roomcreate.dispatch","data":{"id" : "119c48c4-34b2-42d6-9cb1-2a63456821ce", "property" : {"preferences": {}}, "created_at" : "2026-11-24T22:23:57.703935Z", "updated_at" : "2026-11-24T22:23:57.703935Z", "polymorphic_ctype" : 2, "type" : "GroupChat", "name" : "Before", "description" : null, "creator" : {"id" : 1, "username" : "ann", "email" : "", "first_name" : "", "last_name" : ""}, "participants" : [{"id" : 1, "username" : "ann", "email" : "", "first_name" : "", "last_name" : ""}, {"id" : 2, "username" : "bob", "email" : "", "first_name" : "", "last_name" : ""}], "admins" : [{"id" : 1, "username" : "ann", "email" : "", "first_name" : "", "last_name" : ""}], "max_participants" : 100, "avatar" : null, "join_approval_required" : false, "group_locked" : false},"seq":1}', '2026-11-24 22:23:57.703935+00', NULL);
INSERT INTO confab.log_0 VALUES (2, '119c48c4-34b2-42d6-9cb1-2a63456821ce', NULL, NULL, '{"eventType":"message.dispatch","data":{"id" : "2e2ad6a2-4298-4f7b-b109-6618dbdfcbae", "room" : {"id" : "119c48c4-34b2-42d6-9cb1-2a63456821ce"}, "sender" : {"id" : 1, "username" : "ann", "email" : "", "first_name" : "", "last_name" : ""}, "read_receipts" : [], "reactions" : [], "attachments" : [], "parent_message" : null, "forwarded_from" : null, "delivered_to" : [], "content" : "Said before the upgrade", "is_deleted" : false, "is_forwarded" : false, "is_edited" : false, "created_at" : "2026-11-24T22:23:57.729453Z", "updated_at" : "2026-11-24T22:23:57.729453Z", "seq" : 2, "delivered_count" : 0, "read_count" : 0, "reaction_counts" : {}, "mentions" : [], "pinned" : false},"seq":2}', '2026-11-24 22:23:57.729453+00', NULL);
INSERT INTO confab.log_0 VALUES (3, '119c48c4-34b2-42d6-9cb1-2a63456821ce', NULL, NULL, '{"eventType":"message.dispatch","data":{"id" : "8f98ef8a-a385-42f9-b9be-3f89838bb555", "room" : {"id" : "119c48c4-34b2-42d6-9cb1-2a63456821ce"}, "sender" : {"id" : 2, "username" : "bob", "email" : "", "first_name" : "", "last_name" : ""}, "read_receipts" : [], "reactions" : [], "attachments" : [], "parent_message" : null, "forwarded_from" : null, "delivered_to" : [], "content" : "And <b>answered</b>", "is_deleted" : false, "is_forwarded" : false, "is_edited" : false, "created_at" : "2026-11-24T22:23:57.737642Z", "updated_at" : "2026-11-24T22:23:57.737642Z", "seq" : 3, "delivered_count" : 0, "read_count" : 0, "reaction_counts" : {}, "mentions" : [], "pinned" : false},"seq":3}', '2026-11-24 22:23:57.737642+00', NULL);
INSERT INTO confab.log_partition VALUES (0, 'log_0');
INSERT INTO confab.log_partition VALUES (1000000, 'log_1');
INSERT INTO confab.log_partition VALUES (2000000, 'log_2');
INSERT INTO confab.log_partition VALUES (3000000, 'log_3');
INSERT INTO confab.log_partition VALUES (4000000, 'log_4');
INSERT INTO confab.member VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 1, 1, 'admin', '{}', 0, '2026-11-24 22:23:57.703935+00', 0, 0, 0, false);
INSERT INTO confab.member VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 2, 1, 'member', '{}', 0, '2026-11-24 22:23:57.703935+00', 0, 0, 0, false);
INSERT INTO confab.message VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 2, '2e2ad6a2-4298-4f7b-b109-6618dbdfcbae', 1, 'Said before the upgrade', NULL, false, false, '2026-11-24 22:23:57.729453+00', '2026-11-24 22:23:57.729453+00', NULL, NULL, false, false, 1, NULL, NULL);
INSERT INTO confab.message VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 3, '8f98ef8a-a385-42f9-b9be-3f89838bb555', 2, 'And <b>answered</b>', NULL, false, false, '2026-11-24 22:23:57.737642+00', '2026-11-24 22:23:57.737642+00', NULL, NULL, false, false, 1, NULL, NULL);
INSERT INTO confab.room VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 'GroupChat', 'Before', NULL, NULL, 1, 100, false, false, false, '{}', NULL, '2026-11-24 22:23:57.703935+00', '2026-11-24 22:23:57.703935+00', NULL);
INSERT INTO confab.schema_version VALUES ('0001_schema.sql', '2026-11-24 22:23:57.321578+00');
INSERT INTO confab.schema_version VALUES ('0002_protocol.sql', '2026-11-30 21:35:44.854823+00');
INSERT INTO confab.schema_version VALUES ('0003_identity.sql', '2026-11-30 21:35:44.897741+00');
INSERT INTO confab.schema_version VALUES ('0004_media.sql', '2026-11-30 21:35:44.90994+00');
INSERT INTO confab.schema_version VALUES ('0005_operations.sql', '2026-11-30 21:35:44.918503+00');
INSERT INTO confab.schema_version VALUES ('0006_deleted.sql', '2026-11-30 21:35:44.923232+00');
INSERT INTO confab.schema_version VALUES ('0007_bounds.sql', '2026-11-30 21:35:44.924112+00');
INSERT INTO confab.setting VALUES ('allow_register', 'false', 'anybody may make an account with POST session/register');
INSERT INTO confab.setting VALUES ('enable_notification', 'false', 'a stream begins with chat.notifications');
INSERT INTO confab.setting VALUES ('message_soft_delete', 'false', 'deleted messages stay in the tables, out of sight');
INSERT INTO confab.setting VALUES ('inactivity_threshold', '60', 'seconds after its last request that a chain of long-polls counts as ended (at least 60)');
INSERT INTO confab.setting VALUES ('expose_email', 'false', 'people see each other''s address');
INSERT INTO confab.setting VALUES ('rich_text_class_id', 'false', 'rich text keeps class and id');
INSERT INTO confab.setting VALUES ('max_content', '100000', 'characters of a message, as it is stored');
INSERT INTO confab.setting VALUES ('max_participants', '100', 'members of a new group that says nothing else');
INSERT INTO confab.setting VALUES ('max_subscribers', '300', 'members of a new channel that says nothing else');
INSERT INTO confab.setting VALUES ('message_fields', '[]', 'names of custom message fields, taken from extra_fields');
INSERT INTO confab.setting VALUES ('push_delay', '10', 'seconds that a message waits to be seen before a push service gets it');
INSERT INTO confab.setting VALUES ('login_days', '30', 'how long a log-in lasts');
INSERT INTO confab.setting VALUES ('log_days', '7', 'how long dispatches are kept for streams that come back');
INSERT INTO confab.setting VALUES ('message_days', '0', 'how long messages are kept, where the room has no days of its own; 0: for ever');
SELECT pg_catalog.setval('confab.account_id_seq', 2, true);
SELECT pg_catalog.setval('confab.deferred_id_seq', 1, false);
SELECT pg_catalog.setval('confab.invite_id_seq', 1, false);
SELECT pg_catalog.setval('confab.log_seq', 3, true);
SELECT pg_catalog.setval('confab.login_id_seq', 1, false);
SELECT pg_catalog.setval('confab.media_content_id_seq', 1, false);
SELECT pg_catalog.setval('confab.push_job_id_seq', 1, false);
ALTER TABLE ONLY confab.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.attachment
    ADD CONSTRAINT attachment_pkey PRIMARY KEY (room_id, seq, "position");
ALTER TABLE ONLY confab.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (key);
ALTER TABLE ONLY confab.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (account_id, blocked_id);
ALTER TABLE ONLY confab.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.deferred
    ADD CONSTRAINT deferred_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.ended_token
    ADD CONSTRAINT ended_token_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY confab.epoch
    ADD CONSTRAINT epoch_one_key UNIQUE (one);
ALTER TABLE ONLY confab.epoch
    ADD CONSTRAINT epoch_pkey PRIMARY KEY (epoch);
ALTER TABLE ONLY confab.erased_room
    ADD CONSTRAINT erased_room_pkey PRIMARY KEY (room_id);
ALTER TABLE ONLY confab.external_identity
    ADD CONSTRAINT external_identity_pkey PRIMARY KEY (issuer, subject);
ALTER TABLE ONLY confab.invite
    ADD CONSTRAINT invite_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.invite
    ADD CONSTRAINT invite_secret_hash_key UNIQUE (secret_hash);
ALTER TABLE ONLY confab.join_request
    ADD CONSTRAINT join_request_pkey PRIMARY KEY (room_id, account_id);
ALTER TABLE ONLY confab.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY confab.log_0
    ADD CONSTRAINT log_0_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY confab.log_1
    ADD CONSTRAINT log_1_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY confab.log_2
    ADD CONSTRAINT log_2_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY confab.log_3
    ADD CONSTRAINT log_3_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY confab.log_4
    ADD CONSTRAINT log_4_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY confab.log_partition
    ADD CONSTRAINT log_partition_pkey PRIMARY KEY (first_seq);
ALTER TABLE ONLY confab.login
    ADD CONSTRAINT login_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.login
    ADD CONSTRAINT login_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY confab.media_content
    ADD CONSTRAINT media_content_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.media
    ADD CONSTRAINT media_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (room_id, account_id);
ALTER TABLE ONLY confab.mention
    ADD CONSTRAINT mention_pkey PRIMARY KEY (account_id, room_id, seq);
ALTER TABLE ONLY confab.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (room_id, seq);
ALTER TABLE ONLY confab.message_state
    ADD CONSTRAINT message_state_pkey PRIMARY KEY (room_id, seq);
ALTER TABLE ONLY confab.message_version
    ADD CONSTRAINT message_version_pkey PRIMARY KEY (room_id, seq, version);
ALTER TABLE ONLY confab.password_reset
    ADD CONSTRAINT password_reset_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY confab.presence
    ADD CONSTRAINT presence_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY confab.process
    ADD CONSTRAINT process_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.push_job
    ADD CONSTRAINT push_job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.push_position
    ADD CONSTRAINT push_position_one_key UNIQUE (one);
ALTER TABLE ONLY confab.reaction
    ADD CONSTRAINT reaction_pkey PRIMARY KEY (room_id, seq, account_id);
ALTER TABLE ONLY confab.receipt
    ADD CONSTRAINT receipt_pkey PRIMARY KEY (room_id, seq, account_id);
ALTER TABLE ONLY confab.retention
    ADD CONSTRAINT retention_pkey PRIMARY KEY (room_id);
ALTER TABLE ONLY confab.room
    ADD CONSTRAINT room_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.ticket
    ADD CONSTRAINT ticket_pkey PRIMARY KEY (ticket_hash);
ALTER TABLE ONLY confab.typing
    ADD CONSTRAINT typing_pkey PRIMARY KEY (account_id, room_id);
ALTER TABLE ONLY confab.upkeep
    ADD CONSTRAINT upkeep_pkey PRIMARY KEY (name);
CREATE INDEX account_email_idx ON confab.account USING btree (lower(email)) WHERE (email <> ''::text);
CREATE UNIQUE INDEX account_username_key ON confab.account USING btree (lower(username));
CREATE INDEX account_username_prefix_idx ON confab.account USING btree (lower(username) text_pattern_ops);
CREATE INDEX attachment_media_idx ON confab.attachment USING btree (media_id) WHERE (media_id IS NOT NULL);
CREATE INDEX attempt_ends_idx ON confab.attempt USING btree (ends_at);
CREATE INDEX block_blocked_idx ON confab.block USING btree (blocked_id);
CREATE INDEX ended_token_expires_idx ON confab.ended_token USING btree (expires_at);
CREATE INDEX external_identity_account_idx ON confab.external_identity USING btree (account_id);
CREATE INDEX invite_room_idx ON confab.invite USING btree (room_id);
CREATE INDEX join_request_account_idx ON confab.join_request USING btree (account_id);
CREATE INDEX login_account_idx ON confab.login USING btree (account_id);
CREATE INDEX media_account_idx ON confab.media USING btree (account_id) INCLUDE (size);
CREATE INDEX media_content_doomed_idx ON confab.media_content USING btree (doomed_at) WHERE (doomed_at IS NOT NULL);
CREATE UNIQUE INDEX media_content_hash_key ON confab.media_content USING btree (hash) WHERE (doomed_at IS NULL);
CREATE INDEX media_content_idx ON confab.media USING btree (content_id);
CREATE INDEX media_loose_idx ON confab.media USING btree (loose_since) WHERE (loose_since IS NOT NULL);
CREATE INDEX media_preview_idx ON confab.media USING btree (preview_id) WHERE (preview_id IS NOT NULL);
CREATE INDEX member_account_idx ON confab.member USING btree (account_id);
CREATE INDEX mention_message_idx ON confab.mention USING btree (room_id, seq);
CREATE UNIQUE INDEX message_client_id_key ON confab.message USING btree (sender_id, client_id) WHERE (client_id IS NOT NULL);
CREATE UNIQUE INDEX message_id_key ON confab.message USING btree (id);
CREATE INDEX message_pinned_idx ON confab.message USING btree (room_id, pinned_at) WHERE (pinned_at IS NOT NULL);
CREATE INDEX message_search_idx ON confab.message USING gin (confab.search_vector(room_id, content)) WITH (gin_pending_list_limit='64') WHERE (NOT is_deleted);
CREATE INDEX password_reset_account_idx ON confab.password_reset USING btree (account_id);
CREATE UNIQUE INDEX presence_subscription_account_key ON confab.presence_subscription USING btree (account_id, session_id) WHERE (account_id IS NOT NULL);
CREATE UNIQUE INDEX presence_subscription_room_key ON confab.presence_subscription USING btree (room_id, session_id) WHERE (room_id IS NOT NULL);
CREATE INDEX presence_subscription_session_idx ON confab.presence_subscription USING btree (session_id);
CREATE INDEX push_job_due_idx ON confab.push_job USING btree (due_at);
CREATE INDEX reaction_log_idx ON confab.reaction USING btree (room_id, log_seq);
CREATE INDEX retention_keep_days_idx ON confab.retention USING btree (room_id) WHERE (keep_days IS NOT NULL);
CREATE UNIQUE INDEX room_external_key ON confab.room USING btree (external_key) WHERE (external_key IS NOT NULL);
CREATE UNIQUE INDEX room_pair_key ON confab.room USING btree (pair) WHERE (pair IS NOT NULL);
CREATE INDEX session_account_idx ON confab.session USING btree (account_id);
CREATE INDEX session_login_idx ON confab.session USING btree (login_id);
CREATE INDEX session_process_idx ON confab.session USING btree (process);
CREATE INDEX ticket_expires_idx ON confab.ticket USING btree (expires_at);
CREATE INDEX ticket_login_idx ON confab.ticket USING btree (login_id);
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_0_pkey;
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_1_pkey;
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_2_pkey;
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_3_pkey;
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_4_pkey;
CREATE STATISTICS confab.message_search_words ON confab.search_vector(room_id, content) FROM confab.message;
CREATE TRIGGER attachment_gone AFTER DELETE ON confab.attachment REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION confab.attachment_gone();
CREATE CONSTRAINT TRIGGER deferred_run AFTER INSERT ON confab.deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION confab.deferred_run();
ALTER TABLE ONLY confab.block
    ADD CONSTRAINT block_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.block
    ADD CONSTRAINT block_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.external_identity
    ADD CONSTRAINT external_identity_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.invite
    ADD CONSTRAINT invite_creator_id_fkey FOREIGN KEY (creator_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.invite
    ADD CONSTRAINT invite_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.join_request
    ADD CONSTRAINT join_request_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.join_request
    ADD CONSTRAINT join_request_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.login
    ADD CONSTRAINT login_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.media
    ADD CONSTRAINT media_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE SET NULL;
ALTER TABLE ONLY confab.media
    ADD CONSTRAINT media_content_id_fkey FOREIGN KEY (content_id) REFERENCES confab.media_content(id);
ALTER TABLE ONLY confab.media
    ADD CONSTRAINT media_preview_id_fkey FOREIGN KEY (preview_id) REFERENCES confab.media_content(id);
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.password_reset
    ADD CONSTRAINT password_reset_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.presence_subscription
    ADD CONSTRAINT presence_subscription_session_id_fkey FOREIGN KEY (session_id) REFERENCES confab.session(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.retention
    ADD CONSTRAINT retention_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.room
    ADD CONSTRAINT room_creator_id_fkey FOREIGN KEY (creator_id) REFERENCES confab.account(id);
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_login_id_fkey FOREIGN KEY (login_id) REFERENCES confab.login(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.ticket
    ADD CONSTRAINT ticket_login_id_fkey FOREIGN KEY (login_id) REFERENCES confab.login(id) ON DELETE CASCADE;
