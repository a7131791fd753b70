/* jwt: JSON Web Tokens (RFC 7519) of a host application: signed, compact, one
 * of four algorithms. The only module that sees OpenSSL. */
#ifndef CONFAB_AUTH_JWT_H
#define CONFAB_AUTH_JWT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

enum {
	JWT_LIMIT = 4096, /* bytes of a token */
	JWT_LEEWAY = 60,  /* s that two clocks may differ */
};

struct jwt_keys; /* from the configuration; never written again */

/* What a token must be. issuer and audience "" are not checked; a key that is
 * bound to an issuer accepts that one instead. subject names the claim that
 * says who it is: a text or, unless it is "sub", an integer. */
struct jwt_rules {
	const struct jwt_keys *keys;
	const char *issuer, *audience, *subject;
};

/* A token that is good. */
struct jwt {
	struct json *claims;
	const char *issuer; /* "" when it names none; belongs to claims */
	char *subject;
	int64_t expires_at;       /* Unix seconds, without leeway */
	unsigned char digest[32]; /* SHA-256 of what is signed */
};

/* Reads a file of keys, one a line: "KID ALGORITHM FILE [ISSUER]", where
 * ALGORITHM is HS256, RS256, ES256 or EdDSA and FILE, beside the list when it
 * is no absolute path, has the shared secret (at least 32 bytes; a line feed at
 * the end does not count) or the public key as PEM. A key with an ISSUER is
 * good for tokens with that iss alone. NULL with a sentence in why. */
struct jwt_keys *jwt_keys_load(const char *path, struct buf *why)
	__attribute__((warn_unused_result));
void jwt_keys_free(struct jwt_keys *keys);

/* Whether text could be a token: three parts. Says nothing of its worth. */
bool jwt_is_shaped(const char *text);

/* Checks a token at a time in Unix seconds. The algorithm is the key's, and the
 * key is the one that "kid" names; a token without "kid" is for the only key.
 * False with the reason in *why; out is then untouched. Free with jwt_free().
 *
 * Takes 5 us for HS256, 26 for RS256, 72 for ES256, 127 for EdDSA (measured):
 * less than a command's transaction, so that nothing is remembered here.
 *
 * digest leaves the signature out: an ECDSA signature has a second form that
 * anybody can compute, and must not make a second token. */
bool jwt_verify(struct jwt *out, const struct jwt_rules *rules,
		const char *token, int64_t now, const char **why)
	__attribute__((warn_unused_result));
void jwt_free(struct jwt *jwt);

#endif
