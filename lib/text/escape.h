/* escape: text as it stands in HTML. References that are right are kept. */
#ifndef CONFAB_TEXT_ESCAPE_H
#define CONFAB_TEXT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "text/html.h"

/* Appends text as it may stand in an element, or in double quotes in an
 * attribute. A control character is a question mark. */
void escape_add(struct buf *out, struct html_span text, bool quoted);

/* Whether the & at the start of text begins a character reference: a name that
 * HTML knows or the number of a character that is no control, and ";". */
bool escape_is_reference(const char *text, size_t len);

/* Bytes of the line break that a text (not empty) begins with, as a character
 * or as a reference to it; 0 for none. */
size_t escape_line_break(struct html_span text);

#endif
