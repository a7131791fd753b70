/* key: see jwks.h. Members of a key are those of RFC 7517 section 4, RFC 7518
 * section 6 and RFC 8037 section 2. Called by main(). */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/xalloc.h"
#include "jwks.h"

enum {
	RSA_BYTES = 1024,  /* 8192 bits: a larger one is slow to check with */
	RSA_LEAST = 2048,  /* bits: RFC 7518 section 3.3 */
	EC_BYTES = 32,     /* a coordinate on P-256 */
	ED25519_BYTES = 32 /* RFC 8032 section 5.1.5 */
};

/* The text of a member; "" when it is none. */
static const char *text_of(const struct json *jwk, const char *name)
{
	size_t len;
	const char *text = json_string(json_get(jwk, name), &len);

	return text && strlen(text) == len ? text : "";
}

static bool bytes_of(const struct json *jwk, const char *name,
		     unsigned char *out, size_t cap, size_t *len)
{
	const char *text = text_of(jwk, name);

	return base64url_parse(out, cap, len, text, strlen(text)) && *len;
}

/* Makes a public key of OpenSSL's parameters, and frees them. */
static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *parts)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(parts);
	return key;
}

static EVP_PKEY *read_rsa(const struct json *jwk, struct buf *why)
{
	unsigned char n[RSA_BYTES], e[8];
	size_t n_len, e_len;
	OSSL_PARAM_BLD *parts;
	BIGNUM *modulus, *exponent;
	EVP_PKEY *key;

	if (!bytes_of(jwk, "n", n, sizeof(n), &n_len) ||
	    !bytes_of(jwk, "e", e, sizeof(e), &e_len) || !(e[e_len - 1] & 1)) {
		buf_add_text(why, "its n or e is no number of RSA");
		return NULL;
	}
	parts = OSSL_PARAM_BLD_new();
	modulus = BN_bin2bn(n, (int)n_len, NULL);
	exponent = BN_bin2bn(e, (int)e_len, NULL);
	OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, modulus);
	OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, exponent);
	key = make_key("RSA", parts);
	BN_free(modulus);
	BN_free(exponent);
	if (key && EVP_PKEY_get_bits(key) >= RSA_LEAST)
		return key;
	buf_addf(why, "a key of RSA needs at least %d bits", RSA_LEAST);
	EVP_PKEY_free(key);
	return NULL;
}

/* Whether the point is on the curve. */
static bool is_point(EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool is = context && EVP_PKEY_public_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	return is;
}

static EVP_PKEY *read_ec(const struct json *jwk, struct buf *why)
{
	unsigned char point[1 + 2 * EC_BYTES] = { 4 }; /* uncompressed */
	size_t x_len, y_len;
	OSSL_PARAM_BLD *parts;
	EVP_PKEY *key;

	if (strcmp(text_of(jwk, "crv"), "P-256") != 0) {
		buf_add_text(why, "its curve is not P-256");
		return NULL;
	}
	if (!bytes_of(jwk, "x", point + 1, EC_BYTES, &x_len) ||
	    !bytes_of(jwk, "y", point + 1 + EC_BYTES, EC_BYTES, &y_len) ||
	    x_len != EC_BYTES || y_len != EC_BYTES) {
		buf_add_text(why, "its x or y has not 32 bytes");
		return NULL;
	}
	parts = OSSL_PARAM_BLD_new();
	OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME,
					"prime256v1", 0);
	OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point,
					 sizeof(point));
	key = make_key("EC", parts);
	if (key && is_point(key))
		return key;
	buf_add_text(why, "its x and y are no point of the curve");
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *read_okp(const struct json *jwk, struct buf *why)
{
	unsigned char x[ED25519_BYTES];
	size_t len;

	if (strcmp(text_of(jwk, "crv"), "Ed25519") != 0) {
		buf_add_text(why, "its curve is not Ed25519");
		return NULL;
	}
	if (!bytes_of(jwk, "x", x, sizeof(x), &len) || len != sizeof(x)) {
		buf_add_text(why, "its x has not 32 bytes");
		return NULL;
	}
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, len);
}

/* The kinds of keys that check tokens here, each with one algorithm. */
static const struct kind {
	const char *kty, *algorithm;
	EVP_PKEY *(*read)(const struct json *jwk, struct buf *why);
} KINDS[] = {
	{ "RSA", "RS256", read_rsa },
	{ "EC", "ES256", read_ec },
	{ "OKP", "EdDSA", read_okp },
};

/* Says why a key may not be used, whatever its numbers are. */
static bool is_meant(const struct json *jwk, struct buf *why)
{
	static const char *const PRIVATE[] = { "d", "p", "q", "k" };
	const struct json *uses = json_get(jwk, "key_ops");
	const char *use = text_of(jwk, "use"), *kid = text_of(jwk, "kid");

	for (size_t i = 0; i < sizeof(PRIVATE) / sizeof(PRIVATE[0]); i++)
		if (json_has(jwk, PRIVATE[i])) {
			buf_add_text(why, "it is a secret, which must not be "
					  "in a set for others");
			return false;
		}
	if ((*use && strcmp(use, "sig") != 0) ||
	    (uses && !json_lists_text(uses, "verify")))
		buf_add_text(why, "it is not for signatures");
	else if (!*kid)
		buf_add_text(why, "it has no kid");
	else if (strlen(kid) > JWKS_KID || *kid == '#' ||
		 strpbrk(kid, " \t\r\n\v\f"))
		buf_addf(why,
			 "its kid is longer than %d bytes, or has a space "
			 "or # that the list can't have",
			 JWKS_KID);
	return !why->len;
}

static char *print_key(EVP_PKEY *key)
{
	char *text = NULL, *pem;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool ok = out && PEM_write_PUBKEY(out, key) == 1;

	ok = out && fclose(out) == 0 && ok;
	pem = ok ? xstrdup(text) : NULL;
	free(text);
	return pem;
}

bool key_read(struct jwks_key *out, const struct json *jwk, struct buf *why)
{
	const char *kty = text_of(jwk, "kty"), *alg = text_of(jwk, "alg");
	const struct kind *kind = NULL;
	EVP_PKEY *key;

	*out = (struct jwks_key){ 0 };
	if (!is_meant(jwk, why))
		return false;
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (!strcmp(KINDS[i].kty, kty))
			kind = &KINDS[i];
	if (!kind || (*alg && strcmp(alg, kind->algorithm) != 0)) {
		buf_add_text(why, "it is not for RS256, ES256 or EdDSA");
		return false;
	}
	key = kind->read(jwk, why);
	if (key)
		out->pem = print_key(key);
	EVP_PKEY_free(key);
	if (!out->pem) {
		if (!why->len)
			buf_add_text(why, "it is no public key");
		return false;
	}
	out->kid = xstrdup(text_of(jwk, "kid"));
	out->algorithm = kind->algorithm;
	return true;
}

void key_free(struct jwks_key *key)
{
	free(key->kid);
	free(key->pem);
}
