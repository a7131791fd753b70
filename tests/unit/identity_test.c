/* The credential of a request, and the pages that may use it. */
#include <stdlib.h>
#include <string.h>

#include "auth/identity.h"
#include "cmocka_tap.h"

#define TOKEN "0123456789012345678901234567890123456789abc"
#define OTHER "0123456789012345678901234567890123456789xyz"

/* A request: names and values, ended by NULL. */
typedef const char *const fields[16];

static const char *param(void *context, const char *name)
{
	const char *const *field = context;

	for (; *field; field += 2)
		if (strcmp(*field, name) == 0)
			return field[1];
	return NULL;
}

static struct config config;
static struct identity_rules *rules;

static void assert_token(const struct identity *who, const char *token)
{
	unsigned char hash[SECRET_HASH_SIZE];

	secret_hash(token, hash);
	assert_memory_equal(who->token_hash, hash, sizeof(hash));
}

static void find(struct identity *out, fields of)
{
	identity_find(out, rules, param, (void *)(uintptr_t)of);
}

static void find_stream(struct identity *out, fields of)
{
	identity_find_stream(out, rules, param, (void *)(uintptr_t)of);
}

static void the_strongest_place_counts(void **state)
{
	fields all = { "HTTP_AUTHORIZATION",
		       "bearer  " TOKEN,
		       "QUERY_STRING",
		       "token=" OTHER,
		       "HTTP_COOKIE",
		       "confab=" OTHER,
		       "REMOTE_USER",
		       "ann",
		       NULL };
	fields cookie = { "HTTP_COOKIE", "a=b; confab=" TOKEN, "REMOTE_USER",
			  "ann", NULL };
	struct identity who;

	(void)state;
	find_stream(&who, all);
	assert_int_equal(who.source, IDENTITY_BEARER);
	assert_token(&who, TOKEN);
	find(&who, cookie);
	assert_int_equal(who.source, IDENTITY_COOKIE);
	assert_token(&who, TOKEN);
}

static void a_malformed_one_hides_the_weaker(void **state)
{
	fields bearer = { "HTTP_AUTHORIZATION", "Bearer x", "HTTP_COOKIE",
			  "confab=" TOKEN, NULL };
	fields empty = { "HTTP_AUTHORIZATION", "Bearer", "HTTP_COOKIE",
			 "confab=" TOKEN, NULL };
	fields cookie = { "HTTP_COOKIE", "confab=x", "REMOTE_USER", "ann",
			  NULL };
	fields basic = { "HTTP_AUTHORIZATION", "Basic eDp5", "HTTP_COOKIE",
			 "confab=" TOKEN, NULL };
	struct identity who;

	(void)state;
	find(&who, bearer);
	assert_int_equal(who.source, IDENTITY_NONE);
	find(&who, empty);
	assert_int_equal(who.source, IDENTITY_NONE);
	find(&who, cookie);
	assert_int_equal(who.source, IDENTITY_NONE);
	assert_null(who.external);
	find(&who, basic);
	assert_int_equal(who.source, IDENTITY_COOKIE);
}

static void only_streams_read_the_query(void **state)
{
	fields token = { "QUERY_STRING", "x=1&token=" TOKEN, NULL };
	fields ticket = { "QUERY_STRING", "ticket=" TOKEN, NULL };
	unsigned char hash[SECRET_HASH_SIZE];
	struct identity who;

	(void)state;
	find(&who, token);
	assert_int_equal(who.source, IDENTITY_NONE);
	find_stream(&who, token);
	assert_int_equal(who.source, IDENTITY_QUERY);
	assert_token(&who, TOKEN);
	find_stream(&who, ticket);
	assert_int_equal(who.source, IDENTITY_TICKET);
	identity_ticket_hash(TOKEN, hash);
	assert_memory_equal(who.token_hash, hash, sizeof(hash));
	secret_hash(TOKEN, hash);
	assert_memory_not_equal(who.token_hash, hash, sizeof(hash));
}

static void https_has_a_cookie_of_its_own(void **state)
{
	fields https = { "HTTPS", "on", "HTTP_COOKIE",
			 "confab=" OTHER "; __Host-confab=" TOKEN, NULL };
	fields http = { "HTTPS", "off", "HTTP_COOKIE", "__Host-confab=" TOKEN,
			NULL };
	struct identity who;

	(void)state;
	find(&who, https);
	assert_token(&who, TOKEN);
	find(&who, http);
	assert_int_equal(who.source, IDENTITY_NONE);
}

static void the_web_server_is_believed_if_told(void **state)
{
	fields user = { "REMOTE_USER", "ann \"x\"", NULL };
	fields none = { "REMOTE_USER", "", NULL };
	struct identity_rules *doubting;
	struct config distrust = config;
	struct identity who;

	(void)state;
	find(&who, user);
	assert_int_equal(who.source, IDENTITY_SERVER);
	assert_string_equal(who.external->issuer, "remote_user");
	assert_string_equal(who.external->subject, "ann \"x\"");
	assert_string_equal(who.external->profile,
			    "{\"username\":\"ann \\\"x\\\"\"}");
	assert_string_equal(who.external->expires_at, "");
	identity_free(&who);
	find(&who, none);
	assert_int_equal(who.source, IDENTITY_NONE);
	distrust.trust_remote_user = 0;
	doubting = identity_rules_create(&distrust);
	identity_find(&who, doubting, param, (void *)(uintptr_t)user);
	assert_int_equal(who.source, IDENTITY_NONE);
	identity_rules_free(doubting);
}

