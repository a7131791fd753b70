-- An avatar's upload is one that the caller may see.
drop function if exists confab.room_avatar_value(jsonb), confab.room_update(confab.room, jsonb);
