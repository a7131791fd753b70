/* reader: the frames that a client sends, read by libwslay (RFC 6455, section
 * 5). It uses memory only while a message arrives. */
#ifndef CONFAB_WS_BRIDGE_READER_H
#define CONFAB_WS_BRIDGE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct reader_context; /* of libwslay */

struct reader_handler {
	/* Takes a whole message, without its frames. */
	void (*text)(void *owner, const char *bytes, size_t len);
	void (*binary)(void *owner);
};

/* Zero it, then set the first four members. */
struct reader {
	const struct reader_handler *handler;
	void *owner;
	size_t limit;    /* largest message in bytes */
	struct buf *out; /* answers: PONG and CLOSE frames */
	unsigned idle;   /* frames without a message's bytes: control frames and
			    empty ones. The caller may set it to 0. */
	struct reader_context *context; /* NULL: no frame or message is begun */
};

enum reader_status {
	READER_OPEN,
	READER_CLOSED, /* the client closed or broke the protocol; out has the
			  answer */
};

/* Reads bytes from the client. */
enum reader_status reader_feed(struct reader *reader, const char *bytes,
			       size_t len);

void reader_free(struct reader *reader);

#endif
