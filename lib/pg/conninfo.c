/* conninfo: see conninfo.h. Owns nothing. */
#include "pg/conninfo.h"

#include <libpq-fe.h>
#include <string.h>

bool pg_conninfo_check(const char *conninfo, struct buf *why)
{
	char *wrong = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &wrong);

	if (!options)
		buf_addf(why, "database: %.*s",
			 (int)(wrong ? strcspn(wrong, "\n") : 0), wrong);
	PQfreemem(wrong);
	PQconninfoFree(options);
	return options != NULL;
}
