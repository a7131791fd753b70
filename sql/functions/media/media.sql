-- Uploads: creating, sending, viewing and collecting them.
--
-- A function that links an upload to a message, removes such a link or collects uploads first locks the row of
-- confab.media and reads the links after that, so each sees the changes of the others; rows of confab.media_content are
-- locked after it.

-- has_host(url): whether a URL names a host. Browsers read a backslash as a slash.
create or replace function confab.has_host(p_url text)
returns boolean language sql immutable as $$
  select p_url ~* '^([a-z][a-z0-9+.-]*:)?[/\\]{2}'
$$;

-- plain_path(url): the path of a URL as browsers and web servers read it: without escapes, dot segments and doubled
-- slashes. A relative path begins at the root.
create or replace function confab.plain_path(p_url text)
returns text language plpgsql immutable strict as $$
declare
  v_path text := translate(substring(p_url from '^[^?#]*'), '\', '/');
  v_part text;
  v_parts text[] := '{}';
begin
  v_path := regexp_replace(v_path, '^([a-z][a-z0-9+.-]*:)?//[^/]*', '', 'i');
  select string_agg(case when m[1] ~ '^%.' then chr(('x' || right(m[1], 2))::bit(8)::int) else m[1] end, '' order by n)
    into v_path from regexp_matches(v_path, '%[2-7][0-9a-f]|%|[^%]+', 'gi') with ordinality t (m, n);
  foreach v_part in array string_to_array(coalesce(v_path, ''), '/') loop
    if v_part = '..' then
      v_parts := trim_array(v_parts, least(cardinality(v_parts), 1));
    elsif v_part not in ('', '.') then
      v_parts := v_parts || v_part;
    end if;
  end loop;
  return '/' || array_to_string(v_parts, '/')
    || case when v_part in ('', '.', '..') and v_parts <> '{}' then '/' else '' end;
end $$;

-- media_id(url): the upload that a URL stands for if it is one of ours, or null. Any mount point matches: nobody can
-- see an upload that is not linked.
create or replace function confab.media_id(p_url text)
returns uuid language sql immutable as $$
  select substring(confab.plain_path(p_url) from
    '(?i)^(?:/.*)?/media/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/')::uuid
$$;

-- own_media_id(url): the same, or null for a URL of another host. The database does not know the names of its site: a
-- URL with a host is one of ours if there is such an upload.
create or replace function confab.own_media_id(p_url text)
returns uuid language sql stable as $$
  select i from confab.media_id(p_url) i
  where not confab.has_host(p_url) or exists (select from confab.media x where x.id = i)
$$;

-- media_visible(account, media): whether the account uploaded it and it has not been sent yet, or the account may see a
-- message that carries it.
create or replace function confab.media_visible(p_account bigint, p_media uuid)
returns boolean language plpgsql stable set search_path = confab_site, confab, pg_temp as $$
begin
  return exists (select from confab.media where id = p_media and account_id = p_account and loose_since > '-infinity')
    or exists (select from confab.attachment t
               join confab.message m on m.room_id = t.room_id and m.seq = t.seq
               join confab.room r on r.id = t.room_id
               join confab.member b on b.room_id = t.room_id and b.account_id = p_account
               where t.media_id = p_media and not m.is_deleted and m.seq > b.history_floor and may('read', r, b));
end $$;

-- check_uploads(account, ids): 4003 by asset for uploads that the account may not see; null stands for no upload.
create or replace function confab.check_uploads(p_account bigint, p_ids uuid[])
returns void language plpgsql stable as $$
declare
  v_errors jsonb;
begin
  select jsonb_agg(case when i is null or confab.media_visible(p_account, i) then '{}'
                   else '{"media_url": ["Unknown upload."]}'::jsonb end order by n) into v_errors
  from unnest(p_ids) with ordinality t (i, n);
  if v_errors @> '[{"media_url": []}]' then
    perform confab.fail(4003, v_errors);
  end if;
end $$;

-- media_bind(account, media): the assets of a message that is being sent, each with the "media_id" of the upload that
-- its URL stands for. From then on the uploads count as sent. Raises 4003 by asset for uploads that the account may not
-- see. Writes: media.
create or replace function confab.media_bind(p_account bigint, p_media jsonb)
returns jsonb language plpgsql as $$
declare
  v_ids uuid[];
begin
  v_ids := array(select confab.own_media_id(e ->> 'media_url')
                 from jsonb_array_elements(p_media) with ordinality t (e, n) order by n);
  perform confab.check_uploads(p_account, v_ids);
  perform from confab.media where id = any (v_ids) order by id for key share;
  perform confab.check_uploads(p_account, v_ids);
  update confab.media set loose_since = null where id = any (v_ids) and loose_since is not null;
  return (select jsonb_agg(e || jsonb_build_object('media_id', v_ids[n]) order by n)
          from jsonb_array_elements(p_media) with ordinality t (e, n));
end $$;

-- attachment_gone(): marks an upload that no message carries any more: from then on it belongs to nobody and is due for
-- collection.
create or replace function confab.attachment_gone()
returns trigger language plpgsql as $$
declare
  v_ids uuid[] := array(select distinct media_id from gone where media_id is not null);
begin
  if v_ids <> '{}' then
    perform from confab.media where id = any (v_ids) order by id for update;
    update confab.media m set loose_since = '-infinity'
    where m.id = any (v_ids) and not exists (select from confab.attachment t where t.media_id = m.id);
  end if;
  return null;
end $$;

do $$
begin
  if not exists (select from pg_trigger where tgname = 'attachment_gone'
                 and tgrelid = 'confab.attachment'::regclass) then
    create trigger attachment_gone after delete on confab.attachment
      referencing old table as gone for each statement execute function confab.attachment_gone();
  end if;
end $$;

-- media_left(account, quota): how many bytes more an account may upload.
create or replace function confab.media_left(p_account bigint, p_quota bigint)
returns bigint language sql stable as $$
  select greatest(p_quota - coalesce(sum(m.size), 0), 0)::bigint from confab.media m where m.account_id = p_account
$$;

-- media_allow(caller, size, quota): the check before an upload is read. size: the announced size, or 0. Raises 4003
-- when it can't fit.
create or replace function confab.media_allow(p_caller confab.caller, p_size bigint, p_quota bigint)
returns void language plpgsql stable security definer set search_path = '' as $$
declare
  v_left bigint := confab.media_left(p_caller.account_id, p_quota);
begin
  if p_size > v_left or v_left = 0 then
    perform confab.fail_field('file', format('Your uploads may have %s bytes in all; %s are left.', p_quota, v_left));
  end if;
end $$;

-- media_store(hash, size): the file with that content, a new one if there is none. Its row is locked until the end of
-- the transaction.
create or replace function confab.media_store(p_hash bytea, p_size bigint)
returns bigint language sql as $$
  insert into confab.media_content (hash, size) values (p_hash, p_size)
  on conflict (hash) where doomed_at is null do update set size = excluded.size
  returning id
$$;

-- media_create(caller, name, media type, MIME type, hash, size, width, height, hash and size of the preview, quota): an
-- upload that was read. Returns its id and those of the files, which the program then puts in place. Raises 4003 by
-- field for a type that may not be sent and for an upload beyond the quota. Writes: media, media_content.
create or replace function confab.media_create(p_caller confab.caller, p_name text, p_media_type text, p_mime_type text,
  p_hash bytea, p_size bigint,
  p_width int, p_height int, p_preview_hash bytea, p_preview_size bigint, p_quota bigint)
returns table (id uuid, content_id bigint, preview_id bigint) language plpgsql security definer
  set search_path = '' as $$
#variable_conflict use_column
declare
  v_media confab.media;
begin
  if p_mime_type <> all (confab.mime_types()) then
    perform confab.fail_field('file', format('Files of the type %s can''t be sent.', p_mime_type));
  end if;
  -- Two simultaneous uploads count each other.
  perform pg_advisory_xact_lock(hashtextextended('confab.media', p_caller.account_id));
  perform confab.media_allow(p_caller, p_size, p_quota);
  v_media.content_id := confab.media_store(p_hash, p_size);
  if p_preview_hash is not null then
    v_media.preview_id := confab.media_store(p_preview_hash, p_preview_size);
  end if;
  return query
    insert into confab.media as m (account_id, content_id, preview_id, size, name, media_type, mime_type, width, height)
    values (p_caller.account_id, v_media.content_id, v_media.preview_id, p_size, p_name, p_media_type, p_mime_type,
            p_width, p_height)
    returning m.id, m.content_id, m.preview_id;
end $$;

-- media_get(caller, id, preview): the file of an upload, or of its preview. Raises 4004, also for an upload that the
-- caller may not see.
create or replace function confab.media_get(p_caller confab.caller, p_id uuid, p_preview boolean)
returns table (content_id bigint, hash bytea, size bigint, name text, mime_type text) language plpgsql stable
  security definer set search_path = '' as $$
begin
  if confab.media_visible(p_caller.account_id, p_id) then
    return query
      select c.id, c.hash, c.size, case when p_preview then m.name || '.webp' else m.name end, case when p_preview
        then 'image/webp' else m.mime_type end
      from confab.media m join confab.media_content c on c.id = case when p_preview then m.preview_id
        else m.content_id end
      where m.id = p_id;
  end if;
  if not found then
    perform confab.fail_not_found();
  end if;
end $$;

-- media_drop(id): removes an upload that can't be used any more. Its files are collected unless another upload needs
-- them. Writes: media, media_content.
create or replace function confab.media_drop(p_id uuid)
returns void language plpgsql as $$
declare
  v_files bigint[];
begin
  delete from confab.media where id = p_id returning array_remove(array[content_id, preview_id], null) into v_files;
  update confab.media_content c set doomed_at = now()
  where c.id = any (v_files) and not exists (select from confab.media m where m.content_id = c.id
                                             or m.preview_id = c.id);
end $$;

-- media_collect(limit): gives up some of the uploads that were not sent for a day or whose messages are deleted, and
-- returns the files that can be removed. Called now and then by the program that has the files; one at a time does the
-- work. Writes: media, media_content.
create or replace function confab.media_collect(p_limit int)
returns table (content_id bigint, hash bytea) language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_media record;
  v_locked int;
begin
  if not pg_try_advisory_xact_lock(hashtext('confab.media_collect')) then
    return;
  end if;
  for v_media in select m.id, array_remove(array[m.content_id, m.preview_id], null) as files from confab.media m
                 where m.loose_since < now() - interval '1 day' order by m.loose_since
                   limit p_limit for update skip locked loop
    if exists (select from confab.attachment t where t.media_id = v_media.id) then
      update confab.media set loose_since = null where id = v_media.id;
      continue;
    end if;
    -- Another upload of the same content may be in progress; this one is collected next time.
    perform from confab.media_content c where c.id = any (v_media.files) for update skip locked;
    get diagnostics v_locked = row_count;
    if v_locked = (select count(distinct f) from unnest(v_media.files) f) then
      perform confab.media_drop(v_media.id);
    end if;
  end loop;
  return query select c.id, c.hash from confab.media_content c where c.doomed_at is not null order by c.doomed_at
    limit p_limit;
end $$;

-- media_collected(ids): records that the files are removed.
create or replace function confab.media_collected(p_ids bigint[])
returns void language sql security definer set search_path = '' as $$
  delete from confab.media_content where id = any (p_ids) and doomed_at is not null
$$;
