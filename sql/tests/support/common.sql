-- Helpers for several tests; included with \ir, within their transaction. :people is the prefix of the names of their
-- accounts.
select set_config('test.people', :'people', true) \g /dev/null

-- The body of the error that a statement raises, its SQLSTATE if the error is not one of ours, null if it raises none.
create function pg_temp.failure(p_statement text) returns jsonb language plpgsql as $$
declare
  v_detail text;
begin
  execute p_statement;
  return null;
exception when others then
  get stacked diagnostics v_detail = pg_exception_detail;
  return case when sqlstate like 'C40__' then v_detail::jsonb else to_jsonb(sqlstate) end;
end $$;

create function pg_temp.id(p_username text) returns bigint language sql as $$
  select id from confab.account where username = current_setting('test.people') || '.' || p_username
$$;

create function pg_temp.caller(p_username text, p_key text default null) returns confab.caller language sql as $$
  select row(pg_temp.id(p_username), null, null, p_key)::confab.caller
$$;

create function pg_temp.token(p_token text) returns bytea language sql as $$
  select sha256((current_setting('test.people') || ' ' || p_token)::bytea)
$$;
