-- may(): every action of every role in every type of room.
begin;
select plan(4);

create function pg_temp.room(p_type confab.room_type, p_locked boolean) returns confab.room language plpgsql as $$
declare
  r confab.room := confab.room_new(p_type);
begin
  r.creator_id := case when p_type <> 'OneToOneChat' then 5 end;
  r.group_locked := p_locked;
  return r;
end $$;

-- N no member, M member, G member with every grant of the type, A admin, C creator.
create function pg_temp.member(p_room confab.room, p_role text) returns confab.member language plpgsql as $$
declare
  m confab.member;
begin
  if p_role = 'N' then
    return null;
  end if;
  m.account_id := position(p_role in 'NMGAC');
  m.role := case when p_role in ('A', 'C') then 'admin' else 'member' end;
  m.grants := case p_role when 'M' then '{}' else confab.room_grants(p_room) end;
  return m;
end $$;

create function pg_temp.who(p_action text, p_type confab.room_type, p_locked boolean default false)
returns text language sql as $$
  select coalesce(string_agg(role, '' order by n), '')
  from unnest(array['N', 'M', 'G', 'A', 'C']) with ordinality t (role, n), pg_temp.room(p_type, p_locked) r
  where confab.may(p_action, r, pg_temp.member(r, role))
$$;

prepare wanted as
  values ('read', 'MGAC', 'MGAC', 'MGAC'), ('send', 'MGAC', 'MGAC', 'GAC'), ('add_members', '', 'GAC', 'GAC'),
    ('remove_members', '', 'GAC', 'GAC'),
         ('administer', 'MGAC', 'AC', 'AC'), ('pin', 'MGAC', 'AC', 'AC'), ('moderate', '', 'AC', 'AC'),
           ('delete', 'MGAC', 'C', 'C');
select results_eq(
  $$ select action, pg_temp.who(action, 'OneToOneChat'), pg_temp.who(action, 'GroupChat'),
    pg_temp.who(action, 'Channel')
     from unnest(array['read', 'send', 'add_members', 'remove_members', 'administer', 'pin', 'moderate',
                       'delete']) action $$,
  'wanted', 'each action is for just these roles');

select is(pg_temp.who('send', 'GroupChat', true), 'AC', 'in a locked group admins and the creator send');
select is(pg_temp.who('add_members', 'GroupChat', true), 'GAC', 'the lock is on nothing else');
select is(confab.may('send', r, jsonb_populate_record(pg_temp.member(r, 'M'),
                                                      '{"grants": ["can_add_new_subscribers",
                                                        "can_remove_subscribers"]}')), false,
          'a grant is that one right')
from pg_temp.room('Channel', false) r;

select * from finish();
rollback;
