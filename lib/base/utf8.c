/* utf8: checks UTF-8. Called on every byte from outside; owns nothing. The
 * table is RFC 3629 section 4. */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Length of the well-formed sequence at p (n > 0 bytes left), or 0. */
static size_t sequence_length(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len, i;

	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	if (p[0] == 0xe0) /* shortest forms */
		low = 0xa0;
	else if (p[0] == 0xed) /* no surrogates */
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4) /* at most U+10FFFF */
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

/* Whether eight bytes are all in 1..127. */
static bool is_plain_word(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones << 7;

	return ((word | (word - ones)) & tops) == 0;
}

bool utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t i = 0, step;
	uint64_t word;

	while (i < len) {
		if (len - i >= sizeof(word)) {
			memcpy(&word, p + i, sizeof(word));
			if (is_plain_word(word)) {
				i += sizeof(word);
				continue;
			}
		}
		step = sequence_length(p + i, len - i);
		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

size_t utf8_characters(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

uint32_t utf8_next(const char *text, size_t *len)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t c = *p;

	*len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (*len > 1)
		c &= 0x7fU >> *len;
	for (size_t i = 1; i < *len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}
