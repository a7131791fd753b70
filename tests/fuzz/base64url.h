/* base64url: bytes as the parts of a token have them. */
#ifndef CONFAB_TESTS_FUZZ_BASE64URL_H
#define CONFAB_TESTS_FUZZ_BASE64URL_H

#include "base/buf.h"

/* Appends them, without padding. */
void base64url_add(struct buf *out, const void *bytes, size_t len);

#endif
