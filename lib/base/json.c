/* json: reads and writes JSON. Called with bytes from outside and from the
 * database. Owns a parsed tree until json_free(). The only module that sees
 * json-c.
 *
 * Even in strict mode json-c 0.16 accepts more than RFC 8259: single quotes,
 * NaN and Infinity, control characters in strings, some malformed numbers. It
 * also changes values silently: U+0000 and lone surrogates in escapes, and
 * integers beyond 64 bits. So this module first scans the text token by token.
 * json-c then sees only valid tokens and judges their order. */
#include "base/json.h"

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

/* struct json stands for json-c's object. Values read through const pointers
 * are never changed here. */
static struct json_object *to_json_c(const struct json *value)
{
	return (struct json_object *)(uintptr_t)value;
}

static struct json *from_json_c(struct json_object *value)
{
	return (struct json *)value;
}

/* The position of a scan. A failure sets why and ends the scan. */
struct scan {
	const char *at, *end;
	const char *why;
	size_t large;  /* integers that do not fit an int64_t */
	size_t commas; /* between values */
};

static int peek_char(const struct scan *scan)
{
	return scan->at < scan->end ? (unsigned char)*scan->at : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* The number after "\u"; -1 unless four hexadecimal digits follow. */
static int scan_hex(struct scan *scan)
{
	int value = 0;

	if (scan->end - scan->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*scan->at++);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* Scans what follows the backslash of an escape. */
static void scan_escape(struct scan *scan)
{
	int c = peek_char(scan), value;

	if (c < 0 || !strchr("\"\\/bfnrtu", c) || c == 0) {
		scan->why = "Invalid escape in a string.";
		return;
	}
	scan->at++;
	if (c != 'u')
		return;
	value = scan_hex(scan);
	if (value < 0)
		scan->why = "Invalid escape in a string.";
	else if (value == 0)
		scan->why = "Null characters are not allowed.";
	else if (value >= 0xdc00 && value <= 0xdfff)
		scan->why = "Invalid surrogate in a string.";
	else if (value >= 0xd800 && value <= 0xdbff) {
		if (scan->end - scan->at < 2 || scan->at[0] != '\\' ||
		    scan->at[1] != 'u') {
			scan->why = "Invalid surrogate in a string.";
			return;
		}
		scan->at += 2;
		value = scan_hex(scan);
		if (value < 0xdc00 || value > 0xdfff)
			scan->why = "Invalid surrogate in a string.";
	}
}

/* Scans what follows the opening quote. */
static void scan_string(struct scan *scan)
{
	while (!scan->why) {
		int c = peek_char(scan);

		if (c < 0x20) {
			scan->why = c < 0 ? "Unfinished string."
					  : "Control character in a string.";
			return;
		}
		scan->at++;
		if (c == '"')
			return;
		if (c == '\\')
			scan_escape(scan);
	}
}

static size_t scan_digits(struct scan *scan)
{
	const char *start = scan->at;

	while (is_digit(peek_char(scan)))
		scan->at++;
	return (size_t)(scan->at - start);
}

/* Whether an integer without leading zeros fits int64_t. */
static bool fits_int64(const char *digits, size_t n, bool negative)
{
	const char *limit =
		negative ? "9223372036854775808" : "9223372036854775807";

	return n < 19 || (n == 19 && memcmp(digits, limit, 19) <= 0);
}

/* Scans an exponent from its "e". PostgreSQL stores every digit of a number, so
 * a few letters here could become a hundred thousand there. An exponent that no
 * double has is refused. */
static void scan_exponent(struct scan *scan)
{
	const char *digits;

	scan->at++;
	if (peek_char(scan) == '+' || peek_char(scan) == '-')
		scan->at++;
	digits = scan->at;
	if (scan_digits(scan) == 0)
		scan->why = "Invalid number.";
	while (digits < scan->at && *digits == '0')
		digits++;
	if (scan->at - digits > 3 ||
	    (scan->at - digits == 3 && memcmp(digits, "308", 3) > 0))
		scan->why = "Number out of range.";
}

/* Scans a number (RFC 8259 section 6). */
static void scan_number(struct scan *scan)
{
	bool zero, negative, fraction = false;
	const char *start;
	size_t digits;

	negative = peek_char(scan) == '-';
	if (negative)
		scan->at++;
	start = scan->at;
	zero = peek_char(scan) == '0';
	digits = scan_digits(scan);
	if (digits == 0 || (zero && digits > 1))
		scan->why = "Invalid number.";
	if (peek_char(scan) == '.') {
		fraction = true;
		scan->at++;
		if (scan_digits(scan) == 0)
			scan->why = "Invalid number.";
	}
	if (peek_char(scan) == 'e' || peek_char(scan) == 'E') {
		fraction = true;
		scan_exponent(scan);
	}
	if (!fraction && !fits_int64(start, digits, negative))
		scan->large++;
}

static void scan_word(struct scan *scan)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(scan->end - scan->at) >= len &&
		    memcmp(scan->at, words[i], len) == 0) {
			scan->at += len;
			return;
		}
	}
	scan->why = "Not valid JSON.";
}

/* Moves over one token or white space. */
static void scan_token(struct scan *scan)
{
	int c = peek_char(scan);

	if (c == '"') {
		scan->at++;
		scan_string(scan);
	} else if (c == '-' || is_digit(c)) {
		scan_number(scan);
	} else if (c != 0 && strchr(" \t\r\n{}[]:,", c)) {
		scan->commas += c == ',';
		scan->at++;
	} else {
		scan_word(scan);
	}
}

/* Copies the text and adds "e0" to each large integer. json-c keeps the digits
 * of a number with an exponent; without one it would take the nearest 64-bit
 * integer. */
