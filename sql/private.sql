-- Nothing in the schema is for everybody. Applied after the functions, each time.
revoke all on schema confab from public;
revoke all on all tables in schema confab from public;
revoke all on all sequences in schema confab from public;
revoke all on all functions in schema confab from public;
