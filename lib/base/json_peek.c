/* json_peek: see json_peek.h. Called for a refused command, to tell its sender
 * which command it was. Takes linear time and owns nothing. */
#include "base/json_peek.h"

#include <string.h>

/* The position after the string that begins at p, or end. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

static const char *skip_blank(const char *p, const char *end)
{
	while (p < end && *p && strchr(" \t\r\n", *p))
		p++;
	return p;
}

/* Whether the string at p is this name and a colon follows. *value is then the
 * position after the colon. */
static bool is_member(const char *p, const char *after, const char *end,
		      const char *name, const char **value)
{
	size_t len = strlen(name);

	if ((size_t)(after - p) != len + 2 || memcmp(p + 1, name, len) != 0)
		return false;
	after = skip_blank(after, end);
	if (after == end || *after != ':')
		return false;
	*value = skip_blank(after + 1, end);
	return *value < end;
}

static size_t value_length(const char *p, const char *end)
{
	const char *start = p;

	if (*p == '"')
		return (size_t)(skip_string(p, end) - p);
	while (p < end && *p && !strchr(",}] \t\r\n", *p))
		p++;
	return (size_t)(p - start);
}

bool json_peek(const char *text, size_t len, const char *name,
	       const char **value, size_t *value_len)
{
	const char *p = text, *end = text + len, *after;
	int depth = 0;

	while (p < end) {
		if (*p == '"') {
			after = skip_string(p, end);
			if (depth == 1 &&
			    is_member(p, after, end, name, value)) {
				*value_len = value_length(*value, end);
				return true;
			}
			p = after;
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	}
	return false;
}
