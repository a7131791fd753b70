-- A dispatch that waits for nothing but its number: all that costs anything is done before one is drawn
-- (sql/functions/log/log.sql).
create type confab.entry as (
  room_id uuid,
  account_ids bigint[],
  event text,                         -- null: an effect alone, nothing to deliver
  data json,
  effect json,
  message_ids uuid[]
);

-- The few among many.
create index member_admin_idx on confab.member (room_id, account_id) where role = 'admin';

-- Functions that are called otherwise now, or not at all.
drop function if exists confab.log_write(bigint, uuid, bigint[], text, json, json),
  confab.log_write_about(bigint, uuid, bigint, text, json, json), confab.members_json(uuid, text),
  confab.member_advance(bigint, uuid[]), confab.receipts_write(bigint, confab.message[], boolean, bigint),
  confab.receipts_tell(bigint, confab.message[], boolean, bigint, boolean), confab.logins_end(bigint, bigint[]);
