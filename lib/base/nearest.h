/* nearest: the known name that a mistyped one probably means. */
#ifndef CONFAB_BASE_NEAREST_H
#define CONFAB_BASE_NEAREST_H

#include <stddef.h>

#include "base/buf.h"

struct nearest {
	const char *wanted; /* as it was typed */
	size_t len;
	const char *name; /* the best so far; NULL: none is near */
	size_t distance;
};

/* wanted has to live as long as nearest does. */
void nearest_begin(struct nearest *nearest, const char *wanted, size_t len);

/* Compares one known name, which has to live as long. */
void nearest_offer(struct nearest *nearest, const char *name);

/* Appends "; did you mean NAME?" when a name is near. */
void nearest_add(const struct nearest *nearest, struct buf *out);

#endif
