/* UTF-8, compared with a reader that decodes character by character. */
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "target.h"

/* Length of the character at p; 0 when there is none. */
static size_t decode_character(const unsigned char *p, size_t n, uint32_t *code)
{
	static const uint32_t shortest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80             ? 1
		     : (p[0] & 0xe0) == 0xc0 ? 2
		     : (p[0] & 0xf0) == 0xe0 ? 3
		     : (p[0] & 0xf8) == 0xf0 ? 4
					     : 0;

	if (len == 0 || len > n)
		return 0;
	*code = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	return *code < shortest[len] ? 0 : len;
}

static bool is_valid(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint32_t code;

	for (size_t at = 0, n; at < len; at += n) {
		n = decode_character(p + at, len - at, &code);
		if (n == 0 || code == 0 || code > 0x10ffff ||
		    (code >= 0xd800 && code <= 0xdfff))
			return false;
	}
	return true;
}

void target_utf8(const char *bytes, size_t len)
{
	CHECK(utf8_valid(bytes, len) == is_valid(bytes, len));
}
