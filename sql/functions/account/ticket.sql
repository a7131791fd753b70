-- Tickets: for streams of clients that can't set headers and have no cookie.

-- ticket_create(token_hash, ticket_hash): a ticket of the caller's log-in, valid for 30 s and one stream. Raises 4001;
-- 4029 when the log-in has a hundred of them. Writes: ticket; removes expired ones.
create or replace function confab.ticket_create(p_token_hash bytea, p_ticket_hash bytea)
returns void language plpgsql security definer set search_path = '' as $$
declare
  v_caller confab.caller := confab.authenticate(p_token_hash);
begin
  delete from confab.ticket where ticket_hash in (
    select ticket_hash from confab.ticket where expires_at <= now() limit 1000 for update skip locked);
  if (select count(*) from confab.ticket where login_id = v_caller.login_id) >= 100 then
    perform confab.fail(4029, '"30"');
  end if;
  perform confab.login_hold(v_caller.login_id);
  insert into confab.ticket (ticket_hash, login_id, expires_at) values (p_ticket_hash, v_caller.login_id,
    now() + interval '30 seconds');
end $$;

-- ticket_redeem(hash): the token hash of the log-in of this ticket, which is used up. Returns any other hash unchanged.
create or replace function confab.ticket_redeem(p_hash bytea)
returns bytea language plpgsql as $$
declare
  v_login bigint;
begin
  delete from confab.ticket where ticket_hash = p_hash and expires_at > now() returning login_id into v_login;
  if not found then
    return p_hash;
  end if;
  return (select token_hash from confab.login where id = v_login);
end $$;

-- login_key(login): the hash of its token in hexadecimal digits, which confab-bridge sends on behalf of a stream.
create or replace function confab.login_key(p_login bigint)
returns text language plpgsql stable security definer set search_path = '' as $$
begin
  return (select encode(token_hash, 'hex') from confab.login where id = p_login);
end $$;
