/* reader: see reader.h. Called by socket.c; owns the library's context. The
 * context exists from the first byte of a message's first frame to its last
 * byte, so an idle client costs none of its 8 KiB. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/xalloc.h"
#include "frame.h"

enum {
	MASKED_HEAD = 6, /* bytes of the shortest head of a client's frame */
	LENGTH_16 = 126,
	CLOSE_PROTOCOL = 1002
};

struct reader_context {
	wslay_event_context_ptr wslay;
	struct reader *reader;
	const char *bytes; /* not yet read by the library */
	size_t len;
	/* Bytes of all frames so far: read, and in whole frames. When the two
	 * are equal the client is between two frames. */
	uint64_t taken, framed;
	bool in_message;
	bool has_half_code; /* a CLOSE with a one-byte code came */
};

static ssize_t on_recv(wslay_event_context_ptr wslay, uint8_t *to, size_t len,
		       int flags, void *user)
{
	struct reader_context *c = user;

	(void)flags;
	if (!c->len) {
		wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > c->len)
		len = c->len;
	memcpy(to, c->bytes, len);
	c->bytes += len;
	c->len -= len;
	c->taken += len;
	return (ssize_t)len;
}

static ssize_t on_send(wslay_event_context_ptr wslay, const uint8_t *bytes,
		       size_t len, int flags, void *user)
{
	struct reader_context *c = user;

	(void)wslay;
	(void)flags;
	buf_add(c->reader->out, bytes, len);
	return (ssize_t)len;
}

static void on_frame(wslay_event_context_ptr wslay,
		     const struct wslay_event_on_frame_recv_start_arg *frame,
		     void *user)
{
	struct reader_context *c = user;
	uint64_t len = frame->payload_length;

	(void)wslay;
	c->framed += MASKED_HEAD + (len < LENGTH_16 ? 0U
				    : len < 65536   ? 2U
						    : 8U);
	c->framed += len;
	if (!wslay_is_ctrl_frame(frame->opcode))
		c->in_message = !frame->fin;
}

static void on_message(wslay_event_context_ptr wslay,
		       const struct wslay_event_on_msg_recv_arg *message,
		       void *user)
{
	struct reader_context *c = user;
	const struct reader *reader = c->reader;

	(void)wslay;
	c->has_half_code = message->opcode == WSLAY_CONNECTION_CLOSE &&
			   message->msg_length == 1;
	if (message->opcode == WSLAY_TEXT_FRAME)
		/* An empty message may have no bytes to point at. */
		reader->handler->text(
			reader->owner,
			message->msg_length ? (const char *)message->msg : "",
			message->msg_length);
	else if (message->opcode == WSLAY_BINARY_FRAME)
		reader->handler->binary(reader->owner);
}

static void make_context(struct reader *reader)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_recv,
		.send_callback = on_send,
		.on_frame_recv_start_callback = on_frame,
		.on_msg_recv_callback = on_message,
	};
	struct reader_context *c = xcalloc(1, sizeof(*c));

	if (wslay_event_context_server_init(&c->wslay, &callbacks, c) != 0)
		abort(); /* out of memory */
	wslay_event_config_set_max_recv_msg_length(c->wslay, reader->limit);
	c->reader = reader;
	reader->context = c;
}

enum reader_status reader_feed(struct reader *reader, const char *bytes,
			       size_t len)
{
	struct reader_context *c;
	int error;

	if (!reader->context)
		make_context(reader);
	c = reader->context;
	c->bytes = bytes;
	c->len = len;
	error = wslay_event_recv(c->wslay);
	/* The library answers these not at all, or with too mild a code. */
	if (error || c->has_half_code) {
		frame_add_close(reader->out, CLOSE_PROTOCOL);
		return READER_CLOSED;
	}
	if (wslay_event_send(c->wslay) != 0 ||
	    !wslay_event_get_read_enabled(c->wslay))
		return READER_CLOSED;
	if (!c->in_message && c->taken == c->framed)
		reader_free(reader);
	return READER_OPEN;
}

void reader_free(struct reader *reader)
{
	if (!reader->context)
		return;
	wslay_event_context_free(reader->context->wslay);
	free(reader->context);
	reader->context = NULL;
}
