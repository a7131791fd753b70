/* frame: see frame.h. Called by socket.c; owns nothing. */
#include "frame.h"

enum {
	TEXT = 0x81, /* opcode with the FIN bit */
	CLOSE = 0x88,
	PING = 0x89,
	LENGTH_16 = 126,
	LENGTH_64 = 127
};

void frame_add_text(struct buf *out, const char *text, size_t len)
{
	unsigned char head[10] = { TEXT, (unsigned char)len };
	size_t size = len < LENGTH_16 ? 2 : len < 65536 ? 4 : 10;
	size_t rest = len;

	if (size > 2) {
		head[1] = size == 4 ? LENGTH_16 : LENGTH_64;
		for (size_t i = size; i-- > 2; rest >>= 8)
			head[i] = (unsigned char)rest;
	}
	buf_add(out, head, size);
	buf_add(out, text, len);
}

void frame_add_ping(struct buf *out)
{
	const unsigned char frame[] = { PING, 0 };

	buf_add(out, frame, sizeof(frame));
}

void frame_add_close(struct buf *out, int code)
{
	const unsigned char frame[] = { CLOSE, 2, (unsigned char)(code >> 8),
					(unsigned char)code };

	buf_add(out, frame, sizeof(frame));
}
