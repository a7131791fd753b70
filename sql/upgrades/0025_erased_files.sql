-- The uploads of an erased account: others may have passed them on, and the log keeps their names then. They are known
-- here because the rows of the uploads go before the log is looked through.
alter table confab.erased_account add column media_ids uuid[] not null default '{}';
drop function if exists confab.person_redacted(jsonb, text, bigint, text, text),
  confab.message_redact(confab.message, bigint, text, text);
