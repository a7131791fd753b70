-- The table of commands. Existing rows, including the operator's own, stay as they are; only missing ones are added.
insert into confab.command (name, function, rich_text, rings, rate_class) values
  ('message.send',         'confab.message_send',         '{content}',              true,  'send'),
  ('message.acknowledged', 'confab.message_acknowledged', '{}',                     true,  'receipt'),
  ('message.read',         'confab.message_read',         '{}',                     true,  'receipt'),
  ('message.react',        'confab.message_react',        '{}',                     true,  'receipt'),
  ('message.typing',       'confab.message_typing',       '{}',                     false, 'receipt'),
  ('message.modify',       'confab.message_modify',       '{extra_fields.content}', true,  'other'),
  ('message.pin',          'confab.message_pin',          '{}',                     true,  'other'),
  ('message.history',      'confab.message_history',      '{}',                     false, 'other'),
  ('message.search',       'confab.message_search',       '{}',                     false, 'search'),
  ('direct.people',        'confab.direct_people',        '{}',                     false, 'room'),
  ('direct.messages',      'confab.direct_messages',      '{}',                     false, 'room'),
  ('direct.message',       'confab.direct_message',       '{}',                     false, 'room'),
  ('direct.send',          'confab.direct_send',          '{}',                     true,  'send'),
  ('direct.tell',          'confab.direct_tell',          '{}',                     true,  'send'),
  ('room.create',          'confab.room_create',          '{}',                     true,  'room'),
  ('room.list',            'confab.room_list',            '{}',                     false, 'room'),
  ('room.info',            'confab.room_info',            '{}',                     false, 'room'),
  ('room.members',        'confab.room_members',         '{}',                     false, 'room'),
  ('room.permissions',     'confab.room_permissions',     '{}',                     false, 'room'),
  ('room.messages',        'confab.room_messages',        '{}',                     false, 'room'),
  ('room.pins',            'confab.room_pins',            '{}',                     false, 'room'),
  ('room.read',            'confab.room_read',            '{}',                     true,  'receipt'),
  ('room.join',            'confab.room_join',            '{}',                     true,  'room'),
  ('room.leave',           'confab.room_leave',           '{}',                     true,  'room'),
  ('room.add_members',     'confab.room_add_members',     '{}',                     true,  'room'),
  ('room.remove_members',  'confab.room_remove_members',  '{}',                     true,  'room'),
  ('room.modify',          'confab.room_modify',          '{}',                     true,  'room'),
  ('room.invite',          'confab.room_invite',          '{}',                     false, 'room'),
  ('room.invites',         'confab.room_invites',         '{}',                     false, 'room'),
  ('room.revoke_invite',   'confab.room_revoke_invite',   '{}',                     false, 'room'),
  ('room.request',         'confab.room_request',         '{}',                     true,  'room'),
  ('room.requests',        'confab.room_requests',        '{}',                     false, 'room'),
  ('room.answer',          'confab.room_answer',          '{}',                     true,  'room'),
  ('session.heartbeat',    'confab.session_heartbeat',    '{}',                     false, 'other'),
  ('session.list',         'confab.session_list',         '{}',                     false, 'other'),
  ('session.end',          'confab.session_end',          '{}',                     true,  'other'),
  ('presence.subscribe',   'confab.presence_subscribe',   '{}',                     false, 'other'),
  ('presence.unsubscribe', 'confab.presence_unsubscribe', '{}',                     false, 'other'),
  ('user.list',            'confab.user_list',            '{}',                     false, 'other'),
  ('user.block',           'confab.user_block',           '{}',                     false, 'other'),
  ('user.unblock',         'confab.user_unblock',         '{}',                     false, 'other'),
  ('user.blocked',         'confab.user_blocked',         '{}',                     false, 'other'),
  ('user.export',          'confab.user_export',          '{}',                     false, 'search'),
  ('user.erase',           'confab.user_erase',           '{}',                     true,  'other')
on conflict (name) do nothing;

