/* schema: see schema.h. Called for each fresh connection; owns nothing. A newer
 * schema is used as it is: programs of two versions run side by side during an
 * upgrade. */
#include "pg/schema.h"

#include <string.h>

#include "base/version.h"

const struct pg_statement SCHEMA_VERSION = { NULL, "select confab.version()" };

bool schema_is_usable(enum pg_status status, const struct pg_result *result,
		      struct buf *why)
{
	/* No such function, no such schema, no right to either: `confab
	 * upgrade` of this version has not run in this database. */
	static const char *const missing[] = { "42883", "3F000", "42501" };
	const char *version = "none";
	bool is_missing = false;

	if (status == PG_OK) {
		version = pg_field(result, 0, 0);
		if (version_compare(version, version_text()) >= 0)
			return true;
	} else if (status == PG_FAILED) {
		for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++)
			is_missing |= !strcmp(pg_sqlstate(result), missing[i]);
	}
	if (status == PG_OK || is_missing)
		buf_addf(why,
			 "the schema's version is %s, older than this program "
			 "(%s): run confab upgrade",
			 version, version_text());
	return false;
}
