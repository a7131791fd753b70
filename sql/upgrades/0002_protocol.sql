-- What the whole protocol needs beside the spine of 0001: receipts, reactions, attachments, replies and forwards, versions, mentions, pins, search,
-- invites and requests, blocks, presence, push, and what other programs post.

-- What stands in a message for a reader, without tags and references.
-- It and search_vector() are part of an index: whoever changes one of them makes the index anew in the same upgrade.
create function confab.plain_text(p_html text)
returns text language plpgsql immutable parallel safe as $$
begin
  if position('<' in p_html) > 0 then
    p_html := regexp_replace(regexp_replace(p_html, '<(br|/p|/li)[^>]*>', E'\n', 'g'), '<[^>]*>', '', 'g');
  end if;
  if position('&' in p_html) > 0 then
    p_html := replace(replace(replace(replace(replace(replace(p_html,
      '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&nbsp;', ' '), '&amp;', '&');
  end if;
  return p_html;
end $$;

-- Scripts that are written without spaces between words: each character is a word of its own, and a word a phrase of them.
create function confab.spaced_text(p_text text)
returns text language sql immutable parallel safe as $$
  -- Most text has none: the expression is costly, and asked of every message.
  select case when octet_length(p_text) = length(p_text) then p_text else regexp_replace(p_text, '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])', ' \1 ', 'g') end
$$;

-- The room is a word of its messages, so that one index answers for a few rooms among many. No language's stemming: any may be spoken.
create function confab.search_vector(p_room uuid, p_content text)
returns tsvector language plpgsql immutable parallel safe as $$
begin
  return array_to_tsvector(array['room:' || p_room]) || to_tsvector('pg_catalog.simple', left(confab.spaced_text(confab.plain_text(p_content)), 100000));
end $$;

alter table confab.room
  add column external_key text;       -- what another program knows it by
create unique index room_external_key on confab.room (external_key) where external_key is not null;

-- Receipts are rows of their own; these say up to where none is needed, so that nothing old is looked through again.
alter table confab.member
  add column last_acked_seq bigint not null default 0,      -- every message up to here is mine or was acknowledged
  add column reactions_seen_seq bigint not null default 0,  -- reactions to messages up to last_read_seq were seen up to here
  add column history_floor bigint not null default 0,       -- a one-to-one that was deleted: nothing up to here is shown
  add column hidden boolean not null default false;         -- and it is not listed until there is something newer

alter table confab.message
  add column parent_seq bigint,                             -- a reply to this message of the room
  add column forwarded_from jsonb,                          -- the origin as it was: a Message
  add column has_attachments boolean not null default false,
  add column has_mentions boolean not null default false,
  add column version int not null default 1,
  add column pinned_at timestamptz,
  add column custom jsonb,                                  -- the operator's own fields
  add constraint message_forwarded_or_reply check (forwarded_from is null or parent_seq is null);
create index message_pinned_idx on confab.message (room_id, pinned_at) where pinned_at is not null;
create index message_search_idx on confab.message using gin (confab.search_vector(room_id, content))
  with (gin_pending_list_limit = 64) where not is_deleted;  -- a small one: whoever empties it holds a number of the log
create statistics confab.message_search_words on (confab.search_vector(room_id, content)) from confab.message;  -- which words are common

create table confab.message_version (
  room_id uuid not null,
  seq bigint not null,
  version int not null,
  content text not null,
  created_at timestamptz not null,
  primary key (room_id, seq, version)
);

create table confab.attachment (
  room_id uuid not null,
  seq bigint not null,
  position smallint not null,
  id uuid not null default gen_random_uuid(),
  media_url text not null,
  media_type text not null,
  file_size bigint not null,
  mime_type text not null,
  caption text,
  metadata jsonb not null,
  primary key (room_id, seq, position)
);

create table confab.mention (
  account_id bigint not null,
  room_id uuid not null,
  seq bigint not null,
  primary key (account_id, room_id, seq)
);
create index mention_message_idx on confab.mention (room_id, seq);

-- What others did with a message, counted; made when the first of them does. Its lock puts in order what is told of one message.
create table confab.message_state (
  room_id uuid not null,
  seq bigint not null,
  delivered_count bigint not null default 0,
  read_count bigint not null default 0,
  reaction_counts jsonb not null default '{}',
  primary key (room_id, seq)
) with (fillfactor = 70);

-- One per reader and message: delivered, and perhaps read.
create table confab.receipt (
  room_id uuid not null,
  seq bigint not null,
  account_id bigint not null,
  acked_seq bigint not null,          -- number of the dispatch that told of it: what was stored before it was seen
  delivered_at timestamptz not null default now(),
  read_at timestamptz,
  primary key (room_id, seq, account_id)
);

create table confab.reaction (
  room_id uuid not null,
  seq bigint not null,                -- of the message
  account_id bigint not null,
  id uuid not null default gen_random_uuid(),
  content text not null,
  log_seq bigint not null,            -- number of its dispatch
  created_at timestamptz not null default now(),
  primary key (room_id, seq, account_id)
);
create index reaction_log_idx on confab.reaction (room_id, log_seq);

create table confab.invite (
  id bigint generated always as identity primary key,
  room_id uuid not null references confab.room on delete cascade,
  creator_id bigint not null references confab.account on delete cascade,
  secret_hash bytea not null unique,  -- SHA-256
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  max_uses bigint,
  uses bigint not null default 0
);
create index invite_room_idx on confab.invite (room_id);

create table confab.join_request (
  room_id uuid not null references confab.room on delete cascade,
  account_id bigint not null references confab.account on delete cascade,
  reason text,
  created_at timestamptz not null default now(),
  primary key (room_id, account_id)
);
create index join_request_account_idx on confab.join_request (account_id);

create table confab.block (
  account_id bigint not null references confab.account on delete cascade,
  blocked_id bigint not null references confab.account on delete cascade,
  created_at timestamptz not null default now(),
  primary key (account_id, blocked_id)
);
create index block_blocked_idx on confab.block (blocked_id);

-- Rooms that are gone, until all that was in them is.
create table confab.erased_room (
  room_id uuid primary key,
  erased_at timestamptz not null default now()
);

alter table confab.session
  add column idle_since timestamptz;  -- the person is away from the keyboard

-- A delivering program that is alive says so every few seconds; its sessions go with it.
create table confab.process (
  name text primary key,
  alive_at timestamptz not null default now()
);

-- What was last told of a person.
create table confab.presence (
  account_id bigint primary key,
  status text not null check (status in ('online', 'idle', 'offline')),
  last_seen timestamptz not null default now()
);

-- Which streams want to know about whom: a person, or everybody in a room.
create table confab.presence_subscription (
  session_id uuid not null,
  account_id bigint,
  room_id uuid,
  check (num_nonnulls(account_id, room_id) = 1)
);
create unique index presence_subscription_account_key on confab.presence_subscription (account_id, session_id) where account_id is not null;
create unique index presence_subscription_room_key on confab.presence_subscription (room_id, session_id) where room_id is not null;
create index presence_subscription_session_idx on confab.presence_subscription (session_id);

-- When somebody was last let through as typing.
create unlogged table confab.typing (
  account_id bigint not null,
  room_id uuid not null,
  told_at timestamptz not null default now(),
  primary key (account_id, room_id)
);

-- Up to where the log was gone through for push services, and the fence at a hole in it (lib/log/tail.c has the rule); no row: there is none.
create table confab.push_position (
  seq bigint not null,
  fence bigint,
  holders text[],
  one boolean not null default true unique check (one)
);

-- What a push service has yet to deliver.
create table confab.push_job (
  id bigint generated always as identity primary key,
  account_id bigint not null,
  room_id uuid not null,
  seq bigint not null,                -- of the message
  log_seq bigint not null,            -- of what it is told of: the message, or a reaction to it
  notification_type text not null,
  due_at timestamptz not null,
  attempts int not null default 0
);
create index push_job_due_idx on confab.push_job (due_at);

-- What other programs asked for in transactions that have not committed yet: members for a room, or a message. Empty in between.
create table confab.deferred (
  id bigint generated always as identity primary key,
  room_id uuid not null,
  account_ids bigint[],
  is_new boolean,
  message_id uuid,
  sender_id bigint,
  content text,
  client_id text
);

create index account_username_prefix_idx on confab.account (lower(username) text_pattern_ops);

update confab.setting set name = 'enable_notification' where name = 'notifications';

-- Functions that are called otherwise now.
drop function if exists confab.room_for(bigint, uuid, text), confab.room_detail_json(confab.room),
  confab.room_item_json(confab.room, bigint, json, bigint, bigint),
  confab.message_json(confab.message, confab.account), confab.messages_json(uuid, confab.message[]),
  confab.message_page_older(uuid, bigint, bigint), confab.message_page_newer(uuid, bigint, bigint),
  confab.message_exists_older(uuid, bigint), confab.message_exists_newer(uuid, bigint),
  confab.messages_keyset(uuid, jsonb), confab.messages_paginated(uuid, jsonb), confab.command_list(), confab.room_preferences(jsonb);
