-- Words are found without regard to accents: letters without their marks, and those that have none to lose as they are
-- written elsewhere. Not the extension unaccent: it is not everywhere, and its rules are files that may change under an
-- index.
create function confab.folded_text(p_text text)
returns text language sql immutable parallel safe as $$
  select case when octet_length(p_text) = length(p_text) then p_text
    else normalize(regexp_replace(normalize(
      translate(replace(replace(replace(replace(replace(replace(p_text,
        'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'øØłŁđĐı', 'oOlLdDi'),
      nfd), '[\u0300-\u036f]', '', 'g'), nfc) end
$$;

create or replace function confab.search_vector(p_room uuid, p_content text)
returns tsvector language plpgsql immutable parallel safe as $$
begin
  return array_to_tsvector(array['room:' || p_room]) || to_tsvector('pg_catalog.simple',
    left(confab.spaced_text(confab.folded_text(confab.plain_text(left(p_content, 20000)))), 20000));
end $$;
reindex index confab.message_search_idx;
