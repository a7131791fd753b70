/* Query strings and cookies: a value found is valid text that fits, and a plain
 * one is found unchanged. The first line is a name, the rest is searched. */
#include <stdlib.h>
#include <string.h>

#include "auth/query.h"
#include "base/utf8.h"
#include "target.h"

typedef bool getter(const char *fields, const char *name, char *out,
		    size_t cap);

/* Checks that the result does not depend on the room, and that no byte is
 * written beyond it. */
static void check_field(getter *get, const char *fields, const char *name)
{
	size_t cap = strlen(fields) + 1, len;
	char *out = malloc(cap), *tight;

	CHECK(out);
	if (get(fields, name, out, cap)) {
		len = strlen(out);
		CHECK(len < cap);
		CHECK(utf8_valid(out, len));
		tight = malloc(len + 1);
		CHECK(tight && get(fields, name, tight, len + 1));
		CHECK(strcmp(tight, out) == 0);
		CHECK(!len || !get(fields, name, tight, len));
		free(tight);
	}
	free(out);
}

/* Checks that the fields one by one are those that are found by name. */
static void check_next(const char *fields, const char *name)
{
	const char *at = fields, *end = fields + strlen(fields);
	struct buf key = { 0 }, value = { 0 };
	char *out = malloc(strlen(fields) + 1);
	bool found = false;

	CHECK(out);
	while (!found && query_next(&at, end, &key, &value)) {
		CHECK(at <= end);
		found = strlen(name) == key.len &&
			memcmp(buf_text(&key), name, key.len) == 0;
	}
	/* An empty field is passed over here. */
	CHECK(!*name || found == query_has(fields, name));
	CHECK(query_has(fields, name) ==
	      (query_find(fields, name, out, strlen(fields) + 1) != NULL));
	if (*name && found && query_get(fields, name, out, strlen(fields) + 1))
		CHECK(strcmp(out, buf_text(&value)) == 0);
	buf_free(&key);
	buf_free(&value);
	free(out);
}

void target_query(const char *bytes, size_t len)
{
	char *text = target_text(bytes, len);
	char *fields = strchr(text, '\n');

	if (fields) {
		*fields++ = '\0';
		check_field(query_get, fields, text);
		check_field(query_cookie, fields, text);
		check_next(fields, text);
	}
	free(text);
}
