-- Attachments of a message: allowed types and their metadata.

-- media_types(), mime_types(): the allowed types of an attachment.
create or replace function confab.media_types()
returns text[] language sql immutable as $$
  select array['image', 'video', 'audio', 'file']
$$;

create or replace function confab.mime_types()
returns text[] language sql immutable as $$
  select array['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/bmp', 'image/heic',
    'audio/mpeg', 'audio/mp4', 'audio/aac', 'audio/ogg', 'audio/wav', 'audio/opus',
    'video/mp4', 'video/quicktime', 'video/webm', 'video/ogg', 'video/x-msvideo', 'video/x-matroska',
    'application/pdf', 'application/msword', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/vnd.ms-excel', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'application/vnd.ms-powerpoint', 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    'text/plain', 'text/csv']
$$;

-- asset_text_error(asset, field, limit, required): the error in a text of an attachment, or null.
create or replace function confab.asset_text_error(p_asset jsonb, p_field text, p_limit int, p_required boolean)
returns text language sql immutable as $$
  select case
    when not p_asset ? p_field then case when p_required then 'This field is required.' end
    when p_asset ->> p_field is null then case when p_required then 'This field may not be null.' end
    when jsonb_typeof(p_asset -> p_field) not in ('string', 'number') then 'Not a valid string.'
    when p_required and btrim(p_asset ->> p_field, E' \t\r\n') = '' then 'This field may not be blank.'
    when length(p_asset ->> p_field) > p_limit then format('Ensure this field has no more than %s characters.', p_limit)
    when p_asset ->> p_field ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]' then 'Control characters are not allowed.'
  end
$$;

-- is_media_url(url): whether the URL can be fetched: a path on this site, or a URL of scheme http or https with a host.
create or replace function confab.is_media_url(p_url text)
returns boolean language sql immutable as $$
  select p_url !~ '[\t\r\n\xa0]|^\s' and case when p_url ~ '^[^/?#]*:|^//'
    then p_url ~* '^(https?:)?//([^\s/?#@\[\]<>"\\]*@)?(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]<>"\\^`{|}]+)(:\d{1,5})?([/?#]|$)'
    else true end
$$;

-- plain_metadata(metadata): the metadata to store: a name loses characters that turn or hide the letters around them.
create or replace function confab.plain_metadata(p_metadata jsonb)
returns jsonb language sql stable as $$
  select case when jsonb_typeof(p_metadata -> 'name') = 'string'
    then jsonb_set(p_metadata, '{name}', to_jsonb(coalesce(confab.plain_name(p_metadata ->> 'name'), 'file')))
    else coalesce(p_metadata, '{}') end
$$;

-- asset_errors(asset): lists of sentences by field; {} when all is well.
create or replace function confab.asset_errors(p_asset jsonb)
returns jsonb language sql immutable as $$
  select case when jsonb_typeof(p_asset) <> 'object' then
      jsonb_build_object('non_field_errors',
                         jsonb_build_array(format('Invalid data. Expected a dictionary, but got %s.',
                                                  jsonb_typeof(p_asset))))
    else (
      select coalesce(jsonb_object_agg(field, jsonb_build_array(sentence)), '{}')
      from (values
        ('media_url', coalesce(confab.asset_text_error(p_asset, 'media_url', 2000, p_required => true),
           case when not confab.is_media_url(p_asset ->> 'media_url') then 'Enter a valid URL.' end)),
        ('media_type', coalesce(confab.asset_text_error(p_asset, 'media_type', 64, p_required => true),
           case when p_asset ->> 'media_type' <> all (confab.media_types())
             then format('"%s" is not a valid choice.', p_asset ->> 'media_type') end)),
        ('file_size', case
           when not p_asset ? 'file_size' then null
           when p_asset ->> 'file_size' is null then 'This field may not be null.'
           when jsonb_typeof(p_asset -> 'file_size') not in ('number', 'string')
             or p_asset ->> 'file_size' !~ '^-?\d{1,18}$' then 'A valid integer is required.'
           when p_asset ->> 'file_size' ~ '^-.*[1-9]' then 'Ensure this value is greater than or equal to 0.' end),
        ('mime_type', case when p_asset ? 'mime_type' then confab.asset_text_error(p_asset, 'mime_type', 200,
          true) end),
        ('caption', confab.asset_text_error(p_asset, 'caption', 2000, p_required => false)),
        ('metadata', case when octet_length((p_asset -> 'metadata')::text) > 16384
           then 'This field is too large.'
           when jsonb_typeof(p_asset #> '{metadata,name}') not in ('string', 'null')
           then 'The name is not a valid string.' end)) checked (field, sentence)
      where sentence is not null) end
$$;

-- message_media(extra): extra_fields.media as a list of checked assets; null when there is none. Raises 4003, and 4005
-- for a MIME type that is not known.
create or replace function confab.message_media(p_extra jsonb)
returns jsonb language plpgsql immutable as $$
declare
  v_media jsonb := p_extra -> 'media';
  v_errors jsonb;
begin
  if v_media is null or v_media in ('null', '[]') then
    return null;
  elsif jsonb_typeof(v_media) <> 'array' then
    perform confab.fail_validation('Media must be a list of media files');
  elsif jsonb_array_length(v_media) > 20 then
    perform confab.fail_validation('A message has at most 20 media files');
  end if;
  select jsonb_agg(confab.asset_errors(e) order by n) into v_errors
    from jsonb_array_elements(v_media) with ordinality t (e, n);
  if exists (select from jsonb_array_elements(v_errors) e where e <> '{}') then
    perform confab.fail(4003, v_errors);
  elsif exists (select from jsonb_array_elements(v_media) e where coalesce(e ->> 'mime_type',
    'image/jpeg') <> all (confab.mime_types())) then
    perform confab.fail_constraint();
  end if;
  return v_media;
end $$;