static void keep_large(struct buf *out, const char *text, size_t len)
{
	struct scan scan = { .at = text, .end = text + len };
	const char *copied = text;

	while (scan.at < scan.end) {
		scan.large = 0;
		scan_token(&scan);
		if (!scan.large)
			continue;
		buf_add(out, copied, (size_t)(scan.at - copied));
		buf_add_text(out, "e0");
		copied = scan.at;
	}
	buf_add(out, copied, (size_t)(scan.end - copied));
}

static const char *tokener_sentence(enum json_tokener_error error)
{
	return error == json_tokener_error_depth ? "Nested too deeply."
						 : "Not valid JSON.";
}

static struct json *parse_tokens(const char *text, size_t len, int depth,
				 const char **why)
{
	/* json-c counts the innermost scalar as a level. */
	struct json_tokener *tokener = json_tokener_new_ex(depth + 1);
	struct json_object *root;

	*why = "Not valid JSON.";
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
						JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		root = json_tokener_parse_ex(tokener, "", 1);
	if (json_tokener_get_error(tokener) == json_tokener_success)
		*why = NULL;
	else
		*why = tokener_sentence(json_tokener_get_error(tokener));
	json_tokener_free(tokener);
	return from_json_c(root);
}

struct json *json_parse(const char *text, size_t len, int depth,
			const char **why)
{
	return json_parse_bounded(text, len, depth, SIZE_MAX, why);
}

struct json *json_parse_bounded(const char *text, size_t len, int depth,
				size_t most, const char **why)
{
	struct scan scan = { .at = text, .end = text + len };
	struct buf kept = { 0 };
	struct json *root;

	*why = NULL;
	if (len >= INT32_MAX / 2)
		*why = "Too long.";
	else if (!utf8_valid(text, len))
		*why = memchr(text, 0, len) ? "Null characters are not allowed."
					    : "Not valid UTF-8.";
	while (!*why && scan.at < scan.end) {
		scan_token(&scan);
		*why = scan.commas < most ? scan.why : "Too many values.";
	}
	if (*why)
		return NULL;
	if (scan.large) {
		keep_large(&kept, text, len);
		text = kept.data;
		len = kept.len;
	}
	root = parse_tokens(text, len, depth, why);
	buf_free(&kept);
	return root;
}

void json_free(struct json *root)
{
	json_object_put(to_json_c(root));
}

enum json_kind json_kind(const struct json *value)
{
	switch (json_object_get_type(to_json_c(value))) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_int:
		return JSON_INT;
	case json_type_double:
		return JSON_NUMBER;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	case json_type_null:
		break;
	}
	return JSON_NULL;
}

struct json *json_member(struct json *object, const char *name)
{
	struct json_object *member = NULL;

	if (json_kind(object) == JSON_OBJECT)
		json_object_object_get_ex(to_json_c(object), name, &member);
	return from_json_c(member);
}

const struct json *json_get(const struct json *object, const char *name)
{
	return json_member(from_json_c(to_json_c(object)), name);
}

bool json_has(const struct json *object, const char *name)
{
	return json_kind(object) == JSON_OBJECT &&
	       json_object_object_get_ex(to_json_c(object), name, NULL);
}

size_t json_length(const struct json *array)
{
	if (json_kind(array) != JSON_ARRAY)
		return 0;
	return json_object_array_length(to_json_c(array));
}

const struct json *json_at(const struct json *array, size_t i)
{
	if (i >= json_length(array))
		return NULL;
	return from_json_c(json_object_array_get_idx(to_json_c(array), i));
}

const char *json_string(const struct json *value, size_t *len)
{
	if (json_kind(value) != JSON_STRING)
		return NULL;
	if (len)
		*len = (size_t)json_object_get_string_len(to_json_c(value));
	return json_object_get_string(to_json_c(value));
}

bool json_integer(const struct json *value, int64_t *out)
{
	if (json_kind(value) != JSON_INT)
		return false;
	*out = json_object_get_int64(to_json_c(value));
	return true;
}

bool json_lists_text(const struct json *array, const char *text)
{
	for (size_t i = 0; i < json_length(array); i++) {
		const char *item = json_string(json_at(array, i), NULL);

		if (item && strcmp(item, text) == 0)
			return true;
	}
	return false;
}

bool json_lists_integer(const struct json *array, int64_t number)
{
	int64_t item;

	for (size_t i = 0; i < json_length(array); i++)
		if (json_integer(json_at(array, i), &item) && item == number)
			return true;
	return false;
}

void json_set_string(struct json *object, const char *name, const char *text,
		     size_t len)
{
	if (json_kind(object) != JSON_OBJECT)
		return;
	json_object_object_add(to_json_c(object), name,
			       json_object_new_string_len(text, (int)len));
}

void json_remove(struct json *object, const char *name)
{
	if (json_kind(object) == JSON_OBJECT)
		json_object_object_del(to_json_c(object), name);
}

void json_print(const struct json *value, struct buf *out)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
		to_json_c(value),
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	if (value)
		buf_add(out, text, len);
	else
		buf_add_text(out, "null");
}

void json_quote(struct buf *out, const char *text, size_t len)
{
	size_t done = 0;

	buf_add(out, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char escape[] = "\\u0000";

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, text + done, i - done);
		if (c >= 0x20) {
			buf_add(out, (char[]){ '\\', (char)c }, 2);
		} else {
			hex_print(escape + 4, &c, 1);
			buf_add_text(out, escape);
		}
		done = i + 1;
	}
	buf_add(out, text + done, len - done);
	buf_add(out, "\"", 1);
}
