-- Uploads: creating, sending, viewing and collecting them.
begin;
select plan(71);

\set people media-test
\ir support/common.sql

create function pg_temp.error(p_statement text) returns jsonb language sql as $$
  select coalesce(f -> 'error', f) from pg_temp.failure(p_statement) f
$$;

create temporary table upload (key text primary key, id uuid, content_id bigint, preview_id bigint);
create temporary table made (key text primary key, id uuid);
create temporary table sent (key text primary key, id uuid);

create function pg_temp.upload(p_key text, p_username text, p_text text, p_preview text default null,
                               p_type text default 'text/plain', p_quota bigint default 1000)
returns void language sql as $$
  insert into upload
  select p_key, c.* from confab.media_create(pg_temp.caller(p_username), p_key || '.txt', 'file', p_type,
                                             sha256(('media-test.' || p_text)::bytea), length(p_text),
    case when p_preview is not null then 20 end, case when p_preview is not null then 10 end,
      sha256(('media-test.' || p_preview)::bytea), length(p_preview), p_quota) c
$$;

create function pg_temp.url(p_key text) returns text language sql as $$
  select '/chat/media/' || id || '/' || p_key || '.txt' from upload where key = p_key
$$;

create function pg_temp.room(p_key text) returns uuid language sql as $$
  select id from made where key = p_key
$$;

create function pg_temp.data(p_room text, p_urls text[]) returns jsonb language sql as $$
  select jsonb_build_object('room_id', pg_temp.room(p_room), 'extra_fields', jsonb_build_object('media',
    (select jsonb_agg(jsonb_build_object('media_url', u, 'media_type', 'file', 'mime_type', 'text/plain', 'media_id',
                                         gen_random_uuid())) from unnest(p_urls) u)))
$$;

