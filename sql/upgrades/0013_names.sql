-- What names may be made of, and which of them look alike. `confab upgrade` fills the first two from ICU.
create table confab.name_range (
  first int primary key,
  last int not null,
  is_mark boolean not null
);
create table confab.confusable (
  letter text primary key,
  looks_like text not null
);

-- What a user name looks like: names that look alike have the same. Accounts from before may share one.
alter table confab.account add column skeleton text;
create index account_skeleton_idx on confab.account (skeleton);

-- Functions say what a user name may be.
alter table confab.account drop constraint account_username_form,
  add constraint account_username_form check (length(username) between 1 and 64 and username is nfc normalized);
