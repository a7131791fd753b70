/* jwt: JSON Web Tokens (RFC 7519) of a host application: signed, compact, one
 * of four algorithms. Only jwt*.c use OpenSSL for tokens. */
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

struct jwt_keys; /* from the configuration; read-only */

/* The rules for a token. An empty issuer or audience is not checked. A key that
 * is bound to an issuer accepts that one instead. subject names the claim that
 * names the user: a text or, unless it is "sub", an integer. */
struct jwt_rules {
	const struct jwt_keys *keys;
	const char *issuer, *audience, *subject;
};

/* A valid token. */
struct jwt {
	struct json *claims;
	const char *issuer; /* "" when there is none; owned by claims */
	char *subject;
	int64_t expires_at;       /* Unix seconds, without leeway */
	unsigned char digest[32]; /* SHA-256 of the signed text */
};

/* Reads a file of keys, one a line: "KID ALGORITHM FILE [ISSUER]". ALGORITHM is
 * HS256, RS256, ES256 or EdDSA. A relative FILE is beside the list. It holds
 * the shared secret (at least 32 bytes, a line feed at the end not counted) or
 * the public key as PEM. A key with an ISSUER accepts only tokens with that
 * iss. On failure returns NULL with a sentence in why. */
struct jwt_keys *jwt_keys_load(const char *path, struct buf *why)
	__attribute__((warn_unused_result));
void jwt_keys_free(struct jwt_keys *keys);

/* Reads the list again if its file was replaced or changed; looks at most every
 * five seconds. A list that can't be read is logged, and the keys stay. */
void jwt_keys_refresh(struct jwt_keys *keys);

/* Whether text has the three parts of a token. Does not check it. */
bool jwt_is_shaped(const char *text);

/* Checks a token at a time in Unix seconds. "kid" chooses the key; a token
 * without "kid" is for the only key. The algorithm is the key's. On failure
 * returns false with the reason in *why and leaves out unchanged. Free with
 * jwt_free().
 *
 * Takes 5 us for HS256, 26 for RS256, 72 for ES256, 127 for EdDSA (measured).
 * That is less than a command's transaction, so results are not cached.
 *
 * digest leaves the signature out: an ECDSA signature has a second form that
 * anybody can compute, and that must not make a second token. */
bool jwt_verify(struct jwt *out, const struct jwt_rules *rules,
		const char *token, int64_t now, const char **why)
	__attribute__((warn_unused_result));
void jwt_free(struct jwt *jwt);

#endif
