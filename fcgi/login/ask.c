/* ask: helpers for every request to confab-session: statements, bodies and
 * answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/login.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "session.h"

enum {
	BODY_LIMIT = 16384,    /* bytes */
	BODY_DEPTH = 4,        /* levels */
	PASSWORD_LEAST = 8,    /* bytes */
	PASSWORD_LIMIT = 1024, /* bytes */
};

const struct pg_statement session_statements[] = {
	[SESSION_CREDENTIALS] = { "credentials",
				  "select account_id, password_hash"
				  " from confab.login_credentials($1::text)" },
	[SESSION_CREATE] = { "create", "select account, expires_at"
				       " from confab.login_create($1::bigint,"
				       " $2::bytea, $3::text, $4::text)" },
	[SESSION_WHOAMI] = { "whoami", "select account, expires_at"
				       " from confab.login_whoami($1::bytea)" },
	[SESSION_END] = { "end", "select confab.login_end($1::bytea)" },
	[SESSION_MAY_REGISTER] = { "may_register",
				   "select confab.may_register()" },
	[SESSION_REGISTER] = { "register", "select confab.account_register("
					   "$1::text, $2::text, $3::jsonb)" },
	[SESSION_REHASH] = { "rehash",
			     "select confab.account_set_password_hash("
			     "$1::bigint, $2::text)" },
	[SESSION_TICKET] = { "ticket", "select confab.ticket_create("
				       "$1::bytea, $2::bytea)" },
	[SESSION_ATTEMPT] = { "attempt",
			      "select confab.attempt_begin($1::text, $2::text,"
			      " $3::bytea, $4::int[], $5::int)" },
	[SESSION_REGISTRATION] = { "registration",
				   "select confab.registration_begin($1::text,"
				   " $2::int, $3::int)" },
	[SESSION_DEVICE] = { "device",
			     "select confab.device_remember($1::bigint,"
			     " $2::bytea, $3::bytea)" },
	[SESSION_SUCCEEDED] = { "succeeded",
				"select confab.attempt_succeeded($1::text,"
				" $2::text, $3::bytea)" },
	[SESSION_PASSWORD] = { "password",
			       "select username, password_hash"
			       " from confab.password_current($1::bytea)" },
	[SESSION_CHANGE] = { "change", "select confab.password_change("
				       "$1::bytea, $2::text)" },
	[SESSION_RESET_BEGIN] = { "reset_begin",
				  "select username, email from"
				  " confab.reset_begin($1::text, $2::text,"
				  " $3::bytea)" },
	[SESSION_RESET_CHECK] = { "reset_check",
				  "select confab.reset_check($1::bytea)" },
	[SESSION_RESET_FINISH] = { "reset_finish",
				   "select confab.reset_finish($1::bytea,"
				   " $2::text)" },
	[SESSION_RING] = { "ring", "select confab.ring()" },
};

void session_refuse_field(struct worker *w, const char *field,
			  const char *sentence)
{
	struct buf body = { 0 };

	error_field_body(&body, field, sentence);
	http_respond(w->http, error_info(ERROR_INVALID)->http_status, body.data,
		     body.len);
	buf_free(&body);
}

/* Answers for a failed statement. result: NULL unless PG_FAILED. */
static void fail_statement(struct worker *w, const char *name,
			   const struct pg_result *result)
{
	const char *sqlstate = result ? pg_sqlstate(result) : NULL;
	struct error_answer answer = error_answer_statement(
		sqlstate, result ? pg_detail(result) : NULL);

	if (answer.http_status >= 500)
		logger(LEVEL_ERROR, "session",
		       "request=%s statement=%s sqlstate=%s why=\"%s\"",
		       http_request_id(w->http), name,
		       sqlstate ? sqlstate : "none", pg_reason(w->pg));
	http_answer(w->http, &answer);
}

enum pg_status session_run(struct worker *w, enum session_statement which,
			   int n, const struct pg_param *params,
			   struct pg_result **result)
{
	bool is_logged = which == SESSION_END || which == SESSION_CHANGE ||
			 which == SESSION_RESET_FINISH;

