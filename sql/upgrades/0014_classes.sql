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
  keeps_session boolean not null -- a session outlives one response
);
insert into confab.transport (name, keeps_session) values ('websocket', false), ('sse', false), ('poll', true);
alter table confab.session drop constraint session_transport_check,
  add constraint session_transport_fkey foreign key (transport) references confab.transport;
