/* frame: see frame.h. Called by socket.c; owns nothing. */
#include "frame.h"

void frame_add_text(struct buf *out, const char *text, size_t len)
{
	enum {
		FIN_TEXT = 0x81,
		LENGTH_16 = 126,
		LENGTH_64 = 127
	};
	unsigned char head[10] = { FIN_TEXT, (unsigned char)len };
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
