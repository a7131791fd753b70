-- Persons who are invited to a room, until they answer.
create table confab.invitation (
  room_id uuid not null references confab.room on delete cascade,
  account_id bigint not null references confab.account on delete cascade,
  inviter_id bigint not null references confab.account on delete cascade,
  created_at timestamptz not null default now(),
  primary key (room_id, account_id)
);
create unique index invitation_account_idx on confab.invitation (account_id, room_id);
create index invitation_inviter_idx on confab.invitation (inviter_id);

-- Persons who left a room by themselves: they are invited, not added, to it again.
create table confab.left_room (
  room_id uuid not null references confab.room on delete cascade,
  account_id bigint not null references confab.account on delete cascade,
  left_at timestamptz not null default now(),
  primary key (room_id, account_id)
);
create index left_room_account_idx on confab.left_room (account_id, room_id);

-- Who added a member, until the member has read something there.
alter table confab.member add column added_by bigint;
create index member_added_idx on confab.member (account_id, room_id) where added_by is not null;

drop function if exists confab.members_add(confab.room, bigint[], text),
  confab.room_open(confab.room, bigint[], bigint[]),
  confab.room_insert(confab.room, bigint[], bigint[]);
