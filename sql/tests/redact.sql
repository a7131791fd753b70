-- The name of an erased account goes from what others have written, however they have spelled it.
begin;
select plan(30);
\set people redact
\ir support/common.sql

select confab.account_create(n, null) from unnest(array['redact.ann', 'zoé.redact', 'zoé.redact.b', '小明红']) n
where not exists (select from confab.account where lower(username) = lower(n)) \g /dev/null

select is(confab.mention_redacted(said, name, 'gone'), left_over, format('%s in %s', name, said))
from (values
  ('redact.ann', 'hello @redact.ann!', 'hello @gone!'), ('redact.ann', '@Redact.ANN', '@gone'),
  ('redact.ann', '@redact.ann.', '@gone.'), ('redact.ann', '@redact.ann.Come', '@gone.Come'),
  ('redact.ann', '@redact.anne', '@redact.anne'), ('redact.ann', 'redact.ann', 'redact.ann'),
  ('redact.ann', '@redact-ann', '@redact-ann'), ('redact.ann', 'e.com/@redact.ann', 'e.com/@gone'),
  ('redact.ann', '@<b>redact</b>.ann x', '@gone x'), ('redact.ann', '<i>@red<b>act.ann</b></i>', '<i>@gone</i>'),
  ('redact.ann', '@redact<br>.ann', '@redact<br>.ann'), ('redact.ann', '@redact&period;ann&lt;', '@gone&lt;'),
  ('redact.ann', '&#64;redact.ann', '@gone'), ('redact.ann', '&commat;red&#x61;ct.<u>ann</u>', '@gone'),
  ('redact.ann', '<a href="/@redact.ann" title="@redact.ann">a</a>', '<a href="/@gone" title="@gone">a</a>'),
  ('zoé.redact', E'<a title="@zoe\u0301.redact">a</a>', '<a title="@gone">a</a>'),
  ('redact.ann', '@redact.ann @<b>redact.ann</b> @redact.anne', '@gone @gone @redact.anne'),
  ('redact.ann', '@re<a title="x y">d<b>a</b></a>ct.ann<b>x</b>', '@re<a title="x y">d<b>a</b></a>ct.ann<b>x</b>'),
  ('redact.ann', '@re<a title="x y">d<b>a</b></a>ct.ann<b>,</b>', '@gone<b>,</b>'),
  ('redact.ann', 'a @b <b>c</b>', 'a @b <b>c</b>'),
  ('zoé.redact', '@zoé.redact', '@gone'), ('zoé.redact', E'@zoe\u0301.redact x', '@gone x'),
  ('zoé.redact', E'@ZOE\u0301.redact', '@gone'), ('zoé.redact', '@zo&eacute;.redact', '@gone'),
  ('zoé.redact', '@zoe<b>&#769;</b>.redact', '@gone'), ('zoé.redact', E'@zoé.redact\u0301', E'@zoé.redact\u0301'),
  ('zoé.redact', '@zoé.redact.b', '@zoé.redact.b'),
  ('小明红', '@小明红你好', '@gone你好')) t (name, said, left_over);

-- Her files, passed on by others.
select is(confab.person_redacted('{"room": {"avatar": "/chat/media/00000000-0000-0000-0000-000000000001/a.png"},
    "sender": {"id": 2}, "attachments": [
      {"media_url": "https://a.example/chat/media/00000000-0000-0000-0000-000000000001/a.png"},
      {"media_url": "/chat/media/00000000-0000-0000-0000-000000000002/b.png"}]}', null, e, 'gone'),
  '{"room": {"avatar": null}, "sender": {"id": 2}, "attachments": [
      {"media_url": "/chat/media/00000000-0000-0000-0000-000000000002/b.png"}]}', 'her files go')
from (select row(1, 'x.y', now(), gen_random_uuid(), 0, false, 0,
                 '{00000000-0000-0000-0000-000000000001}')::confab.erased_account e) e;

create function pg_temp.seconds(p_text text) returns double precision language plpgsql as $$
declare
  v_start timestamptz := clock_timestamp();
begin
  perform confab.mention_redacted(p_text, 'redact.ann', 'gone');
  return extract(epoch from clock_timestamp() - v_start);
end $$;
select cmp_ok(greatest(pg_temp.seconds(repeat('@redact.ann', 9000)),
                       pg_temp.seconds(repeat('@<b>redact.ann</b>', 5000)),
                       pg_temp.seconds(repeat('@redact.anne', 8000)),
                       pg_temp.seconds(repeat('x', 90000) || '@<b>redact.ann</b>')),
              '<', 5::double precision, 'a long text takes no time that grows faster than the text');
select * from finish();
rollback;
