-- Notifications: computed when a client asks, not written when a message is sent.
--
-- A message of another person notifies each member until it is acknowledged or read: as MENTION if it names the member,
-- as REPLY if it replies to the member, otherwise as NEW_MESSAGE. A reaction of another person notifies as REACTION
-- until its message is acknowledged again, or the room is read up to it.

-- notification_type(message, account): the type of the notification that a message causes.
create or replace function confab.notification_type(m confab.message, p_account bigint)
returns text language plpgsql stable as $$
begin
  return case when m.has_mentions and exists (select from confab.mention n where n.account_id = p_account
                                              and n.room_id = m.room_id and n.seq = m.seq) then 'MENTION'
    when m.parent_seq is not null then 'REPLY' else 'NEW_MESSAGE' end;
end $$;

-- notified_messages(member, limit): the newest messages that the member is still notified of.
create or replace function confab.notified_messages(b confab.member, p_limit int)
returns table (seq bigint, notification_type text) language sql stable as $$
  select x.seq, confab.notification_type(x, b.account_id)
  from confab.message x
  where x.room_id = b.room_id and x.seq > greatest(b.since_seq, b.last_read_seq, b.last_acked_seq, b.history_floor)
    and x.sender_id <> b.account_id and not x.is_deleted and not confab.is_blocked(b.account_id, x.sender_id)
    and not exists (select from confab.receipt t where t.room_id = x.room_id and t.seq = x.seq
                    and t.account_id = b.account_id)
  order by x.seq desc limit p_limit
$$;

-- notified_reactions(member, limit): the newest reactions that the member is still notified of.
create or replace function confab.notified_reactions(b confab.member, p_limit int)
returns setof confab.reaction language sql stable as $$
  select r.* from confab.reaction r
  where r.room_id = b.room_id and r.log_seq > greatest(b.since_seq, b.history_floor) and r.account_id <> b.account_id
    and not confab.is_blocked(b.account_id, r.account_id)
    and not (r.seq <= b.last_read_seq and r.log_seq <= b.reactions_seen_seq)
    and not exists (select from confab.receipt t where t.room_id = r.room_id and t.seq = r.seq
                    and t.account_id = b.account_id and t.acked_seq >= r.log_seq)
    and exists (select from confab.message x where x.room_id = r.room_id and x.seq = r.seq and not x.is_deleted)
  order by r.log_seq desc limit p_limit
$$;

-- pending_notification: all pending notifications, the newest 100 messages and 100 reactions of each room. For
-- operators and push services; the programs ask for one account by notifications_json().
create or replace view confab.pending_notification as
  select b.account_id, b.room_id, n.seq as message_seq, n.notification_type, n.reaction_id, n.at_seq, b.history_floor
  from confab.member b
  cross join lateral (
    select m.seq, m.notification_type, null::uuid as reaction_id, m.seq as at_seq
      from confab.notified_messages(b, 100) m
    union all
    select r.seq, 'REACTION', r.id, r.log_seq from confab.notified_reactions(b, 100) r) n;

-- json_merged(lists, more): merges objects of lists by room; the lists of a room in both are joined.
create or replace function confab.json_merged(p_lists json, p_more json)
returns json language plpgsql immutable as $$
begin
  if p_more::text = '{}' then
    return p_lists;
  end if;
  return (
    select json_object_agg(k.key, case when p_lists -> k.key is null then p_more -> k.key
                                       when p_more -> k.key is null then p_lists -> k.key
                                       else (left((p_lists -> k.key)::text, -1) || ', '
                                             || substr((p_more -> k.key)::text, 2))::json end
                                         order by k.n)
    from (select key, min(n) as n from (
            select key, row_number() over () as n from json_object_keys(p_lists) key
            union all select key, 1000000 + row_number() over () from json_object_keys(p_more) key) a
          group by key) k);
end $$;

-- notifications_json(account): {room: [Notification…]}, the newest 100 of each kind and room, 1000 in all. Stops when
-- their messages reach about a million bytes. The rooms are sorted by age, newest first.
create or replace function confab.notifications_json(p_account bigint)
returns json language plpgsql stable as $$
begin
  return (
    with pending as (
      select p.room_id, p.notification_type, p.message_seq, p.reaction_id, p.at_seq,
             confab.message_seen(m, p.history_floor) as message,
             sum(confab.message_weight(m)) over (order by p.at_seq desc rows between unbounded preceding
                                                 and 1 preceding) as bytes_before
      from (select * from confab.pending_notification where account_id = p_account order by at_seq desc limit 1000) p
      join confab.message m on m.room_id = p.room_id and m.seq = p.message_seq),
    by_room as (
      select p.room_id, json_agg(
          case when p.reaction_id is null then
            json_build_object('id', confab.notification_id((p.message).id, p_account), 'notification_type',
                              p.notification_type,
                              'message', message_json(p.message))
          else
            json_build_object('id', confab.notification_id(p.reaction_id, p_account), 'notification_type',
                              p.notification_type,
                              'message', message_json(p.message), 'reaction', confab.reaction_json(r)) end
          order by p.at_seq desc) list
      from pending p
      left join confab.reaction r on r.room_id = p.room_id and r.seq = p.message_seq and r.id = p.reaction_id
      where p.bytes_before is null or p.bytes_before < 1000000
      group by p.room_id)
    select confab.json_merged(coalesce(json_object_agg(b.room_id, b.list order by r.created_at desc), '{}'),
                       confab.invites_json(p_account))
    from by_room b join confab.room r on r.id = b.room_id);
end $$;

-- notification_id(what, account): a notification has the same id each time it is computed.
create or replace function confab.notification_id(p_what uuid, p_account bigint)
returns uuid language sql immutable as $$
  select md5(p_what::text || p_account)::uuid
$$;
