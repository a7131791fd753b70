/* schema: whether the database's schema is as new as this program. */
#ifndef CONFAB_PG_SCHEMA_H
#define CONFAB_PG_SCHEMA_H

#include "base/buf.h"
#include "pg/result.h"

/* "select confab.version()", which `confab upgrade` makes. */
extern const struct pg_statement SCHEMA_VERSION;

/* Whether what it came to says that the schema will do. Otherwise why is one
 * line that says what to do; it stays empty when the answer says nothing. */
bool schema_is_usable(enum pg_status status, const struct pg_result *result,
		      struct buf *why);

#endif
