/* escape: see escape.h. Stateless. */
#include "text/escape.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "text/entities.h"

enum {
	REFERENCE_MOST = 33 /* bytes between & and ; */
};

static bool is_digits(const char *text, size_t len, const char *digits)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(digits, text[i]))
			return false;
	return len > 0;
}

/* Whether a reference to this number is allowed: a character that is no
 * control, or tab or newline. */
static bool is_character(unsigned long code)
{
	return code == '\t' || code == '\n' || (code >= 0x20 && code < 0x7f) ||
	       (code >= 0xa0 && code < 0xd800) ||
	       (code >= 0xe000 && code <= 0x10ffff);
}

/* number: the part between "&#" and ";". */
static bool is_numeric_reference(const char *number, size_t len)
{
	bool hex = len > 0 && (*number == 'x' || *number == 'X');
	const char *digits = number + hex;
	unsigned long code = 0;

	len -= hex;
	if (len > 7 ||
	    !is_digits(digits, len,
		       hex ? "0123456789abcdefABCDEF" : "0123456789"))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned long digit = (unsigned long)hex_digit(digits[i]);

		code = code * (hex ? 16 : 10) + digit;
	}
	return is_character(code);
}

bool escape_is_reference(const char *text, size_t len)
{
	size_t most = len - 1 < REFERENCE_MOST ? len - 1 : REFERENCE_MOST;
	const char *end = memchr(text + 1, ';', most);
	size_t inside = end ? (size_t)(end - text - 1) : 0;

	if (inside == 0)
		return false;
	if (text[1] == '#')
		return is_numeric_reference(text + 2, inside - 1);
	return entities_has(text + 1, inside);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 && c != '\t' && c != '\n';
}

static bool is_plain(char c)
{
	return !is_control(c) && !strchr("&<>\"", c);
}

/* quote: the replacement for a double quote. */
static void add_escaped(struct buf *out, struct html_span text,
			const char *quote)
{
	const char *at = text.start, *end = at + text.len;

	while (at < end) {
		size_t plain = 0;

		while (at + plain < end && is_plain(at[plain]))
			plain++;
		buf_add(out, at, plain);
		at += plain;
		if (at == end)
			return;
		if (is_control(*at))
			buf_add_text(out, "?");
		else if (*at == '<')
			buf_add_text(out, "&lt;");
		else if (*at == '>')
			buf_add_text(out, "&gt;");
		else if (*at == '"')
			buf_add_text(out, quote);
		else if (escape_is_reference(at, (size_t)(end - at)))
			buf_add_text(out, "&");
		else
			buf_add_text(out, "&amp;");
		at++;
	}
}

void escape_text(struct buf *out, struct html_span text)
{
	add_escaped(out, text, "\"");
}

void escape_attribute(struct buf *out, struct html_span text)
{
	add_escaped(out, text, "&quot;");
}

size_t escape_line_break(struct html_span text)
{
	const char *end =
		memchr(text.start, ';', text.len < 12 ? text.len : 12);
	struct html_span name;
	bool hex;

	if (*text.start == '\n')
		return 1;
	if (*text.start != '&' || !end)
		return 0;
	name = (struct html_span){ text.start + 1,
				   (size_t)(end - text.start) - 1 };
	if (name.len == 7 && memcmp(name.start, "NewLine", 7) == 0)
		return name.len + 2;
	if (name.len < 3 || *name.start != '#')
		return 0;
	hex = name.start[1] == 'x' || name.start[1] == 'X';
	return strtoul(name.start + 1 + hex, NULL, hex ? 16 : 10) == '\n' &&
			       escape_is_reference(text.start, text.len)
		       ? name.len + 2
		       : 0;
}
