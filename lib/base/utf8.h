/* utf8: checks UTF-8. */
#ifndef CONFAB_BASE_UTF8_H
#define CONFAB_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the bytes are well-formed UTF-8 (RFC 3629: shortest forms, no
 * surrogates, at most U+10FFFF) without U+0000. */
bool utf8_valid(const char *text, size_t len);

/* Number of characters in valid UTF-8. */
size_t utf8_characters(const char *text, size_t len);

/* The character at the start of text, which is valid UTF-8 and not empty; the
 * bytes that it takes go to *len. */
uint32_t utf8_next(const char *text, size_t *len);

#endif
