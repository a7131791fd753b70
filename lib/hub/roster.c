/* roster: two hash tables, accounts and rooms, and the memberships between
 * them. Owned by the hub; on the loop's thread. */
#include "hub/roster.h"

#include <stdlib.h>
#include <uthash.h>

#include "base/xalloc.h"

struct roster_account {
	int64_t id;
	struct roster_members rooms;
	struct roster_streams streams;
	UT_hash_handle hh;
};

struct roster_room {
	struct uuid id;
	struct roster_members members;
	UT_hash_handle hh;
};

struct roster {
	struct roster_account *accounts;
	struct roster_room *rooms;
};

struct roster *roster_create(void)
{
	return xcalloc(1, sizeof(struct roster));
}

static struct roster_room *find_room(struct roster *roster,
				     const struct uuid *id)
{
	struct roster_room *room;

	HASH_FIND(hh, roster->rooms, id, sizeof(*id), room);
	return room;
}

static struct roster_room *enter_room(struct roster *roster,
				      const struct uuid *id)
{
	struct roster_room *room = find_room(roster, id);

	if (!room) {
		room = xcalloc(1, sizeof(*room));
		room->id = *id;
		HASH_ADD(hh, roster->rooms, id, sizeof(room->id), room);
	}
	return room;
}

static void remove_member(struct roster *roster, struct roster_member *member)
{
	struct roster_room *room = member->room;

	LIST_REMOVE(member, of_account);
	LIST_REMOVE(member, of_room);
	free(member);
	if (LIST_EMPTY(&room->members)) {
		HASH_DEL(roster->rooms, room);
		free(room);
	}
}

static struct roster_member *find_member(struct roster_account *account,
					 const struct uuid *room)
{
	struct roster_member *m;

	LIST_FOREACH (m, &account->rooms, of_account)
		if (m->room->id.hi == room->hi && m->room->id.lo == room->lo)
			return m;
	return NULL;
}

static void add_member(struct roster *roster, struct roster_account *account,
		       const struct uuid *id, int64_t since)
{
	struct roster_member *member = find_member(account, id);

	if (!member) {
		member = xcalloc(1, sizeof(*member));
		member->account = account;
		member->room = enter_room(roster, id);
		LIST_INSERT_HEAD(&account->rooms, member, of_account);
		LIST_INSERT_HEAD(&member->room->members, member, of_room);
	}
	member->since = since;
}

static void end_membership(struct roster *roster,
			   struct roster_account *account,
			   const struct uuid *id)
{
	struct roster_member *member = find_member(account, id);

	if (member)
		remove_member(roster, member);
}

static void drop_account(struct roster *roster, struct roster_account *account)
{
	while (!LIST_EMPTY(&account->rooms))
		remove_member(roster, LIST_FIRST(&account->rooms));
	HASH_DEL(roster->accounts, account);
	free(account);
}

void roster_free(struct roster *roster)
{
	struct roster_account *account, *next;

	if (!roster)
		return;
	HASH_ITER (hh, roster->accounts, account, next)
		drop_account(roster, account);
	free(roster);
}

struct roster_account *roster_find(struct roster *roster, int64_t id)
{
	struct roster_account *account;

	HASH_FIND(hh, roster->accounts, &id, sizeof(id), account);
	return account;
}

struct roster_account *roster_enter(struct roster *roster, int64_t id,
				    bool *fresh)
{
	struct roster_account *account = roster_find(roster, id);

	*fresh = !account;
	if (!account) {
		account = xcalloc(1, sizeof(*account));
		account->id = id;
		LIST_INIT(&account->rooms);
		LIST_INIT(&account->streams);
		HASH_ADD(hh, roster->accounts, id, sizeof(account->id),
			 account);
	}
	return account;
}

void roster_leave(struct roster *roster, struct roster_account *account)
{
	if (LIST_EMPTY(&account->streams))
		drop_account(roster, account);
}

int64_t roster_id(const struct roster_account *account)
{
	return account->id;
}

struct roster_streams *roster_streams(struct roster_account *account)
{
	return &account->streams;
}

void roster_load(struct roster *roster, struct roster_account *account,
		 const struct json *rooms)
{
	for (size_t i = 0; i < json_length(rooms); i++) {
		const struct json *pair = json_at(rooms, i);
		const char *text = json_string(json_at(pair, 0), NULL);
		struct uuid room;
		int64_t since;

		if (text && uuid_parse(&room, text) &&
		    json_integer(json_at(pair, 1), &since))
			add_member(roster, account, &room, since);
	}
}

/* Calls change for each listed account that is connected here, or only for
 * only. */
static void each_listed(struct roster *roster, const struct json *list,
			struct roster_account *only, const struct uuid *room,
			int64_t since,
			void (*change)(struct roster *, struct roster_account *,
				       const struct uuid *, int64_t))
{
	for (size_t i = 0; i < json_length(list); i++) {
		struct roster_account *account;
		int64_t id;

		if (!json_integer(json_at(list, i), &id))
			continue;
		account = only ? (only->id == id ? only : NULL)
			       : roster_find(roster, id);
		if (account)
			change(roster, account, room, since);
	}
}

static void change_depart(struct roster *roster, struct roster_account *account,
			  const struct uuid *room, int64_t seq)
{
	(void)seq;
	end_membership(roster, account, room);
}

void roster_apply_before(struct roster *roster, const struct uuid *room,
			 int64_t seq, const struct json *effect,
			 struct roster_account *only)
{
	each_listed(roster, json_get(effect, "departed"), only, room, seq,
		    change_depart);
	each_listed(roster, json_get(effect, "joined"), only, room, seq,
		    add_member);
}

void roster_apply_after(struct roster *roster, const struct uuid *id,
			const struct json *effect, struct roster_account *only)
{
	struct roster_room *room;

	if (!json_has(effect, "room_deleted"))
		return;
	if (only) {
		end_membership(roster, only, id);
		return;
	}
	/* The room's entry goes with its last member. */
	while ((room = find_room(roster, id)))
		remove_member(roster, LIST_FIRST(&room->members));
}

bool roster_sees(struct roster_account *account, const struct uuid *room,
		 int64_t seq)
{
	const struct roster_member *member = find_member(account, room);

	return member && member->since <= seq;
}

struct roster_members *roster_members(struct roster *roster,
				      const struct uuid *id)
{
	struct roster_room *room = find_room(roster, id);

	return room ? &room->members : NULL;
}
