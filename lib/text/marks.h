/* marks: limits the characters that join the one before them, as accents do.
 * Engines that draw text take quadratic time for a long run of them. */
#ifndef CONFAB_TEXT_MARKS_H
#define CONFAB_TEXT_MARKS_H

#include "base/buf.h"
#include "text/html.h"

enum {
	/* As many as the Stream-Safe Text Format has (Unicode Standard Annex
	 * 15, section 13). No language needs more than a few. */
	MARKS_MOST = 30
};

/* The marks at the end of a text, to go on with the next part of it. Zero it
 * first. */
struct marks {
	unsigned run;
};

/* The text (valid UTF-8, character references allowed) without the marks beyond
 * MARKS_MOST of one character: text itself where there are none, otherwise a
 * copy in scratch, whose content is replaced. Linear in the text. */
struct html_span marks_limit(struct marks *marks, struct html_span text,
			     struct buf *scratch);

#endif
