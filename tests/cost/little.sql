-- A site with little in it, and what the planner knows of that.
insert into confab.account (username) select 'u' || n from generate_series(1, 300) n;
insert into confab.room (id, type, name, creator_id, capacity)
select md5(n::text)::uuid, 'GroupChat', 'r', 1, 100 from generate_series(1, 100) n;
insert into confab.member (room_id, account_id, since_seq)
select md5(n::text)::uuid, (n + k) % 300 + 1, 1 from generate_series(1, 100) n, generate_series(1, 5) k;
insert into confab.message (room_id, seq, id, sender_id, content)
select md5((n % 100)::text)::uuid, n, gen_random_uuid(), 1, 'x' from generate_series(1, 2000) n;
insert into confab.receipt (room_id, seq, account_id, acked_seq)
select md5((n % 100)::text)::uuid, n, k, n from generate_series(1, 300) n, generate_series(1, 3) k;
analyze;
