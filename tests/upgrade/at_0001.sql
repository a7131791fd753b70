-- A database as 0001_schema.sql and the functions beside it left it, with two people, a room and two messages. For tests/upgrade.test.
CREATE SCHEMA confab;
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
CREATE FUNCTION confab.account_ids_value(p_value jsonb) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $_$
declare
  v_bad text;
begin
  if p_value is null or jsonb_typeof(p_value) <> 'array' then
    return '{}';
  end if;
  select e #>> '{}' into v_bad from jsonb_array_elements(p_value) e
  where jsonb_typeof(e) not in ('number', 'string') or (e #>> '{}') !~ '^-?\d{1,18}$' limit 1;
  if found then
    perform confab.fail_validation(format('Field ''id'' expected a number but got ''%s''.', left(coalesce(v_bad, 'null'), 200)));
  end if;
  return array(select a.id from confab.account a
               where a.id in (select (e #>> '{}')::bigint from jsonb_array_elements(p_value) e) order by a.id);
end $_$;
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
    perform confab.fail(4001, '"Authentication required."');
  end if;
  if v_login.last_seen < now() - interval '1 minute' then
    update confab.login set last_seen = now() where id = v_login.id;
  end if;
  return row (v_login.account_id, v_login.id, p_session, p_idempotency_key)::confab.caller;
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
CREATE FUNCTION confab.command_list() RETURNS TABLE(name text, statement text, rich_text text[], rings boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $_$
  select c.name,
         format('select o.reply, o.dispatch, o.seq from %s(confab.authenticate($1::bytea, $2::uuid, $3::text), $4::jsonb) o', c.function),
         c.rich_text, c.rings
  from confab.command c where c.enabled order by c.name
$_$;
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
    CONSTRAINT room_by_type CHECK (
CASE type
    WHEN 'OneToOneChat'::confab.room_type THEN ((name IS NULL) AND (capacity IS NULL) AND (pair IS NOT NULL) AND (cardinality(pair) = 2))
    ELSE (length(name) between 1 and 64 and capacity >= 1 and pair is null)
END)
);
CREATE FUNCTION confab.creator_json(r confab.room) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select confab.user_json(a) from confab.account a where a.id = r.creator_id
$$;
CREATE FUNCTION confab.fail(p_code integer, p_detail jsonb, p_beside jsonb DEFAULT NULL::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  raise exception using
    errcode = 'C' || p_code,
    message = p_detail #>> '{}',
    detail = (jsonb_build_object('error', jsonb_build_object('code', p_code, 'detail', p_detail)) || coalesce(p_beside, '{}'))::text;
end $$;
CREATE FUNCTION confab.fail_field(p_field text, p_sentence text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4003, jsonb_build_object(p_field, jsonb_build_array(p_sentence)));
end $$;
CREATE FUNCTION confab.fail_not_found() RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4004, '"Resource not found."');
end $$;
CREATE FUNCTION confab.fail_validation(p_sentence text, p_beside jsonb DEFAULT NULL::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform confab.fail(4003, jsonb_build_array(p_sentence), p_beside);
end $$;
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
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select coalesce(greatest(min(first_seq) - 1, 0), 0) from confab.log_partition
$$;
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
CREATE FUNCTION confab.log_read(p_after bigint, p_limit integer) RETURNS TABLE(seq bigint, room_id uuid, account_ids bigint[], effect text, payload text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  return query
    select l.seq, l.room_id, l.account_ids, l.effect::text, l.payload
    from confab.log l where l.seq > p_after order by l.seq limit p_limit;
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
  v_payload text := '{"eventType":"' || p_event || '","data":' || p_data::text || ',"seq":' || p_seq || '}';
begin
  insert into confab.log (seq, room_id, account_ids, effect, payload) values (p_seq, p_room, p_accounts, p_effect, v_payload);
  return v_payload;
end $$;
CREATE FUNCTION confab.login_create(p_account bigint, p_token_hash bytea, p_user_agent text, p_address text) RETURNS TABLE(account text, login_id bigint, expires_at text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return query
    with made as (
      insert into confab.login as l (account_id, token_hash, user_agent, address, expires_at)
      values (p_account, p_token_hash, left(p_user_agent, 300), left(p_address, 64),
              now() + make_interval(days => coalesce(confab.setting_value('login_days')::int, 30)))
      returning l.id, l.expires_at)
    select confab.user_json(a, true)::text, made.id, confab.time_text(made.expires_at)
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
CREATE TABLE confab.login (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    user_agent text,
    address text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT login_token_hash_check CHECK ((length(token_hash) = 32))
);
CREATE FUNCTION confab.login_find(p_token_hash bytea) RETURNS SETOF confab.login
    LANGUAGE sql STABLE ROWS 1
    AS $$
  select l.* from confab.login l join confab.account a on a.id = l.account_id
  where l.token_hash = p_token_hash and l.expires_at > now() and not a.disabled
$$;
CREATE FUNCTION confab.login_whoami(p_token_hash bytea) RETURNS TABLE(account text, login_id bigint, expires_at text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
begin
  return query
    select confab.user_json(a, true)::text, l.id, confab.time_text(l.expires_at)
    from confab.login l join confab.account a on a.id = l.account_id where l.id = v_caller.login_id;
end $$;
CREATE FUNCTION confab.logins_end(p_account bigint, p_logins bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  delete from confab.login where id = any (p_logins);
  insert into confab.log (seq, account_ids, effect)
  values (confab.log_draw(), array[p_account], json_build_object('ended_logins', p_logins));
end $$;
CREATE TABLE confab.member (
    room_id uuid NOT NULL,
    account_id bigint NOT NULL,
    since_seq bigint NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    grants text[] DEFAULT '{}'::text[] NOT NULL,
    last_read_seq bigint DEFAULT 0 NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT member_role_check CHECK ((role = ANY (ARRAY['member'::text, 'admin'::text])))
)
WITH (fillfactor='80');
CREATE FUNCTION confab.may(p_action text, p_room confab.room, p_member confab.member) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
  select case p_action
    when 'read' then true
    when 'send' then case p_room.type
      when 'OneToOneChat' then true
      when 'GroupChat' then not p_room.group_locked or p_member.role = 'admin' or p_room.creator_id = p_member.account_id
      when 'Channel' then p_member.role = 'admin' or p_room.creator_id = p_member.account_id or 'can_send_messages' = any (p_member.grants)
    end
    else false
  end
$$;
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
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_content text := p_data ->> 'content';
begin
  if not p_data ? 'content' then
    perform confab.fail_field('content', 'This field is required.');
  elsif v_content is null then
    perform confab.fail_field('content', 'This field may not be null.');
  elsif jsonb_typeof(p_data -> 'content') not in ('string', 'number') then
    perform confab.fail_field('content', 'Not a valid string.');
  elsif btrim(v_content, E' \t\r\n\f\v') = '' and p_data ->> 'emptied' is null then
    perform confab.fail_field('content', 'This field may not be blank.');
  end if;
  return v_content;
end $$;
CREATE FUNCTION confab.message_exists_newer(p_room uuid, p_seq bigint) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
  select exists (select from confab.message m where m.room_id = p_room and m.seq > p_seq and not m.is_deleted)
$$;
CREATE FUNCTION confab.message_exists_older(p_room uuid, p_seq bigint) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
  select exists (select from confab.message m where m.room_id = p_room and m.seq < p_seq and not m.is_deleted)
$$;
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
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE FUNCTION confab.message_json(m confab.message, a confab.account) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select case when m.client_id is null then body else
    (left(body::text, -1) || ', "client_id" : ' || to_json(m.client_id) || '}')::json end
  from json_build_object(
    'id', m.id, 'room', json_build_object('id', m.room_id), 'sender', confab.user_json(a),
    'read_receipts', '[]'::json, 'reactions', '[]'::json, 'attachments', '[]'::json,
    'parent_message', null, 'forwarded_from', null, 'delivered_to', '[]'::json,
    'content', m.content, 'is_deleted', m.is_deleted, 'is_forwarded', false, 'is_edited', m.is_edited,
    'created_at', confab.time_text(m.created_at), 'updated_at', confab.time_text(m.updated_at), 'seq', m.seq,
    'delivered_count', 0, 'read_count', 0, 'reaction_counts', '{}'::json, 'mentions', '[]'::json, 'pinned', false) body
$$;
CREATE FUNCTION confab.message_page_newer(p_room uuid, p_seq bigint, p_limit bigint) RETURNS confab.message[]
    LANGUAGE sql STABLE
    AS $$
  select array(select m from confab.message m where m.room_id = p_room and m.seq > p_seq and not m.is_deleted order by m.seq limit p_limit)
$$;
CREATE FUNCTION confab.message_page_older(p_room uuid, p_seq bigint, p_limit bigint) RETURNS confab.message[]
    LANGUAGE sql STABLE
    AS $$
  select array(select m from confab.message m where m.room_id = p_room and m.seq < p_seq and not m.is_deleted order by m.seq desc limit p_limit)
$$;
CREATE FUNCTION confab.message_repeat(p_account bigint, p_client_id text, p_room uuid, p_content text) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_message confab.message;
  v_sender confab.account;
  v_outcome confab.outcome;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_client_id, p_account));
  select * into v_message from confab.message where sender_id = p_account and client_id = p_client_id;
  if not found then
    return null;
  end if;
  if v_message.room_id <> p_room or not v_message.is_edited and v_message.content <> p_content then
    perform confab.fail_field('client_id', 'Already used for another message.');
  end if;
  v_outcome.seq := v_message.seq;
  -- Byte for byte while the log keeps it; the same message made anew after that.
  select l.payload into v_outcome.reply from confab.log l where l.seq = v_message.seq;
  if v_outcome.reply is null then
    select * into v_sender from confab.account where id = p_account;
    v_outcome.reply := '{"eventType":"message.dispatch","data":' || confab.message_json(v_message, v_sender)::text || ',"seq":' || v_message.seq || '}';
  end if;
  return v_outcome;
end $$;
CREATE FUNCTION confab.message_send(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_room_id uuid;
  v_found record;
  v_message confab.message;
  v_outcome confab.outcome;
begin
  if not p_data ? 'room_id' then
    perform confab.fail_field('room_id', 'This field is required.');
  end if;
  v_room_id := confab.uuid_value(p_data -> 'room_id', 'room_id');
  select r as room, m as member, a as sender into v_found
  from confab.room r, confab.member m, confab.account a
  where r.id = v_room_id and m.room_id = v_room_id and m.account_id = p_caller.account_id and a.id = p_caller.account_id;
  if not found or not confab.may('send', v_found.room, v_found.member) then
    perform confab.room_for(p_caller.account_id, v_room_id, 'send');  -- says why
  end if;
  if jsonb_typeof(coalesce(p_data -> 'extra_fields', '{}')) <> 'object' then
    perform confab.fail_field('extra_fields', 'Must be an object.');
  end if;
  v_message.room_id := v_room_id;
  v_message.content := confab.message_content(p_data);
  v_message.client_id := confab.message_client_id(p_caller, p_data);
  if v_message.client_id is not null then
    v_outcome := confab.message_repeat(p_caller.account_id, v_message.client_id, v_room_id, v_message.content);
    if v_outcome.seq is not null then
      return v_outcome;
    end if;
  end if;
  v_message.id := gen_random_uuid();
  v_message.sender_id := p_caller.account_id;
  v_message.is_deleted := false;
  v_message.is_edited := false;
  v_message.created_at := now();
  v_message.updated_at := v_message.created_at;
  v_message.seq := confab.log_draw();
  v_outcome.seq := v_message.seq;
  v_outcome.dispatch := '{"eventType":"message.dispatch","data":' || confab.message_json(v_message, v_found.sender)::text || ',"seq":' || v_message.seq || '}';
  insert into confab.message values (v_message.*);
  insert into confab.log (seq, room_id, payload) values (v_message.seq, v_room_id, v_outcome.dispatch);
  return v_outcome;
end $$;
CREATE FUNCTION confab.messages_json(p_room uuid, p_messages confab.message[]) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select json_build_object('room_id', p_room, 'messages', coalesce(
    (select json_agg(confab.message_json(m, a) order by m.seq desc) from unnest(p_messages) m join confab.account a on a.id = m.sender_id), '[]'))
$$;
CREATE FUNCTION confab.messages_keyset(p_room uuid, p_data jsonb) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_key text := case when p_data ? 'around' then 'around' when p_data ? 'before' then 'before' when p_data ? 'after' then 'after' end;
  v_limit bigint := least(confab.capacity_value(p_data, 'limit', 50), 200);
  v_seq bigint := case when v_key is null then 9007199254740991 else confab.seq_value(p_data, v_key) end;
  v_messages confab.message[];
  v_oldest bigint;
  v_newest bigint;
begin
  if v_key = 'around' then
    v_messages := confab.message_page_older(p_room, v_seq + 1, v_limit - v_limit / 2) || confab.message_page_newer(p_room, v_seq, v_limit / 2);
  elsif v_key = 'after' then
    v_messages := confab.message_page_newer(p_room, v_seq, v_limit);
  else
    v_messages := confab.message_page_older(p_room, v_seq, v_limit);
  end if;
  select min(m.seq), max(m.seq) into v_oldest, v_newest from unnest(v_messages) m;
  return json_build_object(
    'has_next', confab.message_exists_older(p_room, coalesce(v_oldest, case v_key when 'after' then v_seq + 1 else v_seq end)),
    'has_previous', confab.message_exists_newer(p_room, coalesce(v_newest, case v_key when 'after' then v_seq else v_seq - 1 end)),
    'limit', v_limit,
    'data', confab.messages_json(p_room, v_messages));
end $$;
CREATE FUNCTION confab.messages_paginated(p_room uuid, p_paginate jsonb) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_falsy jsonb[] := array['null', 'false', '0', '""']::jsonb[];
  v_page bigint;
  v_size bigint;
  v_count bigint;
  v_last bigint;
  v_real bigint;
  v_messages confab.message[];
begin
  if coalesce(p_paginate -> 'page', 'null') = any (v_falsy) or coalesce(p_paginate -> 'size', 'null') = any (v_falsy) then
    perform confab.fail_validation('page and size required');
  end if;
  v_page := confab.page_number(p_paginate -> 'page');
  v_size := least(confab.page_number(p_paginate -> 'size'), 200);
  if v_size < 1 then
    perform confab.fail_field('size', 'Ensure this value is greater than or equal to 1.');
  end if;
  select count(*) into v_count from confab.message m where m.room_id = p_room and not m.is_deleted;
  v_last := greatest((v_count + v_size - 1) / v_size, 1);
  v_real := case when v_page between 1 and v_last then v_page else v_last end;
  v_messages := array(select m from confab.message m where m.room_id = p_room and not m.is_deleted
                      order by m.seq desc limit v_size offset (v_real - 1) * v_size);
  return json_build_object(
    'has_next', v_real < v_last, 'has_previous', v_real > 1,
    'next_page_number', case when v_real < v_last then v_real + 1 end, 'prev_page_number', case when v_real > 1 then v_real - 1 end,
    'page', v_page, 'size', v_size, 'data', confab.messages_json(p_room, v_messages));
end $$;
CREATE FUNCTION confab.notifications_json(p_account bigint) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  with pending as (
    select n.*
    from confab.member m
    cross join lateral (
      select x as message, x.room_id, x.seq from confab.message x
      where x.room_id = m.room_id and x.seq > greatest(m.since_seq, m.last_read_seq) and x.sender_id <> p_account and not x.is_deleted
      order by x.seq desc limit 100) n
    where m.account_id = p_account
    order by n.seq desc limit 1000),
  by_room as (
    select p.room_id, json_agg(json_build_object(
        'id', md5((p.message).id::text || p_account)::uuid, 'notification_type', 'NEW_MESSAGE',
        'message', confab.message_json(p.message, a)) order by p.seq desc) list
    from pending p join confab.account a on a.id = (p.message).sender_id
    group by p.room_id)
  select coalesce(json_object_agg(b.room_id, b.list order by r.created_at desc), '{}') from by_room b join confab.room r on r.id = b.room_id
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
CREATE FUNCTION confab.reply_text(p_event text, p_data json) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select '{"eventType":"' || p_event || '","data":' || p_data::text || '}'
$$;
CREATE FUNCTION confab.ring() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select pg_notify('confab_doorbell', '')
$$;
CREATE FUNCTION confab.room_create(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_room confab.room;
  v_extra jsonb := p_data -> 'extra_fields';
  v_data jsonb := p_data;
begin
  if p_data ->> 'type' is null or p_data ->> 'type' not in ('OneToOneChat', 'GroupChat', 'Channel') then
    perform confab.fail_validation('Invalid resource type');
  elsif v_extra is not null and jsonb_typeof(v_extra) <> 'object' then
    perform confab.fail_field('extra_fields', case v_extra when 'null' then 'This field may not be null.' else 'Must be an object.' end);
  end if;
  -- Only what is documented can be set there; a name has to stand at the top.
  v_data := (p_data - 'extra_fields') || coalesce(v_extra, '{}') - array['name', 'type', 'participants', 'subscribers', 'id'];
  v_data := v_data || (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(p_data)
                       where key in ('name', 'participants', 'subscribers'));
  v_room.id := gen_random_uuid();
  v_room.type := p_data ->> 'type';
  v_room.preferences := confab.room_preferences(v_data);
  v_room.created_at := now();
  v_room.updated_at := now();
  v_room.is_public := false;
  v_room.join_approval_required := false;
  v_room.group_locked := false;
  if v_room.type = 'OneToOneChat' then
    return confab.room_create_one_to_one(p_caller.account_id, v_data, v_room);
  end if;
  return confab.room_create_named(p_caller.account_id, v_data, v_room);
end $$;
CREATE FUNCTION confab.room_create_named(p_account bigint, p_data jsonb, p_room confab.room) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $_$
declare
  v_group boolean := p_room.type = 'GroupChat';
  v_members bigint[] := array(select distinct x from unnest(
    confab.account_ids_value(p_data -> case when v_group then 'participants' else 'subscribers' end) || p_account) x order by x);
begin
  if not p_data ? 'name' then
    perform confab.fail_field('name', 'This field is required.');
  elsif p_data ->> 'name' is null then
    perform confab.fail_field('name', 'This field may not be null.');
  end if;
  p_room.name := trim(confab.text_value(p_data, 'name', 64));
  if p_room.name = '' then
    perform confab.fail_field('name', 'This field may not be blank.');
  end if;
  p_room.description := confab.text_value(p_data, 'description', 4000);
  p_room.avatar := confab.text_value(p_data, 'avatar', 200);
  if p_room.avatar !~ '^https?://[^\s<>"]+$' then
    perform confab.fail_field('avatar', 'Enter a valid URL.');
  end if;
  p_room.creator_id := p_account;
  p_room.capacity := case when v_group then confab.capacity_value(p_data, 'max_participants', 100)
                     else confab.capacity_value(p_data, 'max_subscribers', 300) end;
  if v_group then
    p_room.join_approval_required := confab.boolean_value(p_data, 'join_approval_required', false);
    p_room.group_locked := confab.boolean_value(p_data, 'group_locked', false);
  else
    p_room.is_public := confab.boolean_value(p_data, 'is_public', false);
  end if;
  if cardinality(v_members) > p_room.capacity then
    perform confab.fail_validation(case when v_group then 'Maximum number of group participants exceeded'
                                   else 'Maximum number of channel subscribers exceeded' end);
  end if;
  return confab.room_insert(p_room, v_members, array[p_account]);
end $_$;
CREATE FUNCTION confab.room_create_one_to_one(p_account bigint, p_data jsonb, p_room confab.room) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_pair bigint[] := array(select distinct x from unnest(confab.account_ids_value(p_data -> 'participants') || p_account) x order by x);
  v_existing uuid;
begin
  if cardinality(v_pair) <> 2 then
    perform confab.fail_validation('A one to one chat can only have 2 participants');
  end if;
  -- Two who open the same chat at once: the second waits here and then finds the first one's.
  perform pg_advisory_xact_lock(hashtextextended(v_pair::text, 7));
  select id into v_existing from confab.room where pair = v_pair;
  if found then
    perform confab.fail_validation('Chat already exists', jsonb_build_object('room_id', v_existing));
  end if;
  p_room.pair := v_pair;
  return confab.room_insert(p_room, v_pair, '{}');
end $$;
CREATE FUNCTION confab.room_detail_json(r confab.room) RETURNS json
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_ids bigint[] := array(select m.account_id from confab.member m where m.room_id = r.id);
  v_admins bigint[];
  v_head jsonb := jsonb_build_object('preferences', r.preferences);
begin
  if r.type = 'OneToOneChat' then
    return json_build_object(
      'id', r.id, 'property', v_head, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 1, 'type', r.type, 'participants', confab.users_json(r.pair));
  end if;
  v_admins := array(select m.account_id from confab.member m where m.room_id = r.id and m.role = 'admin');
  if r.type = 'GroupChat' then
    return json_build_object(
      'id', r.id, 'property', v_head, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 2, 'type', r.type, 'name', r.name, 'description', r.description, 'creator', confab.creator_json(r),
      'participants', confab.users_json(v_ids), 'admins', confab.users_json(v_admins), 'max_participants', r.capacity,
      'avatar', r.avatar, 'join_approval_required', r.join_approval_required, 'group_locked', r.group_locked);
  end if;
  return json_build_object(
    'id', r.id, 'property', v_head, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
    'polymorphic_ctype', 3, 'type', r.type, 'name', r.name, 'description', r.description, 'creator', confab.creator_json(r),
    'subscribers', confab.users_json(v_ids), 'moderators', confab.users_json(v_admins), 'is_public', r.is_public,
    'avatar', r.avatar, 'max_subscribers', r.capacity);
end $$;
CREATE FUNCTION confab.room_for(p_account bigint, p_room uuid, p_action text) RETURNS confab.room
    LANGUAGE plpgsql STABLE
    AS $$
declare
  v_room confab.room;
  v_member confab.member;
begin
  select * into v_room from confab.room where id = p_room;
  if not found then
    perform confab.fail_not_found();
  end if;
  select * into v_member from confab.member where room_id = p_room and account_id = p_account;
  if not found or not confab.may(p_action, v_room, v_member) then
    perform confab.fail(4002, to_jsonb(case p_action
      when 'send' then 'User is not authorized to send message to this room'
      else 'User is not authorized access this room' end));
  end if;
  return v_room;
end $$;
CREATE FUNCTION confab.room_info(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_room confab.room := confab.room_for(p_caller.account_id, confab.uuid_value(coalesce(p_data -> 'room_id', 'null'), 'room_id'), 'read');
  v_outcome confab.outcome;
begin
  v_outcome.reply := confab.reply_text('roominfo.dispatch', confab.room_detail_json(v_room));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_insert(p_room confab.room, p_members bigint[], p_admins bigint[]) RETURNS confab.outcome
    LANGUAGE plpgsql
    AS $$
declare
  v_outcome confab.outcome;
begin
  insert into confab.room select p_room.*;
  v_outcome.seq := confab.log_draw();
  insert into confab.member (room_id, account_id, since_seq, role)
  select p_room.id, m, v_outcome.seq, case when m = any (p_admins) then 'admin' else 'member' end from unnest(p_members) m;
  v_outcome.dispatch := confab.log_write(v_outcome.seq, p_room.id, null, 'roomcreate.dispatch', confab.room_detail_json(p_room),
                                         json_build_object('joined', p_members));
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_item_json(r confab.room, p_account bigint, p_last json, p_unread bigint, p_last_read bigint) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select case r.type
    when 'OneToOneChat' then json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 1, 'type', r.type,
      'peer', (select confab.user_json(a) from confab.account a where a.id = case when r.pair[1] = p_account then r.pair[2] else r.pair[1] end),
      'unread', p_unread, 'last_read_seq', p_last_read)
    when 'GroupChat' then json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 2, 'type', r.type, 'creator', confab.creator_json(r), 'name', r.name, 'description', r.description,
      'max_participants', r.capacity, 'avatar', r.avatar, 'join_approval_required', r.join_approval_required,
      'group_locked', r.group_locked, 'unread', p_unread, 'last_read_seq', p_last_read)
    else json_build_object(
      'id', r.id, 'last_message', p_last, 'created_at', confab.time_text(r.created_at), 'updated_at', confab.time_text(r.updated_at),
      'polymorphic_ctype', 3, 'type', r.type, 'creator', confab.creator_json(r), 'name', r.name, 'description', r.description,
      'is_public', r.is_public, 'avatar', r.avatar, 'max_subscribers', r.capacity, 'unread', p_unread, 'last_read_seq', p_last_read)
  end
$$;
CREATE FUNCTION confab.room_list(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_outcome confab.outcome;
  v_list json;
begin
  select coalesce(json_agg(confab.room_item_json(r, p_caller.account_id,
                             case when l.id is not null then confab.message_json(l, s) end, u.unread, m.last_read_seq)
                           order by coalesce(l.created_at, r.created_at) desc, r.id), '[]')
  into v_list
  from confab.member m
  join confab.room r on r.id = m.room_id
  left join lateral (select * from confab.message x where x.room_id = m.room_id and not x.is_deleted order by x.seq desc limit 1) l on true
  left join confab.account s on s.id = l.sender_id
  cross join lateral (
    select count(*) unread from (
      select from confab.message x
      where x.room_id = m.room_id and x.seq > greatest(m.last_read_seq, m.since_seq) and x.sender_id <> p_caller.account_id and not x.is_deleted
      limit 1000) limited) u
  where m.account_id = p_caller.account_id;
  v_outcome.reply := confab.reply_text('roomlist.dispatch', v_list);
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_messages(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_room confab.room := confab.room_for(p_caller.account_id, confab.uuid_value(coalesce(p_data -> 'room_id', 'null'), 'room_id'), 'read');
  v_paginate jsonb := p_data -> 'paginate';
  v_messages confab.message[];
  v_data json;
  v_outcome confab.outcome;
begin
  if jsonb_typeof(v_paginate) = 'object' and v_paginate <> '{}' then
    v_data := confab.messages_paginated(v_room.id, v_paginate);
  elsif p_data ?| array['before', 'after', 'around', 'limit'] then
    v_data := confab.messages_keyset(v_room.id, p_data);
  else
    v_messages := confab.message_page_older(v_room.id, 9007199254740991, 501);
    v_data := json_build_object('data', confab.messages_json(v_room.id, v_messages[1:500]), 'has_next', cardinality(v_messages) > 500);
  end if;
  v_outcome.reply := confab.reply_text('roommessages.dispatch', v_data);
  return v_outcome;
end $$;
CREATE FUNCTION confab.room_preferences(p_extra jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_property jsonb := p_extra -> 'property';
  v_preferences jsonb := v_property -> 'preferences';
begin
  if v_property is null or v_property in ('null', 'false', '0', '""', '[]', '{}') then
    return '{}';
  elsif jsonb_typeof(v_property) <> 'object' then
    perform confab.fail_validation('Room property must be a python dictionary/javascript object');
  elsif v_preferences is null or v_preferences in ('null', 'false', '0', '""', '[]') then
    return '{}';
  elsif jsonb_typeof(v_preferences) <> 'object' then
    perform confab.fail_validation('preferences must be a python dictionary/javascript object');
  end if;
  return v_preferences;
end $$;
CREATE FUNCTION confab.seq_value(p_data jsonb, p_field text) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
begin
  if jsonb_typeof(p_data -> p_field) not in ('number', 'string') or (p_data ->> p_field) !~ '^\d{1,16}$' then
    perform confab.fail_field(p_field, 'A valid integer is required.');
  end if;
  return (p_data ->> p_field)::bigint;
end $_$;
CREATE FUNCTION confab.session_heartbeat(p_caller confab.caller, p_data jsonb) RETURNS confab.outcome
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if p_caller.session_id is not null then
    update confab.session set last_seen = now() where id = p_caller.session_id and account_id = p_caller.account_id;
  end if;
  return null::confab.outcome;
end $$;
CREATE FUNCTION confab.setting_value(p_name text) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  select value from confab.setting where name = p_name
$$;
CREATE FUNCTION confab.stream_close(p_sessions uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from confab.session where id = any (p_sessions)
$$;
CREATE FUNCTION confab.stream_open(p_token_hash bytea, p_session uuid, p_transport text, p_user_agent text, p_address text, p_process text) RETURNS TABLE(account_id bigint, login_id bigint, session_id uuid, account text, rooms text, notifications text, epoch text, floor bigint, last_value bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
  v_session uuid;
begin
  if p_session is not null then
    update confab.session s set last_seen = now() where s.id = p_session and s.account_id = v_caller.account_id returning s.id into v_session;
  end if;
  if v_session is null then
    insert into confab.session as s (account_id, login_id, transport, process, user_agent, address)
    values (v_caller.account_id, v_caller.login_id, p_transport, p_process, left(p_user_agent, 300), left(p_address, 64))
    returning s.id into v_session;
  end if;
  return query
    select v_caller.account_id, v_caller.login_id, v_session, confab.user_json(a, true)::text,
           (select coalesce(json_agg(json_build_array(m.room_id, m.since_seq)), '[]')::text from confab.member m where m.account_id = a.id),
           case when p_session is null and confab.setting_value('notifications') is distinct from 'false'
             then confab.notifications_json(a.id)::text end,
           l.epoch, l.floor, l.last_value
    from confab.account a, confab.log_state() l where a.id = v_caller.account_id;
end $$;
CREATE FUNCTION confab.stream_sweep(p_process text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from confab.session where process = p_process and (transport <> 'poll' or last_seen < now() - interval '2 minutes')
$$;
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
  elsif v_text ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]' then
    perform confab.fail_field(p_field, 'Control characters are not allowed.');
  end if;
  return v_text;
end $$;
CREATE FUNCTION confab.time_text(p_moment timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select to_char(p_moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
CREATE FUNCTION confab.user_json(a confab.account, p_own boolean DEFAULT false) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select json_build_object(
    'id', a.id, 'username', a.username,
    'email', case when p_own or confab.setting_value('expose_email') = 'true' then a.email else '' end,
    'first_name', a.first_name, 'last_name', a.last_name)
$$;
CREATE FUNCTION confab.users_json(p_ids bigint[]) RETURNS json
    LANGUAGE sql STABLE
    AS $$
  select coalesce(json_agg(confab.user_json(a) order by a.id), '[]') from confab.account a where a.id = any (p_ids)
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
CREATE TABLE confab.command (
    name text NOT NULL,
    function regproc NOT NULL,
    rich_text text[] DEFAULT '{}'::text[] NOT NULL,
    rings boolean DEFAULT true NOT NULL,
    enabled boolean DEFAULT true NOT NULL
);
CREATE TABLE confab.epoch (
    epoch text NOT NULL,
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT epoch_epoch_check CHECK ((epoch ~ '^[A-Za-z0-9_-]{1,32}$'::text)),
    CONSTRAINT epoch_one_check CHECK (one)
);
CREATE TABLE confab.log (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
)
PARTITION BY RANGE (seq);
CREATE TABLE confab.log_0 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT log_0_seq_check CHECK (((seq >= 0) AND (seq < 1000000)))
);
CREATE TABLE confab.log_1 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT log_1_seq_check CHECK (((seq >= 1000000) AND (seq < 2000000)))
);
CREATE TABLE confab.log_2 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT log_2_seq_check CHECK (((seq >= 2000000) AND (seq < 3000000)))
);
CREATE TABLE confab.log_3 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT log_3_seq_check CHECK (((seq >= 3000000) AND (seq < 4000000)))
);
CREATE TABLE confab.log_4 (
    seq bigint NOT NULL,
    room_id uuid,
    account_ids bigint[],
    effect json,
    payload text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
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
ALTER TABLE confab.login ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME confab.login_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
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
    CONSTRAINT session_transport_check CHECK ((transport = ANY (ARRAY['websocket'::text, 'sse'::text, 'poll'::text])))
);
CREATE TABLE confab.setting (
    name text NOT NULL,
    value jsonb NOT NULL,
    help text NOT NULL
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
INSERT INTO confab.epoch VALUES ('before', true);
INSERT INTO confab.log_0 VALUES (1, '119c48c4-34b2-42d6-9cb1-2a63456821ce', NULL, '{"joined" : [1,2]}', '{"eventType":"roomcreate.dispatch","data":{"id" : "119c48c4-34b2-42d6-9cb1-2a63456821ce", "property" : {"preferences": {}}, "created_at" : "2026-11-24T22:23:57.703935Z", "updated_at" : "2026-11-24T22:23:57.703935Z", "polymorphic_ctype" : 2, "type" : "GroupChat", "name" : "Before", "description" : null, "creator" : {"id" : 1, "username" : "ann", "email" : "", "first_name" : "", "last_name" : ""}, "participants" : [{"id" : 1, "username" : "ann", "email" : "", "first_name" : "", "last_name" : ""}, {"id" : 2, "username" : "bob", "email" : "", "first_name" : "", "last_name" : ""}], "admins" : [{"id" : 1, "username" : "ann", "email" : "", "first_name" : "", "last_name" : ""}], "max_participants" : 100, "avatar" : null, "join_approval_required" : false, "group_locked" : false},"seq":1}', '2026-11-24 22:23:57.703935+00');
INSERT INTO confab.log_0 VALUES (2, '119c48c4-34b2-42d6-9cb1-2a63456821ce', NULL, NULL, '{"eventType":"message.dispatch","data":{"id" : "2e2ad6a2-4298-4f7b-b109-6618dbdfcbae", "room" : {"id" : "119c48c4-34b2-42d6-9cb1-2a63456821ce"}, "sender" : {"id" : 1, "username" : "ann", "email" : "", "first_name" : "", "last_name" : ""}, "read_receipts" : [], "reactions" : [], "attachments" : [], "parent_message" : null, "forwarded_from" : null, "delivered_to" : [], "content" : "Said before the upgrade", "is_deleted" : false, "is_forwarded" : false, "is_edited" : false, "created_at" : "2026-11-24T22:23:57.729453Z", "updated_at" : "2026-11-24T22:23:57.729453Z", "seq" : 2, "delivered_count" : 0, "read_count" : 0, "reaction_counts" : {}, "mentions" : [], "pinned" : false},"seq":2}', '2026-11-24 22:23:57.729453+00');
INSERT INTO confab.log_0 VALUES (3, '119c48c4-34b2-42d6-9cb1-2a63456821ce', NULL, NULL, '{"eventType":"message.dispatch","data":{"id" : "8f98ef8a-a385-42f9-b9be-3f89838bb555", "room" : {"id" : "119c48c4-34b2-42d6-9cb1-2a63456821ce"}, "sender" : {"id" : 2, "username" : "bob", "email" : "", "first_name" : "", "last_name" : ""}, "read_receipts" : [], "reactions" : [], "attachments" : [], "parent_message" : null, "forwarded_from" : null, "delivered_to" : [], "content" : "And <b>answered</b>", "is_deleted" : false, "is_forwarded" : false, "is_edited" : false, "created_at" : "2026-11-24T22:23:57.737642Z", "updated_at" : "2026-11-24T22:23:57.737642Z", "seq" : 3, "delivered_count" : 0, "read_count" : 0, "reaction_counts" : {}, "mentions" : [], "pinned" : false},"seq":3}', '2026-11-24 22:23:57.737642+00');
INSERT INTO confab.log_partition VALUES (0, 'log_0');
INSERT INTO confab.log_partition VALUES (1000000, 'log_1');
INSERT INTO confab.log_partition VALUES (2000000, 'log_2');
INSERT INTO confab.log_partition VALUES (3000000, 'log_3');
INSERT INTO confab.log_partition VALUES (4000000, 'log_4');
INSERT INTO confab.member VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 1, 1, 'admin', '{}', 0, '2026-11-24 22:23:57.703935+00');
INSERT INTO confab.member VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 2, 1, 'member', '{}', 0, '2026-11-24 22:23:57.703935+00');
INSERT INTO confab.message VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 2, '2e2ad6a2-4298-4f7b-b109-6618dbdfcbae', 1, 'Said before the upgrade', NULL, false, false, '2026-11-24 22:23:57.729453+00', '2026-11-24 22:23:57.729453+00');
INSERT INTO confab.message VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 3, '8f98ef8a-a385-42f9-b9be-3f89838bb555', 2, 'And <b>answered</b>', NULL, false, false, '2026-11-24 22:23:57.737642+00', '2026-11-24 22:23:57.737642+00');
INSERT INTO confab.room VALUES ('119c48c4-34b2-42d6-9cb1-2a63456821ce', 'GroupChat', 'Before', NULL, NULL, 1, 100, false, false, false, '{}', NULL, '2026-11-24 22:23:57.703935+00', '2026-11-24 22:23:57.703935+00');
INSERT INTO confab.schema_version VALUES ('0001_schema.sql', '2026-11-24 22:23:57.321578+00');
INSERT INTO confab.setting VALUES ('allow_register', 'false', 'anybody may make an account with POST session/register');
INSERT INTO confab.setting VALUES ('expose_email', 'false', 'people see each other''s address');
INSERT INTO confab.setting VALUES ('login_days', '30', 'how long a log-in lasts');
INSERT INTO confab.setting VALUES ('log_days', '7', 'how long dispatches are kept for streams that come back');
INSERT INTO confab.setting VALUES ('notifications', 'false', 'a stream begins with chat.notifications');
SELECT pg_catalog.setval('confab.account_id_seq', 2, true);
SELECT pg_catalog.setval('confab.log_seq', 3, true);
SELECT pg_catalog.setval('confab.login_id_seq', 1, false);
ALTER TABLE ONLY confab.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.epoch
    ADD CONSTRAINT epoch_one_key UNIQUE (one);
ALTER TABLE ONLY confab.epoch
    ADD CONSTRAINT epoch_pkey PRIMARY KEY (epoch);
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
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (room_id, account_id);
ALTER TABLE ONLY confab.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (room_id, seq);
ALTER TABLE ONLY confab.room
    ADD CONSTRAINT room_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (name);
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY confab.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);
CREATE UNIQUE INDEX account_username_key ON confab.account USING btree (lower(username));
CREATE INDEX login_account_idx ON confab.login USING btree (account_id);
CREATE INDEX member_account_idx ON confab.member USING btree (account_id);
CREATE UNIQUE INDEX message_client_id_key ON confab.message USING btree (sender_id, client_id) WHERE (client_id IS NOT NULL);
CREATE UNIQUE INDEX message_id_key ON confab.message USING btree (id);
CREATE UNIQUE INDEX room_pair_key ON confab.room USING btree (pair) WHERE (pair IS NOT NULL);
CREATE INDEX session_account_idx ON confab.session USING btree (account_id);
CREATE INDEX session_login_idx ON confab.session USING btree (login_id);
CREATE INDEX session_process_idx ON confab.session USING btree (process);
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_0_pkey;
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_1_pkey;
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_2_pkey;
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_3_pkey;
ALTER INDEX confab.log_pkey ATTACH PARTITION confab.log_4_pkey;
ALTER TABLE ONLY confab.login
    ADD CONSTRAINT login_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.member
    ADD CONSTRAINT member_room_id_fkey FOREIGN KEY (room_id) REFERENCES confab.room(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.room
    ADD CONSTRAINT room_creator_id_fkey FOREIGN KEY (creator_id) REFERENCES confab.account(id);
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES confab.account(id) ON DELETE CASCADE;
ALTER TABLE ONLY confab.session
    ADD CONSTRAINT session_login_id_fkey FOREIGN KEY (login_id) REFERENCES confab.login(id) ON DELETE CASCADE;
GRANT USAGE ON SCHEMA confab TO confab_command;
GRANT USAGE ON SCHEMA confab TO confab_session;
GRANT USAGE ON SCHEMA confab TO confab_stream;
REVOKE ALL ON FUNCTION confab.account_change_password(p_account bigint, p_password_hash text) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.account_create(p_username text, p_password_hash text, p_profile jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.account_disable(p_account bigint, p_disabled boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.account_ids_value(p_value jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.account_register(p_username text, p_password_hash text, p_profile jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.account_register(p_username text, p_password_hash text, p_profile jsonb) TO confab_session;
REVOKE ALL ON FUNCTION confab.account_set_password_hash(p_account bigint, p_password_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.account_set_password_hash(p_account bigint, p_password_hash text) TO confab_session;
REVOKE ALL ON FUNCTION confab.authenticate(p_token_hash bytea, p_session uuid, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.authenticate(p_token_hash bytea, p_session uuid, p_idempotency_key text) TO confab_command;
REVOKE ALL ON FUNCTION confab.boolean_value(p_data jsonb, p_field text, p_default boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.capacity_value(p_data jsonb, p_field text, p_default bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.command_list() FROM PUBLIC;
GRANT ALL ON FUNCTION confab.command_list() TO confab_command;
REVOKE ALL ON FUNCTION confab.creator_json(r confab.room) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.fail(p_code integer, p_detail jsonb, p_beside jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.fail_field(p_field text, p_sentence text) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.fail_not_found() FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.fail_validation(p_sentence text, p_beside jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.log_draw() FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.log_floor() FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.log_holders() FROM PUBLIC;
GRANT ALL ON FUNCTION confab.log_holders() TO confab_stream;
REVOKE ALL ON FUNCTION confab.log_holds() FROM PUBLIC;
GRANT ALL ON FUNCTION confab.log_holds() TO confab_stream;
REVOKE ALL ON FUNCTION confab.log_maintain() FROM PUBLIC;
GRANT ALL ON FUNCTION confab.log_maintain() TO confab_stream;
REVOKE ALL ON FUNCTION confab.log_partition_create(p_first bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.log_probe() FROM PUBLIC;
GRANT ALL ON FUNCTION confab.log_probe() TO confab_stream;
REVOKE ALL ON FUNCTION confab.log_read(p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.log_read(p_after bigint, p_limit integer) TO confab_stream;
REVOKE ALL ON FUNCTION confab.log_state() FROM PUBLIC;
GRANT ALL ON FUNCTION confab.log_state() TO confab_stream;
REVOKE ALL ON FUNCTION confab.log_write(p_seq bigint, p_room uuid, p_accounts bigint[], p_event text, p_data json, p_effect json) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.login_create(p_account bigint, p_token_hash bytea, p_user_agent text, p_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.login_create(p_account bigint, p_token_hash bytea, p_user_agent text, p_address text) TO confab_session;
REVOKE ALL ON FUNCTION confab.login_credentials(p_username text) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.login_credentials(p_username text) TO confab_session;
REVOKE ALL ON FUNCTION confab.login_end(p_token_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.login_end(p_token_hash bytea) TO confab_session;
REVOKE ALL ON FUNCTION confab.login_find(p_token_hash bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.login_whoami(p_token_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.login_whoami(p_token_hash bytea) TO confab_session;
REVOKE ALL ON FUNCTION confab.logins_end(p_account bigint, p_logins bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.may(p_action text, p_room confab.room, p_member confab.member) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_client_id(p_caller confab.caller, p_data jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_content(p_data jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_exists_newer(p_room uuid, p_seq bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_exists_older(p_room uuid, p_seq bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_json(m confab.message, a confab.account) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_page_newer(p_room uuid, p_seq bigint, p_limit bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_page_older(p_room uuid, p_seq bigint, p_limit bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_repeat(p_account bigint, p_client_id text, p_room uuid, p_content text) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.message_send(p_caller confab.caller, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.message_send(p_caller confab.caller, p_data jsonb) TO confab_command;
REVOKE ALL ON FUNCTION confab.messages_json(p_room uuid, p_messages confab.message[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.messages_keyset(p_room uuid, p_data jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.messages_paginated(p_room uuid, p_paginate jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.notifications_json(p_account bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.page_number(p_value jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.reply_text(p_event text, p_data json) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.ring() FROM PUBLIC;
GRANT ALL ON FUNCTION confab.ring() TO confab_command;
GRANT ALL ON FUNCTION confab.ring() TO confab_session;
REVOKE ALL ON FUNCTION confab.room_create(p_caller confab.caller, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.room_create(p_caller confab.caller, p_data jsonb) TO confab_command;
REVOKE ALL ON FUNCTION confab.room_create_named(p_account bigint, p_data jsonb, p_room confab.room) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.room_create_one_to_one(p_account bigint, p_data jsonb, p_room confab.room) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.room_detail_json(r confab.room) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.room_for(p_account bigint, p_room uuid, p_action text) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.room_info(p_caller confab.caller, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.room_info(p_caller confab.caller, p_data jsonb) TO confab_command;
REVOKE ALL ON FUNCTION confab.room_insert(p_room confab.room, p_members bigint[], p_admins bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.room_item_json(r confab.room, p_account bigint, p_last json, p_unread bigint, p_last_read bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.room_list(p_caller confab.caller, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.room_list(p_caller confab.caller, p_data jsonb) TO confab_command;
REVOKE ALL ON FUNCTION confab.room_messages(p_caller confab.caller, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.room_messages(p_caller confab.caller, p_data jsonb) TO confab_command;
REVOKE ALL ON FUNCTION confab.room_preferences(p_extra jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.seq_value(p_data jsonb, p_field text) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.session_heartbeat(p_caller confab.caller, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.session_heartbeat(p_caller confab.caller, p_data jsonb) TO confab_command;
REVOKE ALL ON FUNCTION confab.setting_value(p_name text) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.stream_close(p_sessions uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.stream_close(p_sessions uuid[]) TO confab_stream;
REVOKE ALL ON FUNCTION confab.stream_open(p_token_hash bytea, p_session uuid, p_transport text, p_user_agent text, p_address text, p_process text) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.stream_open(p_token_hash bytea, p_session uuid, p_transport text, p_user_agent text, p_address text, p_process text) TO confab_stream;
REVOKE ALL ON FUNCTION confab.stream_sweep(p_process text) FROM PUBLIC;
GRANT ALL ON FUNCTION confab.stream_sweep(p_process text) TO confab_stream;
REVOKE ALL ON FUNCTION confab.text_value(p_data jsonb, p_field text, p_limit integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.time_text(p_moment timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.user_json(a confab.account, p_own boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.users_json(p_ids bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION confab.uuid_value(p_value jsonb, p_field text) FROM PUBLIC;
