/* crypto: tokens and passwords. */
#ifndef CONFAB_BASE_CRYPTO_H
#define CONFAB_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_HASH_SIZE 32
#define SECRET_PASSWORD_SIZE 128 /* crypto_pwhash_STRBYTES */

/* Call once per process, before anything else here. Ends the process on
 * failure. */
void secret_init(void);

/* Writes a new token: 32 random bytes as 43 characters of base64url and a
 * NUL. */
void secret_token(char out[44]);

/* SHA-256 of a token, in the form that the database stores. */
void secret_hash(const char *token, unsigned char out[SECRET_HASH_SIZE]);

/* SHA-256 of data that arrives in pieces. secret_digest_close() frees the
 * digest; its out may be NULL. */
struct secret_digest;
struct secret_digest *secret_digest_open(void) __attribute__((malloc));
void secret_digest_add(struct secret_digest *digest, const void *bytes,
		       size_t len);
void secret_digest_close(struct secret_digest *digest,
			 unsigned char out[SECRET_HASH_SIZE]);

/* Writes 16 random bytes as 32 hexadecimal digits and a NUL. For request
 * ids. */
void secret_id(char out[33]);

/* A random number in [0, limit), for jitter. */
unsigned secret_random(unsigned limit);

/* Hashes with argon2id at the interactive limits (64 MiB, about 0.1 s). */
bool secret_password_hash(const char *password, char out[SECRET_PASSWORD_SIZE])
	__attribute__((warn_unused_result));

/* Verifies a password. hash NULL stands for an account that does not exist; the
 * check then takes the same time and fails. *stale: the hash uses old limits
 * and should be replaced. */
bool secret_password_verify(const char *hash, const char *password, bool *stale)
	__attribute__((warn_unused_result));

#endif
