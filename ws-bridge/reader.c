/* reader: see reader.h. Called by socket.c; owns the library's context. The
 * context exists from the first byte of a message's first frame to its last
 * byte, so an idle client costs none of its 8 KiB.
 *
 * libwslay 1.1.1 takes the first two bytes of each part of a CLOSE that comes
 * in several parts for a code, and may find a valid reason malformed. So a
 * control frame is handed to it in one piece, and heads are read here, too. It
 * keeps some 90 bytes for each frame of a message, so their number is limited
 * here, and it does not know the codes that were registered after RFC 6455. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "frame.h"

enum {
	CONTROL = 0x08, /* bit of an opcode */
	FIN = 0x80,
	MASK = 0x80,
	LENGTH_16 = 126,
	FRAMES = 1024, /* most frames of one message */
	CLOSE_PROTOCOL = 1002,
	CLOSE_INVALID = 1007,
	CLOSE_TOO_BIG = 1009,
	/* The codes that IANA has registered since. */
	CLOSE_NEWER_FIRST = 1012,
	CLOSE_NEWER_LAST = 1014
};

struct reader_context {
	wslay_event_context_ptr wslay;
	struct reader *reader;
	const char *bytes; /* not yet read by the library */
	size_t len;
	struct buf held; /* the beginning of a frame, from before */
	uint64_t left;   /* bytes of the frame that is handed over */
	unsigned frames; /* of the message, so far */
	bool in_message; /* another frame of it has to come */
	int close;       /* the answer that the library would not give */
};

/* Bytes of the frame at p, with its head (5.2); 0: the head is not whole. */
static uint64_t frame_size(const unsigned char *p, size_t len)
{
	size_t extended, head;
	uint64_t size = 0;

	if (len < 2)
		return 0;
	size = p[1] & 0x7f;
	extended = size < LENGTH_16 ? 0 : size == LENGTH_16 ? 2 : 8;
	head = 2 + extended + (p[1] & MASK ? 4 : 0);
	if (len < head)
		return 0;
	if (extended)
		size = 0;
	for (size_t i = 0; i < extended; i++)
		size = size << 8 | p[2 + i];
	/* The library refuses a length that no frame has. */
	return size > UINT64_MAX / 2 ? UINT64_MAX / 2 : head + size;
}

/* The answer to a whole, masked CLOSE that the library would answer with too
 * mild a code, or refuse although it is valid; 0: it does well. */
static int answer_to_close(const unsigned char *p)
{
	char payload[LENGTH_16];
	size_t len = p[1] & 0x7f;
	int code;

	for (size_t i = 0; i < len; i++)
		payload[i] = (char)(p[6 + i] ^ p[2 + i % 4]);
	if (len == 1)
		return CLOSE_PROTOCOL;
	code = len ? (unsigned char)payload[0] << 8 | (unsigned char)payload[1]
		   : 0;
	if (code < CLOSE_NEWER_FIRST || code > CLOSE_NEWER_LAST)
		return 0;
	return utf8_valid(payload + 2, len - 2) ? code : CLOSE_INVALID;
}

/* Counts the frame at p. */
static void note_frame(struct reader_context *c, const unsigned char *p)
{
	bool is_control = p[0] & CONTROL;

	if (is_control || !(p[1] & 0x7f))
		c->reader->idle++;
	if (is_control)
		return;
	c->frames = c->in_message ? c->frames + 1 : 1;
	c->in_message = !(p[0] & FIN);
	if (c->frames > FRAMES)
		c->close = CLOSE_TOO_BIG;
}

/* Begins the next frame; false when too few of its bytes have come, or the
 * library shall have no more. */
static bool begin_frame(struct reader_context *c)
{
	const unsigned char *p = (const unsigned char *)c->bytes;
	uint64_t size = frame_size(p, c->len);
	bool is_short = size && (p[1] & 0x7f) < LENGTH_16;

	if (!size || (p[0] & CONTROL && is_short && c->len < size))
		return false;
	note_frame(c, p);
	if (p[0] == (FIN | WSLAY_CONNECTION_CLOSE) && is_short && p[1] & MASK)
		c->close = answer_to_close(p);
	if (c->close)
		return false;
	c->left = size;
	return true;
}

static ssize_t on_recv(wslay_event_context_ptr wslay, uint8_t *to, size_t len,
		       int flags, void *user)
{
	struct reader_context *c = user;

	(void)flags;
	if (!c->len || (!c->left && !begin_frame(c))) {
		wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > c->len)
		len = c->len;
	if (len > c->left)
		len = (size_t)c->left;
	memcpy(to, c->bytes, len);
	c->bytes += len;
	c->len -= len;
	c->left -= len;
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

static void on_message(wslay_event_context_ptr wslay,
		       const struct wslay_event_on_msg_recv_arg *message,
		       void *user)
{
	struct reader_context *c = user;
	const struct reader *reader = c->reader;

	(void)wslay;
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
		.on_msg_recv_callback = on_message,
	};
	struct reader_context *c = xcalloc(1, sizeof(*c));

	if (wslay_event_context_server_init(&c->wslay, &callbacks, c) != 0)
		abort(); /* out of memory */
	wslay_event_config_set_max_recv_msg_length(c->wslay, reader->limit);
	c->reader = reader;
	reader->context = c;
}

/* Appends new bytes to those that are kept. */
static void take_input(struct reader_context *c, const char *bytes, size_t len)
{
	if (c->held.len) {
		buf_add(&c->held, bytes, len);
		bytes = c->held.data;
		len = c->held.len;
	}
	c->bytes = bytes;
	c->len = len;
}

/* Keeps the bytes that the library was not given; false when there are none. */
static bool keep_rest(struct reader_context *c)
{
	struct buf rest = { 0 };

	buf_add(&rest, c->bytes, c->len);
	buf_free(&c->held);
	c->held = rest;
	return rest.len > 0;
}

enum reader_status reader_feed(struct reader *reader, const char *bytes,
			       size_t len)
{
	struct reader_context *c;
	int error;

	if (!reader->context)
		make_context(reader);
	c = reader->context;
	take_input(c, bytes, len);
	error = wslay_event_recv(c->wslay);
	/* The library does not answer these. */
	if (error) {
		frame_add_close(reader->out, CLOSE_PROTOCOL);
		return READER_CLOSED;
	}
	if (wslay_event_send(c->wslay) != 0 ||
	    !wslay_event_get_read_enabled(c->wslay))
		return READER_CLOSED;
	if (c->close) {
		frame_add_close(reader->out, c->close);
		return READER_CLOSED;
	}
	if (keep_rest(c) || c->left || c->in_message)
		return READER_OPEN;
	reader_free(reader);
	return READER_OPEN;
}

void reader_free(struct reader *reader)
{
	if (!reader->context)
		return;
	wslay_event_context_free(reader->context->wslay);
	buf_free(&reader->context->held);
	free(reader->context);
	reader->context = NULL;
}
