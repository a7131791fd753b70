/* buf: a growable run of bytes. A zeroed struct is an empty buffer. */
#ifndef CONFAB_BASE_BUF_H
#define CONFAB_BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* not NUL-terminated; see buf_text() */
	size_t len;
	size_t cap;
};

/* Makes room for at least more bytes after len. */
void buf_reserve(struct buf *b, size_t more);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_text(struct buf *b, const char *text);
void buf_addf(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Drops the first len bytes. */
void buf_consume(struct buf *b, size_t len);

/* Terminates with NUL (not counted in len) and returns the bytes; owned by
 * the buffer, valid until it changes. */
const char *buf_text(struct buf *b);

/* Frees the bytes; the buffer is empty and usable again. */
void buf_free(struct buf *b);

#endif
