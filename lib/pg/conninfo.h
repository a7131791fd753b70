/* conninfo: the operator's connection string. */
#ifndef CONFAB_PG_CONNINFO_H
#define CONFAB_PG_CONNINFO_H

#include <stdbool.h>

#include "base/buf.h"

/* Whether libpq can read the string. False with a sentence in why. */
bool pg_conninfo_check(const char *conninfo, struct buf *why)
	__attribute__((warn_unused_result));

#endif
