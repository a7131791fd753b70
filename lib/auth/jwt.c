/* jwt: checks tokens of a host application. Called by identity at the start of
 * a request; owns nothing but its results.
 *
 * Before the signature is checked only two words of the header count: "kid"
 * chooses the key, and "alg" has to match the key. This keeps out "none", and a
 * public key used as a shared secret. A check costs at most JWT_LIMIT bytes of
 * work. */
#include "auth/jwt.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwt_keys.h"
#include "base/hex.h"
#include "base/xalloc.h"

enum {
	DEPTH = 8,        /* levels of JSON */
	NAME_LIMIT = 255, /* bytes of iss and sub */
	P256_HALF = 32,   /* bytes of r, and of s */
	SIGNATURE = JWT_LIMIT,
};

/* The latest time that every later stage can print: 9999-12-31. */
#define LATEST INT64_C(253402300799)

/* The three parts, as they stand in the text. */
struct parts {
	const char *header, *payload, *signature;
	size_t header_len, payload_len, signature_len;
};

static bool split_parts(struct parts *out, const char *token)
{
	const char *first = strchr(token, '.');
	const char *second = first ? strchr(first + 1, '.') : NULL;

	if (!second || strchr(second + 1, '.'))
		return false;
	out->header = token;
	out->header_len = (size_t)(first - token);
	out->payload = first + 1;
	out->payload_len = (size_t)(second - out->payload);
	out->signature = second + 1;
	out->signature_len = strlen(out->signature);
	return true;
}

bool jwt_is_shaped(const char *text)
{
	struct parts parts;

	return split_parts(&parts, text);
}

/* Decodes a part that is a JSON object; NULL when it is not. */
static struct json *decode_object(const char *text, size_t len)
{
	unsigned char bytes[JWT_LIMIT];
	struct json *object;
	const char *why;
	size_t n;

	if (!base64url_parse(bytes, sizeof(bytes), &n, text, len))
		return NULL;
	object = json_parse((const char *)bytes, n, DEPTH, &why);
	if (json_kind(object) == JSON_OBJECT)
		return object;
	json_free(object);
	return NULL;
}

static bool same_hmac(const struct jwt_key *key, const unsigned char *text,
		      size_t len, const unsigned char *signature,
		      size_t signature_len)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	return HMAC(EVP_sha256(), key->secret, (int)key->secret_len, text, len,
		    mac, &n) &&
	       signature_len == n && CRYPTO_memcmp(mac, signature, n) == 0;
}

/* Converts the two numbers of an ECDSA signature to the ASN.1 that OpenSSL
 * expects. Returns the length; 0 when they are invalid. Free with
 * OPENSSL_free(). */
static size_t ecdsa_der(const unsigned char *raw, size_t len,
			unsigned char **out)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = NULL, *s = NULL;
	int n = 0;

	if (pair && len == (size_t)P256_HALF * 2) {
		r = BN_bin2bn(raw, P256_HALF, NULL);
		s = BN_bin2bn(raw + P256_HALF, P256_HALF, NULL);
	}
	if (r && s && ECDSA_SIG_set0(pair, r, s)) {
		r = s = NULL; /* the pair owns them now */
		n = i2d_ECDSA_SIG(pair, out);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return n > 0 ? (size_t)n : 0;
}

static bool is_signed(const struct jwt_key *key, const unsigned char *text,
		      size_t len, const unsigned char *signature,
		      size_t signature_len)
{
	const EVP_MD *digest =
		key->algorithm == JWT_EDDSA ? NULL : EVP_sha256();
	unsigned char *der = NULL;
	EVP_MD_CTX *context;
	bool good;

	if (key->algorithm == JWT_ES256) {
		signature_len = ecdsa_der(signature, signature_len, &der);
		signature = der;
		if (!signature_len)
			return false;
	}
	context = EVP_MD_CTX_new();
	good = context &&
	       EVP_DigestVerifyInit(context, NULL, digest, NULL,
				    key->public_key) == 1 &&
	       EVP_DigestVerify(context, signature, signature_len, text, len) ==
		       1;
	EVP_MD_CTX_free(context);
	OPENSSL_free(der);
	return good;
}

/* The key that the header names; NULL unless it fits the header's algorithm. */
static const struct jwt_key *choose_key(const struct jwt_keys *keys,
					const struct json *header)
{
	const char *kid = json_string(json_get(header, "kid"), NULL);
	const char *alg = json_string(json_get(header, "alg"), NULL);
	const struct jwt_key *key;

	if (!kid && json_has(header, "kid"))
		return NULL;
	key = jwt_keys_find(keys, kid);
	if (!key || !alg ||
	    strcmp(alg, JWT_ALGORITHM_NAMES[key->algorithm]) != 0)
		return NULL;
	return key;
}

