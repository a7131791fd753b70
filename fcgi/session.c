/* confab-session: built-in accounts: log in, register, who am I, log out. A
 * program of its own, because checking a password takes 64 MiB and a tenth of a
 * second by design: few workers bound what log-ins can cost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config.h"
#include "http.h"
#include "identity.h"
#include "json.h"
#include "logger.h"
#include "pg.h"
#include "prefork.h"
#include "secret.h"

enum {
	BACKLOG = 256,
	BODY_LIMIT = 8192,
	PASSWORD_LEAST = 8,
	PASSWORD_MOST = 1024, /* bytes */
	COOKIE_AGE = 30 * 24 * 3600,
};

struct session {
	const struct config *config;
	struct http *http;
	struct pg *pg;
};

/* The statements, prepared on each fresh connection. */
static const struct {
	const char *name, *text;
} STATEMENTS[] = {
	{ "credentials", "select account_id, password_hash"
			 " from confab.login_credentials($1)" },
	{ "create",
	  "select account, expires_at"
	  " from confab.login_create($1::bigint, $2::bytea, $3, $4)" },
	{ "whoami", "select account, expires_at"
		    " from confab.login_whoami($1::bytea)" },
	{ "end", "select confab.login_end($1::bytea)" },
	{ "register", "select confab.account_register($1, $2, $3::jsonb)" },
	{ "rehash", "select confab.account_set_password_hash($1::bigint, $2)" },
	{ "ring", "select confab.ring()" },
};

static bool connect_database(struct session *s)
{
	bool fresh;

	if (pg_connect(s->pg, &fresh) != PG_OK)
		return false;
	for (size_t i = 0;
	     fresh && i < sizeof(STATEMENTS) / sizeof(*STATEMENTS); i++)
		if (pg_prepare(s->pg, STATEMENTS[i].name, STATEMENTS[i].text) !=
		    PG_OK) {
			logger(LEVEL_ERROR, "prepare", "name=%s why=\"%s\"",
			       STATEMENTS[i].name, pg_reason(s->pg));
			return false;
		}
	return true;
}

/* Answers what a failed statement means. */
static void fail_statement(struct session *s, enum pg_status status,
			   const struct pg_result *r)
{
	enum confab_error error = ERROR_UNAVAILABLE;

	if (status == PG_FAILED)
		error = error_from_sqlstate(pg_sqlstate(r));
	if (error_info(error)->retry_after)
		http_header(s->http, "Retry-After: %d",
			    error_info(error)->retry_after);
	if (status == PG_FAILED && *pg_detail(r) == '{' &&
	    pg_sqlstate(r)[0] == 'C') {
		http_respond(s->http, error_info(error)->http_status,
			     pg_detail(r), strlen(pg_detail(r)));
		return;
	}
	if (error == ERROR_INTERNAL)
		logger(LEVEL_ERROR, "session", "sqlstate=%s why=\"%s\"",
		       pg_sqlstate(r), pg_message(r));
	http_fail(s->http, error, NULL);
}

/* Runs a statement; NULL when it failed, which is then answered. */
static struct pg_result *ask(struct session *s, const char *name, int n,
			     const struct pg_param *params,
			     const char *doorbell)
{
	struct pg_result *r = NULL;
	enum pg_status status = pg_run(s->pg, name, n, params, doorbell, &r);

	if (status == PG_OK)
		return r;
	fail_statement(s, status, r);
	pg_result_free(r);
	return NULL;
}

static void set_cookie(struct session *s, const char *token, int age)
{
	const char *name = identity_cookie_name(http_param, s->http);

	http_header(s->http,
		    "Set-Cookie: %s=%s; Path=/; Max-Age=%d; HttpOnly; "
		    "SameSite=Lax%s",
		    name, token, age,
		    !strncmp(name, "__Host-", 7) ? "; Secure" : "");
}

