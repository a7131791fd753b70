/* log_in: logging in and out, registration, whoami, and tickets for streams. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "base/logger.h"
#include "base/utf8.h"
#include "session.h"

enum {
	USERNAME_LIMIT = 64, /* characters */
	TICKET_LIFE = 30,    /* s, as in confab.ticket_create() */
};

/* The text of a request to log in or register. body owns it. */
struct credentials {
	struct json *body;
	const char *username, *password;
};

enum {
	YEAR = 365 * 86400 /* s */
};

static void set_cookie(struct worker *w, const char *name, const char *token,
		       long age)
{
	bool secure = strncmp(name, "__Host-", 7) == 0;

	http_header(w->http,
		    "Set-Cookie: %s=%s; Path=/; Max-Age=%ld; HttpOnly; "
		    "SameSite=Lax%s",
		    name, token, age, secure ? "; Secure" : "");
}

/* Seconds from now to a time printed by confab.time_text() (UTC). */
static long seconds_until(const char *time_text)
{
	struct tm tm = { 0 };
	long left;

	if (!strptime(time_text, "%Y-%m-%dT%H:%M:%S", &tm))
		return 0;
	left = (long)(timegm(&tm) - time(NULL));
	return left > 0 ? left : 0;
}

static void set_session_cookie(struct worker *w, const char *token, long age)
{
	set_cookie(w, identity_cookie_name(http_param, w->http), token, age);
}

/* Gives the browser a cookie that still admits it while somebody else is
 * guessing the password. Without one the browser counts as any other address,
 * so a failure here is harmless. */
static void remember_device(struct worker *w, const char *account)
{
	unsigned char old[SECRET_HASH_SIZE], hash[SECRET_HASH_SIZE];
	char token[44];
	const struct pg_param params[] = {
		{ .data = account },
		session_device(w, old),
		{ .data = (const char *)hash,
		  .len = sizeof(hash),
		  .binary = true },
	};
	struct pg_result *result = NULL;

	secret_token(token);
	identity_device_hash(token, hash);
	if (session_run(w, SESSION_DEVICE, 3, params, &result) == PG_OK &&
	    *pg_field(result, 0, 0) == 't')
		set_cookie(w, identity_device_name(http_param, w->http), token,
			   YEAR);
	pg_result_free(result);
}

/* Makes a log-in and answers with it. */
static void log_in(struct worker *w, const char *account, int status)
{
	char token[44], agent[IDENTITY_TEXT], address[IDENTITY_TEXT];
	unsigned char hash[SECRET_HASH_SIZE];
	const struct pg_param params[] = {
		{ .data = account },
		{ .data = (const char *)hash,
		  .len = sizeof(hash),
		  .binary = true },
		{ .data = identity_text(http_param, w->http, "HTTP_USER_AGENT",
					agent) },
		{ .data = identity_text(http_param, w->http, "REMOTE_ADDR",
					address) },
	};
	struct buf body = { 0 };
	struct pg_result *result;

	secret_token(token);
	secret_hash(token, hash);
	result = session_ask(w, SESSION_CREATE, 4, params);
	if (!result)
		return;
	if (pg_rows(result) > 0 && pg_field(result, 0, 0)) {
		buf_addf(&body,
			 "{\"user\":%s,\"token\":\"%s\",\"expires_at\":\"%s\"}",
			 pg_field(result, 0, 0), token, pg_field(result, 0, 1));
		set_session_cookie(w, token,
				   seconds_until(pg_field(result, 0, 1)));
		remember_device(w, account);
		http_respond(w->http, status, body.data, body.len);
	} else {
		/* The account was removed in between. */
		http_fail(w->http, ERROR_UNAUTHENTICATED, NULL);
	}
	buf_free(&body);
	pg_result_free(result);
}

/* Hashes a password again at the current cost. A failure is harmless. */
static void rehash_password(struct worker *w, const char *account,
			    const char *password)
{
	char hash[SECRET_PASSWORD_SIZE];
	const struct pg_param params[] = { { .data = account },
					   { .data = hash } };
	struct pg_result *result = NULL;

	if (secret_password_hash(password, hash))
		session_run(w, SESSION_REHASH, 2, params, &result);
	pg_result_free(result);
}

static void check_password(struct worker *w, const struct credentials *given)
{
	const struct pg_param username = { .data = given->username };
	struct pg_result *result =
		session_ask(w, SESSION_CREDENTIALS, 1, &username);
	const char *account = NULL, *hash = NULL;
	enum session_verdict verdict;
	bool stale;

	if (!result)
		return;
	if (pg_rows(result) > 0) {
		account = pg_field(result, 0, 0);
		hash = pg_field(result, 0, 1);
	}
	/* Without a hash the check fails after the same time. */
	verdict = session_verify(w, hash, given->password, &stale);
	if (verdict == SESSION_RIGHT) {
		session_succeeded(w, given->username);
		if (stale)
			rehash_password(w, account, given->password);
		log_in(w, account, 200);
	} else if (verdict == SESSION_WRONG) {
		const char *address = http_param(w->http, "REMOTE_ADDR");

		logger(LEVEL_INFO, "login",
		       "request=%s refused=true address=%.64s",
		       http_request_id(w->http), address ? address : "");
		http_fail(w->http, ERROR_UNAUTHENTICATED,
			  "Wrong user name or password.");
	}
	pg_result_free(result);
}

