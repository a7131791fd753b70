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

#include "pg/result.h"

static const struct pg_statement ROLLBACK = { NULL, "rollback" };
static const struct pg_statement ONE_SNAPSHOT = {
	NULL, "begin isolation level repeatable read"
};
static bool is_variant(const char *name)
{
	const char *wanted = getenv("TAIL_VARIANT");

	return wanted && !strcmp(wanted, name);
}
#else
#define is_variant(name) false
#endif

#endif
