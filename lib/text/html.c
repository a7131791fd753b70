/* html: see html.h. Stateless. Looks at each byte a bounded number of times,
 * because everything after an unterminated tag becomes text. */
#include "text/html.h"

#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool html_is_name(struct html_span span, const char *name)
{
	return strlen(name) == span.len &&
	       strncasecmp(span.start, name, span.len) == 0;
}

static const char *skip_spaces(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	return at;
}

/* Reads the value at at and returns the position after it. A quote that is
 * never closed makes the value, and its tag, reach to the end. */
static const char *read_value(const char *at, const char *end,
			      struct html_span *value)
{
	const char *close;

	value->start = at;
	if (*at == '"' || *at == '\'') {
		value->start = at + 1;
		close = memchr(at + 1, *at, (size_t)(end - at - 1));
		at = close ? close : end;
		value->len = (size_t)(at - value->start);
		return close ? close + 1 : end;
	}
	while (at < end && !is_space(*at) && *at != '>')
		at++;
	value->len = (size_t)(at - value->start);
	return at;
}

/* Reads the next attribute between at and end and returns the position after
 * it. NULL when there is none before the tag's ">" or the end. */
static const char *read_attribute(const char *at, const char *end,
				  struct html_span *name,
				  struct html_span *value)
{
	while (at < end && (is_space(*at) || *at == '/'))
		at++;
	if (at == end || *at == '>')
		return NULL;
	name->start = at++; /* even a "=" */
	while (at < end && !is_space(*at) && !strchr("/>=", *at))
		at++;
	name->len = (size_t)(at - name->start);
	*value = (struct html_span){ at, 0 };
	at = skip_spaces(at, end);
	if (at == end || *at != '=')
		return at;
	at = skip_spaces(at + 1, end);
	if (at == end || *at == '>')
		return at;
	return read_value(at, end, value);
}

bool html_attribute(struct html_span *rest, struct html_span *name,
		    struct html_span *value)
{
	const char *end = rest->start + rest->len;
	const char *next = read_attribute(rest->start, end, name, value);

	if (!next)
		return false;
	*rest = (struct html_span){ next, (size_t)(end - next) };
	return true;
}

/* The position after the tag whose name starts at name; NULL when it never
 * ends. */
static const char *read_tag(const char *name, const char *end,
			    struct html_token *token)
{
	const char *at = name, *next;
	struct html_span attribute, value;

	while (at < end && !is_space(*at) && *at != '/' && *at != '>')
		at++;
	token->name = (struct html_span){ name, (size_t)(at - name) };
	token->attributes.start = at;
	while ((next = read_attribute(at, end, &attribute, &value)))
		at = next;
	while (at < end && *at != '>')
		at++; /* spaces and "/" */
	token->attributes.len = (size_t)(at - token->attributes.start);
	return at < end ? at + 1 : NULL;
}

/* The position after the comment that opens with "<!--" at start. A comment
 * without an end reaches to the end of the text. */
static const char *read_comment(const char *start, const char *end)
{
	/* "<!-->" and "<!--->" are whole comments. */
	for (const char *at = start + 2; end - at >= 3; at++) {
		if (at[0] != '-' || at[1] != '-')
			continue;
		if (at[2] == '>')
			return at + 3;
		if (at >= start + 4 && end - at >= 4 && at[2] == '!' &&
		    at[3] == '>')
			return at + 4;
	}
	return end;
}

/* Reads the markup that starts with "<" at start; NULL when it is none. */
static const char *read_markup(const char *start, const char *end,
			       struct html_token *token)
{
	const char *at = start + 1;
	const char *close;

	if (at == end)
		return NULL;
	if (is_letter(*at)) {
		token->kind = HTML_START;
		return read_tag(at, end, token);
	}
	token->kind = HTML_COMMENT;
	if (*at == '/' && end - at >= 2 && is_letter(at[1])) {
		token->kind = HTML_END;
		return read_tag(at + 1, end, token);
	}
	if (*at == '/')
		return end - at >= 2 && at[1] == '>' ? at + 2 : NULL;
	if (*at != '!' && *at != '?')
		return NULL;
	if (end - start >= 4 && memcmp(start, "<!--", 4) == 0)
		return read_comment(start, end);
	close = memchr(at, '>', (size_t)(end - at));
	return close ? close + 1 : NULL;
}

/* Whether the unterminated markup at start turns all the rest into text:
 * nothing after it has an end either. */
static bool takes_rest(const char *start, const char *end)
{
	return end - start >= 2 &&
	       (is_letter(start[1]) || strchr("!?", start[1]) ||
		(start[1] == '/' && end - start >= 3 && is_letter(start[2])));
}

bool html_next(struct html_span *rest, struct html_token *token)
{
	const char *start = rest->start, *end = start + rest->len;
	const char *next = NULL;

	if (start == end)
		return false;
	*token = (struct html_token){ .kind = HTML_TEXT };
	if (*start == '<')
		next = read_markup(start, end, token);
	if (!next) {
		token->kind = HTML_TEXT;
		if (*start == '<' && takes_rest(start, end)) {
			next = end;
		} else {
			next = memchr(start + 1, '<',
				      (size_t)(end - start - 1));
			next = next ? next : end;
		}
	}
	token->text = (struct html_span){ start, (size_t)(next - start) };
	*rest = (struct html_span){ next, (size_t)(end - next) };
	return true;
}