create function pg_temp.send(p_key text, p_username text, p_room text, p_urls text[]) returns void language sql as $$
  insert into sent select p_key, ((confab.message_send(pg_temp.caller(p_username),
                                                       pg_temp.data(p_room,
                                                                    p_urls))).dispatch::jsonb #>> '{data,id}')::uuid
$$;

create function pg_temp.refusal(p_username text, p_room text, p_urls text[]) returns jsonb language sql as $$
  select pg_temp.error(format('select confab.message_send(pg_temp.caller(%L), %L)', p_username,
                              pg_temp.data(p_room, p_urls)))
$$;

create function pg_temp.sees(p_username text, p_key text) returns boolean language sql as $$
  select pg_temp.error(format('select * from confab.media_get(pg_temp.caller(%L), %L, false)', p_username,
                              (select id from upload where key = p_key))) is null
$$;

create function pg_temp.collect(p_limit int default 1000) returns text language sql as $$
  select string_agg(f.name, ' ' order by f.name) from confab.media_collect(p_limit) c
  join (select distinct content_id as id, key as name from upload union select preview_id, key || '-preview' from upload
        where preview_id is not null) f on f.id = c.content_id
$$;

select confab.account_create('media-test.' || name, null) from unnest(array['ann', 'bob', 'cid']) name \g /dev/null
insert into made select key, ((confab.room_create(pg_temp.caller('ann'),
                                                  jsonb_build_object('type', 'GroupChat', 'name', key,
    'participants', array(select pg_temp.id(m) from unnest(members) m)))).dispatch::jsonb #>> '{data,id}')::uuid
from (values ('two', array['bob']), ('other', array['cid'])) r (key, members);

-- Recognising URLs of our uploads.
select is(confab.media_id(url) is not null, ours, format('%s %s', url, case when ours then 'is an upload'
                                                         else 'is none' end)) from (values
  ('/chat/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/', true),
  ('/chat/media/0D9F4D6E-33A1-4F4F-8A53-111111111111/x.png', true),
  ('https://host.example/chat/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('/chat/media/0d9f4d6e-33a1-4f4f-8a53-11111111111/x.png', false),
  ('/chat/media/0d9f4d6e-33a1-4f4f-8a53-111111111111', false),
  ('/chat/x?/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', false),
  ('media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('/chat/%6dedia/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('/chat/m%45dia/%30d9f4d6e-33a1-4f4f-8a53-111111111111%2Fx.png', true),
  ('/chat//media///0d9f4d6e-33a1-4f4f-8a53-111111111111//x.png', true),
  ('/chat/media/../media/./0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('/chat/x/%2e%2E/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('/chat\media\0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('\\host.example\media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('HTTPS://u@host.example:8443/chat/%4dedia/0D9F4D6E-33a1-4f4f-8a53-111111111111/?y', true),
  ('//host.example/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('/chat/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/../x.png', false),
  ('/chat/%256dedia/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', false),
  ('/chat/%6/%/%zz', false),
  ('', false),
  (' /chat/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x.png', true),
  ('https://host.example/x.png', false)) u (url, ours);

-- Uploading.
select pg_temp.upload('letter', 'ann', 'a letter', 'its preview') \g /dev/null
select results_eq($$ select name, media_type, mime_type, width, height, account_id, loose_since is not null
                  from confab.media where id = (select id from upload where key = 'letter') $$,
  $$ values ('letter.txt', 'file', 'text/plain', 20, 10, pg_temp.id('ann'), true) $$,
    'an upload is stored with what it is');
select pg_temp.upload('copy', 'bob', 'a letter', 'its preview') \g /dev/null
select is((select count(distinct content_id) || ' ' || count(distinct id) from upload), '1 2',
          'the same content is one file and two uploads');
select is(pg_temp.error($$ select pg_temp.upload('x', 'ann', 'x', null, 'image/svg+xml') $$),
  '{"code": 4003, "detail": {"file": ["Files of the type image/svg+xml can''t be sent."]}}',
    'other types than the protocol''s are refused');
select is(pg_temp.error($$ select pg_temp.upload('x', 'ann', repeat('x', 993)) $$),
  '{"code": 4003, "detail": {"file": ["Your uploads may have 1000 bytes in all; 992 are left."]}}',
    'uploads are counted');
select is(pg_temp.error($$ select pg_temp.upload('x', 'cid', repeat('x', 1000)) $$), null,
          'each account''s by themselves, up to the last byte');
select is(pg_temp.error($$ select confab.media_allow(pg_temp.caller('cid'), 0, 1000) $$) #>> '{detail,file,0}',
  'Your uploads may have 1000 bytes in all; 0 are left.', 'with nothing left, reading does not even begin');
select is(pg_temp.error($$ select confab.media_allow(pg_temp.caller('ann'), 992, 1000) $$), null,
          'with enough left it does');
select isnt(pg_temp.error($$ select confab.media_allow(pg_temp.caller('ann'), 993, 1000) $$), null,
            'and does not for what can''t fit');
delete from confab.media where id = (select id from upload where key = 'x') \g /dev/null
delete from upload where key = 'x' \g /dev/null

-- Before sending.
select is(pg_temp.sees('ann', 'letter'), true, 'whoever uploaded it sees it');
select is(pg_temp.sees('bob', 'letter'), false, 'nobody else does, with the same content or not');
select is(pg_temp.error($$ select * from confab.media_get(pg_temp.caller('bob'),
                                                          (select id from upload where key = 'letter'), false) $$),
  pg_temp.error($$ select * from confab.media_get(pg_temp.caller('bob'), gen_random_uuid(), false) $$),
    'what one may not see is answered as what is not there');
select is(pg_temp.refusal('bob', 'two', array['https://host.example/x.png', pg_temp.url('letter')]),
  '{"code": 4003, "detail": [{}, {"media_url": ["Unknown upload."]}]}', 'nor can anybody else send it');
select is(pg_temp.refusal('ann', 'two', array['/chat/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x']),
  '{"code": 4003, "detail": [{"media_url": ["Unknown upload."]}]}', 'an upload that is not there can''t be sent');
select is(pg_temp.refusal('ann', 'two', array['https://host.example/media/0d9f4d6e-33a1-4f4f-8a53-111111111111/x']),
          null, 'what other hosts have at such a place is theirs');
select is_empty($$ select u from (select replace(pg_temp.url('letter'), '/media/', m) from unnest(array['/%6dedia/',
    '//media/', '/media/../media/', '/%2e/media/', '\media/', '/media%2f']) m) p (path)
  cross join lateral (values (path), ('https://chat.example' || path), ('//chat.example' || path)) v (u)
  where pg_temp.refusal('bob', 'two', array[u]) is distinct from
    '{"code": 4003, "detail": [{"media_url": ["Unknown upload."]}]}' $$, 'in no spelling of its address');
select is(pg_temp.error(format($$ select confab.room_create(pg_temp.caller(%L), %L) $$, who, jsonb_build_object('type',
    'GroupChat', 'name', 'x', 'avatar', 'https://chat.example/x/..' || pg_temp.url('letter')))), refusal,
    'an avatar is an upload that one sees') from (values ('ann', null), ('bob',
  '{"code": 4003, "detail": {"avatar": ["Unknown upload."]}}'::jsonb)) v (who, refusal);
select is(pg_temp.error(format($$ select confab.room_modify(pg_temp.caller('ann'), %L) $$, jsonb_build_object('action',
    'update', 'room_id', pg_temp.room('two'), 'data', jsonb_build_object('avatar', 'http://chat.example/%6dedia/'
    || (select id from confab.media where account_id = pg_temp.id('bob')) || '/x')))),
  '{"code": 4003, "detail": {"avatar": ["Unknown upload."]}}', 'a changed one, too');

-- After sending.
select pg_temp.send('first', 'ann', 'two', array[pg_temp.url('letter'), 'https://host.example/x.png']) \g /dev/null
select results_eq($$ select t.media_id from confab.attachment t join confab.message m using (room_id, seq)
                  where m.id = (select id from sent where key = 'first') order by t.position $$,
  $$ values ((select id from upload where key = 'letter')), (null::uuid) $$,
    'an attachment knows its upload, and believes nobody about it');
select is(array[pg_temp.sees('ann', 'letter'), pg_temp.sees('bob', 'letter'), pg_temp.sees('cid', 'letter')], '{t,t,f}',
          'members see it, others do not');
select results_eq($$ select content_id, hash, size, name, mime_type
                  from confab.media_get(pg_temp.caller('bob'), (select id from upload where key = 'letter'), true) $$,
  $$ select preview_id, sha256('media-test.its preview'), 11::bigint, 'letter.txt.webp', 'image/webp' from upload
    where key = 'letter' $$, 'and its preview');
select pg_temp.send('encoded', 'ann', 'two', array[replace(pg_temp.url('letter'), 'media', '%4Dedia')]) \g /dev/null
select is(t.media_id, (select id from upload where key = 'letter'), 'an attachment knows it by any spelling')
  from confab.attachment t join confab.message m using (room_id, seq)
  where m.id = (select id from sent where key = 'encoded');
select is(pg_temp.refusal('cid', 'other', array[pg_temp.url('letter')]) ->> 'code', '4003',
          'whoever does not see it can''t send it on');
select is(pg_temp.refusal('bob', 'two', array['https://host.example' || pg_temp.url('letter')]), null,
          'whoever sees it can, by its full address too');
select pg_temp.send('second', 'ann', 'other', array[pg_temp.url('letter')]) \g /dev/null
select is(pg_temp.sees('cid', 'letter'), true, 'where it was sent on it is seen');

-- After removal of the message.
delete from confab.message where room_id = pg_temp.room('two') and id <> (select id from sent where key = 'first');
update confab.member set history_floor = (select seq from confab.message
                                          where id = (select id from sent where key = 'first'))
where room_id = pg_temp.room('two') and account_id = pg_temp.id('bob');
select is(pg_temp.sees('bob', 'letter'), false, 'nothing is seen of a history that one deleted');
update confab.member set history_floor = 0 where room_id = pg_temp.room('two');
update confab.message set is_deleted = true where id = (select id from sent where key = 'first');
select is(pg_temp.sees('bob', 'letter'), false, 'nor of a deleted message that is kept');
update confab.message set is_deleted = false where id = (select id from sent where key = 'first');
delete from confab.member where room_id = pg_temp.room('two') and account_id = pg_temp.id('bob');
select is(pg_temp.sees('bob', 'letter'), false, 'nor by who was removed');
select confab.message_modify(pg_temp.caller('ann'), jsonb_build_object('action', 'delete', 'message_id', id)) from sent
  where key = 'second' \g /dev/null
select is(array[pg_temp.sees('ann', 'letter'), pg_temp.sees('cid', 'letter')], '{t,f}',
          'of several messages that carry it one is enough');
delete from confab.attachment where room_id = pg_temp.room('two');
select is(pg_temp.sees('ann', 'letter'), false, 'when the last is gone, so is it, for its sender too');
select is(loose_since, '-infinity', 'and waits to be collected') from confab.media
  where id = (select id from upload where key = 'letter');

-- Collecting.
select is(pg_temp.collect(), null, 'content that another upload has stays');
select is((select count(*) from confab.media where id = (select id from upload where key = 'letter')), 0::bigint,
          'when its upload is gone');
select pg_temp.upload('kept', 'ann', 'kept'), pg_temp.upload('late', 'ann', 'late'),
  pg_temp.upload('sent', 'ann', 'sent') \g /dev/null
select pg_temp.send('third', 'ann', 'other', array[pg_temp.url('sent')]) \g /dev/null
update confab.media set loose_since = now() - interval '23 hours' where id = (select id from upload where key = 'kept');
update confab.media set loose_since = now() - interval '25 hours' where id in (select id from upload
  where key in ('late', 'copy'));
select is(pg_temp.collect(), 'copy copy-preview late letter letter-preview',
          'what was not sent for a day goes, with its preview');
select is((select array_agg(key order by key) from upload join confab.media using (id)), '{kept,sent}',
          'what is younger, or was sent, stays');
select is(pg_temp.collect(), 'copy copy-preview late letter letter-preview', 'files are named until they are gone');
select pg_temp.upload('again', 'ann', 'late') \g /dev/null
select isnt((select content_id from upload where key = 'again'), (select content_id from upload where key = 'late'),
            'the same content that comes meanwhile is another file');
select confab.media_collected(array(select distinct content_id from upload)) \g /dev/null
select is((select array_agg(distinct key order by key) from upload join confab.media_content c on c.id in (content_id)),
          '{again,kept,sent}', 'what was removed is forgotten, and nothing else');
select is(pg_temp.collect(), null, 'the rest is gone too') from confab.media_collected(array(select preview_id
  from upload where preview_id is not null));
update confab.media set loose_since = '-infinity' where id = (select id from upload where key = 'sent');
select is(pg_temp.collect(), null, 'nothing that a message carries is collected');
select is(loose_since, null, 'whatever was noted') from confab.media
  where id = (select id from upload where key = 'sent');
select confab.room_modify(pg_temp.caller('ann'), jsonb_build_object('action', 'delete', 'room_id',
                                                                    pg_temp.room('other'))) \g /dev/null
select is(pg_temp.sees('ann', 'sent'), false, 'of a deleted room nothing is seen');
select confab.collect_erased(1000) \g /dev/null
select is(pg_temp.collect(), 'sent', 'and what was in it is collected');
select is((select loose_since is not null from confab.media where id = (select id from upload where key = 'again')),
          true, 'the others are left alone');

-- Metadata of attachments on other sites.
select is_empty($$ select url from unnest(array['/chat/media/1/x', 'x.png', 'https://a.example',
  'HTTP://a.example:80/x?y#z',
    'https://u@a.example/', 'http://[::1]:8080/', '//a.example/x', 'https://müller.example/ü']) url
  where not confab.is_media_url(url) $$, 'addresses that can be fetched');
select is_empty($$ select url from unnest(array['http://[bad', 'http://', 'https:///x', 'http://a b/', 'javascript:1',
    'data:text/html,x', 'http:a', 'http://a:x/', ' /x', 'http://a.example:123456/', 'http://[::1',
  '//', 'https://a<b>/',
    E'/a\tb']) url
  where confab.is_media_url(url) $$, 'addresses that can not');
select is(confab.plain_metadata(jsonb_build_object('name', U&'photo\202Egpj.exe', 'x', 1)),
  '{"name": "photogpj.exe", "x": 1}', 'a name loses what turns its letters');
select is(confab.asset_errors('{"media_url": "/x", "media_type": "file", "metadata": {"name": {}}}'),
  '{"metadata": ["The name is not a valid string."]}', 'and is a text');

select * from finish();
rollback;
