-- Accounts that are erased, and how far the upkeep has come with what is left of them.
create table confab.erased_account (
  account_id bigint primary key references confab.account on delete cascade,
  username text not null,
  erased_at timestamptz not null default now(),
  place_room uuid not null default '00000000-0000-0000-0000-000000000000',
  place_seq bigint not null default 0,
  are_messages_done boolean not null default false,
  swept_seq bigint not null default 0
);
