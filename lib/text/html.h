/* html: cuts HTML into text and tags, in linear time and without allocating, as
 * the tokenizer of WHATWG HTML section 13.2.5 does in its data state.
 * Incomplete markup is text: "a < b", "</3", "<b" at the end. */
#ifndef CONFAB_TEXT_HTML_H
#define CONFAB_TEXT_HTML_H

#include <stdbool.h>
#include <stddef.h>

/* A part of the source text; nothing is copied. */
struct html_span {
	const char *start;
	size_t len;
};

enum html_kind {
	HTML_TEXT,
	HTML_START,
	HTML_END,
	HTML_COMMENT, /* also bogus ones: "<!doctype>", "<?x>" */
};

struct html_token {
	enum html_kind kind;
	struct html_span text;       /* the token as it stands in the source */
	struct html_span name;       /* a tag's name, in any case */
	struct html_span attributes; /* for html_attribute() */
};

/* Whether a span is that name, in any case. */
bool html_is_name(struct html_span span, const char *name);

/* Takes the next token off rest. False at the end. Newlines must be LF. */
bool html_next(struct html_span *rest, struct html_token *token);

/* Takes the next attribute off rest, which is a start tag's attributes. False
 * at the end. Values are not decoded. */
bool html_attribute(struct html_span *rest, struct html_span *name,
		    struct html_span *value);

#endif
