-- Rooms are listed by time.
drop function if exists confab.rooms_active(bigint, bigint, bigint);
