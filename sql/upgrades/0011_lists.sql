-- Whether a stream is one of a client that knows the reference alone (it did not ask for confab.v1).
alter table confab.session add column is_plain boolean not null default false;

drop function if exists confab.stream_open(bytea, uuid, text, text, text, text, boolean),
  confab.reply_text(text, json), confab.messages_json(confab.message[]), confab.page_json(uuid, confab.message[]),
  confab.messages_keyset(uuid, bigint, jsonb), confab.messages_paginated(uuid, bigint, jsonb);
