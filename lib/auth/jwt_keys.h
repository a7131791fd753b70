/* jwt_keys: shared by the two files of jwt; nobody else includes it. */
#ifndef CONFAB_AUTH_JWT_KEYS_H
#define CONFAB_AUTH_JWT_KEYS_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum jwt_algorithm {
	JWT_HS256, /* HMAC with SHA-256 */
	JWT_RS256, /* RSA, PKCS #1 v1.5 */
	JWT_ES256, /* ECDSA on P-256 */
	JWT_EDDSA, /* Ed25519 */
	JWT_ALGORITHMS,
};

struct jwt_key {
	char *kid;
	char *issuer; /* the only iss it accepts; NULL: jwt_rules */
	enum jwt_algorithm algorithm;
	EVP_PKEY *public_key;  /* NULL for HS256 */
	unsigned char *secret; /* HS256 alone */
	size_t secret_len;
};

struct jwt_keys {
	struct jwt_key *list;
	size_t count;
	char *path;        /* the file of the list */
	struct stat is;    /* as it was when it was read */
	int64_t looked_at; /* clock_ms() */
};

/* The names that "alg" uses. */
extern const char *const JWT_ALGORITHM_NAMES[JWT_ALGORITHMS];

/* The key of that name. NULL is the name in a token without "kid". */
const struct jwt_key *jwt_keys_find(const struct jwt_keys *keys,
				    const char *kid);

#endif
