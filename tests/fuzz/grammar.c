/* grammar: see grammar.h. A reader by recursive descent, one function for each
 * rule of the grammar. */
#include "grammar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEEPEST = 32,
	MOST = 2000
};

struct reader {
	const char *at, *end;
	const char *error;
	bool class_id;
	int depth;
	int room; /* for elements and line breaks */
};

/* The elements around the current place. */
struct around {
	bool a, p;    /* inside one, at any depth */
	bool in_item; /* inside a li, with no list between */
};

static bool set_error(struct reader *r, const char *error)
{
	if (!r->error)
		r->error = error;
	return false;
}

static size_t bytes_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static bool take_literal(struct reader *r, const char *literal)
{
	size_t len = strlen(literal);

	if (bytes_left(r) < len || memcmp(r->at, literal, len) != 0)
		return false;
	r->at += len;
	return true;
}

static bool take_one_of(struct reader *r, const char *characters)
{
	if (r->at == r->end || !*r->at || !strchr(characters, *r->at))
		return false;
	r->at++;
	return true;
}

static bool read_number(struct reader *r)
{
	bool hex = take_one_of(r, "xX");
	const char *start = r->at;
	uint64_t code = 0;

	while (take_one_of(r, hex ? "0123456789abcdefABCDEF" : "0123456789")) {
		char c = r->at[-1];
		unsigned digit = c <= '9' ? (unsigned)(c - '0')
					  : (unsigned)((c | 32) - 'a' + 10);

		code = code * (hex ? 16 : 10) + digit;
		if (code > 0x10ffff)
			return set_error(r, "reference to no character");
	}
	if (r->at == start)
		return set_error(r, "reference without a number");
	if ((code < 32 && code != 9 && code != 10) ||
	    (code >= 127 && code < 160) || (code >= 0xd800 && code < 0xe000))
		return set_error(r, "reference to a control or surrogate");
	return true;
}

/* Reads a reference, after "&". */
static bool read_reference(struct reader *r)
{
	const char *start = r->at;

	if (take_literal(r, "#")) {
		if (!read_number(r))
			return false;
	} else {
		while (take_one_of(r, "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
			;
		if (r->at == start)
			return set_error(r, "bare ampersand");
	}
	return take_literal(r, ";") ||
	       set_error(r, "reference without a semicolon");
}

/* Reads one character that text or a value may contain. */
static bool read_character(struct reader *r)
{
	unsigned char c = (unsigned char)*r->at++;

	if (c == '&')
		return read_reference(r);
	if (c == '>')
		return set_error(r, "bare greater-than sign");
	if (c < 32 && c != '\t' && c != '\n')
		return set_error(r, "control character");
	return true;
}

/* Counts one element or line break. */
static bool count_element(struct reader *r)
{
	return r->room-- > 0 ||
	       set_error(r, "too many elements and line breaks");
}

/* Whether the text begins with a reference to a line break; sanitise() writes
 * those as the character. */
static bool is_newline_reference(const struct reader *r)
{
	struct reader ahead = *r;
	unsigned long code;

	if (take_literal(&ahead, "&NewLine;"))
		return true;
	if (!take_literal(&ahead, "&#"))
		return false;
	code = take_one_of(&ahead, "xX") ? strtoul(ahead.at, NULL, 16)
					 : strtoul(ahead.at, NULL, 10);
	return code == '\n';
}

static bool read_text(struct reader *r)
{
	if (is_newline_reference(r))
		return set_error(r, "line break as a reference");
	return (*r->at != '\n' || count_element(r)) && read_character(r);
}

/* Whether an address has an allowed scheme or none, without references before
 * it. */
static bool is_address(const char *value, size_t len)
{
	static const char *const schemes[] = { "http", "https", "mailto" };
	size_t n = 0;

	while (len && strchr(" \t\n", *value)) {
		value++;
		len--;
	}
	while (n < len && !strchr(":/?#\\", value[n]))
		n++;
	if (n == len || value[n] != ':')
		return true;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strlen(schemes[i]) == n &&
		    strncasecmp(value, schemes[i], n) == 0)
			return true;
	return false;
}

/* Reads a value, after "name=". */
static bool read_value(struct reader *r, const char **value, size_t *len)
{
	if (!take_literal(r, "\""))
		return set_error(r, "value without quotes");
	*value = r->at;
	while (!take_literal(r, "\"")) {
		if (r->at == r->end || *r->at == '<')
			return set_error(r, "unclosed value");
		if (!read_character(r))
			return false;
	}
	*len = (size_t)(r->at - *value - 1);
	return true;
}

static bool is_here(const char *target, size_t len)
{
	static const char *const here[] = { "", "_self", "_parent", "_top" };

	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		if (strlen(here[i]) == len &&
		    strncasecmp(target, here[i], len) == 0)
			return true;
	return false;
}

static bool is_language(const char *value, size_t len)
{
	return len > 9 && len <= 41 && memcmp(value, "language-", 9) == 0 &&
	       strspn(value + 9,
		      "abcdefghijklmnopqrstuvwxyz"
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#+._-") == len - 9;
}

/* Reads attributes, after a tag's name, up to its ">". */
static bool read_attributes(struct reader *r, const char *tag)
{
	bool a = strcmp(tag, "a") == 0, code = strcmp(tag, "code") == 0;
	static const char *const names[] = { "class", "id", "href", "title",
					     "target" };
	unsigned seen = 0, bit;
	bool elsewhere = false;
	const char *value;
	size_t len;

	while (!take_literal(r, ">")) {
		if (!take_literal(r, " "))
			return set_error(r, "no space before an attribute");
		if (elsewhere &&
		    take_literal(r, "rel=\"noopener nofollow ugc\">"))
			return true;
		for (bit = 0; bit < 5; bit++)
			if (take_literal(r, names[bit]))
				break;
		if (bit == 5 || (bit == 0 && !r->class_id && !code) ||
		    (bit == 1 && !r->class_id) || (bit >= 2 && !a))
			return set_error(r, "attribute that is not allowed");
		if (seen & 1u << bit)
			return set_error(r, "attribute given twice");
		seen |= 1u << bit;
		if (!take_literal(r, "=") || !read_value(r, &value, &len))
			return set_error(r, "attribute without a value");
		if (bit == 0 && !r->class_id && !is_language(value, len))
			return set_error(r, "class that is not allowed");
		if (bit == 2 && !is_address(value, len))
			return set_error(r, "address that is not allowed");
		if (bit == 4)
			elsewhere = !is_here(value, len);
	}
	return !elsewhere || set_error(r, "another window without rel");
}

static const char *const names[] = { "a", "b",    "blockquote", "code", "em",
				     "i", "li",   "ol",         "p",    "pre",
				     "s", "span", "strong",     "ul" };

static const char *read_name(struct reader *r)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i]);

		if (bytes_left(r) > len && memcmp(r->at, names[i], len) == 0 &&
		    strchr(" >", r->at[len])) {
			r->at += len;
			return names[i];
		}
	}
	set_error(r, "element that is not allowed");
	return NULL;
}

