/* roster: the rooms of the connected accounts. The log itself keeps it up to
 * date, in its order. */
#ifndef CONFAB_HUB_ROSTER_H
#define CONFAB_HUB_ROSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/json.h"
#include "base/uuid.h"

struct roster;
struct stream;

LIST_HEAD(roster_members, roster_member);
LIST_HEAD(roster_streams, stream);

/* An account with at least one stream here, or one being opened. */
struct roster_account;

/* A membership: the member sees the room's dispatches from seq since on. */
struct roster_member {
	LIST_ENTRY(roster_member) of_account, of_room;
	struct roster_account *account;
	struct roster_room *room;
	int64_t since;
};

struct roster *roster_create(void) __attribute__((malloc));
void roster_free(struct roster *roster);

struct roster_account *roster_find(struct roster *roster, int64_t account);

/* The account's entry, made if there is none; *fresh tells. A fresh one has no
 * rooms until roster_load(). */
struct roster_account *roster_enter(struct roster *roster, int64_t account,
				    bool *fresh);
/* Drops the entry when it has no streams. */
void roster_leave(struct roster *roster, struct roster_account *account);

int64_t roster_id(const struct roster_account *account);
struct roster_streams *roster_streams(struct roster_account *account);

/* Loads the memberships from the database: [["room uuid", since], …]. */
void roster_load(struct roster *roster, struct roster_account *account,
		 const struct json *rooms);

/* Applies a log row's effect on its room's members before its delivery (joined,
 * departed) or after it (room_deleted). only: one account, or NULL for all. */
void roster_apply_before(struct roster *roster, const struct uuid *room,
			 int64_t seq, const struct json *effect,
			 struct roster_account *only);
void roster_apply_after(struct roster *roster, const struct uuid *room,
			const struct json *effect, struct roster_account *only);

/* Whether the account is a member who may see the room's dispatch of that
 * seq. */
bool roster_sees(struct roster_account *account, const struct uuid *room,
		 int64_t seq);

/* The members of a room who are connected here, or NULL. */
struct roster_members *roster_members(struct roster *roster,
				      const struct uuid *room);

#endif
