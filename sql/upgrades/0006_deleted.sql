-- What was deleted is not told again from the log: each row says which messages its payload shows (sql/functions/log/deleted.sql).
-- Null: not said, as in rows from before; it is looked for in the payload then.
alter table confab.log add column message_ids uuid[];

-- Functions that are called otherwise, or return something else now.
drop function if exists confab.log_read(bigint, int), confab.log_read_back(bigint, int), confab.log_write_about(bigint, uuid, bigint, text, json), confab.room_expire(uuid, numeric, int);
