/* escape: writes text as HTML. Valid references are kept. */
#ifndef CONFAB_TEXT_ESCAPE_H
#define CONFAB_TEXT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "text/html.h"

/* Append text for an element, or for a double-quoted attribute. A control
 * character becomes a question mark. */
void escape_text(struct buf *out, struct html_span text);
void escape_attribute(struct buf *out, struct html_span text);

/* Whether the & at the start of text begins a character reference: a name that
 * HTML knows, or the number of a character that is no control, and ";". */
bool escape_is_reference(const char *text, size_t len);

/* Length in bytes of the line break at the start of text (not empty), which may
 * be a reference. 0 for none. */
size_t escape_line_break(struct html_span text);

#endif
