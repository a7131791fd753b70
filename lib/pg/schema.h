/* schema: whether the database's schema is as new as this program. */
#ifndef CONFAB_PG_SCHEMA_H
#define CONFAB_PG_SCHEMA_H

#include "base/buf.h"
#include "pg/result.h"

/* "select confab.version()"; `confab upgrade` creates that function. */
extern const struct pg_statement SCHEMA_VERSION;

/* Whether the answer to SCHEMA_VERSION shows a usable schema. If not, why is
 * one line of advice; it stays empty when the answer is inconclusive. */
bool schema_is_usable(enum pg_status status, const struct pg_result *result,
		      struct buf *why);

#endif
