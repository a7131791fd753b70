-- Attempts at a password are counted by account and address together, and delayed; a browser that was logged in before
-- has a key of its own.
alter table confab.attempt add column next_at timestamptz not null default now();
drop function if exists confab.attempt_keys(text, text), confab.attempt_begin(text, text, int, int, int),
  confab.attempt_succeeded(text, text);

-- Browsers that were logged in to an account, by the SHA-256 of their cookie.
create table confab.device (
  token_hash bytea primary key,
  account_id bigint not null references confab.account on delete cascade,
  seen_at timestamptz not null default now()
);
create index device_account_idx on confab.device (account_id, seen_at);