-- setting_list(): the settings there are, the value of each that nobody has changed, and what it can be.
create or replace function confab.setting_list()
returns table (name text, value text, kind text, lowest bigint, highest bigint, help text) language sql immutable as $$
  values
    ('allow_register', 'false', 'switch', null::bigint, null::bigint,
     'anybody may make an account with POST session/register'),
    ('enable_notification', 'true', 'switch', null, null,
     'a stream begins with chat.notifications'),
    ('message_soft_delete', 'false', 'switch', null, null,
     'deleted messages stay in the tables, out of sight'),
    ('inactivity_threshold', '60', 'number', 60, 86400,
     'seconds after its last request that a chain of long-polls has ended, 60 or more'),
    ('expose_email', 'false', 'switch', null, null,
     'people see each other''s address'),
    ('rich_text_class_id', 'false', 'switch', null, null,
     'rich text keeps class and id'),
    ('max_content', '100000', 'number', 1, 16000000,
     'characters of a message, as it is stored'),
    ('max_participants', '100', 'number', 1, 1000000000,
     'members of a new group that says nothing else'),
    ('max_subscribers', '300', 'number', 1, 1000000000,
     'members of a new channel that says nothing else'),
    ('messages_to_load', '15', 'number', 1, 100,
     'messages on a page of the message centre'),
    ('message_fields', '[]', 'names', null, null,
     'names of custom message fields, taken from extra_fields'),
    ('account_log_bytes', '6000000', 'number', 0, 1000000000000000,
     'bytes that one account may cause to be logged in a minute; 0: any number'),
    ('account_told_bytes', '300000000', 'number', 0, 1000000000000000,
     'the same, times those who are told'),
    ('add_strangers', 'true', 'switch', null, null,
     'people add others to rooms with whom they share none; off: they invite them'),
    ('list_people', 'true', 'switch', null, null,
     'people find everybody with user.list; off: those with whom they share a room'),
    ('visitors_list_people', 'false', 'switch', null, null,
     'the same of those who are known by a token of the host application alone'),
    ('erase_messages', 'false', 'switch', null, null,
     'what an erased account has said goes; off: it stays without a name'),
    ('rooms_per_day', '1000', 'number', 0, 1000000000,
     'rooms that one account may make in a day; 0: any number'),
    ('strangers_per_day', '100', 'number', 0, 1000000000,
     'rooms a day that strangers may put one account into; 0: any number'),
    ('integer_subjects', '""', 'text', null, null,
     'the issuer whose subjects are numbers: they are the ids of its accounts'),
    ('host_issuer', '""', 'text', null, null,
     'the issuer whose subjects are those of the view confab_site.host_user'),
    ('push_delay', '10', 'number', 0, 86400,
     'seconds that a message waits to be seen before a push service gets it'),
    ('login_days', '30', 'number', 1, 36500,
     'how long a log-in lasts'),
    ('log_days', '7', 'number', 1, 36500,
     'how long dispatches are kept for streams that come back'),
    ('message_days', '0', 'number', 0, 36500,
     'how long messages are kept, where the room has no days of its own; 0: for ever')
$$;

insert into confab.setting (name, value, help) select s.name, s.value::jsonb, s.help from confab.setting_list() s
on conflict (name) do update set help = excluded.help;

insert into confab.epoch (epoch) select substr(md5(random()::text), 1, 8) where not exists (select from confab.epoch);

-- setting_fits(kind, lowest, highest, value): whether a setting of a kind may have the value.
create or replace function confab.setting_fits(p_kind text, p_lowest bigint, p_highest bigint, p_value jsonb)
returns boolean language sql immutable as $$
  select coalesce(case p_kind
    when 'switch' then jsonb_typeof(p_value) = 'boolean'
    when 'number' then jsonb_typeof(p_value) = 'number' and p_value::text ~ '^-?[0-9]+$'
      and p_value::numeric between p_lowest and p_highest
    when 'text' then jsonb_typeof(p_value) = 'string'
    when 'names' then jsonb_typeof(p_value) = 'array'
      and not jsonb_path_exists(p_value, 'strict $[*] ? (@.type() != "string")')
    else p_value is not null end, false)
$$;

-- setting_change(name, value): changes a setting that there is; null, or a sentence about a value that does not fit.
-- Writes: setting.
create or replace function confab.setting_change(p_name text, p_value text)
returns text language plpgsql as $$
declare
  v_rule record;
  v_value jsonb;
