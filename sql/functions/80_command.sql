-- The commands there are. An operator's own rows stay: only what is missing is added.
insert into confab.command (name, function, rich_text, rings) values
  ('message.send',      'confab.message_send',      '{content}', true),
  ('room.create',       'confab.room_create',       '{}',        true),
  ('room.list',         'confab.room_list',         '{}',        false),
  ('room.info',         'confab.room_info',         '{}',        false),
  ('room.messages',     'confab.room_messages',     '{}',        false),
  ('session.heartbeat', 'confab.session_heartbeat', '{}',        false)
on conflict (name) do nothing;

insert into confab.setting (name, value, help) values
  ('allow_register', 'false', 'anybody may make an account with POST session/register'),
  ('notifications',  'true',  'a stream begins with chat.notifications'),
  ('expose_email',   'false', 'people see each other''s address'),
  ('login_days',     '30',    'how long a log-in lasts'),
  ('log_days',       '7',     'how long dispatches are kept for streams that come back')
on conflict (name) do update set help = excluded.help;

insert into confab.epoch (epoch) select substr(md5(random()::text), 1, 8) where not exists (select from confab.epoch);

-- command_list(): the commands and the statement that carries each out: $1 token hash, $2 session, $3 Idempotency-Key, $4 data.
create or replace function confab.command_list()
returns table (name text, statement text, rich_text text[], rings boolean)
language sql stable security definer set search_path = '' as $$
  select c.name,
         format('select o.reply, o.dispatch, o.seq from %s(confab.authenticate($1::bytea, $2::uuid, $3::text), $4::jsonb) o', c.function),
         c.rich_text, c.rings
  from confab.command c where c.enabled order by c.name
$$;

select confab.log_maintain();
