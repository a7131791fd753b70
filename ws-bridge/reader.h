/* reader: the frames that a client sends, read by libwslay (RFC 6455, section
 * 5). It has memory only while a message is on its way. */
#ifndef CONFAB_WS_BRIDGE_READER_H
#define CONFAB_WS_BRIDGE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct reader_context; /* of libwslay */

struct reader_handler {
	/* A whole message, without its frames. */
	void (*text)(void *owner, const char *bytes, size_t len);
	void (*binary)(void *owner);
};

/* Zero it, set the first four. */
struct reader {
	const struct reader_handler *handler;
	void *owner;
	size_t limit;    /* bytes of a message */
	struct buf *out; /* answers: PONG and CLOSE frames */
	struct reader_context *context;
};

enum reader_status {
	READER_OPEN,
	READER_CLOSED, /* the client said goodbye, or broke the protocol; what
			* it is to be told is in out */
};

/* Reads bytes that came from the client. */
enum reader_status reader_feed(struct reader *reader, const char *bytes,
			       size_t len);

void reader_free(struct reader *reader);

#endif
