-- A room is looked for without its lock.
drop function if exists confab.room_find(jsonb, boolean);