/* Makes the log-in and answers it. */
static void log_in(struct session *s, const char *account, int status)
{
	char token[44];
	unsigned char hash[SECRET_HASH_SIZE];
	struct pg_param params[] = {
		{ .data = account },
		{ .data = (char *)hash, .len = sizeof(hash), .binary = true },
		{ .data = http_param(s->http, "HTTP_USER_AGENT") },
		{ .data = http_param(s->http, "REMOTE_ADDR") },
	};
	struct buf body = { 0 };
	struct pg_result *r;

	secret_token(token);
	secret_hash(token, hash);
	r = ask(s, "create", 4, params, NULL);
	if (!r)
		return;
	buf_addf(&body, "{\"user\":%s,\"token\":\"%s\",\"expires_at\":\"%s\"}",
		 pg_field(r, 0, 0), token, pg_field(r, 0, 1));
	set_cookie(s, token, COOKIE_AGE);
	http_respond(s->http, status, body.data, body.len);
	buf_free(&body);
	pg_result_free(r);
}

static void rehash(struct session *s, const char *account, const char *password)
{
	char hash[SECRET_PASSWORD_SIZE];
	struct pg_param params[] = { { .data = account }, { .data = hash } };
	struct pg_result *r = NULL;

	if (secret_password_hash(password, hash))
		pg_run(s->pg, "rehash", 2, params, NULL, &r);
	pg_result_free(r);
}

static void post_session(struct session *s, const char *username,
			 const char *password)
{
	struct pg_param name = { .data = username };
	struct pg_result *r = ask(s, "credentials", 1, &name, NULL);
	const char *account, *hash;
	bool stale;

	if (!r)
		return;
	account = pg_rows(r) ? pg_field(r, 0, 0) : NULL;
	hash = pg_rows(r) ? pg_field(r, 0, 1) : NULL;
	if (!secret_password_verify(account ? hash : NULL, password, &stale) ||
	    !account || !hash) {
		http_fail(s->http, ERROR_UNAUTHENTICATED,
			  "Wrong user name or password.");
	} else {
		if (stale)
			rehash(s, account, password);
		log_in(s, account, 200);
	}
	pg_result_free(r);
}

static void fail_field(struct session *s, const char *field, const char *why)
{
	struct buf body = { 0 };

	buf_addf(&body,
		 "{\"error\":{\"code\":4003,\"detail\":{\"%s\":[\"%s\"]}}}",
		 field, why);
	http_respond(s->http, 422, body.data, body.len);
	buf_free(&body);
}

static void post_register(struct session *s, const char *username,
			  const char *password, const struct json *body)
{
	char hash[SECRET_PASSWORD_SIZE];
	struct buf profile = { 0 };
	struct pg_param params[] = { { .data = username },
				     { .data = hash },
				     { .data = NULL } };
	struct pg_result *r = NULL;

	if (strlen(password) < PASSWORD_LEAST) {
		fail_field(s, "password",
			   "Ensure this field has at least 8 characters.");
		return;
	}
	if (!secret_password_hash(password, hash)) {
		http_fail(s->http, ERROR_UNAVAILABLE, NULL);
		return;
	}
	json_print(body, &profile);
	params[2].data = buf_text(&profile);
	r = ask(s, "register", 3, params, NULL);
	if (r)
		log_in(s, pg_field(r, 0, 0), 201);
	pg_result_free(r);
	buf_free(&profile);
}

/* Reads {"username","password",…}; NULL when it was refused and answered. */
static struct json *read_body(struct session *s, const char **username,
			      const char **password)
{
	static const char *const FIELDS[] = { "username", "password" };
	const char **out[] = { username, password };
	struct buf body = { 0 };
	struct json *json = NULL;
	enum confab_error error = http_body(s->http, BODY_LIMIT, &body);
	const char *why = NULL;

	if (error == ERROR_NONE)
		json = json_parse(body.data, body.len, 4, &why);
	buf_free(&body);
	if (!json) {
		http_fail(s->http, error ? error : ERROR_INVALID, why);
		return NULL;
	}
	for (int i = 0; i < 2; i++) {
		const struct json *value = json_get(json, FIELDS[i]);
		size_t len = 0;

		*out[i] = json_string(value, &len);
		if (!*out[i] || len > PASSWORD_MOST || !len) {
			fail_field(s, FIELDS[i],
				   !json_has(json, FIELDS[i])
					   ? "This field is required."
				   : !*out[i] ? "Not a valid string."
				   : len ? "Ensure this field has no more than "
					   "1024 characters."
					 : "This field may not be blank.");
			json_free(json);
			return NULL;
		}
	}
	return json;
}

