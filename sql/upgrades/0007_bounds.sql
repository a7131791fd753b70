-- Of a long message the beginning is found; whoever searches reads the text of every match again, to rank it.
create or replace function confab.search_vector(p_room uuid, p_content text)
returns tsvector language plpgsql immutable parallel safe as $$
begin
  return array_to_tsvector(array['room:' || p_room]) || to_tsvector('pg_catalog.simple', left(confab.spaced_text(confab.plain_text(left(p_content, 20000))), 20000));
end $$;
reindex index confab.message_search_idx;

-- Subscriptions end with their stream.
delete from confab.presence_subscription p where not exists (select from confab.session s where s.id = p.session_id);
alter table confab.presence_subscription add foreign key (session_id) references confab.session on delete cascade;

-- Functions that are called otherwise now, or not at all.
drop function if exists confab.message_repeat(bigint, text, uuid, text), confab.login_find(bytea),
  confab.stream_open(bytea, uuid, text, text, text, text), confab.presence_audience(bigint);
