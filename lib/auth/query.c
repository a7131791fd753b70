/* query: fields of query strings and cookies. Called with text from outside;
 * owns nothing. */
#include "auth/query.h"

#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

/* Decodes the next character of a form field and moves *at after it. A '%'
 * that starts no escape stands for itself, as in the WHATWG URL parser. */
static char decode_next(const char **at, const char *end)
{
	const char *p = *at;
	int high, low;

	*at = p + 1;
	if (*p == '+')
		return ' ';
	if (*p != '%' || end - p < 3)
		return *p;
	high = hex_digit(p[1]);
	low = hex_digit(p[2]);
	if (high < 0 || low < 0)
		return *p;
	*at = p + 3;
	return (char)(high * 16 + low);
}

static bool decodes_to(const char *at, const char *end, const char *name)
{
	while (at < end)
		if (*name == '\0' || decode_next(&at, end) != *name++)
			return false;
	return *name == '\0';
}

static bool terminate_value(char *out, size_t len)
{
	if (!utf8_valid(out, len))
		return false;
	out[len] = '\0';
	return true;
}

bool query_get(const char *query, const char *name, char *out, size_t cap)
{
	const char *at, *end, *equals;
	size_t len = 0;

	for (at = query; at && *at; at = *end ? end + 1 : end) {
		end = at + strcspn(at, "&");
		equals = memchr(at, '=', (size_t)(end - at));
		if (!decodes_to(at, equals ? equals : end, name))
			continue;
		at = equals ? equals + 1 : end;
		while (at < end) {
			if (len + 1 >= cap)
				return false;
			out[len++] = decode_next(&at, end);
		}
		return terminate_value(out, len);
	}
	return false;
}

bool query_has(const char *query, const char *name)
{
	const char *at, *end, *equals;

	for (at = query; at && *at; at = *end ? end + 1 : end) {
		end = at + strcspn(at, "&");
		equals = memchr(at, '=', (size_t)(end - at));
		if (decodes_to(at, equals ? equals : end, name))
			return true;
	}
	return false;
}

const char *query_find(const char *query, const char *name, char *out,
		       size_t cap)
{
	if (!query_has(query, name))
		return NULL;
	if (!query_get(query, name, out, cap))
		*out = '\0';
	return out;
}

static void decode_into(struct buf *out, const char *at, const char *end)
{
	out->len = 0;
	while (at < end) {
		char c = decode_next(&at, end);

		buf_add(out, &c, 1);
	}
}

bool query_next(const char **at, const char *end, struct buf *name,
		struct buf *value)
{
	const char *field, *stop, *equals;

	while (*at < end && **at == '&')
		++*at;
	if (*at == end)
		return false;
	field = *at;
	stop = memchr(field, '&', (size_t)(end - field));
	if (!stop)
		stop = end;
	equals = memchr(field, '=', (size_t)(stop - field));
	decode_into(name, field, equals ? equals : stop);
	decode_into(value, equals ? equals + 1 : stop, stop);
	*at = stop;
	return true;
}

bool query_cookie(const char *cookies, const char *name, char *out, size_t cap)
{
	const char *at, *end;
	size_t name_len = strlen(name), len;

	for (at = cookies; at && *at; at = *end ? end + 1 : end) {
		at += strspn(at, " \t");
		end = at + strcspn(at, ";");
		len = (size_t)(end - at);
		if (len <= name_len || at[name_len] != '=' ||
		    memcmp(at, name, name_len) != 0)
			continue;
		at += name_len + 1;
		len = (size_t)(end - at);
		while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
			len--;
		if (len + 1 > cap)
			return false;
		memcpy(out, at, len);
		return terminate_value(out, len);
	}
	return false;
}
