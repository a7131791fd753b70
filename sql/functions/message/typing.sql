-- Signals: told to who is connected, never stored. They travel as notifications on a channel of their own, as {"room":
-- uuid, "accounts": [ids], "sessions": [uuids], "except": [ids], "payload": the dispatch as text}: to the members of
-- the room and to the accounts, of them only to the sessions where there is such a list, never to who is excepted.
-- lib/hub/signal.c delivers them.

-- signal(audience, event, data): tells it when the transaction commits. An audience that is too large for one
-- notification is the caller's to split.
create or replace function confab.signal(p_audience jsonb, p_event text, p_data json)
returns void language sql as $$
  select pg_notify('confab_signal', (p_audience || jsonb_build_object('payload',
                                                                      confab.reply_text(p_event, p_data)))::text)
$$;

-- message.typing: room_id (or message_id, for its room), typing: false when they stopped. Signal messagetyping to the
-- room; one of a person and room in a second is let through, the others are answered and forgotten; that somebody
-- stopped is told when they were seen. Those who have blocked the person are not told; where more have than one signal
-- can name, nobody is. The dispatch of the outcome is empty where a signal was sent: on a WebSocket the caller gets
-- that and no answer. Raises 4002, 4003, 4004. Writes: typing.
create or replace function confab.message_typing(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room uuid;
  v_typing boolean := confab.boolean_value(p_data, 'typing', p_default => true);
  v_blockers bigint[];
  v_outcome confab.outcome;
begin
  if confab.is_falsy(p_data -> 'room_id') and not confab.is_falsy(p_data -> 'message_id') then
    v_room := (confab.messages_checked(p_caller.account_id,
                                       array[confab.uuid_value(p_data -> 'message_id', 'message_id')]))[1].room_id;
  else
    v_room := confab.room_id_value(p_data);
  end if;
  perform confab.check_may_send(p_caller.account_id, v_room);
  if v_typing then
    insert into confab.typing as t (account_id, room_id) values (p_caller.account_id, v_room)
    on conflict (account_id, room_id) do update set told_at = now() where t.told_at <= now() - interval '1 second';
  else
    delete from confab.typing where account_id = p_caller.account_id and room_id = v_room;
  end if;
  if not found then
    return null;
  end if;
  v_blockers := array(select k.account_id from confab.block k
                      where k.blocked_id = p_caller.account_id
                        and (select true from confab.member m where m.room_id = v_room and m.account_id = k.account_id)
                      limit 301);
  if cardinality(v_blockers) <= 300 then
    perform confab.signal(
      jsonb_build_object('room', v_room, 'except', v_blockers),
      'messagetyping.dispatch',
      (select json_build_object('username', a.username, 'room_id', v_room, 'user', confab.user_ref(a.id),
                                'typing', v_typing)
       from confab.account a where a.id = p_caller.account_id));
    v_outcome.dispatch := '';
  end if;
  return v_outcome;
end $$;
