/* base64url: the encoding of a token's parts. */
#include "base64url.h"

void base64url_add(struct buf *out, const void *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = bytes;
	unsigned bits = 0, n = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | p[i]) & 0xffff;
		for (n += 8; n >= 6; n -= 6)
			buf_add(out, &digits[bits >> (n - 6) & 63], 1);
	}
	if (n)
		buf_add(out, &digits[bits << (6 - n) & 63], 1);
}
