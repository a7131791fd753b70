/* Tokens of a host application, good and bad. OpenSSL itself makes them. */
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "cmocka_tap.h"
#include "tests/fuzz/base64url.h"

#define NOW 1800000000
#define TIMES "\"exp\":1800000300"
#define GOOD "{\"sub\":\"7\",\"iss\":\"app\"," TIMES "}"

static const char SECRET[] = "a shared secret of more than 32 bytes";

static char folder[] = "/tmp/confab-jwt-XXXXXX";
static EVP_PKEY *rsa, *rsa_other, *ec, *ec_other, *ed;
static struct jwt_keys *keys;

/* The three parts of a token being made. */
struct token {
	struct buf text;
};

/* Converts a signature to r and s of 32 bytes each. */
static size_t flatten(unsigned char *signature, size_t len)
{
	const unsigned char *der = signature;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);

	assert_non_null(pair);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32),
			 32);
	assert_int_equal(
		BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32), 32);
	ECDSA_SIG_free(pair);
	return 64;
}

/* Signs with a private key, or with a secret when key is NULL. */
static size_t sign(EVP_PKEY *key, const void *secret, int secret_len,
		   const struct buf *text, unsigned char out[1024])
{
	const unsigned char *bytes = (const unsigned char *)text->data;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = 1024;
	unsigned n;

	if (!key) {
		assert_non_null(HMAC(EVP_sha256(), secret, secret_len, bytes,
				     text->len, out, &n));
		len = n;
	} else {
		assert_int_equal(
			EVP_DigestSignInit(context, NULL,
					   EVP_PKEY_get_base_id(key) ==
							   EVP_PKEY_ED25519
						   ? NULL
						   : EVP_sha256(),
					   NULL, key),
			1);
		assert_int_equal(
			EVP_DigestSign(context, out, &len, bytes, text->len),
			1);
		if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
			len = flatten(out, len);
	}
	EVP_MD_CTX_free(context);
	return len;
}

static const char *make(struct token *token, EVP_PKEY *key, const char *secret,
			const char *header, const char *claims)
{
	unsigned char signature[1024];
	size_t len;

	buf_free(&token->text);
	base64url_add(&token->text, header, strlen(header));
	buf_add_text(&token->text, ".");
	base64url_add(&token->text, claims, strlen(claims));
	len = sign(key, secret, secret ? (int)strlen(secret) : 0, &token->text,
		   signature);
	buf_add_text(&token->text, ".");
	base64url_add(&token->text, signature, len);
	return buf_text(&token->text);
}

/* Checks a token, which must pass or, with reason, must fail for it. */
static void expect_rules(const struct jwt_rules *rules, const char *token,
			 const char *reason)
{
	struct jwt jwt = { .claims = NULL };
	const char *why = NULL;
	bool good = jwt_verify(&jwt, rules, token, NOW, &why);

	if (good && reason)
		fail_msg("accepted; should be refused: %s", reason);
	if (!good && !reason)
		fail_msg("refused: %s", why);
	if (!good)
		assert_string_equal(why, reason);
	if (good)
		assert_null(why);
	jwt_free(&jwt);
}

static void expect(const char *token, const char *reason)
{
	const struct jwt_rules rules = {
		.keys = keys, .issuer = "", .audience = "", .subject = "sub"
	};

	expect_rules(&rules, token, reason);
}

