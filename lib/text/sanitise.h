/* sanitise: hostile HTML in, a closed grammar out. Safety doesn't rest on
 * understanding the input as a browser does, but on what can be written:
 *
 *   text     any characters but controls, with & < > as references
 *   element  b i strong em a span p ul ol li, properly closed, and br
 *   nesting  no p in p, no list or li in p, no a in a, no li directly in the
 *            content of another li; at most 32 deep
 *   a        href (http, https, mailto or relative), title, target, in double
 *            quotes; rel where another window is opened
 *   any      class and id in double quotes, when they are kept
 *
 * That nesting is what HTML parsers leave as it stands, so that the tree a
 * browser makes is the one that was written, and cleaning twice changes
 * nothing. */
#ifndef CONFAB_TEXT_SANITISE_H
#define CONFAB_TEXT_SANITISE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Most bytes that come out for one that went in. */
enum {
	RICHTEXT_GROWTH = 20
};

/* Appends the sanitised form of text (valid UTF-8) to out. Other tags are
 * dropped and their content is kept, with a newline before a block's; comments
 * go; a control character is a question mark. Linear in len. */
void richtext_clean(struct buf *out, const char *text, size_t len,
		    bool keep_class_id);

#endif
