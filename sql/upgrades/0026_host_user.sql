-- People of the host application, read from a view of the operator: pictures and who is staff.
alter table confab.account
  add column avatar text not null default '',
  add column is_staff boolean not null default false;
-- How far the last look at the view has come.
create table confab.host_progress (
  is_only boolean primary key default true check (is_only),
  after text not null default ''
);
-- Subjects of erased accounts, as SHA-256: the view must not bring these people back.
create table confab.erased_subject (
  hash bytea primary key,
  erased_at timestamptz not null default now()
);
-- What somebody erases is in no sample of the planner either.
alter table confab.account alter column avatar set statistics 0;
alter table confab.host_progress alter column after set statistics 0;
alter table confab.erased_subject alter column hash set statistics 0;
