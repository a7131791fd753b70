-- One-to-one messages by people: what tests over HTTP do not reach.
begin;
select plan(10);
\set people n
\ir support/common.sql

select confab.account_create('n.' || name, 'x') from unnest(array['ann', 'ben']) name \g /dev/null
select confab.room_create(pg_temp.caller('ann'), jsonb_build_object('type', 'OneToOneChat',
  'participants', jsonb_build_array(pg_temp.id('ben')))) \g /dev/null

create function pg_temp.send(p_more jsonb default '{}') returns confab.outcome language sql as $$
  select confab.direct_send(pg_temp.caller('ann'), '{"recipient": "n.ben", "body": "hello"}' || p_more)
$$;

select is(confab.url_encoded('a.B_c~d-e'), 'a.B_c~d-e', 'what an address may hold stays');
select is(confab.url_encoded('ä &=/'), '%C3%A4%20%26%3D%2F', 'everything else is escaped, byte by byte');
select is(confab.url_encoded(''), '', 'also nothing');
select is(confab.direct_link('{"path": "/p/", "a": "1 2", "b": 3}', '{b,c,a}', 'page=2'), '/p/?b=3&a=1%202&page=2',
          'a link keeps the parameters');

select (pg_temp.send()).seq as sent \gset
select is((select l.recipient_id from confab.log l where l.seq = :sent), pg_temp.id('ben'),
          'the row of the log names the other side');

-- What an operator has put around message.send holds.
create function confab_site.before_message_send(p_caller confab.caller, p_data jsonb) returns jsonb language sql as $$
  select p_data || jsonb_build_object('content', 'before: ' || (p_data ->> 'content'))
$$;
create function confab_site.after_message_send(p_caller confab.caller, p_data jsonb, p_outcome confab.outcome)
returns confab.outcome language plpgsql as $$
begin
  if p_data ->> 'content' like '%refuse%' then
    perform confab.fail_validation('Refused.');
  end if;
  return p_outcome;
end $$;
select is((pg_temp.send()).reply::jsonb #>> '{data,body}', 'before: hello', 'the function before it');
select is(pg_temp.failure($$select pg_temp.send('{"body": "refuse"}')$$) #> '{error,detail}', '["Refused."]',
          'the function after it');
drop function confab_site.before_message_send(confab.caller, jsonb),
  confab_site.after_message_send(confab.caller, jsonb, confab.outcome);
update confab.command set enabled = false where name = 'message.send';
select is(pg_temp.failure('select pg_temp.send()') #> '{error,detail}', '["message.send is switched off."]',
          'and that it is switched off');
update confab.command set enabled = true where name = 'message.send';

select is((pg_temp.send('{"client_id": "k"}')).reply, (pg_temp.send('{"client_id": "k"}')).reply,
          'a repeat is answered with the first message');
select is((confab.direct_messages(pg_temp.caller('ben'), '{"target": "N.Ann"}')).reply::jsonb #> '{data,count}', '3',
          'which is stored once');
select * from finish();
rollback;
