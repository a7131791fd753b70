/* deletions: the ids of deleted messages and rooms, to find what shows them and
 * still waits in memory. */
#ifndef CONFAB_LOG_DELETIONS_H
#define CONFAB_LOG_DELETIONS_H

#include "base/json.h"
#include "base/uuid.h"
#include "log/dispatch.h"

/* Zero it before first use. */
struct deletions {
	struct uuid *ids;
	size_t count, cap;
	bool sorted;
};

/* Adds what a row of the log says was deleted: the messages that its effect
 * lists, or its room (NULL: it has none). */
void deletions_add(struct deletions *deletions, const struct json *effect,
		   const struct uuid *room);

/* Whether the dispatch shows any of them or goes to a deleted room. If so, sets
 * its fate. */
bool deletions_meet(struct deletions *deletions, struct dispatch *dispatch);

/* Whether JSON has the id of any of them as a string. */
bool deletions_meet_json(struct deletions *deletions, const char *json,
			 size_t len);

/* Forgets all of them. */
void deletions_clear(struct deletions *deletions);

#endif
