-- The error of a one-to-one depends on who asks.
drop function if exists confab.refuse_one_to_one(confab.room, text), confab.check_may_join(confab.room);
