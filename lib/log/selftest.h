/* selftest: whether a connection meets the conditions of the log's reading rule
 * (tail.c): the schema is that of this program, nextval() holds its lock until
 * the transaction ends, the database is the one that was read before, and the
 * doorbell is heard. For the tail. */
#ifndef CONFAB_LOG_SELFTEST_H
#define CONFAB_LOG_SELFTEST_H

#include <stdbool.h>

#include "event/loop.h"
#include "log/witness.h"
#include "pg/async.h"

/* Zero it, set the first six, and keep it where it is. */
struct selftest {
	struct loop *loop;
	struct pg_async *pg;
	void *context;
	/* The rule does not hold here. */
	void (*failed)(void *context, const char *why);
	/* Our own ring has not arrived: dispatches are late, not lost. */
	void (*silent)(void *context);
	/* The database is not the one that was read before: its numbers start
	 * anew, and the epoch has changed. */
	void (*restored)(void *context);
	struct witness witness; /* the owner keeps it up to date */
	bool is_passed;         /* another process has passed it lately */
	bool held;              /* the lock was seen */
	char ring[33];
	struct timer limit;
};

/* Sends the statements of the test, including the doorbell's LISTEN. */
void selftest_run(struct selftest *test);

/* The connection has gone. */
void selftest_stop(struct selftest *test);

/* The doorbell rang, perhaps with our own ring. */
void selftest_hear(struct selftest *test, const char *payload);

#endif
