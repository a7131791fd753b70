/* Tokens of a host application. A line feed separates a header from claims;
 * these are signed as they are, to reach the code after the signature check.
 * Without a line feed the bytes are the token, and no signature can be
 * guessed. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "base64url.h"
#include "target.h"

#define NOW INT64_C(1800000000)

static const char SECRET[] = "a shared secret of more than 32 bytes";

/* An unnamed file that can be opened by path. */
static int hidden_file(const char *text)
{
	int fd = memfd_create("key", MFD_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static struct jwt_keys *load_keys(void)
{
	int secret = hidden_file(SECRET), list;
	char line[64], path[64];
	struct buf why = { 0 };
	struct jwt_keys *keys;

	snprintf(line, sizeof(line), "k HS256 /proc/self/fd/%d\n", secret);
	list = hidden_file(line);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", list);
	keys = jwt_keys_load(path, &why);
	CHECK(keys);
	close(secret);
	close(list);
	return keys;
}

static void sign_token(struct buf *token)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	CHECK(HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1,
		   (const unsigned char *)token->data, token->len, mac, &n));
	buf_add_text(token, ".");
	base64url_add(token, mac, n);
}

/* Whether a token is good. A good one names a user and an expiry. */
static bool verify_token(const struct jwt_rules *rules, const char *token)
{
	struct jwt jwt;
	const char *why;

	if (!jwt_verify(&jwt, rules, token, NOW, &why)) {
		CHECK(why && *why);
		return false;
	}
	CHECK(*jwt.subject && jwt.issuer);
	CHECK(jwt.expires_at + JWT_LEEWAY > NOW);
	CHECK(strlen(token) <= JWT_LIMIT && jwt_is_shaped(token));
	jwt_free(&jwt);
	return true;
}

void target_jwt(const char *bytes, size_t len)
{
	const char *feed = len ? memchr(bytes, '\n', len) : NULL;
	static struct jwt_rules rules = { .issuer = "",
					  .audience = "",
					  .subject = "sub" };
	struct buf token = { 0 };
	char *raw = target_text(bytes, len);

	if (!rules.keys)
		rules.keys = load_keys();
	CHECK(!verify_token(&rules, raw));
	if (feed) {
		base64url_add(&token, bytes, (size_t)(feed - bytes));
		buf_add_text(&token, ".");
		base64url_add(&token, feed + 1,
			      len - (size_t)(feed - bytes) - 1);
		sign_token(&token);
		if (verify_token(&rules, buf_text(&token))) {
			char *c = &token.data[token.len - 10];

			*c = *c == 'A' ? 'B' : 'A';
			CHECK(!verify_token(&rules, buf_text(&token)));
		}
	}
	buf_free(&token);
	free(raw);
}
