-- Indexes of a whole key hold all of it, in either order: whichever a plan takes that was made for small tables, it
-- finds one row.
drop index confab.member_account_idx;
create unique index member_account_idx on confab.member (account_id, room_id);
drop index confab.block_blocked_idx;
create index block_blocked_idx on confab.block (blocked_id, account_id);
