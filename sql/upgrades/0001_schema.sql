-- The tables. Business rules are functions (sql/functions); programs touch no table (sql/grants.sql).
--
-- Messages and the log have no foreign keys to rooms and accounts: checking them would lock the room's row for every message sent to it
-- (10-15 % of the throughput, measured), and a dispatch must not wait for anybody once its number is drawn (lib/log/tail.c says why).
-- Whoever deletes a room or an account deletes what belongs to it.

-- How many seconds, what is allowed: read when used, changed without a restart.
create table confab.setting (
  name text primary key,
  value jsonb not null,
  help text not null
);

-- One row: clients' cursors carry it. It changes when numbers may come again, as after a restore from a backup.
create table confab.epoch (
  epoch text primary key check (epoch ~ '^[A-Za-z0-9_-]{1,32}$'),
  one boolean not null default true unique check (one)
);

create table confab.account (
  id bigint generated always as identity primary key,
  username text not null,
  email text not null default '',
  first_name text not null default '',
  last_name text not null default '',
  password_hash text,                 -- argon2id; null: can't log in here
  disabled boolean not null default false,
  created_at timestamptz not null default now(),
  constraint account_username_form check (username ~ '^[[:alnum:]._-]{1,64}$' and username is nfc normalized)
);
create unique index account_username_key on confab.account (lower(username));

-- A log-in: a token that was given out. Only its SHA-256 is kept.
create table confab.login (
  id bigint generated always as identity primary key,
  account_id bigint not null references confab.account on delete cascade,
  token_hash bytea not null unique check (length(token_hash) = 32),
  user_agent text,
  address text,
  created_at timestamptz not null default now(),
  last_seen timestamptz not null default now(),
  expires_at timestamptz not null
);
create index login_account_idx on confab.login (account_id);

-- An open stream.
create table confab.session (
  id uuid primary key default gen_random_uuid(),
  account_id bigint not null references confab.account on delete cascade,
  login_id bigint references confab.login on delete cascade,
  transport text not null check (transport in ('websocket', 'sse', 'poll')),
  process text not null,              -- which program holds it
  user_agent text,
  address text,
  opened_at timestamptz not null default now(),
  last_seen timestamptz not null default now()
);
create index session_account_idx on confab.session (account_id);
create index session_login_idx on confab.session (login_id);
create index session_process_idx on confab.session (process);

create type confab.room_type as enum ('OneToOneChat', 'GroupChat', 'Channel');

create table confab.room (
  id uuid primary key default gen_random_uuid(),
  type confab.room_type not null,
  name text,
  description text,
  avatar text,
  creator_id bigint references confab.account,
  capacity bigint,                    -- max_participants, max_subscribers
  is_public boolean not null default false,
  join_approval_required boolean not null default false,
  group_locked boolean not null default false,
  preferences jsonb not null default '{}',
  pair bigint[],                      -- a one-to-one's two accounts, ascending
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint room_by_type check (case type
    when 'OneToOneChat' then name is null and capacity is null and pair is not null and cardinality(pair) = 2
    else length(name) between 1 and 64 and capacity >= 1 and pair is null end)
);
create unique index room_pair_key on confab.room (pair) where pair is not null;

-- Who is in a room, from the dispatch since_seq on.
create table confab.member (
  room_id uuid not null references confab.room on delete cascade,
  account_id bigint not null references confab.account on delete cascade,
  since_seq bigint not null,
  role text not null default 'member' check (role in ('member', 'admin')),  -- a channel's admins are its moderators
  grants text[] not null default '{}',
  last_read_seq bigint not null default 0,
  joined_at timestamptz not null default now(),
  primary key (room_id, account_id)
) with (fillfactor = 80);
create index member_account_idx on confab.member (account_id);

create table confab.message (
  room_id uuid not null,
  seq bigint not null,                -- that of its message.dispatch
  id uuid not null,
  sender_id bigint not null,
  content text not null,
  client_id text,
  is_deleted boolean not null default false,
  is_edited boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (room_id, seq)
);
create unique index message_id_key on confab.message (id);
create unique index message_client_id_key on confab.message (sender_id, client_id) where client_id is not null;

-- The log: every stored dispatch in one total order. How it is numbered and read: lib/log/tail.c.
create sequence confab.log_seq as bigint cache 1 no cycle;

create table confab.log (
  seq bigint not null,
  room_id uuid,                       -- audience: the members of this room, and
  account_ids bigint[],               -- these accounts
  effect json,                        -- what delivering programs apply: joined, departed (before), room_deleted, ended_logins (after)
  payload text,                       -- the dispatch as it goes over the wire; null: nothing to deliver
  created_at timestamptz not null default now(),
  primary key (seq)
) partition by range (seq);

-- The partitions that exist, each of a million numbers.
create table confab.log_partition (
  first_seq bigint primary key,
  name text not null
);

-- What a client may ask. An operator adds, replaces and disables commands here.
create table confab.command (
  name text primary key,
  function regproc not null,          -- (confab.caller, jsonb) returns confab.outcome
  rich_text text[] not null default '{}',  -- fields of data that are sanitised
  rings boolean not null default true,     -- it may append to the log
  enabled boolean not null default true
);

-- Who calls a command, by what.
create type confab.caller as (
  account_id bigint,
  login_id bigint,
  session_id uuid,
  idempotency_key text
);

-- What a command answers: a reply for the caller alone, or the stored dispatch the caller is owed.
create type confab.outcome as (
  reply text,
  dispatch text,
  seq bigint
);
