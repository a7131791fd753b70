-- How long messages are kept, and where the upkeep that sees to it has come to.

-- Of rooms that have something to be said about; the others go by the setting message_days.
create table confab.retention (
  room_id uuid primary key references confab.room on delete cascade,
  keep_days numeric constraint retention_keep_days_form check (keep_days >= 0),  -- the operator's; 0: for ever; null: the setting
  expired_seq bigint not null default 0                                          -- every message up to here is gone
);
create index retention_keep_days_idx on confab.retention (room_id) where keep_days is not null;

-- Work that is done in small steps: the last thing that was done.
create table confab.upkeep (
  name text primary key,
  place uuid not null
);
