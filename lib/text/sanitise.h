/* sanitise: hostile HTML in, a closed grammar out. Safety doesn't rest on
 * understanding the input as a browser does, but on what can be written:
 *
 *   text     any characters but controls, with & < > as references
 *   element  b i s strong em code a span p pre blockquote ul ol li, properly
 *            closed and not empty, and br; with the line breaks in text at
 *            most 2,000
 *   nesting  no block (p pre blockquote ul ol li) in p, no a in a, no li
 *            directly in the content of another li; at most 32 deep; no line
 *            break at the start of a pre
 *   a        href (http, https, mailto or relative), title, target, in double
 *            quotes; rel where another window is opened
 *   code     class in double quotes: "language-" and a name of at most 32
 *            letters, digits and # + . _ -
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

enum {
	SANITISE_GROWTH =
		20, /* most bytes that come out for one that went in */
	SANITISE_MOST = 2000, /* elements and line breaks that come out */
};

/* Appends the sanitised form of text (valid UTF-8) to out. Other tags are
 * dropped and their content is kept, with a newline before a block's; comments
 * go; a control character is a question mark; of the accents and joiners on one
 * character the first MARKS_MOST stay. Where there is no room for more
 * elements their content is kept, and a line break is a space. Linear in len.
 */
void sanitise(struct buf *out, const char *text, size_t len,
	      bool keep_class_id);

#endif
