/* query: fields of query strings and cookies. */
#ifndef CONFAB_AUTH_QUERY_H
#define CONFAB_AUTH_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/* Copies the decoded value of the first field of that name in an
 * application/x-www-form-urlencoded string (NULL: empty) to out, terminated.
 * False when absent, longer than cap - 1, or not valid UTF-8 without NUL. */
bool query_get(const char *query, const char *name, char *out, size_t cap);

/* The same for a Cookie header, whose values are taken as they stand. */
bool query_cookie(const char *cookies, const char *name, char *out, size_t cap);

#endif
