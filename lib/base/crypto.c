/* crypto: tokens and passwords. Called by the programs that face clients; owns
 * nothing but libsodium's state. */
#include "base/crypto.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/logger.h"
#include "base/xalloc.h"

void secret_init(void)
{
	if (sodium_init() < 0) {
		logger(LEVEL_ERROR, "random", "reason=\"no random numbers\"");
		exit(EXIT_FAILURE);
	}
}

void secret_token(char out[44])
{
	unsigned char bytes[32];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2base64(out, 44, bytes, sizeof(bytes),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof(bytes));
}

void secret_hash(const char *token, unsigned char out[SECRET_HASH_SIZE])
{
	_Static_assert(SECRET_HASH_SIZE == crypto_hash_sha256_BYTES, "SHA-256");

	crypto_hash_sha256(out, (const unsigned char *)token, strlen(token));
}

struct secret_digest {
	crypto_hash_sha256_state state;
};

struct secret_digest *secret_digest_open(void)
{
	struct secret_digest *digest = xcalloc(1, sizeof(*digest));

	crypto_hash_sha256_init(&digest->state);
	return digest;
}

void secret_digest_add(struct secret_digest *digest, const void *bytes,
		       size_t len)
{
	crypto_hash_sha256_update(&digest->state, bytes, len);
}

void secret_digest_close(struct secret_digest *digest,
			 unsigned char out[SECRET_HASH_SIZE])
{
	if (digest && out)
		crypto_hash_sha256_final(&digest->state, out);
	free(digest);
}

void secret_id(char out[33])
{
	unsigned char bytes[16];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(out, 33, bytes, sizeof(bytes));
}

unsigned secret_random(unsigned limit)
{
	return randombytes_uniform(limit);
}

bool secret_password_hash(const char *password, char out[SECRET_PASSWORD_SIZE])
{
	_Static_assert(SECRET_PASSWORD_SIZE == crypto_pwhash_STRBYTES, "size");

	return crypto_pwhash_str(out, password, strlen(password),
				 crypto_pwhash_OPSLIMIT_INTERACTIVE,
				 crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
}

bool secret_password_verify(const char *hash, const char *password, bool *stale)
{
	/* The hash of a password that nobody has, at the current limits. */
	static const char nobody[SECRET_PASSWORD_SIZE] =
		"$argon2id$v=19$m=65536,t=2,p=1$qenm3rp6Y2a94I/GCYYT7g$"
		"jn9We9kQEpBqAF7a317p2IersKU4CyQLhRHshyNi/eI";
	bool same;

	*stale = false;
	same = crypto_pwhash_str_verify(hash ? hash : nobody, password,
					strlen(password)) == 0;
	if (!hash || !same)
		return false;
	*stale = crypto_pwhash_str_needs_rehash(
			 hash, crypto_pwhash_OPSLIMIT_INTERACTIVE,
			 crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0;
	return true;
}
