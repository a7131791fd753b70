/* tag: the elements of rich text and the attributes that they may have. */
#ifndef CONFAB_TEXT_TAG_H
#define CONFAB_TEXT_TAG_H

#include <stdbool.h>

#include "base/buf.h"
#include "text/html.h"

enum tag {
	TAG_A,
	TAG_B,
	TAG_BLOCKQUOTE,
	TAG_BR,
	TAG_CODE,
	TAG_EM,
	TAG_I,
	TAG_LI,
	TAG_OL,
	TAG_P,
	TAG_PRE,
	TAG_S,
	TAG_SPAN,
	TAG_STRONG,
	TAG_UL,
	TAG_NONE, /* any other */
};

extern const struct tag_rules {
	const char *name;
	bool formats; /* may cross the borders of blocks */
	bool is_block;
	bool parts_items; /* a li inside does not belong to one outside */
} TAGS[];

/* The tag of that name, in any case; TAG_NONE for any other. */
enum tag tag_find(struct html_span name);

/* Whether a tag outside our list is a block. */
bool tag_is_other_block(struct html_span name);

/* Appends the attributes of a tag that are allowed, each after a space. */
void tag_write_attributes(struct buf *out, enum tag tag, struct html_span rest,
			  bool keep_class_id);

#endif
