/* json_peek: looks for one member of JSON that may be malformed elsewhere. */
#ifndef CONFAB_BASE_JSON_PEEK_H
#define CONFAB_BASE_JSON_PEEK_H

#include <stdbool.h>
#include <stddef.h>

/* Finds a member of the outermost object and returns its raw text: a string
 * with its quotes, or anything else up to the next comma or bracket. The text
 * is not validated. False when there is no such member, or when something
 * before it has no end. */
bool json_peek(const char *text, size_t len, const char *name,
	       const char **value, size_t *value_len);

#endif
