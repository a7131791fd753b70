-- Thin streams carry the messages of one-to-one chats alone: the row of such a message names the other side.
alter table confab.log add column recipient_id bigint;
drop function if exists confab.log_read(bigint, int), confab.log_read_back(bigint, int);
