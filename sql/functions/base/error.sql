-- fail(code, detail, beside): raises a protocol error, SQLSTATE C<code>.
--   code    4001 … 4053
--   detail  string, list of strings, or object of lists by field
--   beside  members beside "error" in the body, or null
-- The error's DETAIL is the whole body as the client gets it; fcgi/command/command.c sends it on.
create or replace function confab.fail(p_code int, p_detail jsonb, p_beside jsonb default null)
returns void language plpgsql as $$
begin
  raise exception using
    errcode = 'C' || p_code,
    message = p_detail #>> '{}',
    detail = (jsonb_build_object('error', jsonb_build_object('code', p_code, 'detail', p_detail)) || coalesce(p_beside,
      '{}'))::text;
end $$;

-- fail_validation(sentence): 4003 with a list of one sentence.
create or replace function confab.fail_validation(p_sentence text, p_beside jsonb default null)
returns void language plpgsql as $$
begin
  perform confab.fail(4003, jsonb_build_array(p_sentence), p_beside);
end $$;

-- fail_field(field, sentence): 4003 with an object of lists.
create or replace function confab.fail_field(p_field text, p_sentence text)
returns void language plpgsql as $$
begin
  perform confab.fail(4003, jsonb_build_object(p_field, jsonb_build_array(p_sentence)));
end $$;

-- fail_missing(data, field): 4003 for a field that has to be given: it is absent, or null.
create or replace function confab.fail_missing(p_data jsonb, p_field text)
returns void language plpgsql as $$
begin
  perform confab.fail_field(p_field, case when p_data ? p_field then 'This field may not be null.'
                            else 'This field is required.' end);
end $$;

-- fail_not_found(): 4004.
create or replace function confab.fail_not_found()
returns void language plpgsql as $$
begin
  perform confab.fail(4004, '"Resource not found."');
end $$;

-- fail_unauthenticated(): 4001.
create or replace function confab.fail_unauthenticated()
returns void language plpgsql as $$
begin
  perform confab.fail(4001, '"Authentication required."');
end $$;

-- fail_constraint(): 4005.
create or replace function confab.fail_constraint()
returns void language plpgsql as $$
begin
  perform confab.fail(4005, '"Database constraint violated."');
end $$;
