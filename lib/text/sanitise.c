/* sanitise: see sanitise.h for the grammar. Called by envelope for the members
 * of a command that are rich text. Stateless between calls. */
#include "text/sanitise.h"

#include <string.h>

#include "text/escape.h"
#include "text/html.h"
#include "text/tag.h"

enum {
	DEPTH = 32 /* open elements */
};

struct element {
	enum tag tag;
	struct html_span attributes; /* as they came */
	size_t number; /* of its start tag, among those of formatting */
	bool written;  /* its start tag is in the output */
};

struct writer {
	struct buf *out;
	bool keep_class_id;
	bool surveying; /* learns what crosses; the output is not wanted */
	bool first_tag; /* none came yet */
	struct element open[DEPTH];
	int depth;
	int settled; /* of these, the outer ones that were written or left out:
		      * an element is written with the first of its content */
	int lines;   /* newlines that are due to dropped blocks */
	bool apart;  /* a newline is due to an empty block */
	bool fresh;  /* the output is at the start of a line */
	int room;    /* elements and line breaks that may still be written */
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

static void write_tag(struct writer *w, const char *open, enum tag tag)
{
	buf_add_text(w->out, open);
	buf_add_text(w->out, TAGS[tag].name);
}

/* Takes room for an element or a line break; false when there is none. */
static bool take_room(struct writer *w)
{
	if (w->room == 0)
		return false;
	w->room--;
	return true;
}

/* A line break in text; a space when there is no room for one. */
static void write_newline(struct writer *w)
{
	w->fresh = take_room(w);
	buf_add_text(w->out, w->fresh ? "\n" : " ");
}

/* An empty block is dropped: what is before it and what comes after stay in
 * lines of their own. */
static void drop_block(struct writer *w)
{
	w->apart = !w->fresh;
}

static void write_start(struct writer *w, struct element *element)
{
	element->written = take_room(w);
	if (!element->written)
		return;
	write_tag(w, "<", element->tag);
	tag_write_attributes(w->out, element->tag, element->attributes,
			     w->keep_class_id);
	buf_add_text(w->out, ">");
	if (TAGS[element->tag].is_block)
		w->fresh = true;
}

/* Browsers drop the first line break in a pre, so none is written there. */
static bool begins_pre(const struct writer *w)
{
	return w->settled < w->depth && w->open[w->depth - 1].tag == TAG_PRE;
}

/* Content comes: the elements that it is in are written first; without room
 * they are left out. Then the newlines for what was dropped in them. */
static void settle(struct writer *w)
{
	if (begins_pre(w))
		w->lines = 0;
	for (int i = w->settled; i < w->depth; i++)
		w->apart = w->apart && !TAGS[w->open[i].tag].is_block;
	if (w->apart)
		write_newline(w);
	w->apart = false;
	while (w->settled < w->depth)
		write_start(w, &w->open[w->settled++]);
	for (; w->lines > 0; w->lines--)
		write_newline(w);
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
		if (TAGS[w->open[i].tag].parts_items)
			break;
	}
	return -1;
}

/* Whether a block is open in the element at index. */
static bool holds_block(const struct writer *w, int index)
{
	for (int i = index + 1; i < w->depth; i++)
		if (TAGS[w->open[i].tag].is_block)
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
		if (TAGS[w->open[i].tag].formats) {
			forget(w, w->open[i].tag);
			w->pending[w->pending_count++] = w->open[i];
		}
	while (w->depth > index) {
		const struct element *element = &w->open[--w->depth];

		if (element->written) {
			write_tag(w, "</", element->tag);
			buf_add_text(w->out, ">");
		}
		if (!TAGS[element->tag].is_block)
			continue;
		if (element->written)
			w->fresh = true;
		else
			drop_block(w);
	}
	if (w->settled > w->depth)
		w->settled = w->depth;
}

/* The element at index, if any, ends here. */
static void end_element(struct writer *w, int index)
{
	if (index < 0)
		return;
	if (w->surveying && TAGS[w->open[index].tag].formats &&
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
	w->open[w->depth] = *element;
	w->open[w->depth++].written = false;
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

	while (i < w->depth && !(TAGS[w->open[i].tag].formats &&
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
	if (TAGS[tag].is_block) {
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
	    tag_is_other_block(token->name))
		w->lines++;
}

static void write_break(struct writer *w, struct html_span attributes_text)
{
	settle(w);
	if (take_room(w)) {
		write_tag(w, "<", TAG_BR);
		tag_write_attributes(w->out, TAG_BR, attributes_text,
				     w->keep_class_id);
		buf_add_text(w->out, ">");
		w->fresh = true;
	} else {
		buf_add_text(w->out, " ");
	}
}

static void start_tag(struct writer *w, enum tag tag,
		      struct html_span attributes_text)
{
	struct element element = { .tag = tag, .attributes = attributes_text };

	if (tag == TAG_BR) {
		write_break(w, attributes_text);
		return;
	}
	if (TAGS[tag].formats) {
		element.number = w->formatting++;
		if (w->surveying)
			buf_add(w->crosses, "", 1);
	}
	make_way(w, tag);
	if (!TAGS[tag].is_block)
		resume(w);
	open_element(w, &element);
}

/* As browsers take them: br and p need no start (a p is empty then), and the
 * end of a span has to be in the block it began in. */
static void end_tag(struct writer *w, enum tag tag)
{
	int open = tag == TAG_LI ? find_item(w) : find_open(w, tag);

	if (tag == TAG_BR)
		write_break(w, (struct html_span){ "", 0 });
	else if (w->too_deep > 0)
		w->too_deep--;
	else if (tag == TAG_P && open < 0)
		drop_block(w);
	else if (tag == TAG_SPAN && holds_block(w, open))
		return;
	else if (!forget(w, tag))
		end_element(w, open);
}

static void write_markup(struct writer *w, const struct html_token *token)
{
	enum tag tag = tag_find(token->name);

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

static void drop_front(struct html_span *text, size_t len)
{
	text->start += len;
	text->len -= len;
}

static void write_lines(struct writer *w, struct html_span text)
{
	while (text.len > 0) {
		size_t n = escape_line_break(text);

		if (n > 0) {
			write_newline(w);
			drop_front(&text, n);
			continue;
		}
		do
			n++;
		while (n < text.len && text.start[n] != '\n' &&
		       text.start[n] != '&');
		escape_add(w->out, (struct html_span){ text.start, n }, false);
		w->fresh = false;
		drop_front(&text, n);
	}
}

static void write_text(struct writer *w, struct html_span text)
{
	size_t n;

	if (w->pending_count > 0 && !is_blank(text))
		resume(w);
	if (w->surveying)
		return;
	while (begins_pre(w) && text.len > 0 &&
	       (n = escape_line_break(text)) > 0)
		drop_front(&text, n);
	if (text.len == 0)
		return;
	settle(w);
	write_lines(w, text);
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
	w->fresh = true;
	w->room = SANITISE_MOST;
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
	w->apart = false;
	settle(w);
}

/* Reads the text twice: where formatting and blocks cross, the first time
 * shows which formatting has to be closed before a block and opened again in
 * it, as a parser that builds a tree does afterwards. */
void sanitise(struct buf *out, const char *text, size_t len, bool keep_class_id)
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
