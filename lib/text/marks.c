/* marks: see marks.h. Called by sanitise; owns nothing. */
#include "text/marks.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/escape.h"

enum {
	NO_CHARACTER = 0x0a, /* joins nothing */
	ASCII_END = 0x80
};

/* Whether the character is drawn with the one before it, or not at all. */
static bool joins(UChar32 c)
{
	int32_t cluster;

	if (c < ASCII_END)
		return false;
	cluster = u_getIntPropertyValue(c, UCHAR_GRAPHEME_CLUSTER_BREAK);
	return cluster == U_GCB_EXTEND || cluster == U_GCB_SPACING_MARK ||
	       cluster == U_GCB_ZWJ || (U_GET_GC_MASK(c) & U_GC_M_MASK) ||
	       u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

/* The character of the reference at the start of text, whose length goes to
 * *len; NO_CHARACTER when it has another one than a mark. */
static UChar32 read_reference(struct html_span text, size_t *len)
{
	static const struct {
		const char *name;
		UChar32 mark;
	} names[] = { { "DownBreve;", 0x311 },
		      { "tdot;", 0x20db },
		      { "TripleDot;", 0x20db },
		      { "DotDot;", 0x20dc } };
	const char *name = text.start + 1;
	bool hex;

	*len = 1;
	if (!escape_is_reference(text.start, text.len))
		return NO_CHARACTER;
	*len = (size_t)((const char *)memchr(name, ';', text.len - 1) -
			text.start) +
	       1;
	if (*name == '#') {
		hex = name[1] == 'x' || name[1] == 'X';
		return (UChar32)strtoul(name + 1 + hex, NULL, hex ? 16 : 10);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(name, names[i].name, strlen(names[i].name)))
			return names[i].mark;
	return NO_CHARACTER;
}

/* The character at the start of text, which is valid UTF-8 or a reference; its
 * length goes to *len. */
static UChar32 read_character(struct html_span text, size_t *len)
{
	if (*text.start == '&')
		return read_reference(text, len);
	return (UChar32)utf8_next(text.start, len);
}

/* Whether no character of the text can be a mark. */
static bool is_plain(struct html_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.start[i] >= ASCII_END ||
		    text.start[i] == '&')
			return false;
	return true;
}

struct html_span marks_limit(struct marks *marks, struct html_span text,
			     struct buf *scratch)
{
	struct html_span rest = text;
	size_t n;

	if (!text.len)
		return text;
	if (is_plain(text)) {
		marks->run = 0;
		return text;
	}
	scratch->len = 0;
	for (; rest.len; rest.start += n, rest.len -= n) {
		marks->run =
			joins(read_character(rest, &n)) ? marks->run + 1 : 0;
		if (marks->run <= MARKS_MOST)
			buf_add(scratch, rest.start, n);
	}
	return (struct html_span){ scratch->data, scratch->len };
}
