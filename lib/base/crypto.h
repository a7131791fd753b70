/* crypto: tokens and passwords. */
#ifndef CONFAB_BASE_CRYPTO_H
#define CONFAB_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_HASH_SIZE 32
#define SECRET_PASSWORD_SIZE 128 /* crypto_pwhash_STRBYTES */

/* Once per process, before anything else here; ends the process on failure. */
void secret_init(void);

/* A new token: 32 random bytes as 43 characters of base64url, terminated. */
void secret_token(char out[44]);

/* SHA-256 of a token, as the database keeps it. */
void secret_hash(const char *token, unsigned char out[SECRET_HASH_SIZE]);

/* SHA-256 of what comes piece by piece. close() frees it; out may be NULL. */
struct secret_digest;
struct secret_digest *secret_digest_open(void) __attribute__((malloc));
void secret_digest_add(struct secret_digest *digest, const void *bytes,
		       size_t len);
void secret_digest_close(struct secret_digest *digest,
			 unsigned char out[SECRET_HASH_SIZE]);

/* 16 random bytes as 32 hexadecimal digits, terminated: request ids. */
void secret_id(char out[33]);

/* A number in [0, limit), for jitter. */
unsigned secret_random(unsigned limit);

/* argon2id, interactive limits (64 MiB, about 0.1 s). */
bool secret_password_hash(const char *password, char out[SECRET_PASSWORD_SIZE])
	__attribute__((warn_unused_result));

/* Verifies; hash NULL stands for an account that does not exist and takes the
 * same time. *stale says that the hash should be made anew. */
bool secret_password_verify(const char *hash, const char *password, bool *stale)
	__attribute__((warn_unused_result));

#endif
