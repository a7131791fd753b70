/* type: the type of a file, by its content. The only module that sees libmagic.
 * The rules are loaded before the sandbox is entered, the file is read in it.
 * Looking into archives is off. */
#include <magic.h>
#include <stdlib.h>
#include <time.h>

#include "picture.h"

enum {
	LOOKED_AT = 1048576 /* bytes from the start */
};

static magic_t rules;

const char *type_prepare(void)
{
	size_t limit = LOOKED_AT;
	const char *why;

	/* Some rules print dates: no file of a time zone is read later. */
	if (setenv("TZ", "UTC0", 1) != 0)
		return "no memory";
	tzset();
	rules = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS |
			   MAGIC_NO_CHECK_ELF);
	if (rules && magic_load(rules, NULL) == 0 &&
	    magic_setparam(rules, MAGIC_PARAM_BYTES_MAX, &limit) == 0)
		return NULL;
	why = rules ? magic_error(rules) : NULL;
	return why ? why : "they can't be loaded";
}

const char *type_of(const unsigned char *bytes, size_t len)
{
	const char *type = magic_buffer(rules, bytes, len);

	return type ? type : "application/octet-stream";
}
