-- Rooms whose name, description, avatar or preferences were changed, until no row of the log has the old ones.
create table confab.changed_room (
  room_id uuid primary key references confab.room on delete cascade,
  changed_at timestamptz not null default now(),
  swept_seq bigint not null default 0
);
