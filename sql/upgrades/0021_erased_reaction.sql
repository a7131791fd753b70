-- Reactions that were taken back, until no row of the log shows them.
create table confab.erased_reaction (
  message_id uuid not null,
  content text not null,
  erased_at timestamptz not null default now(),
  primary key (message_id, content)
);
alter table confab.erased_reaction alter column content set statistics 0;