/* NULL when *out signed the token; otherwise the reason why no key did. */
static const char *check_signature(const struct jwt_keys *keys,
				   const struct parts *parts,
				   const struct jwt_key **out)
{
	struct json *header = decode_object(parts->header, parts->header_len);
	const unsigned char *text = (const unsigned char *)parts->header;
	size_t len = parts->header_len + 1 + parts->payload_len, n;
	unsigned char signature[SIGNATURE];
	const struct jwt_key *key = NULL;
	const char *why = NULL;

	if (!header)
		why = "the header can't be read";
	else if (json_has(header, "crit"))
		why = "crit is not understood";
	else if (!(key = choose_key(keys, header)))
		why = "no key for its kid and alg";
	else if (!base64url_parse(signature, sizeof(signature), &n,
				  parts->signature, parts->signature_len))
		why = "the signature can't be read";
	else if (!(key->algorithm == JWT_HS256
			   ? same_hmac(key, text, len, signature, n)
			   : is_signed(key, text, len, signature, n)))
		why = "the signature is wrong";
	json_free(header);
	*out = key;
	return why;
}

/* Reads a time that may be missing. False when it is not a time. */
static bool read_time(const struct json *claims, const char *name,
		      int64_t absent, int64_t *out)
{
	*out = absent;
	return !json_has(claims, name) ||
	       (json_integer(json_get(claims, name), out) && *out >= 0);
}

static const char *check_times(struct jwt *jwt, int64_t now)
{
	int64_t not_before, issued;

	if (!json_has(jwt->claims, "exp") ||
	    !read_time(jwt->claims, "exp", 0, &jwt->expires_at))
		return "exp is missing";
	if (!read_time(jwt->claims, "nbf", 0, &not_before) ||
	    !read_time(jwt->claims, "iat", 0, &issued))
		return "nbf or iat is no time";
	if (jwt->expires_at > LATEST)
		jwt->expires_at = LATEST;
	if (jwt->expires_at + JWT_LEEWAY <= now)
		return "it has expired";
	if (not_before > now + JWT_LEEWAY)
		return "it is not valid yet";
	return issued > now + JWT_LEEWAY ? "it was issued later than now"
					 : NULL;
}

/* Whether an audience is this text, or a list that contains it. */
static bool is_for(const struct json *audience, const char *wanted)
{
	const char *one = json_string(audience, NULL);

	return one ? !strcmp(one, wanted) : json_lists_text(audience, wanted);
}

/* Copies the claim that names the user; NULL when the token lacks it. */
static char *read_subject(const struct json *claims, const char *name)
{
	const struct json *claim = json_get(claims, name);
	size_t len = 0;
	const char *text = json_string(claim, &len);
	char digits[24];
	int64_t number;

	if (text)
		return len && len <= NAME_LIMIT ? xstrdup(text) : NULL;
	if (!strcmp(name, "sub") || !json_integer(claim, &number))
		return NULL;
	snprintf(digits, sizeof(digits), "%lld", (long long)number);
	return xstrdup(digits);
}

static const char *check_claims(struct jwt *jwt, const struct jwt_rules *rules,
				const struct jwt_key *key, int64_t now)
{
	const struct json *claims = jwt->claims;
	const char *issuer = key->issuer ? key->issuer : rules->issuer;
	const char *why = check_times(jwt, now);
	size_t len = 0;

	if (why)
		return why;
	jwt->subject = read_subject(claims, rules->subject);
	if (!jwt->subject)
		return "sub is missing";
	jwt->issuer = json_string(json_get(claims, "iss"), &len);
	if (jwt->issuer ? len > NAME_LIMIT : json_has(claims, "iss"))
		return "iss is no name";
	if (!jwt->issuer)
		jwt->issuer = "";
	if (*issuer && strcmp(jwt->issuer, issuer) != 0)
		return "another issuer";
	if (*rules->audience &&
	    !is_for(json_get(claims, "aud"), rules->audience))
		return "another audience";
	return NULL;
}

bool jwt_verify(struct jwt *out, const struct jwt_rules *rules,
		const char *token, int64_t now, const char **why)
{
	struct jwt jwt = { .claims = NULL };
	const struct jwt_key *key;
	struct parts parts;

	if (strlen(token) > JWT_LIMIT) {
		*why = "it is too long";
		return false;
	}
	if (!split_parts(&parts, token)) {
		*why = "it has not three parts";
		return false;
	}
	*why = check_signature(rules->keys, &parts, &key);
	if (*why)
		return false;
	jwt.claims = decode_object(parts.payload, parts.payload_len);
	*why = jwt.claims ? check_claims(&jwt, rules, key, now)
			  : "the claims can't be read";
	if (!*why &&
	    !EVP_Digest(token, parts.header_len + 1 + parts.payload_len,
			jwt.digest, NULL, EVP_sha256(), NULL))
		*why = "no digest";
	if (*why) {
		jwt_free(&jwt);
		return false;
	}
	*out = jwt;
	return true;
}

void jwt_free(struct jwt *jwt)
{
	json_free(jwt->claims);
	free(jwt->subject);
	*jwt = (struct jwt){ .claims = NULL };
}
