-- What the writers of the torture test call, and the rooms they write in. Loaded once into its own database.
create schema torture;

-- account_create, room_create: people who each own some rooms.
select confab.account_create('torture-' || i, null) from generate_series(1, 4) i;
create table torture.room as
  select n, a.id as account_id, (o.dispatch::json -> 'data' ->> 'id')::uuid as id
  from generate_series(0, 39) n
  join confab.account a on a.username = 'torture-' || (n % 4 + 1),
  lateral confab.room_create(row(a.id, null, null, null)::confab.caller, jsonb_build_object('type', 'GroupChat', 'name', 'Room ' || n)) o;

-- Soon the next partition begins: readers pass from one to the other, and a new one is made beside the load.
select setval('confab.log_seq', 996000);

-- send(room, text): a message, as a client sends it; its number.
create function torture.send(p_room int, p_text text) returns bigint language sql volatile as $$
  select o.seq
  from torture.room r, confab.message_send(row(r.account_id, null, null, null)::confab.caller, jsonb_build_object('room_id', r.id, 'content', p_text)) o
  where r.n = p_room
$$;

-- write(seq, room, text): a dispatch under a number that was drawn before; that number.
create function torture.write(p_seq bigint, p_room int, p_text text) returns bigint language plpgsql as $$
begin
  perform confab.log_put(p_seq, confab.log_entry(r.id, null, 'message.dispatch', json_build_object('content', p_text))) from torture.room r where r.n = p_room;
  return p_seq;
end $$;

-- swallow(room, lost, kept): draws a number and writes lost in a block that fails and is caught, then kept under another number; that one.
create function torture.swallow(p_room int, p_lost text, p_kept text) returns bigint language plpgsql as $$
begin
  begin
    perform torture.write(confab.log_draw(), p_room, p_lost);
    raise exception 'undone';
  exception when raise_exception then
    null;
  end;
  return torture.write(confab.log_draw(), p_room, p_kept);
end $$;

-- refusal: whoever inserts into it is refused in the very commit.
create table torture.refusal (n int);
create function torture.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'refused';
end $$;
create constraint trigger refuse after insert on torture.refusal deferrable initially deferred for each row execute function torture.refuse();
