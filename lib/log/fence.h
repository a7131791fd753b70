/* fence: the transactions that may still hold a number up to some place in
 * the log. Steps 1 and 2 of the rule at the top of tail.c, without the
 * statements. */
#ifndef CONFAB_LOG_FENCE_H
#define CONFAB_LOG_FENCE_H

#include <stdbool.h>
#include <stdint.h>

struct fence {
	int64_t hi;         /* settles everything up to here; 0: no fence */
	int64_t since;      /* ms, the now of its start */
	char *holders;      /* H, "3/12,4/7"; NULL until known */
	char *server_start; /* H is void in another incarnation */
};

void fence_raise(struct fence *fence, int64_t hi, int64_t now);
void fence_drop(struct fence *fence);

/* Takes the present holders from pg_locks; the first are H. True when nobody of
 * H is left: everything up to hi is decided. */
bool fence_drained(struct fence *fence, const char *server_start,
		   const char *holders);

#endif