/* Copies the profile of a new account; SQL checks it. */
static void print_profile(const struct json *body, struct buf *out)
{
	static const char *const fields[] = { "email", "first_name",
					      "last_name" };
	const char *before = "{";

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!json_get(body, fields[i]))
			continue;
		buf_addf(out, "%s\"%s\":", before, fields[i]);
		json_print(json_get(body, fields[i]), out);
		before = ",";
	}
	buf_add_text(out, *before == '{' ? "{}" : "}");
}

static void make_account(struct worker *w, const struct credentials *given)
{
	char hash[SECRET_PASSWORD_SIZE];
	struct buf profile = { 0 };
	struct pg_param params[] = { { .data = given->username },
				     { .data = hash },
				     { .data = NULL } };
	struct pg_result *result;

	if (!session_hash(w, given->password, hash))
		return;
	print_profile(given->body, &profile);
	params[2].data = buf_text(&profile);
	result = session_ask(w, SESSION_REGISTER, 3, params);
	if (result)
		log_in(w, pg_field(result, 0, 0), 201);
	pg_result_free(result);
	buf_free(&profile);
}

/* Reads a user name. False when it has answered with a refusal. */
static bool read_username(struct worker *w, struct credentials *out)
{
	const char *why = session_text(out->body, "username", &out->username);

	if (!why && utf8_characters(out->username, strlen(out->username)) >
			    USERNAME_LIMIT)
		why = "Ensure this field has no more than 64 characters.";
	if (why)
		session_refuse_field(w, "username", why);
	return !why;
}

void session_post_login(struct worker *w)
{
	struct credentials given = { .body = session_read(w) };

	if (given.body && read_username(w, &given) &&
	    session_password(w, given.body, "password", &given.password) &&
	    session_attempt(w, given.username))
		check_password(w, &given);
	json_free(given.body);
}

void session_post_register(struct worker *w)
{
	struct credentials given = { .body = session_read(w) };

	if (given.body && read_username(w, &given) &&
	    session_new_password(w, given.body, "password", &given.password) &&
	    session_may_register(w))
		make_account(w, &given);
	json_free(given.body);
}

void session_get(struct worker *w)
{
	struct pg_result *result = NULL;
	struct buf body = { 0 };
	struct known caller;

	if (!session_know(w, IDENTITY_READ, &caller))
		return;
	result = session_ask(w, SESSION_WHOAMI, 1, &caller.hash);
	identity_free(&caller.who);
	if (!result)
		return;
	if (pg_rows(result) > 0 && pg_field(result, 0, 0)) {
		buf_addf(&body, "{\"user\":%s,\"expires_at\":\"%s\"}",
			 pg_field(result, 0, 0), pg_field(result, 0, 1));
		http_respond(w->http, 200, body.data, body.len);
	} else {
		http_fail(w->http, ERROR_UNAUTHENTICATED, NULL);
	}
	buf_free(&body);
	pg_result_free(result);
}

void session_get_options(struct worker *w)
{
	struct pg_result *result =
		session_ask(w, SESSION_MAY_REGISTER, 0, NULL);
	bool resets = session_resets(w->config);
	struct buf body = { 0 };

	if (!result)
		return;
	buf_addf(&body, "{\"allow_register\":%s,\"password_reset\":%s}",
		 *pg_field(result, 0, 0) == 't' ? "true" : "false",
		 resets ? "true" : "false");
	http_respond(w->http, 200, body.data, body.len);
	buf_free(&body);
	pg_result_free(result);
}

void session_delete(struct worker *w)
{
	struct pg_result *result;
	struct known caller;

	if (!session_know(w, IDENTITY_CHANGE, &caller))
		return;
	/* This writes to the log; the streams of the log-in end when they read
	 * it. */
	result = session_ask(w, SESSION_END, 1, &caller.hash);
	identity_free(&caller.who);
	if (!result)
		return;
	/* Remove a worthless cookie, too. */
	set_session_cookie(w, "", 0);
	if (*pg_field(result, 0, 0) == 't')
		http_respond(w->http, 204, NULL, 0);
	else
		http_fail(w->http, ERROR_UNAUTHENTICATED, NULL);
	pg_result_free(result);
}

/* Makes a ticket for one stream, valid for a short time. It may stand in a URL,
 * and so in a log, where a token should not. */
void session_post_ticket(struct worker *w)
{
	unsigned char hash[SECRET_HASH_SIZE];
	struct pg_param params[2];
	struct pg_result *result;
	struct buf body = { 0 };
	struct known caller;
	char ticket[44];

	if (!session_know(w, IDENTITY_CHANGE, &caller))
		return;
	secret_token(ticket);
	identity_ticket_hash(ticket, hash);
	params[0] = caller.hash;
	params[1] = (struct pg_param){ .data = (const char *)hash,
				       .len = sizeof(hash),
				       .binary = true };
	result = session_ask(w, SESSION_TICKET, 2, params);
	if (result) {
		buf_addf(&body, "{\"ticket\":\"%s\",\"expires_in\":%d}", ticket,
			 TICKET_LIFE);
		http_respond(w->http, 200, body.data, body.len);
	}
	buf_free(&body);
	pg_result_free(result);
	identity_free(&caller.who);
}
