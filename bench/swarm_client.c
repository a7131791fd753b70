/* swarm_client: see swarm_client.h. Called by swarm.c on its one thread; owns
 * nothing. */
#include "swarm_client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPCODE_PING = 9
};

/* Looks for marks in bytes that begin with those carried over. */
static void find_marks(struct client *c, const struct client_events *events,
		       const char *bytes, size_t len)
{
	const char *p = bytes, *end = bytes + len;

	while ((p = memmem(p, (size_t)(end - p), "mark-", 5)) &&
	       end - p >= MARK_LENGTH) {
		if (p[MARK_LENGTH - 1] == '.')
			events->marked(c, strtoll(p + 5, NULL, 10));
		p += MARK_LENGTH;
	}
}

static void take_payload(struct client *c, const struct client_events *events,
			 const char *bytes, size_t len)
{
	char seam[2 * CARRY];
	size_t head = len < CARRY ? len : CARRY;
	size_t known = c->carried;

	memcpy(seam, c->carry, known);
	memcpy(seam + known, bytes, head);
	if (c->state == CLIENT_WAITING &&
	    (memmem(seam, known + head, events->ready, strlen(events->ready)) ||
	     memmem(bytes, len, events->ready, strlen(events->ready)))) {
		c->state = CLIENT_OPEN;
		events->opened(c);
	}
	/* The mark begins before these bytes; marks inside them follow. */
	if (known >= MARK_LENGTH)
		known = MARK_LENGTH - 1;
	if (known && head)
		find_marks(c, events, seam + c->carried - known,
			   known + (head < MARK_LENGTH - 1 ? head
							   : MARK_LENGTH - 1));
	find_marks(c, events, bytes, len);
	if (len >= CARRY) {
		memcpy(c->carry, bytes + len - CARRY, CARRY);
		c->carried = CARRY;
		return;
	}
	known = c->carried + len > CARRY ? CARRY - len : c->carried;
	memmove(c->carry, c->carry + c->carried - known, known);
	memcpy(c->carry + known, bytes, len);
	c->carried = (unsigned char)(known + len);
}

/* Answers with as many bytes as the PING has, all zero. */
static void send_pong(const struct client *c)
{
	const unsigned char frame[6 + 125] = { 0x8a, (unsigned char)(0x80 |
								     c->left) };

	if (c->left < 126 && write(c->fd, frame, 6 + c->left) < 0)
		return; /* the other side will end the stream */
}

/* Length of a frame's head as far as it is known. *left: its payload. */
static size_t frame_head(const struct client *c, size_t *left)
{
	unsigned first = c->head_len > 1 ? c->head[1] & 127U : 0;
	size_t size = first == 126 ? 4 : first == 127 ? 10 : 2;

	*left = first;
	if (c->head_len < size || size == 2)
		return size;
	*left = 0;
	for (size_t i = 2; i < size; i++)
		*left = *left << 8 | c->head[i];
	return size;
}

static void take_frames(struct client *c, const struct client_events *events,
			const char *bytes, size_t len)
{
	while (len) {
		if (c->left) {
			size_t n = c->left < len ? c->left : len;

			take_payload(c, events, bytes, n);
			c->left -= n;
			bytes += n;
			len -= n;
			continue;
		}
		c->head[c->head_len++] = (unsigned char)*bytes++;
		len--;
		if (c->head_len < 2 || c->head_len < frame_head(c, &c->left)) {
			c->left = 0;
			continue;
		}
		if ((c->head[0] & 15) == OPCODE_PING)
			send_pong(c);
		c->head_len = 0;
	}
}

/* Takes one byte of a chunk's size, which a line feed ends; head gathers its
 * digits. An empty line ends the chunk before it. */
static void take_size(struct client *c, char byte)
{
	if (byte != '\n') {
		if (c->head_len < sizeof(c->head) - 1 && byte != '\r')
			c->head[c->head_len++] = (unsigned char)byte;
		return;
	}
	c->head[c->head_len] = '\0';
	c->left = strtoul((const char *)c->head, NULL, 16);
	c->head_len = 0;
}

static void take_chunks(struct client *c, const struct client_events *events,
			const char *bytes, size_t len)
{
	while (len) {
		size_t n = c->left < len ? c->left : len;

		if (!n) {
			take_size(c, *bytes++);
			len--;
			continue;
		}
		take_payload(c, events, bytes, n);
		c->left -= n;
		bytes += n;
		len -= n;
	}
}

/* The head comes in one piece: it is small, and servers write it at once. */
static char *take_head(struct client *c, char *bytes, size_t len)
{
	char *end = memmem(bytes, len, "\r\n\r\n", 4);

	if (!end || len < 12 ||
	    (memcmp(bytes + 9, "200", 3) != 0 &&
	     memcmp(bytes + 9, "101", 3) != 0))
		return NULL;
	c->websocket = bytes[9] == '1';
	c->chunked = !c->websocket &&
		     memmem(bytes, (size_t)(end - bytes), "chunked", 7);
	c->state = CLIENT_WAITING;
	return end + 4;
}

bool client_take(struct client *c, const struct client_events *events,
		 char *bytes, size_t len)
{
	if (c->state == CLIENT_ASKING) {
		char *body = take_head(c, bytes, len);

		if (!body)
			return false;
		len -= (size_t)(body - bytes);
		bytes = body;
		if (!*events->ready) {
			c->state = CLIENT_OPEN;
			events->opened(c);
		}
	}
	if (c->websocket)
		take_frames(c, events, bytes, len);
	else if (c->chunked)
		take_chunks(c, events, bytes, len);
	else
		take_payload(c, events, bytes, len);
	return true;
}
