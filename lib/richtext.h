/* richtext: hostile HTML in, a closed grammar out. */
#ifndef CONFAB_RICHTEXT_H
#define CONFAB_RICHTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* Appends the sanitised form of text (valid UTF-8) to out. Whatever comes in,
 * only balanced allow-listed tags with fixed attribute names, quoted values and
 * escaped text go out. Linear in len; nesting bounded. keep_class_id keeps
 * class and id attributes. */
void richtext_clean(struct buf *out, const char *text, size_t len,
		    bool keep_class_id);

/* Appends plain text escaped, so that a browser shows exactly it. */
void richtext_escape(struct buf *out, const char *text, size_t len);

#endif
