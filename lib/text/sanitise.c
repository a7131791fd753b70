/* sanitise: see sanitise.h for the grammar. Called by envelope for a command's
 * members that hold rich text. Keeps no state between calls. */
#include "text/sanitise.h"

#include <string.h>

#include "text/escape.h"
#include "text/html.h"
#include "text/marks.h"
#include "text/tag.h"

enum {
	DEPTH = 32 /* open elements */
};

struct element {
	enum tag tag;
	struct html_span attributes; /* as in the source */
	size_t number; /* index of its start tag among those of formatting */
	bool written;  /* its start tag is in the output */
};

struct writer {
	struct buf *out;
	bool keep_class_id;
	bool surveying; /* first pass: fills crosses; the output is discarded */
	bool first_tag; /* no tag has come yet */
	struct element open[DEPTH];
	int depth;
	int settled; /* how many open elements, from the outside, were written
			or left out; an element is written with the first of its
			content */
	int lines;   /* newlines due for dropped blocks */
	bool apart;  /* a newline is due for an empty block */
	bool fresh;  /* the output is at the start of a line */
	int room;    /* elements and line breaks that may still be written */
	size_t too_deep; /* open elements that were nested too deep to write */
	/* Formatting that was cut off and resumes with the next text, outermost
	 * first. Each tag occurs once, so a few bytes can't ask for many. */
	struct element pending[TAG_NONE];
	int pending_count;
	size_t again; /* bytes of attributes that may still be repeated */
	/* For each start tag of formatting: whether its element ends inside a
	 * block that begins in it. */
	struct buf *crosses;
	size_t formatting;  /* start tags of formatting so far */
	struct marks marks; /* at the end of the text so far */
	struct buf *scratch;
};

static void write_tag(struct writer *w, const char *open, enum tag tag)
{
	buf_add_text(w->out, open);
	buf_add_text(w->out, TAGS[tag].name);
}

/* Takes room for an element or a line break. False when none is left. */
static bool take_room(struct writer *w)
{
	if (w->room == 0)
		return false;
	w->room--;
	return true;
}

/* Writes a line break in text; a space when there is no room for one. */
static void write_newline(struct writer *w)
{
	w->fresh = take_room(w);
	buf_add_text(w->out, w->fresh ? "\n" : " ");
}

/* Drops an empty block. The text before and after it stays on separate
 * lines. */
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

/* Whether the output is at the start of a pre. Browsers drop the first line
 * break there, so none is written. */
static bool begins_pre(const struct writer *w)
{
	return w->settled < w->depth && w->open[w->depth - 1].tag == TAG_PRE;
}

/* Prepares for content: writes the elements around it, or leaves them out
 * without room, then the newlines for the blocks dropped in them. */
static void write_open_elements(struct writer *w)
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

/* Index of the li that this content belongs to, or -1. A list separates its
 * content from outer items. */
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

/* Removes a tag from the pending ones. False when it was not pending. */
static bool remove_pending(struct writer *w, enum tag tag)
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

/* Closes the element at index and everything open in it. Formatting from index
 * going_on on will resume. */
static void close_elements(struct writer *w, int index, int going_on)
{
	for (int i = going_on; i < w->depth; i++)
		if (TAGS[w->open[i].tag].formats) {
			remove_pending(w, w->open[i].tag);
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

/* Ends the element at index, if any. */
static void end_element(struct writer *w, int index)
{
	if (index < 0)
		return;
	if (w->surveying && TAGS[w->open[index].tag].formats &&
	    holds_block(w, index)) {
		/* In the second pass it resumes inside the block and ends
		 * there. */
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

/* Resumes formatting that was cut off. */
static void resume_formatting(struct writer *w)
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

/* Begins a block. Formatting that ends inside it resumes there. */
static void close_crossing_formatting(struct writer *w)
{
	int i = 0;

	while (i < w->depth && !(TAGS[w->open[i].tag].formats &&
				 w->crosses->data[w->open[i].number]))
		i++;
	close_elements(w, i, i);
}

/* Closes the elements that may not hold one of this tag. */
static void close_excluded_elements(struct writer *w, enum tag tag)
{
	if (tag == TAG_A) {
		end_element(w, find_open(w, TAG_A));
		remove_pending(w, TAG_A);
	}
	if (tag == TAG_LI)
		end_element(w, find_item(w));
	if (TAGS[tag].is_block) {
		end_element(w, find_open(w, TAG_P));
		close_crossing_formatting(w);
	}
}

/* Drops a tag. Where a block begins a newline is due, as in the reference,
 * to keep its words apart from those before. The first tag of a text needs
 * none. */
static void drop_tag(struct writer *w, const struct html_token *token)
{
	if (!w->first_tag && token->kind == HTML_START &&
	    tag_is_other_block(token->name))
		w->lines++;
}

static void write_break(struct writer *w, struct html_span attributes_text)
{
	write_open_elements(w);
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
	close_excluded_elements(w, tag);
	if (!TAGS[tag].is_block)
		resume_formatting(w);
	open_element(w, &element);
}

/* Treats end tags as browsers do: br and p need no start tag (a p is then
 * empty), and a span ends only in the block that it began in. */
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
	else if (!remove_pending(w, tag))
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
		escape_text(w->out, (struct html_span){ text.start, n });
		w->fresh = false;
		drop_front(&text, n);
	}
}

static void write_text(struct writer *w, struct html_span text)
{
	size_t n;

	if (w->pending_count > 0 && !is_blank(text))
		resume_formatting(w);
	if (w->surveying)
		return;
	while (begins_pre(w) && text.len > 0 &&
	       (n = escape_line_break(text)) > 0)
		drop_front(&text, n);
	if (text.len == 0)
		return;
	write_open_elements(w);
	write_lines(w, text);
}

/* Normalises newlines to LF, as browsers do and html_next() expects. */
static void normalise_newlines(struct buf *out, const char *text, size_t len)
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
			write_text(w, marks_limit(&w->marks, token.text,
						  w->scratch));
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
	write_open_elements(w);
}

/* Reads the text twice. The first pass finds the formatting that crosses
 * blocks. The second closes it before a block and reopens it inside, which
 * gives the tree that a parser would build. */
void sanitise(struct buf *out, const char *text, size_t len, bool keep_class_id)
{
	struct buf normal = { 0 }, crosses = { 0 }, unwanted = { 0 };
	struct buf scratch = { 0 };
	struct writer survey = { .out = &unwanted,
				 .crosses = &crosses,
				 .scratch = &scratch,
				 .surveying = true };
	struct writer w = { .out = out,
			    .crosses = &crosses,
			    .scratch = &scratch,
			    .keep_class_id = keep_class_id };

	normalise_newlines(&normal, text, len);
	write_all(&survey, (struct html_span){ normal.data, normal.len });
	write_all(&w, (struct html_span){ normal.data, normal.len });
	buf_free(&normal);
	buf_free(&crosses);
	buf_free(&unwanted);
	buf_free(&scratch);
}