static void the_bridge_hands_on_a_hash(void **state)
{
	static const char *const bad[] = {
		"",
		"00",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1"
		"e",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
		"1f20",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
		"1g",
	};
	struct identity who;

	(void)state;
	identity_from_bridge(&who, "000102030405060708090a0b0c0d0e0f10111213141"
				   "5161718191a1b1c1d1e1f");
	assert_int_equal(who.source, IDENTITY_BRIDGE);
	for (int i = 0; i < SECRET_HASH_SIZE; i++)
		assert_int_equal(who.token_hash[i], i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		identity_from_bridge(&who, bad[i]);
		assert_int_equal(who.source, IDENTITY_NONE);
	}
}

static void assert_use(fields of, enum identity_use use,
		       enum confab_error expected)
{
	struct identity who;
	const char *why;

	find(&who, of);
	assert_int_equal(identity_check(&who, &config, use, param,
					(void *)(uintptr_t)of, &why),
			 expected);
	if (expected == ERROR_DENIED)
		assert_string_equal(why, "This origin is not allowed.");
	else
		assert_null(why);
	identity_free(&who);
}

#define COOKIE "HTTP_COOKIE", "confab=" TOKEN, "HTTP_HOST", "chat.example:8080"

static void a_page_needs_an_origin_for_a_cookie(void **state)
{
	fields own = { COOKIE, "HTTP_ORIGIN", "http://CHAT.example:8080",
		       NULL };
	fields listed = { COOKIE, "HTTP_ORIGIN", "https://two.example", NULL };
	fields other = { COOKIE, "HTTP_ORIGIN", "http://evil.example", NULL };
	fields null = { COOKIE, "HTTP_ORIGIN", "null", NULL };
	fields silent = { COOKIE, NULL };
	fields site = { COOKIE, "HTTP_SEC_FETCH_SITE", "cross-site", NULL };
	fields same = { COOKIE, "HTTP_SEC_FETCH_SITE", "same-origin", NULL };

	(void)state;
	assert_use(own, IDENTITY_CHANGE, ERROR_NONE);
	assert_use(listed, IDENTITY_CHANGE, ERROR_NONE);
	assert_use(same, IDENTITY_CHANGE, ERROR_NONE);
	assert_use(other, IDENTITY_CHANGE, ERROR_DENIED);
	assert_use(other, IDENTITY_STREAM, ERROR_DENIED);
	assert_use(other, IDENTITY_READ, ERROR_NONE);
	assert_use(null, IDENTITY_CHANGE, ERROR_DENIED);
	assert_use(silent, IDENTITY_CHANGE, ERROR_DENIED);
	assert_use(silent, IDENTITY_STREAM, ERROR_NONE);
	assert_use(site, IDENTITY_STREAM, ERROR_DENIED);
}

static void a_bearer_needs_none(void **state)
{
	fields bearer = { "HTTP_AUTHORIZATION", "Bearer " TOKEN, "HTTP_ORIGIN",
			  "http://evil.example", NULL };
	fields nobody = { "HTTP_ORIGIN", "http://evil.example", NULL };

	(void)state;
	assert_use(bearer, IDENTITY_CHANGE, ERROR_NONE);
	assert_use(nobody, IDENTITY_READ, ERROR_UNAUTHENTICATED);
}

static void a_text_is_cut_between_characters(void **state)
{
	char long_text[400], out[IDENTITY_TEXT];
	const char *request[] = { "HTTP_USER_AGENT", long_text, NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(long_text); i += 4)
		memcpy(long_text + i, "\360\237\230\200", 4);
	long_text[396] = '\0';
	assert_ptr_equal(identity_text(param, request, "HTTP_USER_AGENT", out),
			 out);
	assert_int_equal(strlen(out), 252);
	long_text[1] = 'x';
	assert_null(identity_text(param, request, "HTTP_USER_AGENT", out));
	assert_null(identity_text(param, request, "REMOTE_ADDR", out));
}

static int load(void **state)
{
	struct buf why = { 0 };

	(void)state;
	secret_init();
	setenv("CONFAB_TRUST_REMOTE_USER", "1", 1);
	setenv("CONFAB_ALLOWED_ORIGINS",
	       "https://one.example "
	       "https://two.example",
	       1);
	if (!config_load(&config, NULL, &why))
		return -1;
	rules = identity_rules_create(&config);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	identity_rules_free(rules);
	config_free(&config);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_strongest_place_counts),
		cmocka_unit_test(a_malformed_one_hides_the_weaker),
		cmocka_unit_test(only_streams_read_the_query),
		cmocka_unit_test(https_has_a_cookie_of_its_own),
		cmocka_unit_test(the_web_server_is_believed_if_told),
		cmocka_unit_test(the_bridge_hands_on_a_hash),
		cmocka_unit_test(a_page_needs_an_origin_for_a_cookie),
		cmocka_unit_test(a_bearer_needs_none),
		cmocka_unit_test(a_text_is_cut_between_characters),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load, unload);
}
