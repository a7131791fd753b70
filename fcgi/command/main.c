/* confab-command: carries out chat commands, POST <mount>command. A parent
 * keeps workers that take one request at a time, each with its own connection
 * to the database; the web server asks them, and so does confab-bridge for its
 * WebSockets. As plain CGI, one process does one request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/identity.h"
#include "auth/login.h"
#include "base/config.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "command.h"
#include "traffic.h"
#include "web/prefork.h"
#include "web/request.h"

static const char program[] = "confab-command";

/* What the parent leaves to its workers. */
struct setup {
	struct config config;
	struct identity_rules *rules;
	struct traffic *traffic; /* NULL: plain CGI */
};

/* What a worker works with. */
struct worker {
	const struct config *config;
	const struct identity_rules *rules;
	struct http *http;
	struct pg *pg;
	struct commands *commands;
	char id[33];       /* random, of this worker */
	unsigned requests; /* so far */
};

/* Answers what may not be looked at further; the order is that of what the
 * client can do about it. */
static bool is_refused(const struct worker *w, const struct identity *who)
{
	struct http *http = w->http;
	const char *why;
	enum confab_error error = identity_check(
		who, w->config, IDENTITY_CHANGE, http_param, http, &why);

	if (strcmp(http_method(http), "POST") != 0) {
		http_refuse_method(http, "POST", "Use POST.");
	} else if (error != ERROR_NONE) {
		http_fail(http, error, why);
	} else if (!http_is_json(http)) {
		http_refuse(http, 415,
			    "Content-Type must be application/json.");
	} else {
		return false;
	}
	return true;
}

/* Whether the bridge asks. No header of a client has this name. */
static bool is_bridge(const struct worker *w)
{
	const char *via = http_param(w->http, "CONFAB_VIA");

	return via && strcmp(via, "ws") == 0;
}

static void find_identity(const struct worker *w, struct identity *who)
{
	const char *hash = http_param(w->http, "CONFAB_LOGIN");

	if (is_bridge(w))
		identity_from_bridge(who, hash ? hash : "");
	else
		identity_find(who, w->rules, false, http_param, w->http);
}

static void carry_out(struct worker *w, const struct identity *who,
		      const struct buf *body, const char *request_id)
{
	bool websocket = is_bridge(w);
	struct command_request request = {
		.body = body->len ? body->data : "",
		.body_len = body->len,
		.token_hash = who->token_hash,
		.session = websocket ? http_param(w->http, "CONFAB_SESSION")
				     : NULL,
		.idempotency_key = http_param(w->http, "HTTP_IDEMPOTENCY_KEY"),
		.websocket = websocket,
		.address = http_param(w->http, "REMOTE_ADDR"),
		.request_id = request_id,
	};
	struct buf out = { 0 };
	struct error_answer answer =
		command_execute(w->commands, &request, &out);

	/* Nothing was done. It is asked only then, so that a token that is
	 * known costs no question of its own. */
	if (answer.error == ERROR_UNAUTHENTICATED && who->external &&
	    login_exchange(w->pg, who, http_param, w->http) == PG_OK) {
		out.len = 0;
		answer = command_execute(w->commands, &request, &out);
	}
	answer.body = buf_text(&out);
	http_answer(w->http, &answer);
	buf_free(&out);
}

static void serve(struct worker *w)
{
	struct buf body = { 0 };
	struct identity who;
	char request_id[48], limit[80];
	enum confab_error error;

	snprintf(request_id, sizeof(request_id), "%.20s-%u", w->id,
		 ++w->requests);
	http_header(w->http, "X-Request-Id: %s", request_id);
	find_identity(w, &who);
	if (is_refused(w, &who)) {
		identity_free(&who);
		return;
	}
	error = http_body(w->http, (size_t)w->config->max_body, &body);
	if (error == ERROR_TOO_LARGE) {
		snprintf(limit, sizeof(limit),
			 "A command has at most %d bytes.",
			 w->config->max_body);
		http_fail(w->http, error, limit);
	} else if (error != ERROR_NONE) {
		http_fail(w->http, error,
			  "The body is shorter than announced.");
	} else {
		carry_out(w, &who, &body, request_id);
	}
	identity_free(&who);
	buf_free(&body);
}

static int work(void *context, int listener, void *shared)
{
	const struct setup *setup = context;
	const struct config *config = &setup->config;
	struct worker w = {
		.config = config,
		.rules = setup->rules,
		.http = http_create(listener, config->request_timeout),
		.pg = pg_create(config->database, "confab_command", program),
	};

	if (setup->traffic)
		traffic_attach(setup->traffic, shared);
	w.commands = command_create(config, w.pg, setup->traffic);
	secret_id(w.id);
	while (http_accept(w.http))
		serve(&w);
	command_free(w.commands);
	pg_free(w.pg);
	http_free(w.http);
	return EXIT_SUCCESS;
}

static int serve_all(struct setup *setup)
{
	const struct config *config = &setup->config;
	struct metrics *metrics = metrics_open(config->run_dir, "command");
	struct buf path = { 0 };
	struct listener listener;
	struct prefork prefork = { .program = program,
				   .workers = config->command_workers,
				   .work = work,
				   .context = setup,
				   .listener = &listener,
				   .shared_size = traffic_size() };
	int status;

	buf_addf(&path, "%s/command.sock", config->run_dir);
	prefork.queue = (unsigned)config->command_queue;
	prefork.refused = metrics_add(metrics, "queue_refused_total", "%s", "");
	listener_open(&listener, buf_text(&path),
		      config->command_queue + PREFORK_SPARE, config->replace);
	metric_set(metrics_add(metrics, "workers", "%s", ""),
		   (uint64_t)config->command_workers);
	http_count_into(metrics);
	setup->traffic = traffic_create(config, metrics);
	status = prefork_run(&prefork);
	traffic_free(setup->traffic);
	metrics_close(metrics);
	buf_free(&path);
	return status;
}

int main(int argc, char **argv)
{
	struct setup setup = { .traffic = NULL };
	int status;

	config_main(&setup.config, program, "carries out chat commands", argc,
		    argv);
	secret_init();
	setup.rules = identity_rules_create(&setup.config);
	status = http_is_cgi() ? work(&setup, -1, NULL) : serve_all(&setup);
	identity_rules_free(setup.rules);
	config_free(&setup.config);
	return status;
}
