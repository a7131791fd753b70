/* base64url: the encoding of a token's parts. */
#ifndef CONFAB_TESTS_FUZZ_BASE64URL_H
#define CONFAB_TESTS_FUZZ_BASE64URL_H

#include "base/buf.h"

/* Appends the bytes in base64url, without padding. */
void base64url_add(struct buf *out, const void *bytes, size_t len);

#endif
