-- Uploads. A file is stored once for all who upload it: confab.media_content is a file in media_dir, confab.media what somebody uploaded.

create table confab.media_content (
  id bigint generated always as identity primary key,  -- part of the file's name: what is stored again never meets the removal of what was there before
  hash bytea not null check (length(hash) = 32),       -- SHA-256
  size bigint not null check (size >= 0),
  doomed_at timestamptz                                -- nothing needs it any more: the file goes, then the row
);
create unique index media_content_hash_key on confab.media_content (hash) where doomed_at is null;
create index media_content_doomed_idx on confab.media_content (doomed_at) where doomed_at is not null;

create table confab.media (
  id uuid primary key default gen_random_uuid(),
  account_id bigint references confab.account on delete set null,
  content_id bigint not null references confab.media_content,
  preview_id bigint references confab.media_content,
  size bigint not null,                -- that of the content, for the account's sum
  name text not null,
  media_type text not null,
  mime_type text not null,
  width int,
  height int,
  created_at timestamptz not null default now(),
  loose_since timestamptz default now()  -- no message carries it: since the upload, or -infinity when those that did are gone
);
create index media_account_idx on confab.media (account_id) include (size);
create index media_content_idx on confab.media (content_id);
create index media_preview_idx on confab.media (preview_id) where preview_id is not null;
create index media_loose_idx on confab.media (loose_since) where loose_since is not null;

alter table confab.attachment
  add column media_id uuid;              -- the upload that media_url stands for
create index attachment_media_idx on confab.attachment (media_id) where media_id is not null;
