/* option_kind: what the options of the programs that are texts may be. */
#ifndef CONFAB_BASE_OPTION_KIND_H
#define CONFAB_BASE_OPTION_KIND_H

#include <stdbool.h>

#include "base/logger.h"

struct option_kind {
	bool (*is_valid)(const char *text);
	const char *takes; /* what is valid, in words, with an example */
};

extern const struct option_kind OPTION_NAME, OPTION_LEVEL, OPTION_PATH,
	OPTION_PATH_OR_NOTHING, OPTION_MOUNT, OPTION_PLACE, OPTION_PLACES,
	OPTION_URL, OPTION_ORIGINS, OPTION_ADDRESSES, OPTION_COMMAND,
	OPTION_SENDFILE, OPTION_PORT;

/* The level of that name. False when there is none. */
bool option_find_level(const char *name, enum logger_level *out);

#endif
