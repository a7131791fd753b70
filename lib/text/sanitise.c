/* sanitise: see richtext.h for the grammar. Called by envelope for the members
 * of a command that are rich text. Stateless between calls. */
#include "text/sanitise.h"

#include <stdint.h>
#include <string.h>

#include "text/escape.h"
#include "text/html.h"
#include "text/url.h"

enum {
	DEPTH = 32 /* open elements */
};

enum tag {
	TAG_A,
	TAG_B,
	TAG_BR,
	TAG_EM,
	TAG_I,
	TAG_LI,
	TAG_OL,
	TAG_P,
	TAG_SPAN,
	TAG_STRONG,
	TAG_UL,
	TAG_NONE, /* none of ours */
};

static const struct {
	const char *name;
	bool formats; /* goes on across the borders of blocks */
} tags[] = {
	[TAG_A] = { "a", true },        [TAG_B] = { "b", true },
	[TAG_BR] = { "br", false },     [TAG_EM] = { "em", true },
	[TAG_I] = { "i", true },        [TAG_LI] = { "li", false },
	[TAG_OL] = { "ol", false },     [TAG_P] = { "p", false },
	[TAG_SPAN] = { "span", false }, [TAG_STRONG] = { "strong", true },
	[TAG_UL] = { "ul", false },
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

struct element {
	enum tag tag;
	struct html_span attributes; /* as they came */
	size_t number; /* of its start tag, among those of formatting */
};

struct writer {
	struct buf *out;
	bool keep_class_id;
	bool surveying; /* learns what crosses; the output is not wanted */
	bool first_tag; /* none came yet */
	struct element open[DEPTH];
	int depth;
	size_t too_deep; /* elements open that were not written */
	/* Formatting that was cut off and goes on with the next text, outer
	 * ones first; each tag once, so that a few bytes can't ask for many. */
	struct element pending[TAG_NONE];
	int pending_count;
	size_t again; /* bytes of attributes that may yet be written again */
	/* For each start tag of formatting, whether its element ends inside a
	 * block that begins in it. */
	struct buf *crosses;
	size_t formatting; /* start tags of formatting so far */
};

static enum tag find_tag(struct html_span name)
{
	int tag = 0;

	while (tag < TAG_NONE && !html_is_name(name, tags[tag].name))
		tag++;
	return (enum tag)tag;
}

/* Whether a tag that is not ours is one of a block. */
static bool is_other_block(struct html_span name)
{
	static const char *const blocks[] = {
		"address", "article", "aside",      "blockquote", "dd",
		"details", "dialog",  "div",        "dl",         "dt",
		"figure",  "footer",  "figcaption", "fieldset",   "form",
		"h1",      "h2",      "h3",         "h4",         "h5",
		"h6",      "header",  "hgroup",     "hr",         "main",
		"nav",     "pre",     "section",    "table",
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (html_is_name(name, blocks[i]))
			return true;
	return false;
}

/* The attribute, when this tag may have it. */
static enum attribute find_attribute(const struct writer *w, enum tag tag,
				     struct html_span name)
{
	int first = tag == TAG_A ? ATTRIBUTE_HREF : ATTRIBUTE_CLASS;
	int behind = w->keep_class_id ? ATTRIBUTE_NONE : ATTRIBUTE_CLASS;

	for (int i = first; i < behind; i++)
		if (html_is_name(name, attributes[i]))
			return (enum attribute)i;
	return ATTRIBUTE_NONE;
}

static bool opens_window(struct html_span target)
{
	return !html_is_name(target, "") && !html_is_name(target, "_self") &&
	       !html_is_name(target, "_parent") &&
	       !html_is_name(target, "_top");
}

/* Writes what is allowed of a tag's attributes. */
static void write_attributes(struct writer *w, enum tag tag,
			     struct html_span rest)
{
	struct html_span name, value;
	unsigned seen = 0;
	bool window = false;

	while (html_attribute(&rest, &name, &value)) {
		enum attribute attribute = find_attribute(w, tag, name);
		unsigned bit = 1u << attribute;

		if (attribute == ATTRIBUTE_NONE || seen & bit)
			continue;
		seen |= bit;
		if (attribute == ATTRIBUTE_HREF && !address_allowed(value))
			continue;
		if (attribute == ATTRIBUTE_TARGET)
			window = opens_window(value);
		buf_add_text(w->out, " ");
		buf_add_text(w->out, attributes[attribute]);
		buf_add_text(w->out, "=\"");
		escape_add(w->out, value, true);
		buf_add_text(w->out, "\"");
	}
	if (window)
		buf_add_text(w->out, " rel=\"noopener nofollow ugc\"");
}

static void write_tag(struct writer *w, const char *open, enum tag tag)
{
	buf_add_text(w->out, open);
	buf_add_text(w->out, tags[tag].name);
}

/* Index of the innermost open element of a tag, or -1. */
static int find_open(const struct writer *w, enum tag tag)
{
	int i = w->depth - 1;

	while (i >= 0 && w->open[i].tag != tag)
		i--;
	return i;
}

/* Index of the li whose content this is, or -1: a list parts it from others. */
static int find_item(const struct writer *w)
{
	for (int i = w->depth - 1; i >= 0; i--) {
		if (w->open[i].tag == TAG_LI)
			return i;
		if (w->open[i].tag == TAG_UL || w->open[i].tag == TAG_OL)
			break;
	}
	return -1;
}

static bool is_block(enum tag tag)
{
	return tag == TAG_P || tag == TAG_UL || tag == TAG_OL || tag == TAG_LI;
}

/* Whether a block is open in the element at index. */
static bool holds_block(const struct writer *w, int index)
{
	for (int i = index + 1; i < w->depth; i++)
		if (is_block(w->open[i].tag))
			return true;
	return false;
}

/* Takes a tag off what is pending; false when it was not there. */
static bool forget(struct writer *w, enum tag tag)
{
	int i = 0;

	while (i < w->pending_count && w->pending[i].tag != tag)
		i++;
	if (i == w->pending_count)
		return false;
	w->pending_count--;
	memmove(&w->pending[i], &w->pending[i + 1],
		(size_t)(w->pending_count - i) * sizeof(w->pending[0]));
	return true;
}

/* Closes the element at index and all that is open in it. Formatting from
 * going_on on will go on. */
static void close_elements(struct writer *w, int index, int going_on)
{
	for (int i = going_on; i < w->depth; i++)
		if (tags[w->open[i].tag].formats) {
			forget(w, w->open[i].tag);
			w->pending[w->pending_count++] = w->open[i];
		}
	while (w->depth > index) {
		write_tag(w, "</", w->open[--w->depth].tag);
		buf_add_text(w->out, ">");
	}
}

/* The element at index, if any, ends here. */
static void end_element(struct writer *w, int index)
{
	if (index < 0)
		return;
	if (w->surveying && tags[w->open[index].tag].formats &&
	    holds_block(w, index)) {
		/* The second time it goes on inside the block, and ends there.
		 */
		w->crosses->data[w->open[index].number] = true;
		w->depth--;
		memmove(&w->open[index], &w->open[index + 1],
			(size_t)(w->depth - index) * sizeof(w->open[0]));
		return;
	}
	close_elements(w, index, index + 1);
}

static void open_element(struct writer *w, const struct element *element)
{
	if (w->depth == DEPTH) {
		w->too_deep++;
		return;
	}
	w->open[w->depth++] = *element;
	write_tag(w, "<", element->tag);
	write_attributes(w, element->tag, element->attributes);
	buf_add_text(w->out, ">");
}

/* Formatting that was cut off goes on. */
static void resume(struct writer *w)
{
	for (int i = 0; i < w->pending_count && w->depth < DEPTH; i++) {
		const struct element *element = &w->pending[i];

		if (find_open(w, element->tag) >= 0 ||
		    element->attributes.len > w->again)
			continue;
		w->again -= element->attributes.len;
		open_element(w, element);
	}
	w->pending_count = 0;
}

/* A block begins: formatting that ends inside of it goes on there. */
static void step_out(struct writer *w)
{
	int i = 0;

	while (i < w->depth && !(tags[w->open[i].tag].formats &&
				 w->crosses->data[w->open[i].number]))
		i++;
	close_elements(w, i, i);
}

/* Closes what may not hold an element of this tag. */
static void make_way(struct writer *w, enum tag tag)
{
	if (tag == TAG_A) {
		end_element(w, find_open(w, TAG_A));
		forget(w, TAG_A);
	}
	if (tag == TAG_LI)
		end_element(w, find_item(w));
	if (is_block(tag)) {
		end_element(w, find_open(w, TAG_P));
		step_out(w);
	}
}

/* A tag that is dropped. Where a block begins there is a newline, as in the
 * reference, so that its words don't run into those before; not for the first
 * tag of a text. */
static void drop_tag(struct writer *w, const struct html_token *token)
{
	if (!w->first_tag && token->kind == HTML_START &&
	    is_other_block(token->name))
		buf_add_text(w->out, "\n");
}

static void start_tag(struct writer *w, enum tag tag,
		      struct html_span attributes_text)
{
	struct element element = { .tag = tag, .attributes = attributes_text };

	if (tag == TAG_BR) {
		write_tag(w, "<", TAG_BR);
		write_attributes(w, tag, attributes_text);
		buf_add_text(w->out, ">");
		return;
	}
	if (tags[tag].formats) {
		element.number = w->formatting++;
		if (w->surveying)
			buf_add(w->crosses, "", 1);
	}
	make_way(w, tag);
	if (!is_block(tag))
		resume(w);
	open_element(w, &element);
}

/* As browsers take them: br and p need no start, and the end of a span has to
 * be in the block it began in. */
static void end_tag(struct writer *w, enum tag tag)
{
	int open = tag == TAG_LI ? find_item(w) : find_open(w, tag);

	if (tag == TAG_BR)
		buf_add_text(w->out, "<br>");
	else if (w->too_deep > 0)
		w->too_deep--;
	else if (tag == TAG_P && open < 0 && w->depth < DEPTH)
		buf_add_text(w->out, "<p></p>");
	else if (tag == TAG_SPAN && holds_block(w, open))
		return;
	else if (!forget(w, tag))
		end_element(w, open);
}

static void write_markup(struct writer *w, const struct html_token *token)
{
	enum tag tag = find_tag(token->name);

	if (tag == TAG_NONE)
		drop_tag(w, token);
	else if (token->kind == HTML_START)
		start_tag(w, tag, token->attributes);
	else
		end_tag(w, tag);
	w->first_tag = false;
}

static bool is_blank(struct html_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \t\n", text.start[i]))
			return false;
	return true;
}

static void write_text(struct writer *w, struct html_span text)
{
	if (w->pending_count > 0 && !is_blank(text))
		resume(w);
	if (!w->surveying)
		escape_add(w->out, text, false);
}

/* The text as the tokenizer wants it: newlines are LF, as browsers make them.
 */
static void normalise(struct buf *out, const char *text, size_t len)
{
	buf_reserve(out, len);
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r')
			out->data[out->len++] = text[i];
		else if (i + 1 == len || text[i + 1] != '\n')
			out->data[out->len++] = '\n';
}

static void write_all(struct writer *w, struct html_span text)
{
	struct html_token token;

	w->first_tag = true;
	w->again = text.len;
	while (html_next(&text, &token)) {
		switch (token.kind) {
		case HTML_TEXT:
			write_text(w, token.text);
			break;
		case HTML_START:
		case HTML_END:
			write_markup(w, &token);
			break;
		case HTML_COMMENT:
			break;
		}
		if (w->surveying)
			w->out->len = 0;
	}
	close_elements(w, 0, w->depth);
}

/* Reads the text twice: where formatting and blocks cross, the first time
 * shows which formatting has to be closed before a block and opened again in
 * it, as a parser that builds a tree does afterwards. */
void richtext_clean(struct buf *out, const char *text, size_t len,
		    bool keep_class_id)
{
	struct buf normal = { 0 }, crosses = { 0 }, unwanted = { 0 };
	struct writer survey = { .out = &unwanted,
				 .crosses = &crosses,
				 .surveying = true };
	struct writer w = { .out = out,
			    .crosses = &crosses,
			    .keep_class_id = keep_class_id };

	normalise(&normal, text, len);
	write_all(&survey, (struct html_span){ normal.data, normal.len });
	write_all(&w, (struct html_span){ normal.data, normal.len });
	buf_free(&normal);
	buf_free(&crosses);
	buf_free(&unwanted);
}
