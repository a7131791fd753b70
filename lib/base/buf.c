/* buf: a growable run of bytes. Called everywhere; its declarer owns a buffer.
 * A buffer doubles when it grows and shrinks only when freed. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum {
	BUF_FIRST = 256
};

void buf_reserve(struct buf *b, size_t more)
{
	size_t want, cap;

	if (b->data && more <= b->cap - b->len)
		return;
	/* No object is larger than SIZE_MAX / 2, so doubling can't wrap.
	 * xrealloc() ends the process for an impossible size. */
	want = more > SIZE_MAX / 2 - b->len ? SIZE_MAX / 2 : b->len + more;
	cap = b->cap ? b->cap : BUF_FIRST;
	while (cap < want)
		cap *= 2;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	buf_reserve(b, len);
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len > 0) {
		buf_reserve(b, (size_t)len + 1);
		vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

void buf_consume(struct buf *b, size_t len)
{
	if (len >= b->len) {
		b->len = 0;
		return;
	}
	b->len -= len;
	memmove(b->data, b->data + len, b->len);
}

const char *buf_text(struct buf *b)
{
	buf_reserve(b, 1);
	b->data[b->len] = '\0';
	return b->data;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
