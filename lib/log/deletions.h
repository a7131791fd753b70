/* deletions: the ids of deleted messages, for dispatches that still wait in
 * memory. */
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

/* Adds the ids of a JSON list. */
void deletions_add(struct deletions *deletions, const struct json *list);

/* Whether the dispatch shows any of them. If so, sets its fate. */
bool deletions_meet(struct deletions *deletions, struct dispatch *dispatch);

/* Forgets all of them. */
void deletions_clear(struct deletions *deletions);

#endif
