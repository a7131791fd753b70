/* hex: bytes as text, in hexadecimal and in base64url. */
#ifndef CONFAB_BASE_HEX_H
#define CONFAB_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* The value of a digit in either case, or -1. */
int hex_digit(char c);

/* Prints len bytes as 2 * len lower-case digits, terminated. */
void hex_print(char *out, const unsigned char *bytes, size_t len);

/* Reads exactly len bytes, in either case. False when text is anything else. */
bool hex_parse(unsigned char *out, size_t len, const char *text)
	__attribute__((warn_unused_result));

/* Reads base64url without padding, in its canonical form only: no other
 * letters, no leftover bits (RFC 4648 section 3.5). False for other text, and
 * for more than cap bytes. */
bool base64url_parse(unsigned char *out, size_t cap, size_t *out_len,
		     const char *text, size_t len)
	__attribute__((warn_unused_result));

#endif
