-- By which of the limits of rate_… a command is counted.
alter table confab.command add column rate_class text not null default 'other'
  constraint command_rate_class_known check (rate_class in ('send', 'receipt', 'room', 'search', 'other'));
update confab.command set rate_class = case
  when name = 'message.send' then 'send'
  when name = 'message.search' then 'search'
  when name in ('message.acknowledged', 'message.read', 'message.react', 'message.typing', 'room.read') then 'receipt'
  when name like 'room.%' then 'room'
  else 'other' end;
drop function if exists confab.command_list();

-- The kinds of streams. lib/hub/transport.c has their other side.
create table confab.transport (
  name text primary key,
  resumable boolean not null,         -- it goes on from a cursor
  keeps_session boolean not null,     -- a session outlives one response
  ready_frame boolean not null        -- it begins with session.ready, whatever cursor it goes on from
);
insert into confab.transport (name, resumable, keeps_session, ready_frame) values
  ('websocket', true, false, true), ('sse', true, false, true), ('poll', true, true, false);
alter table confab.session drop constraint session_transport_check,
  add constraint session_transport_fkey foreign key (transport) references confab.transport;
