-- Who comes from elsewhere, what opens a stream once, new passwords, and attempts at old ones.

-- Whom the host application or the web server vouches for, and the account that is theirs.
create table confab.external_identity (
  issuer text not null,               -- 'jwt:' and the token's iss, or 'remote_user'
  subject text not null,
  account_id bigint not null references confab.account on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index external_identity_account_idx on confab.external_identity (account_id);

-- Where a log-in comes from; null: a password.
alter table confab.login add column issuer text;

-- Tokens of the host application that were logged out. They would be good until they expire, for nobody can call them back.
create table confab.ended_token (
  token_hash bytea primary key,
  expires_at timestamptz not null
);
create index ended_token_expires_idx on confab.ended_token (expires_at);

-- A ticket opens one stream of a log-in. Only its SHA-256 is kept.
create table confab.ticket (
  ticket_hash bytea primary key check (length(ticket_hash) = 32),
  login_id bigint not null references confab.login on delete cascade,
  expires_at timestamptz not null
);
create index ticket_login_idx on confab.ticket (login_id);
create index ticket_expires_idx on confab.ticket (expires_at);

-- A link that was sent to somebody who forgot the password.
create table confab.password_reset (
  token_hash bytea primary key check (length(token_hash) = 32),
  account_id bigint not null references confab.account on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index password_reset_account_idx on confab.password_reset (account_id);
create index account_email_idx on confab.account (lower(email)) where email <> '';

-- Failed attempts at a password, per account and per address. Lost in a crash, and no harm done.
create unlogged table confab.attempt (
  key bytea primary key,
  failures int not null,
  ends_at timestamptz not null
);
create index attempt_ends_idx on confab.attempt (ends_at);
