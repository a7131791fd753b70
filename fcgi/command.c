/* confab-command: carries out commands. A parent keeps workers that take one
 * request at a time; as plain CGI, one process does one. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "config.h"
#include "http.h"
#include "identity.h"
#include "logger.h"
#include "prefork.h"
#include "secret.h"

enum {
	BACKLOG = 1024
};

static bool json_content(struct http *http)
{
	const char *type = http_param(http, "CONTENT_TYPE");

	return type && !strncasecmp(type, "application/json", 16) &&
	       (type[16] == '\0' || strchr("; \t", type[16]));
}

/* What keeps a request from being looked at; ERROR_NONE goes on. Answers. */
static bool refused(struct http *http, const struct config *config,
		    const struct identity *who)
{
	static const char POST_ONLY[] =
		"{\"error\":{\"code\":4003,\"detail\":[\"Use POST.\"]}}";
	static const char JSON_ONLY[] =
		"{\"error\":{\"code\":4003,\"detail\":[\"Content-Type must be "
		"application/json.\"]}}";

	if (strcmp(http_method(http), "POST")) {
		http_header(http, "Allow: POST");
		http_respond(http, 405, POST_ONLY, sizeof(POST_ONLY) - 1);
		return true;
	}
	if (who->source == IDENTITY_NONE) {
		http_fail(http, ERROR_UNAUTHENTICATED, NULL);
		return true;
	}
	if (!json_content(http)) {
		http_respond(http, 415, JSON_ONLY, sizeof(JSON_ONLY) - 1);
		return true;
	}
	if (who->source == IDENTITY_COOKIE &&
	    !identity_origin_allowed(config, true, http_param, http)) {
		http_fail(http, ERROR_DENIED, "This origin is not allowed.");
		return true;
	}
	return false;
}

static void serve(struct http *http, const struct config *config,
		  struct command_table *table)
{
	const char *via = http_param(http, "CONFAB_VIA");
	struct buf body = { 0 }, answer = { 0 };
	struct identity who;
	char request_id[33], limit[80];
	enum confab_error error;

	identity_find(&who, false, http_param, http);
	if (refused(http, config, &who))
		return;
	secret_id(request_id);
	http_header(http, "X-Request-Id: %s", request_id);
	error = http_body(http, (size_t)config->max_body, &body);
	if (error == ERROR_TOO_LARGE) {
		snprintf(limit, sizeof(limit),
			 "A command has at most %d bytes.", config->max_body);
		http_fail(http, error, limit);
	} else if (error != ERROR_NONE) {
		http_fail(http, error, "The body is shorter than announced.");
	} else {
		struct command_request request = {
			.body = body.data,
			.body_len = body.len,
			.token_hash = who.token_hash,
			.session = http_param(http, "CONFAB_SESSION"),
			.idempotency_key =
				http_param(http, "HTTP_IDEMPOTENCY_KEY"),
			.websocket = via && !strcmp(via, "ws"),
			.request_id = request_id,
		};

		error = command_execute(table, &request, &answer);
		if (error_info(error)->retry_after)
			http_header(http, "Retry-After: %d",
				    error_info(error)->retry_after);
		http_respond(http, error_info(error)->http_status, answer.data,
			     answer.len);
	}
	buf_free(&body);
	buf_free(&answer);
}

static int work(void *context, int listener, void *shared)
{
	const struct config *config = context;
	struct http *http = http_create(listener);
	struct pg *pg =
		pg_create(config->database, "confab_command", "confab-command");
	struct command_table *table = command_create(config, pg, shared);

	while (http_accept(http))
		serve(http, config, table);
	command_free(table);
	pg_free(pg);
	http_free(http);
	return 0;
}

int main(int argc, char **argv)
{
	struct config config;
	struct buf path = { 0 };
	struct prefork prefork = { .program = "confab-command",
				   .work = work,
				   .context = &config,
				   .shared_size = sizeof(_Atomic long long) };
	int status;

	config_main(&config, prefork.program, "carries out chat commands", argc,
		    argv);
	secret_init();
	if (http_is_cgi()) {
		status = work(&config, -1, NULL);
	} else {
		buf_addf(&path, "%s/command.sock", config.run_dir);
		prefork.workers = config.command_workers;
		prefork.listener = prefork_listen(buf_text(&path), BACKLOG);
		status = prefork_run(&prefork);
		unlink(buf_text(&path));
	}
	buf_free(&path);
	config_free(&config);
	return status;
}
