-- The text of a new message may stand in a field of another name.
drop function if exists confab.message_content(jsonb);
