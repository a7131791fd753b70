/* query: fields of query strings and cookies. */
#ifndef CONFAB_AUTH_QUERY_H
#define CONFAB_AUTH_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Copies the decoded value of the first field of that name to out, terminated.
 * The string is application/x-www-form-urlencoded, or NULL for empty. False
 * when the field is absent, longer than cap - 1, or not valid UTF-8 without
 * NUL. */
bool query_get(const char *query, const char *name, char *out, size_t cap);

/* As query_get(), for a field that matters even if its value can't be read:
 * returns out, "" where query_get() fails, or NULL when the field is absent. */
const char *query_find(const char *query, const char *name, char *out,
		       size_t cap);

/* Whether there is a field of that name. */
bool query_has(const char *query, const char *name);

/* Decodes the next field of such a string, which ends at end, and moves *at
 * after it. False at the end. The buffers are overwritten; they hold the bytes
 * as they were sent, which may be invalid UTF-8. */
bool query_next(const char **at, const char *end, struct buf *name,
		struct buf *value);

/* As query_get(), for a Cookie header. Its values are not decoded. */
bool query_cookie(const char *cookies, const char *name, char *out, size_t cap);

#endif