begin
  begin
    v_value := p_value::jsonb;
  exception when data_exception then
    v_value := null;  -- no JSON, which fits nothing
  end;
  select s.name, r.kind, r.lowest, r.highest into v_rule
  from confab.setting s left join confab.setting_list() r on r.name = s.name where s.name = p_name;
  if not found then
    return null;
  elsif not confab.setting_fits(v_rule.kind, v_rule.lowest, v_rule.highest, v_value) then
    return format('%s takes %s, not %s', p_name, case v_rule.kind
      when 'switch' then 'true or false'
      when 'number' then format('a whole number from %s to %s', v_rule.lowest, v_rule.highest)
      when 'text' then 'a text in double quotes'
      when 'names' then 'a list of names, like ["colour"]'
      else 'JSON' end, left(p_value, 100));
  end if;
  update confab.setting set value = v_value where name = p_name;
  return null;
end $$;

-- hook(when, command): the operator's function before_… or after_… a command (message.send:
-- confab_site.before_message_send), or null.
create or replace function confab.hook(p_when text, p_command text)
returns regprocedure language sql stable as $$
  select to_regprocedure(format('confab_site.%s_%s(confab.caller, jsonb%s)', p_when, replace(p_command, '.', '_'),
                                case p_when when 'after' then ', confab.outcome' else '' end))
  where p_command ~ '^[a-z0-9_.]{1,50}$'
$$;

-- command_text(command, caller, data): the statement that executes a command. caller: what yields the caller, an item
-- of "from"; data: the place of the data, such as $4.
--   before_… (caller, data) returns jsonb: other data, or an error;  after_… (caller, data, outcome) returns
--     confab.outcome
create or replace function confab.command_text(c confab.command, p_caller text, p_data text)
returns text language plpgsql stable as $$
declare
  v_before regprocedure := confab.hook('before', c.name);
  v_after regprocedure := confab.hook('after', c.name);
  v_data text := case when v_before is null then p_data || '::jsonb' else 'd.data' end;
begin
  return 'select ' || case when v_after is null then 'o' else 'h' end || '.* from ' || p_caller || ' c'
    || case when v_before is null then ''
      else format(' cross join lateral (select %s(c, %s::jsonb) as data offset 0) d', v_before::regproc, p_data) end
    || format(' cross join lateral %s(c, %s) o', c.function, v_data)
    || case when v_after is null then '' else format(' cross join lateral %s(c, %s, o) h', v_after::regproc,
                                                     v_data) end;
end $$;

-- command_statement(command): the one statement that executes a command for a program: $1 token hash, $2 session, $3
-- Idempotency-Key, $4 data.
create or replace function confab.command_statement(c confab.command)
returns text language sql stable as $$
  select confab.command_text(c, 'confab.authenticate($1::bytea, $2::uuid, $3::text)', '$4')
$$;

-- command_run(name, caller, data): executes a command as a step of another one, with everything that an operator has
-- put around it. Raises 4003 when it is disabled.
create or replace function confab.command_run(p_name text, p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql set search_path = '' as $$
declare
  v_command confab.command;
  v_outcome confab.outcome;
begin
  select * into v_command from confab.command where name = p_name and enabled;
  if not found then
    perform confab.fail_validation(format('%s is switched off.', p_name));
  end if;
  execute confab.command_text(v_command, 'unnest(array[$1])', '$2') into v_outcome using p_caller, p_data;
  return v_outcome;
end $$;

-- command_list(): the commands, their statements and limits, and whether rich text keeps class and id.
create or replace function confab.command_list()
returns table (name text, statement text, rich_text text[], rings boolean, keep_class_id boolean, rate_class text)
language sql stable security definer set search_path = '' as $$
  select c.name, confab.command_statement(c), c.rich_text, c.rings, confab.setting_on('rich_text_class_id'),
    c.rate_class
  from confab.command c where c.enabled order by c.name
$$;

-- command_stamp(): changes when the result of command_list() changes, or when an operator's function that replaces one
-- of ours does.
create or replace function confab.command_stamp()
returns text language sql stable security definer set search_path = '' as $$
  select md5(concat_ws(' ',
    (select string_agg(c.name || c.xmin, ',' order by c.name) from confab.command c),
    (select s.xmin::text from confab.setting s where s.name = 'rich_text_class_id'),
    (select string_agg(p.oid || ':' || p.xmin, ',' order by p.oid) from pg_proc p
     where p.pronamespace = 'confab_site'::regnamespace)))
$$;

select confab.log_maintain();
