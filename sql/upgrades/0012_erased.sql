-- What an account has used of something that is limited, since when. Lost in a crash, and no harm done.
create unlogged table confab.budget (
  account_id bigint not null,
  kind text not null,
  since timestamptz not null default now(),
  used bigint not null,
  primary key (account_id, kind)
);

-- Messages that were deleted for good, until nothing that was stored of them elsewhere is left.
create table confab.erased_message (
  id uuid primary key,
  erased_at timestamptz not null default now()
);
create index log_message_ids_idx on confab.log using gin (message_ids) with (gin_pending_list_limit = 64);
create index message_forwarded_idx on confab.message (((forwarded_from ->> 'id')::uuid))
  where forwarded_from is not null;

-- Up to where the log was gone through for what it says of an erased room.
alter table confab.erased_room add column swept_seq bigint not null default 0;

-- The log is kept from here on; what is older goes row by row, where a partition is too large to be dropped yet.
create table confab.log_trimmed (
  seq bigint not null,
  one boolean not null default true unique check (one)
);
insert into confab.log_trimmed (seq) values (0);