static bool json_content(struct http *http)
{
	const char *type = http_param(http, "CONTENT_TYPE");

	return type && !strncasecmp(type, "application/json", 16);
}

static void post(struct session *s, bool registers)
{
	const char *username, *password;
	struct json *body;

	if (!json_content(s->http) ||
	    !identity_origin_allowed(s->config, false, http_param, s->http)) {
		http_fail(s->http, ERROR_DENIED,
			  "Send application/json from an allowed origin.");
		return;
	}
	body = read_body(s, &username, &password);
	if (!body)
		return;
	if (registers)
		post_register(s, username, password, body);
	else
		post_session(s, username, password);
	json_free(body);
}

static void get_session(struct session *s, const struct pg_param *hash)
{
	struct pg_result *r = ask(s, "whoami", 1, hash, NULL);
	struct buf body = { 0 };

	if (!r)
		return;
	buf_addf(&body, "{\"user\":%s,\"expires_at\":\"%s\"}",
		 pg_field(r, 0, 0), pg_field(r, 0, 1));
	http_respond(s->http, 200, body.data, body.len);
	buf_free(&body);
	pg_result_free(r);
}

static void delete_session(struct session *s, const struct identity *who,
			   const struct pg_param *hash)
{
	struct pg_result *r;

	if (who->source == IDENTITY_COOKIE &&
	    !identity_origin_allowed(s->config, true, http_param, s->http)) {
		http_fail(s->http, ERROR_DENIED, "This origin is not allowed.");
		return;
	}
	r = ask(s, "end", 1, hash, "ring");
	if (!r)
		return;
	set_cookie(s, "", 0);
	http_respond(s->http, 204, NULL, 0);
	pg_result_free(r);
}

static void known(struct session *s, bool get)
{
	struct identity who;
	struct pg_param hash;

	identity_find(&who, false, http_param, s->http);
	if (who.source == IDENTITY_NONE) {
		http_fail(s->http, ERROR_UNAUTHENTICATED, NULL);
		return;
	}
	hash = (struct pg_param){ .data = (char *)who.token_hash,
				  .len = sizeof(who.token_hash),
				  .binary = true };
	if (get)
		get_session(s, &hash);
	else
		delete_session(s, &who, &hash);
}

static void serve(struct session *s)
{
	const char *path = http_path(s->http, s->config->mount);
	const char *method = http_method(s->http);
	bool registers = !strcmp(path, "session/register");

	if (!registers && strcmp(path, "session")) {
		http_fail(s->http, ERROR_NOT_FOUND, NULL);
	} else if (!connect_database(s)) {
		http_fail(s->http, ERROR_UNAVAILABLE, NULL);
	} else if (!strcmp(method, "POST")) {
		post(s, registers);
	} else if (!registers &&
		   (!strcmp(method, "GET") || !strcmp(method, "DELETE"))) {
		known(s, *method == 'G');
	} else {
		http_header(s->http, "Allow: %s",
			    registers ? "POST" : "GET, POST, DELETE");
		http_respond(s->http, 405, "{}", 2);
	}
}

static int work(void *context, int listener, void *shared)
{
	const struct config *config = context;
	struct session s = {
		.config = config,
		.http = http_create(listener),
		.pg = pg_create(config->database, "confab_session",
				"confab-session"),
	};

	(void)shared;
	while (http_accept(s.http))
		serve(&s);
	pg_free(s.pg);
	http_free(s.http);
	return 0;
}

int main(int argc, char **argv)
{
	struct config config;
	struct buf path = { 0 };
	struct prefork prefork = { .program = "confab-session",
				   .work = work,
				   .context = &config };
	int status;

	config_main(&config, prefork.program, "logs people in and out", argc,
		    argv);
	secret_init();
	if (http_is_cgi()) {
		status = work(&config, -1, NULL);
	} else {
		buf_addf(&path, "%s/session.sock", config.run_dir);
		prefork.workers = config.session_workers;
		prefork.listener = prefork_listen(buf_text(&path), BACKLOG);
		status = prefork_run(&prefork);
		unlink(buf_text(&path));
	}
	buf_free(&path);
	config_free(&config);
	return status;
}
