-- PostgreSQL samples the values of columns for its planner, and keeps a sample until it takes the next one. A sample of
-- people's texts, names and addresses would outlive what was deleted, so none is taken. No plan needs one: each lookup
-- by one of these columns has an index.
do $$
declare
  v_of text[];
  v_name text;
begin
  foreach v_name in array array['message.content', 'message.client_id', 'message.forwarded_from', 'message.custom',
    'message_version.content', 'message_state.reaction_counts', 'reaction.content', 'attachment.media_url',
    'attachment.caption', 'attachment.metadata', 'media.name', 'media_content.hash', 'room.name', 'room.description',
    'room.avatar', 'room.preferences', 'room.external_key', 'join_request.reason', 'log.payload', 'account.username',
    'account.skeleton', 'account.email', 'account.first_name', 'account.last_name', 'account.password_hash',
    'erased_account.username', 'deferred.content', 'deferred.client_id',
    'external_identity.subject', 'login.user_agent', 'login.address', 'session.user_agent', 'session.address'] loop
    v_of := string_to_array(v_name, '.');
    execute format('alter table confab.%I alter column %I set statistics 0', v_of[1], v_of[2]);
  end loop;
  -- The expressions of indexes are sampled, too.
  foreach v_name in array array['account_email_idx', 'account_username_key', 'account_username_prefix_idx',
                                'message_search_idx'] loop
    execute format('alter index confab.%I alter column 1 set statistics 0', v_name);
  end loop;
end $$;
-- These are dropped with their sample. words_sampled() has one taken again when there are many messages.
drop statistics confab.message_search_words;
create statistics confab.message_search_words on (confab.search_vector(room_id, content)) from confab.message;
alter statistics confab.message_search_words set statistics 0;

-- Samples that were taken before. Only a superuser may delete them; docs/operations.md tells the others.
do $$
begin
  perform set_config('role', 'none', true);
  delete from pg_catalog.pg_statistic s using pg_catalog.pg_attribute a, pg_catalog.pg_class c
  where a.attrelid = s.starelid and a.attnum = s.staattnum and a.attstattarget = 0 and c.oid = s.starelid
    and c.relnamespace = 'confab'::regnamespace;
  perform set_config('role', 'confab_owner', true);
exception when insufficient_privilege then
  null;
end $$;
