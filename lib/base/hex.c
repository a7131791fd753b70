/* hex: bytes as text. Called by parsers of hostile bytes; stateless. libsodium
 * does the work. */
#include "base/hex.h"

#include <sodium.h>
#include <string.h>

int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = memchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c,
				   sizeof(digits) - 1);

	return found ? (int)(found - digits) : -1;
}

void hex_print(char *out, const unsigned char *bytes, size_t len)
{
	sodium_bin2hex(out, 2 * len + 1, bytes, len);
}

bool hex_parse(unsigned char *out, size_t len, const char *text)
{
	size_t n;

	return strlen(text) == 2 * len &&
	       sodium_hex2bin(out, len, text, 2 * len, NULL, &n, NULL) == 0 &&
	       n == len;
}

bool base64url_parse(unsigned char *out, size_t cap, size_t *out_len,
		     const char *text, size_t len)
{
	return sodium_base642bin(out, cap, text, len, NULL, out_len, NULL,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}
