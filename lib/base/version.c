/* version: see version.h. CONFAB_VERSION comes from the Makefile. */
#include "base/version.h"

#include <stdlib.h>

const char *version_text(void)
{
	return CONFAB_VERSION;
}

/* The next number of a version; 0 when there is none. */
static long next_number(const char **version)
{
	char *end;
	long number;

	if (!*version)
		return 0;
	number = strtol(*version, &end, 10);
	*version = *end == '.' ? end + 1 : NULL;
	return number;
}

int version_compare(const char *a, const char *b)
{
	while (a || b) {
		long left = next_number(&a), right = next_number(&b);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return 0;
}
