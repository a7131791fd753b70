/* file: reads the files that an operator names: whole, within a limit, and
 * without ever waiting for one that is no file. */
#ifndef CONFAB_BASE_FILE_H
#define CONFAB_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the bytes of a regular file to out. False, with the reason in why and
 * out as it was, when it can't be read, is something else (a directory, a
 * device, a named pipe), or has more than limit bytes. */
bool file_read(struct buf *out, const char *path, size_t limit, struct buf *why)
	__attribute__((warn_unused_result));

/* As file_read(), for a text, which ends with NUL in out and has no other. */
bool file_read_text(struct buf *out, const char *path, size_t limit,
		    struct buf *why) __attribute__((warn_unused_result));

#endif