/* Blocks that separate the items in them from the items around. */
static const char *const parting[] = { "blockquote", "ol", "pre", "ul", NULL };

static bool is_one_of(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

static bool may_stand(struct reader *r, const char *name, struct around *around)
{
	bool li = strcmp(name, "li") == 0, p = strcmp(name, "p") == 0;
	bool a = strcmp(name, "a") == 0;
	bool parts = is_one_of(name, parting);

	if (++r->depth > DEEPEST)
		return set_error(r, "too deep");
	if (around->p && (p || parts || li))
		return set_error(r, "block in a paragraph");
	if (around->a && a)
		return set_error(r, "link in a link");
	if (around->in_item && li)
		return set_error(r, "item in an item");
	around->p |= p;
	around->a |= a;
	around->in_item = li || (around->in_item && !parts);
	return true;
}

/* Reads text and elements up to an end tag or the end of the text. */
static bool read_content(struct reader *r, struct around around);

/* Reads an element, after "<". */
static bool read_element(struct reader *r, struct around around)
{
	const char *name;

	if (!count_element(r))
		return false;
	if (take_literal(r, "br>"))
		return true;
	if (bytes_left(r) > 3 && memcmp(r->at, "br ", 3) == 0) {
		r->at += 2;
		return read_attributes(r, "br");
	}
	name = read_name(r);
	if (!name || !may_stand(r, name, &around) || !read_attributes(r, name))
		return false;
	if (bytes_left(r) >= 2 && memcmp(r->at, "</", 2) == 0)
		return set_error(r, "empty element");
	if (strcmp(name, "pre") == 0 && bytes_left(r) && *r->at == '\n')
		return set_error(r, "line break at the start of a pre");
	if (!read_content(r, around))
		return false;
	r->depth--;
	return (take_literal(r, "</") && take_literal(r, name) &&
		take_literal(r, ">")) ||
	       set_error(r, "element that is not closed");
}

static bool read_content(struct reader *r, struct around around)
{
	while (r->at < r->end) {
		if (bytes_left(r) >= 2 && memcmp(r->at, "</", 2) == 0)
			return true;
		if (take_literal(r, "<") ? !read_element(r, around)
					 : !read_text(r))
			return false;
	}
	return true;
}

const char *grammar_error(const char *text, size_t len, bool class_id)
{
	struct reader r = { .at = text,
			    .end = text + len,
			    .class_id = class_id,
			    .room = MOST };

	if (read_content(&r, (struct around){ .a = false }) && r.at < r.end)
		set_error(&r, "end tag without an element");
	return r.error;
}