static void each_algorithm_passes(void **state)
{
	struct token t = { { 0 } };
	const struct {
		EVP_PKEY *key;
		const char *header;
	} cases[] = {
		{ NULL, "{\"alg\":\"HS256\",\"kid\":\"hs\"}" },
		{ rsa, "{\"alg\":\"RS256\",\"kid\":\"rs\",\"typ\":\"JWT\"}" },
		{ ec, "{\"alg\":\"ES256\",\"kid\":\"es\"}" },
		{ ed, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(make(&t, cases[i].key, SECRET, cases[i].header, GOOD),
		       NULL);
	buf_free(&t.text);
}

static void says_who_and_until_when(void **state)
{
	const struct jwt_rules rules = {
		.keys = keys, .issuer = "app", .audience = "", .subject = "sub"
	};
	struct token t = { { 0 } };
	const char *why;
	struct jwt jwt;

	(void)state;
	assert_true(jwt_verify(
		&jwt, &rules,
		make(&t, ed, NULL, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", GOOD),
		NOW, &why));
	assert_string_equal(jwt.subject, "7");
	assert_string_equal(jwt.issuer, "app");
	assert_int_equal(jwt.expires_at, 1800000300);
	jwt_free(&jwt);
	buf_free(&t.text);
}

static void refuses_other_keys(void **state)
{
	struct token t = { { 0 } };

	(void)state;
	expect(make(&t, NULL, "another secret, also of 32 bytes or more",
		    "{\"alg\":\"HS256\",\"kid\":\"hs\"}", GOOD),
	       "the signature is wrong");
	expect(make(&t, rsa_other, NULL, "{\"alg\":\"RS256\",\"kid\":\"rs\"}",
		    GOOD),
	       "the signature is wrong");
	expect(make(&t, ec_other, NULL, "{\"alg\":\"ES256\",\"kid\":\"es\"}",
		    GOOD),
	       "the signature is wrong");
	expect(make(&t, ec, NULL, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", GOOD),
	       "the signature is wrong");
	expect(make(&t, rsa, NULL, "{\"alg\":\"RS256\",\"kid\":\"nobody\"}",
		    GOOD),
	       "no key for its kid and alg");
	/* Without "kid" none of several keys is chosen. */
	expect(make(&t, rsa, NULL, "{\"alg\":\"RS256\"}", GOOD),
	       "no key for its kid and alg");
	expect(make(&t, rsa, NULL, "{\"alg\":\"RS256\",\"kid\":7}", GOOD),
	       "no key for its kid and alg");
	buf_free(&t.text);
}

static char *public_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *copy;
	long len;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	len = BIO_get_mem_data(bio, &data);
	copy = strndup(data, (size_t)len);
	BIO_free(bio);
	return copy;
}

static void the_key_says_the_algorithm(void **state)
{
	static const char none[] = "no key for its kid and alg";
	char *pem = public_pem(rsa);
	struct token t = { { 0 } };

	(void)state;
	/* Uses the public key, which everybody has, as a shared secret. */
	expect(make(&t, NULL, pem, "{\"alg\":\"HS256\",\"kid\":\"rs\"}", GOOD),
	       none);
	expect(make(&t, NULL, pem, "{\"alg\":\"RS256\",\"kid\":\"rs\"}", GOOD),
	       "the signature is wrong");
	free(pem);
	expect(make(&t, NULL, SECRET, "{\"alg\":\"none\",\"kid\":\"hs\"}",
		    GOOD),
	       none);
	expect(make(&t, NULL, SECRET, "{\"alg\":\"hs256\",\"kid\":\"hs\"}",
		    GOOD),
	       none);
	expect(make(&t, NULL, SECRET, "{\"alg\":null,\"kid\":\"hs\"}", GOOD),
	       none);
	expect(make(&t, NULL, SECRET, "{\"kid\":\"hs\"}", GOOD), none);
	expect(make(&t, rsa, NULL, "{\"alg\":\"RS512\",\"kid\":\"rs\"}", GOOD),
	       none);
	/* "none", with nothing after the last dot. */
	make(&t, NULL, SECRET, "{\"alg\":\"none\",\"kid\":\"hs\"}", GOOD);
	*(strrchr(t.text.data, '.') + 1) = '\0';
	expect(t.text.data, none);
	make(&t, NULL, SECRET, "{\"alg\":\"HS256\",\"kid\":\"hs\"}", GOOD);
	*(strrchr(t.text.data, '.') + 1) = '\0';
	expect(t.text.data, "the signature is wrong");
	/* A name that occurs twice: the last counts, for the choice of the key
	 * and for the comparison. */
	expect(make(&t, NULL, SECRET,
		    "{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"rs\","
		    "\"kid\":\"hs\"}",
		    GOOD),
	       NULL);
	expect(make(&t, NULL, SECRET,
		    "{\"alg\":\"HS256\",\"alg\":\"none\",\"kid\":\"hs\"}",
		    GOOD),
	       none);
	buf_free(&t.text);
}

static void refuses_what_it_does_not_understand(void **state)
{
	struct token t = { { 0 } };

	(void)state;
	expect(make(&t, NULL, SECRET,
		    "{\"alg\":\"HS256\",\"kid\":\"hs\",\"crit\":[\"exp\"]}",
		    GOOD),
	       "crit is not understood");
	expect(make(&t, NULL, SECRET,
		    "{\"alg\":\"HS256\",\"kid\":\"hs\",\"crit\":null}", GOOD),
	       "crit is not understood");
	expect(make(&t, NULL, SECRET, "[\"HS256\"]", GOOD),
	       "the header can't be read");
	expect(make(&t, NULL, SECRET, "{\"alg\":\"HS256\"", GOOD),
	       "the header can't be read");
	expect(make(&t, NULL, SECRET, "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
		    "\"claims\""),
	       "the claims can't be read");
	expect(make(&t, NULL, SECRET, "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
		    "{\"sub\":\"a\\u0000b\"," TIMES "}"),
	       "the claims can't be read");
	buf_free(&t.text);
}

static void looks_at_the_clock(void **state)
{
	static const struct {
		const char *claims, *reason;
	} cases[] = {
		{ "{\"sub\":\"7\",\"exp\":1799999941}", NULL },
		{ "{\"sub\":\"7\",\"exp\":1799999940}", "it has expired" },
		{ "{\"sub\":\"7\",\"exp\":0}", "it has expired" },
		{ "{\"sub\":\"7\",\"exp\":-1}", "exp is missing" },
		{ "{\"sub\":\"7\"}", "exp is missing" },
		{ "{\"sub\":\"7\",\"exp\":null}", "exp is missing" },
		{ "{\"sub\":\"7\",\"exp\":\"1800000300\"}", "exp is missing" },
		{ "{\"sub\":\"7\",\"exp\":1e30}", "exp is missing" },
		{ "{\"sub\":\"7\",\"exp\":9223372036854775807}", NULL },
		{ "{\"sub\":\"7\",\"nbf\":1800000060," TIMES "}", NULL },
		{ "{\"sub\":\"7\",\"nbf\":1800000061," TIMES "}",
		  "it is not valid yet" },
		{ "{\"sub\":\"7\",\"nbf\":\"x\"," TIMES "}",
		  "nbf or iat is no time" },
		{ "{\"sub\":\"7\",\"iat\":1800000060," TIMES "}", NULL },
		{ "{\"sub\":\"7\",\"iat\":1800000061," TIMES "}",
		  "it was issued later than now" },
	};
	struct token t = { { 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(make(&t, NULL, SECRET,
			    "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
			    cases[i].claims),
		       cases[i].reason);
	buf_free(&t.text);
}

static void looks_at_names(void **state)
{
	static const struct {
		const char *claims, *reason;
	} cases[] = {
		{ "{\"sub\":\"7\",\"iss\":\"app\",\"aud\":\"chat\"," TIMES "}",
		  NULL },
		{ "{\"sub\":\"7\",\"iss\":\"app\",\"aud\":[\"x\",\"chat\"],"
		  "" TIMES "}",
		  NULL },
		{ "{\"sub\":\"7\",\"iss\":\"app\"," TIMES "}",
		  "another audience" },
		{ "{\"sub\":\"7\",\"iss\":\"app\",\"aud\":[7]," TIMES "}",
		  "another audience" },
		{ "{\"sub\":\"7\",\"iss\":\"app\",\"aud\":\"chats\"," TIMES "}",
		  "another audience" },
		{ "{\"sub\":\"7\",\"iss\":\"apps\",\"aud\":\"chat\"," TIMES "}",
		  "another issuer" },
		{ "{\"sub\":\"7\",\"aud\":\"chat\"," TIMES "}",
		  "another issuer" },
		{ "{\"sub\":\"7\",\"iss\":7," TIMES "}", "iss is no name" },
		{ "{\"iss\":\"app\",\"aud\":\"chat\"," TIMES "}",
		  "sub is missing" },
		{ "{\"sub\":\"\",\"iss\":\"app\"," TIMES "}",
		  "sub is missing" },
		{ "{\"sub\":7,\"iss\":\"app\"," TIMES "}", "sub is missing" },
	};
	const struct jwt_rules rules = { .keys = keys,
					 .issuer = "app",
					 .audience = "chat",
					 .subject = "sub" };
	struct token t = { { 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_rules(&rules,
			     make(&t, NULL, SECRET,
				  "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
				  cases[i].claims),
			     cases[i].reason);
	buf_free(&t.text);
}

/* Every other spelling of the same bits is refused, and every truncation. */
static void refuses_other_spellings(void **state)
{
	struct token t = { { 0 } };
	struct buf text = { 0 };
	size_t len;

	(void)state;
	make(&t, ed, NULL, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", GOOD);
	len = t.text.len;
	buf_add(&text, t.text.data, len);
	buf_add_text(&text, "==");
	expect(buf_text(&text), "the signature can't be read");
	/* 64 bytes leave four unused bits in the last digit. */
	text.len = len;
	text.data[len - 1] = (char)(text.data[len - 1] + 1);
	expect(buf_text(&text), "the signature can't be read");
	for (const char *c = "+/ =%\n"; *c; c++) {
		text.len = 0;
		buf_add(&text, t.text.data, len);
		text.data[len - 5] = *c;
		expect(buf_text(&text), "the signature can't be read");
	}
	for (size_t cut = 0; cut < len; cut++) {
		const struct jwt_rules rules = { keys, "", "", "sub" };
		struct jwt jwt;
		const char *why;

		text.len = 0;
		buf_add(&text, t.text.data, cut);
		assert_false(
			jwt_verify(&jwt, &rules, buf_text(&text), NOW, &why));
	}
	text.len = 0;
	buf_add(&text, t.text.data, len);
	buf_add_text(&text, ".x");
	expect(buf_text(&text), "it has not three parts");
	expect("..", "the header can't be read");
	buf_free(&text);
	buf_free(&t.text);
}

/* Each single changed byte makes the token invalid. */
static void refuses_every_change(void **state)
{
	const struct jwt_rules rules = {
		.keys = keys, .issuer = "", .audience = "", .subject = "sub"
	};
	struct token t = { { 0 } };

	(void)state;
	make(&t, ec, NULL, "{\"alg\":\"ES256\",\"kid\":\"es\"}", GOOD);
	for (size_t i = 0; i < t.text.len; i++) {
		char was = t.text.data[i];
		struct jwt jwt;
		const char *why;

		t.text.data[i] = was == 'A' ? 'B' : 'A';
		assert_false(jwt_verify(&jwt, &rules, t.text.data, NOW, &why));
		t.text.data[i] = was;
	}
	buf_free(&t.text);
}

static void refuses_what_is_too_long(void **state)
{
	struct buf claims = { 0 };
	struct token t = { { 0 } };

	(void)state;
	buf_add_text(&claims, "{\"sub\":\"7\"," TIMES ",\"x\":\"");
	for (int i = 0; i < 2800; i++)
		buf_add_text(&claims, "x");
	buf_add_text(&claims, "\"}");
	expect(make(&t, NULL, SECRET, "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
		    buf_text(&claims)),
	       NULL);
	claims.len -= 2;
	for (int i = 0; i < 300; i++)
		buf_add_text(&claims, "x");
	buf_add_text(&claims, "\"}");
	expect(make(&t, NULL, SECRET, "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
		    buf_text(&claims)),
	       "it is too long");
	buf_free(&claims);
	buf_free(&t.text);
}

/* (r, n - s) is as valid a signature as (r, s). It must not make another
 * token. */
static void a_second_signature_is_the_same_token(void **state)
{
	const struct jwt_rules rules = {
		.keys = keys, .issuer = "", .audience = "", .subject = "sub"
	};
	const char *why;
	struct token a = { { 0 } }, b = { { 0 } };
	struct jwt first, second;

	(void)state;
	/* ECDSA draws a number, so signing again makes another signature. */
	make(&a, ec, NULL, "{\"alg\":\"ES256\",\"kid\":\"es\"}", GOOD);
	make(&b, ec, NULL, "{\"alg\":\"ES256\",\"kid\":\"es\"}", GOOD);
	assert_string_not_equal(a.text.data, b.text.data);
	assert_true(jwt_verify(&first, &rules, a.text.data, NOW, &why));
	assert_true(jwt_verify(&second, &rules, b.text.data, NOW, &why));
	assert_memory_equal(first.digest, second.digest, sizeof(first.digest));
	jwt_free(&first);
	jwt_free(&second);
	buf_free(&a.text);
	buf_free(&b.text);
}

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void write_public(const char *name, EVP_PKEY *key)
{
	char *pem = public_pem(key);

	write_file(name, pem);
	free(pem);
}

static struct jwt_keys *load(const char *list, struct buf *why)
{
	char path[256];

	write_file("keys", list);
	snprintf(path, sizeof(path), "%s/keys", folder);
	return jwt_keys_load(path, why);
}

static void the_only_key_needs_no_name(void **state)
{
	struct token t = { { 0 } };
	struct buf why = { 0 };
	struct jwt_keys *one = load("one HS256 secret\n", &why);
	const struct jwt_rules rules = {
		.keys = one, .issuer = "", .audience = "", .subject = "sub"
	};

	(void)state;
	assert_non_null(one);
	expect_rules(&rules,
		     make(&t, NULL, SECRET, "{\"alg\":\"HS256\"}", GOOD), NULL);
	expect_rules(&rules,
		     make(&t, NULL, SECRET,
			  "{\"alg\":\"HS256\",\"kid\":\"two\"}", GOOD),
		     "no key for its kid and alg");
	jwt_keys_free(one);
	buf_free(&t.text);
}

static void a_key_speaks_for_its_issuer_alone(void **state)
{
	static const char *const apps =
		"{\"sub\":\"7\",\"iss\":\"app\"," TIMES "}";
	static const char *const shops =
		"{\"sub\":\"7\",\"iss\":\"shop\"," TIMES "}";
	static const char *const nobodys = "{\"sub\":\"7\"," TIMES "}";
	static const char *const bound = "{\"alg\":\"HS256\",\"kid\":\"b\"}";
	static const char *const any = "{\"alg\":\"HS256\",\"kid\":\"a\"}";
	struct token t = { { 0 } };
	struct buf why = { 0 };
	struct jwt_keys *two =
		load("a HS256 secret\nb HS256 secret shop\n", &why);
	struct jwt_rules rules = { two, "app", "", "sub" };

	(void)state;
	assert_non_null(two);
	expect_rules(&rules, make(&t, NULL, SECRET, any, apps), NULL);
	expect_rules(&rules, make(&t, NULL, SECRET, any, shops),
		     "another issuer");
	expect_rules(&rules, make(&t, NULL, SECRET, bound, shops), NULL);
	expect_rules(&rules, make(&t, NULL, SECRET, bound, apps),
		     "another issuer");
	rules.issuer = "";
	expect_rules(&rules, make(&t, NULL, SECRET, any, apps), NULL);
	expect_rules(&rules, make(&t, NULL, SECRET, bound, apps),
		     "another issuer");
	expect_rules(&rules, make(&t, NULL, SECRET, bound, nobodys),
		     "another issuer");
	jwt_keys_free(two);
	buf_free(&t.text);
}

static void another_claim_says_who_it_is(void **state)
{
	static const struct {
		const char *claims, *subject;
	} cases[] = {
		{ "{\"user_id\":4711,\"sub\":\"x\"," TIMES "}", "4711" },
		{ "{\"user_id\":\"4711\"," TIMES "}", "4711" },
		{ "{\"user_id\":-1," TIMES "}", "-1" },
		{ "{\"user_id\":4711.5," TIMES "}", NULL },
		{ "{\"user_id\":[4711]," TIMES "}", NULL },
		{ "{\"user_id\":\"\"," TIMES "}", NULL },
		{ "{\"sub\":\"4711\"," TIMES "}", NULL },
	};
	const struct jwt_rules rules = { keys, "", "", "user_id" };
	struct token t = { { 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jwt jwt = { .claims = NULL };
		const char *why;

		make(&t, NULL, SECRET, "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
		     cases[i].claims);
		if (jwt_verify(&jwt, &rules, t.text.data, NOW, &why)) {
			assert_non_null(cases[i].subject);
			assert_string_equal(jwt.subject, cases[i].subject);
		} else {
			assert_null(cases[i].subject);
			assert_string_equal(why, "sub is missing");
		}
		jwt_free(&jwt);
	}
	buf_free(&t.text);
}

static void refuses_lists_that_can_not_be_meant(void **state)
{
	static const struct {
		const char *list, *reason;
	} cases[] = {
		{ "", "no key" },
		{ "# nothing\n\n", "no key" },
		{ "hs HS256\n", "a line is \"KID ALGORITHM FILE [ISSUER]\"" },
		{ "hs HS256 secret app more\n",
		  "a line is \"KID ALGORITHM FILE [ISSUER]\"" },
		{ "hs HS512 secret\n",
		  "\"HS512\" is not HS256, RS256, ES256 or EdDSA" },
		{ "hs none secret\n",
		  "\"none\" is not HS256, RS256, ES256 or EdDSA" },
		{ "hs HS256 secret\nhs HS256 secret\n",
		  "there is a key \"hs\" already" },
		{ "hs HS256 nowhere\n", "No such file or directory" },
		{ "hs HS256 short\n", "the secret has less than 32 bytes" },
		{ "rs RS256 secret\n", "no public key in PEM format" },
		{ "rs RS256 es.pem\n", "RS256 needs an RSA key" },
		{ "rs RS256 small.pem\n",
		  "an RSA key needs at least 2048 bits" },
		{ "es ES256 rs.pem\n", "ES256 needs a key on the curve P-256" },
		{ "es ES256 p384.pem\n",
		  "ES256 needs a key on the curve P-256" },
		{ "ed EdDSA es.pem\n", "EdDSA needs an Ed25519 key" },
	};
	EVP_PKEY *small = EVP_RSA_gen(1024), *p384 = EVP_EC_gen("P-384");

	(void)state;
	write_public("small.pem", small);
	write_public("p384.pem", p384);
	EVP_PKEY_free(small);
	EVP_PKEY_free(p384);
	write_file("short", "only 31 bytes of a secret here.\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf why = { 0 };

		assert_null(load(cases[i].list, &why));
		if (!strstr(buf_text(&why), cases[i].reason))
			fail_msg("%s: %s", cases[i].list, buf_text(&why));
		buf_free(&why);
	}
}

static int make_keys(void **state)
{
	struct buf why = { 0 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	rsa = EVP_RSA_gen(2048);
	rsa_other = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	ec_other = EVP_EC_gen("P-256");
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	write_file("secret", SECRET);
	write_public("rs.pem", rsa);
	write_public("es.pem", ec);
	write_public("ed.pem", ed);
	keys = load("# kid algorithm file\n\nhs HS256 secret\n"
		    "rs RS256 rs.pem\n es\tES256  es.pem\ned EdDSA ed.pem",
		    &why);
	if (!keys)
		fail_msg("%s", buf_text(&why));
	return 0;
}

static int remove_keys(void **state)
{
	static const char *const names[] = { "secret",    "rs.pem",   "es.pem",
					     "ed.pem",    "keys",     "short",
					     "small.pem", "p384.pem", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	jwt_keys_free(keys);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(rsa_other);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ec_other);
	EVP_PKEY_free(ed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_algorithm_passes),
		cmocka_unit_test(says_who_and_until_when),
		cmocka_unit_test(refuses_other_keys),
		cmocka_unit_test(the_key_says_the_algorithm),
		cmocka_unit_test(refuses_what_it_does_not_understand),
		cmocka_unit_test(looks_at_the_clock),
		cmocka_unit_test(looks_at_names),
		cmocka_unit_test(refuses_other_spellings),
		cmocka_unit_test(refuses_every_change),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(a_second_signature_is_the_same_token),
		cmocka_unit_test(the_only_key_needs_no_name),
		cmocka_unit_test(a_key_speaks_for_its_issuer_alone),
		cmocka_unit_test(another_claim_says_who_it_is),
		cmocka_unit_test(refuses_lists_that_can_not_be_meant),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
