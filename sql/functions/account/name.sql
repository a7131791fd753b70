-- User names: allowed characters, and names that look alike (Unicode Technical Standard 39).

-- names_load(ranges, confusables): loads the data that `confab upgrade` takes from ICU.
--   ranges       [[first, last, whether these are marks]]: the characters that user names may have
--   confusables  {letter: the letters that it looks like}
-- Writes: name_range, confusable, account.skeleton.
create or replace function confab.names_load(p_ranges jsonb, p_confusables jsonb)
returns void language plpgsql as $$
begin
  delete from confab.name_range;
  delete from confab.confusable;
  insert into confab.name_range select (r ->> 0)::int, (r ->> 1)::int, (r ->> 2)::boolean
  from jsonb_array_elements(p_ranges) r;
  insert into confab.confusable select key, value from jsonb_each_text(p_confusables);
  update confab.account set skeleton = confab.name_skeleton(username)
  where skeleton is distinct from confab.name_skeleton(username);
end $$;

-- name_skeleton(name): the form that similar names share, in lower case.
create or replace function confab.name_skeleton(p_name text)
returns text language sql stable as $$
  select lower(normalize(string_agg(coalesce(c.looks_like, x.letter), '' order by x.n), nfd))
  from regexp_split_to_table(normalize(normalize(p_name, nfkc), nfd), '') with ordinality x (letter, n)
  left join confab.confusable c on c.letter = x.letter
$$;

-- is_user_name(name): whether the name has 1 to 64 characters, all of them allowed in user names, at least one of them
-- a letter or digit, and no mark without a letter before it.
create or replace function confab.is_user_name(p_name text)
returns boolean language sql stable as $$
  select p_name = normalize(p_name, nfkc) and length(p_name) between 1 and 64 and p_name ~ '[^._-]'
    and not exists (
    select from (
      select x.n, x.letter, lag(x.letter) over (order by x.n) before
      from regexp_split_to_table(p_name, '') with ordinality x (letter, n)) x
    left join confab.name_range r on ascii(x.letter) between r.first and r.last
    where x.letter <> all ('{.,_,-}') and (r.first is null or r.is_mark and coalesce(x.before, '.') = any ('{.,_,-}')))
$$;

-- name_looks_taken(name, account): whether the name looks like the user name of another account.
create or replace function confab.name_looks_taken(p_name text, p_account bigint default null)
returns boolean language sql stable as $$
  select exists (select from confab.account where skeleton = confab.name_skeleton(p_name)
    and id is distinct from p_account)
$$;

-- made_user_name(text): a text as a user name; characters that user names may not have become _. Null when no letter or
-- digit is left.
create or replace function confab.made_user_name(p_text text)
returns text language sql stable as $$
  select substring(left(string_agg(case when x.letter = any ('{.,_,-}') or r.first is not null
      and not (r.is_mark and coalesce(x.before, '.') = any ('{.,_,-}')) then x.letter else '_' end,
        '' order by x.n), 64) from '^.*[^._-].*$')
  from (select x.n, x.letter, lag(x.letter) over (order by x.n) before
    from regexp_split_to_table(normalize(p_text, nfkc), '') with ordinality x (letter, n)) x
  left join confab.name_range r on ascii(x.letter) between r.first and r.last
$$;

-- hidden_letters(): a regular expression for characters that are invisible or change the direction of the text around
-- them.
create or replace function confab.hidden_letters()
returns text language sql immutable as $$
  select ('[\x01-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e'
    '\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufff8'
    '\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]')
$$;

-- hides_letters(text): whether the text contains a character of hidden_letters().
create or replace function confab.hides_letters(p_text text)
returns boolean language sql immutable as $$
  select p_text ~ confab.hidden_letters()
$$;

-- name_marks(): the marks that user names may have, for a bracket of a regular expression: [[:alnum:]] lacks them.
create or replace function confab.name_marks()
returns text language plpgsql stable as $$
begin
  return coalesce((select string_agg(chr(first) || '-' || chr(last), '') from confab.name_range where is_mark), '');
end $$;

-- is_visible(text): whether the text has at least one character that can be seen: not only spaces, marks, joiners,
-- selectors of a variant and characters of hidden_letters().
create or replace function confab.is_visible(p_text text)
returns boolean language plpgsql stable as $$
begin
  return regexp_replace(p_text,
    '[[:space:]\u00a0\u0300-\u036f\u1680\u1ab0-\u1aff\u1dc0-\u1dff\u2000-\u200f\u2028-\u202f'
    '\u205f-\u206f\u20d0-\u20ff\u2800\u3000\ufe00-\ufe0f\ufe20-\ufe2f\U0001d159' || confab.name_marks() || ']|'
    || confab.hidden_letters(), '', 'g') <> '';
end $$;

-- name_error(text): the error in a text that people read as a name, such as that of a room, or null: it has to have a
-- visible character and none of hidden_letters(), apart from those that choose a variant or a flag.
create or replace function confab.name_error(p_text text)
returns text language plpgsql stable as $$
begin
  return case when confab.hides_letters(regexp_replace(p_text,
      '\ufe0e|(?<=\U0001f3f4)[\U000e0020-\U000e007f]+', '', 'g')) then 'Control characters are not allowed.'
    when not confab.is_visible(p_text) then 'This field may not be blank.' end;
end $$;

-- plain_name(text): a name from elsewhere without characters of hidden_letters(); null when nothing visible is left.
create or replace function confab.plain_name(p_text text)
returns text language plpgsql stable as $$
declare
  v_name text := btrim(regexp_replace(p_text, confab.hidden_letters(), '', 'g'));
begin
  return case when confab.is_visible(v_name) then v_name end;
end $$;

-- display_name(profile, field): a first or last name, '' when there is none. Raises 4003 by field.
create or replace function confab.display_name(p_profile jsonb, p_field text)
returns text language plpgsql stable as $$
declare
  v_name text := confab.text_value(p_profile, p_field, 64);
begin
  if btrim(v_name) <> '' and confab.name_error(v_name) is not null then
    perform confab.fail_field(p_field, confab.name_error(v_name));
  end if;
  return coalesce(v_name, '');
end $$;

-- display_names_check(first_name, last_name, username): raises 4003 when one of them, or both together, look like the
-- user name of another account.
create or replace function confab.display_names_check(p_first_name text, p_last_name text, p_username text)
returns void language plpgsql stable as $$
declare
  v_own text := confab.name_skeleton(p_username);
  v_field text;
begin
  select n.field into v_field
  from (values ('first_name', btrim(p_first_name)), ('last_name', btrim(p_last_name)),
               ('first_name', btrim(concat_ws(' ', nullif(p_first_name, ''), nullif(p_last_name, ''))))) n (field, name)
  where n.name <> '' and confab.name_skeleton(n.name) <> v_own and confab.name_looks_taken(n.name) limit 1;
  if found then
    perform confab.fail_field(v_field, 'This is the user name of somebody else.');
  end if;
end $$;
