-- Signals are sent to connected clients and never stored. They travel as notifications on a channel of their own, as
-- {"room": uuid, "accounts": [ids], "sessions": [uuids], "except": [ids], "payload": the dispatch as text}: to the
-- members of the room and to the accounts, only to the listed sessions if there is such a list, and never to the
-- accounts in "except". lib/hub/signal.c delivers them.

-- signal(audience, event, data): sends a signal when the transaction commits. The caller splits an audience that is too
-- large for one notification.
create or replace function confab.signal(p_audience jsonb, p_event text, p_data json)
returns void language sql as $$
  select pg_notify('confab_signal', (p_audience || jsonb_build_object('payload',
                                                                      confab.reply_text(p_event, p_data)))::text)
$$;

-- message.typing: room_id (or message_id, for its room), typing: false when the person has stopped. Signal
-- messagetyping to the room. One a second is sent for a person and room; the others are answered and dropped. The end
-- of typing is sent if the beginning was. People who have blocked the person don't get it; if they are more than one
-- signal can name, nobody does. The dispatch of the outcome is empty if a signal was sent: on a WebSocket the caller
-- gets the signal instead of an answer. Raises 4002, 4003, 4004. Writes: typing.
-- that and no answer. Raises 4002, 4003, 4004. Writes: typing.
create or replace function confab.message_typing(p_caller confab.caller, p_data jsonb)
returns confab.outcome language plpgsql security definer set search_path = confab_site, confab, pg_temp as $$
declare
  v_room uuid;
  v_typing boolean := confab.switch_value(p_data, 'typing', p_default => true);
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