	return pg_ask(w->pg, &session_statements[which], n, params,
		      is_logged ? &session_statements[SESSION_RING] : NULL,
		      result);
}

struct pg_result *session_ask(struct worker *w, enum session_statement which,
			      int n, const struct pg_param *params)
{
	struct pg_result *result;

	if (session_run(w, which, n, params, &result) == PG_OK)
		return result;
	fail_statement(w, session_statements[which].name, result);
	pg_result_free(result);
	return NULL;
}

const char *session_text(const struct json *body, const char *name,
			 const char **out)
{
	size_t len;

	*out = json_string(json_get(body, name), &len);
	if (!json_has(body, name))
		return "This field is required.";
	if (!json_get(body, name))
		return "This field may not be null.";
	if (!*out)
		return "Not a valid string.";
	if (!len)
		return "This field may not be blank.";
	return NULL;
}

bool session_password(struct worker *w, const struct json *body,
		      const char *name, const char **out)
{
	const char *why = session_text(body, name, out);

	if (!why && strlen(*out) > PASSWORD_LIMIT)
		why = "Ensure this field has no more than 1024 bytes.";
	if (why)
		session_refuse_field(w, name, why);
	return !why;
}

bool session_new_password(struct worker *w, const struct json *body,
			  const char *name, const char **out)
{
	if (!session_password(w, body, name, out))
		return false;
	if (strlen(*out) >= PASSWORD_LEAST)
		return true;
	session_refuse_field(w, name,
			     "Ensure this field has at least 8 characters.");
	return false;
}

/* Ends a request whose client has gone. It would take a tenth of a second of
 * this process, for which others wait. */
static bool is_abandoned(struct worker *w)
{
	if (!http_is_abandoned(w->http))
		return false;
	if (w->abandoned)
		metric_count(w->abandoned, 1);
	http_drop(w->http);
	return true;
}

bool session_hash(struct worker *w, const char *password, char *out)
{
	if (is_abandoned(w))
		return false;
	if (secret_password_hash(password, out))
		return true;
	logger(LEVEL_ERROR, "session", "request=%s why=\"no memory to hash\"",
	       http_request_id(w->http));
	http_fail(w->http, ERROR_UNAVAILABLE, NULL);
	return false;
}

enum session_verdict session_verify(struct worker *w, const char *hash,
				    const char *password, bool *stale)
{
	if (is_abandoned(w))
		return SESSION_GONE;
	return secret_password_verify(hash, password, stale) ? SESSION_RIGHT
							     : SESSION_WRONG;
}

struct json *session_read(struct worker *w)
{
	struct json *body = NULL;
	struct buf text = { 0 };
	const char *why = NULL;
	enum confab_error error;

	/* Otherwise a page of another site could log its visitor in under its
	 * own account. */
	if (!origin_is_allowed(w->config, http_param, w->http)) {
		http_fail(w->http, ERROR_DENIED, IDENTITY_OTHER_ORIGIN);
		return NULL;
	}
	if (!http_is_json(w->http)) {
		http_refuse(w->http, 415,
			    "Content-Type must be application/json.");
		return NULL;
	}
	error = http_body(w->http, BODY_LIMIT, &text);
	if (error == ERROR_NONE)
		body = json_parse(text.len ? text.data : "", text.len,
				  BODY_DEPTH, &why);
	buf_free(&text);
	if (error == ERROR_NONE && !why && json_kind(body) != JSON_OBJECT)
		why = "Send an object.";
	if (error == ERROR_NONE && !why)
		return body;
	json_free(body);
	http_fail(w->http, why ? ERROR_INVALID : error, why);
	return NULL;
}

/* Records a log-in that a third party vouches for. Requests here are rare, so
 * it does so every time. */
static void record_external_login(struct worker *w, const struct identity *who)
{
	/* If it fails the next statement reports why. */
	if (who->external &&
	    login_exchange(w->pg, who, http_param, w->http) != PG_OK)
		logger(LEVEL_DEBUG, "login_external", "request=%s why=\"%s\"",
		       http_request_id(w->http), pg_reason(w->pg));
}

