/* json: reads and writes JSON. The only module that sees json-c. */
#ifndef CONFAB_BASE_JSON_H
#define CONFAB_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json; /* a parsed value; the root owns its members */

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* Parses strict JSON (RFC 8259): valid UTF-8, no U+0000, no lone surrogates, no
 * single quotes, at most depth nested arrays and objects, nothing after the
 * value. On failure returns NULL with a sentence in *why. The value null is
 * also NULL, with *why NULL. Integers that do not fit int64_t are JSON_NUMBER
 * and keep their value. Free with json_free(). */
struct json *json_parse(const char *text, size_t len, int depth,
			const char **why) __attribute__((warn_unused_result));
/* As json_parse(), for text from outside: refuses more than about most values
 * before the work that each of them causes here and in the database. */
struct json *json_parse_bounded(const char *text, size_t len, int depth,
				size_t most, const char **why)
	__attribute__((warn_unused_result));
void json_free(struct json *root);

/* The kind of a value. NULL counts as JSON_NULL. */
enum json_kind json_kind(const struct json *value);

/* The member of that name. NULL when it is absent or null, and when object is
 * not an object. */
const struct json *json_get(const struct json *object, const char *name);
bool json_has(const struct json *object, const char *name);

/* As json_get(), for a value that the caller may change. */
struct json *json_member(struct json *object, const char *name);

size_t json_length(const struct json *array);
const struct json *json_at(const struct json *array, size_t i);

/* The text of a string; NULL for other kinds. len may be NULL. */
const char *json_string(const struct json *value, size_t *len);
/* False unless the value is an integer that fits int64_t. */
bool json_integer(const struct json *value, int64_t *out);

/* Whether the array holds this text, or this integer. */
bool json_lists_text(const struct json *array, const char *text);
bool json_lists_integer(const struct json *array, int64_t number);

/* Replaces a member by a string, in place. */
void json_set_string(struct json *object, const char *name, const char *text,
		     size_t len);

/* Removes a member if it is there. */
void json_remove(struct json *object, const char *name);

/* Appends the value as compact JSON text. */
void json_print(const struct json *value, struct buf *out);

/* Appends text (valid UTF-8) as a quoted JSON string. */
void json_quote(struct buf *out, const char *text, size_t len);

#endif
