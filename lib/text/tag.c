/* tag: the elements of rich text. Called by sanitise; stateless. */
#include "text/tag.h"

#include <string.h>

#include "text/escape.h"
#include "text/marks.h"
#include "text/url.h"

enum {
	LANGUAGE = 32, /* characters of a language's name */
};

const struct tag_rules TAGS[] = {
	[TAG_A] = { "a", true, false, false },
	[TAG_B] = { "b", true, false, false },
	[TAG_BLOCKQUOTE] = { "blockquote", false, true, true },
	[TAG_BR] = { "br", false, false, false },
	[TAG_CODE] = { "code", true, false, false },
	[TAG_EM] = { "em", true, false, false },
	[TAG_I] = { "i", true, false, false },
	[TAG_LI] = { "li", false, true, false },
	[TAG_OL] = { "ol", false, true, true },
	[TAG_P] = { "p", false, true, false },
	[TAG_PRE] = { "pre", false, true, true },
	[TAG_S] = { "s", true, false, false },
	[TAG_SPAN] = { "span", false, false, false },
	[TAG_STRONG] = { "strong", true, false, false },
	[TAG_UL] = { "ul", false, true, true },
};

enum attribute {
	ATTRIBUTE_HREF,
	ATTRIBUTE_TITLE,
	ATTRIBUTE_TARGET,
	ATTRIBUTE_CLASS,
	ATTRIBUTE_ID,
	ATTRIBUTE_NONE,
};

static const char *const attributes[] = { "href", "title", "target", "class",
					  "id" };

enum tag tag_find(struct html_span name)
{
	int tag = 0;

	while (tag < TAG_NONE && !html_is_name(name, TAGS[tag].name))
		tag++;
	return (enum tag)tag;
}

bool tag_is_other_block(struct html_span name)
{
	static const char *const blocks[] = {
		"address", "article",    "aside",    "dd",   "details",
		"dialog",  "div",        "dl",       "dt",   "figure",
		"footer",  "figcaption", "fieldset", "form", "h1",
		"h2",      "h3",         "h4",       "h5",   "h6",
		"header",  "hgroup",     "hr",       "main", "nav",
		"section", "table",
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (html_is_name(name, blocks[i]))
			return true;
	return false;
}

static enum attribute find_attribute(struct html_span name)
{
	int attribute = 0;

	while (attribute < ATTRIBUTE_NONE &&
	       !html_is_name(name, attributes[attribute]))
		attribute++;
	return (enum attribute)attribute;
}

/* Whether the value is "language-" and a name, which selects the colouring of
 * code. */
static bool is_language(struct html_span value)
{
	static const char prefix[] = "language-";
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789#+._-";
	size_t n = sizeof(prefix) - 1;

	if (value.len <= n || value.len > n + LANGUAGE ||
	    memcmp(value.start, prefix, n) != 0)
		return false;
	for (size_t i = n; i < value.len; i++)
		if (!memchr(characters, value.start[i], sizeof(characters) - 1))
			return false;
	return true;
}

/* Whether the tag may have the attribute with this value. */
static bool is_allowed(enum tag tag, enum attribute attribute,
		       struct html_span value, bool keep_class_id)
{
	switch (attribute) {
	case ATTRIBUTE_HREF:
		return tag == TAG_A && address_allowed(value);
	case ATTRIBUTE_TITLE:
	case ATTRIBUTE_TARGET:
		return tag == TAG_A;
	case ATTRIBUTE_CLASS:
		return keep_class_id || (tag == TAG_CODE && is_language(value));
	case ATTRIBUTE_ID:
		return keep_class_id;
	case ATTRIBUTE_NONE:
		break;
	}
	return false;
}

static bool opens_window(struct html_span target)
{
	return !html_is_name(target, "") && !html_is_name(target, "_self") &&
	       !html_is_name(target, "_parent") &&
	       !html_is_name(target, "_top");
}

void tag_write_attributes(struct buf *out, enum tag tag, struct html_span rest,
			  bool keep_class_id)
{
	struct html_span name, value;
	struct buf scratch = { 0 };
	unsigned seen = 0;
	bool window = false;

	while (html_attribute(&rest, &name, &value)) {
		enum attribute attribute = find_attribute(name);
		unsigned bit = 1u << attribute;

		if (attribute == ATTRIBUTE_NONE || seen & bit)
			continue;
		seen |= bit;
		if (!is_allowed(tag, attribute, value, keep_class_id))
			continue;
		if (attribute == ATTRIBUTE_TARGET)
			window = opens_window(value);
		if (attribute == ATTRIBUTE_TITLE)
			value = marks_limit(&(struct marks){ 0 }, value,
					    &scratch);
		buf_add_text(out, " ");
		buf_add_text(out, attributes[attribute]);
		buf_add_text(out, "=\"");
		escape_attribute(out, value);
		buf_add_text(out, "\"");
	}
	if (window)
		buf_add_text(out, " rel=\"noopener nofollow ugc\"");
	buf_free(&scratch);
}