bool session_know(struct worker *w, enum identity_use use, struct known *out)
{
	enum confab_error error;
	const char *why;

	identity_find(&out->who, w->rules, http_param, w->http);
	error = identity_check(&out->who, w->config, use, http_param, w->http,
			       &why);
	if (error != ERROR_NONE) {
		http_fail(w->http, error, why);
		identity_free(&out->who);
		return false;
	}
	record_external_login(w, &out->who);
	out->hash =
		(struct pg_param){ .data = (const char *)out->who.token_hash,
				   .len = SECRET_HASH_SIZE,
				   .binary = true };
	return true;
}

struct pg_param session_device(struct worker *w,
			       unsigned char hash[SECRET_HASH_SIZE])
{
	if (!identity_device(hash, http_param, w->http))
		return (struct pg_param){ .data = NULL };
	return (struct pg_param){ .data = (const char *)hash,
				  .len = SECRET_HASH_SIZE,
				  .binary = true };
}

/* Whether the statement returned 0. Otherwise answers with the seconds. */
static bool need_not_wait(struct worker *w, struct pg_result *result,
			  const char *what, const char *address)
{
	char seconds[24];

	if (!result)
		return false;
	snprintf(seconds, sizeof(seconds), "%s", pg_field(result, 0, 0));
	pg_result_free(result);
	if (!strcmp(seconds, "0"))
		return true;
	logger(LEVEL_INFO, what, "request=%s limited=true address=%.64s",
	       http_request_id(w->http), address ? address : "");
	http_fail(w->http, ERROR_RATE, seconds);
	return false;
}

/* Before a password is hashed, and the attempt counted. Otherwise answers. */
static bool may_work(struct worker *w)
{
	if (!w->strangers || strangers_begin_work(w->strangers))
		return true;
	http_fail(w->http, ERROR_RATE, "1");
	return false;
}

bool session_attempt(struct worker *w, const char *username)
{
	const struct config *config = w->config;
	unsigned char device[SECRET_HASH_SIZE];
	char address[IDENTITY_TEXT], limits[64], window[16];
	const struct pg_param params[] = {
		{ .data = username },
		{ .data = identity_text(http_param, w->http, "REMOTE_ADDR",
					address) },
		session_device(w, device),
		{ .data = limits },
		{ .data = window },
	};

	snprintf(limits, sizeof(limits), "{%d,%d,%d}", config->login_attempts,
		 config->address_attempts, config->address_logins);
	snprintf(window, sizeof(window), "%d", config->attempt_window);
	return may_work(w) &&
	       need_not_wait(w, session_ask(w, SESSION_ATTEMPT, 5, params),
			     "login", params[1].data);
}

bool session_may_register(struct worker *w)
{
	const struct config *config = w->config;
	char address[IDENTITY_TEXT], limit[16], window[16];
	const struct pg_param params[] = {
		{ .data = identity_text(http_param, w->http, "REMOTE_ADDR",
					address) },
		{ .data = limit },
		{ .data = window },
	};

	snprintf(limit, sizeof(limit), "%d", config->address_registrations);
	snprintf(window, sizeof(window), "%d", config->attempt_window);
	return may_work(w) &&
	       need_not_wait(w, session_ask(w, SESSION_REGISTRATION, 3, params),
			     "register", params[0].data);
}

void session_succeeded(struct worker *w, const char *username)
{
	unsigned char device[SECRET_HASH_SIZE];
	char address[IDENTITY_TEXT];
	const struct pg_param params[] = {
		{ .data = username },
		{ .data = identity_text(http_param, w->http, "REMOTE_ADDR",
					address) },
		session_device(w, device),
	};
	struct pg_result *result = NULL;

	if (w->config->login_attempts || w->config->address_attempts)
		session_run(w, SESSION_SUCCEEDED, 3, params, &result);
	pg_result_free(result);
}
