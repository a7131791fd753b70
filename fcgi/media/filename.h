/* filename: cleans names that strangers gave to files. */
#ifndef CONFAB_FCGI_MEDIA_FILENAME_H
#define CONFAB_FCGI_MEDIA_FILENAME_H

#include <stdbool.h>

#include "base/buf.h"

enum {
	FILENAME_LIMIT = 200 /* bytes of a clean name */
};

/* Appends the last part of a path, without control characters and others that
 * can't be seen or turn the text around them, and without dots or spaces at its
 * ends. Cuts it to FILENAME_LIMIT and keeps its extension. "file" stands where
 * nothing before the extension can be seen. name is valid UTF-8, or NULL. */
void filename_clean(struct buf *out, const char *name);

/* Appends the value of Content-Disposition (RFC 6266) for a clean name. */
void filename_disposition(struct buf *out, bool shown, const char *name);

/* Appends the name as a segment of a URL. */
void filename_url(struct buf *out, const char *name);

/* The text after the last dot, or "". */
const char *filename_extension(const char *name);

#endif
