-- Which database the log is in: another one, or an older state of the same, continues no cursor.
alter table confab.epoch add column fingerprint text;
-- It returns more now.
drop function if exists confab.log_read(bigint, int);
