/* tail_variants: broken rules, which tests/log/torture.c must catch. They are
 * there only where TAIL_VARIANTS is defined, for tail.c alone:
 * ignore-holes      goes on over a hole
 * one-snapshot      LOCKS and ROWS share a snapshot, which is older than what
 *                   pg_locks says then
 * locks-after-rows  delivers the rows that could be seen before LOCKS
 * unsettled-head    starts at a head below which something may still come */
#ifndef CONFAB_LOG_TAIL_VARIANTS_H
#define CONFAB_LOG_TAIL_VARIANTS_H

#ifdef TAIL_VARIANTS
#include <stdlib.h>
#include <string.h>

#include "pg/async.h"

static const struct pg_statement ROLLBACK = { NULL, "rollback" };
static const struct pg_statement ONE_SNAPSHOT = {
	NULL, "begin isolation level repeatable read"
};
static bool is_variant(const char *name)
{
	const char *wanted = getenv("TAIL_VARIANT");

	return wanted && !strcmp(wanted, name);
}

/* Before and after the statements of a look at the log. */
static void begin_variant(struct pg_async *pg, const struct pg_statement *rows,
			  const struct pg_param *params, pg_async_done *ignore)
{
	if (is_variant("one-snapshot") || is_variant("locks-after-rows"))
		pg_async_send(pg, &ONE_SNAPSHOT, 0, NULL, ignore, NULL);
	/* This variant delivers the rows visible here. */
	if (is_variant("locks-after-rows"))
		pg_async_send(pg, rows, 2, params, ignore, NULL);
}

static void end_variant(struct pg_async *pg, pg_async_done *ignore)
{
	if (is_variant("one-snapshot") || is_variant("locks-after-rows"))
		pg_async_send(pg, &ROLLBACK, 0, NULL, ignore, NULL);
}
#else
#define is_variant(name) false
#define begin_variant(pg, rows, params, ignore)
#define end_variant(pg, ignore)
#endif

#endif
