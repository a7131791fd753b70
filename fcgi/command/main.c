/* confab-command: carries out chat commands, POST <mount>command. A parent
 * keeps workers that serve one request at a time, each with its own connection
 * to the database. The web server calls them, and so does confab-bridge for its
 * WebSockets. As plain CGI one process serves one request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/identity.h"
#include "auth/login.h"
#include "auth/requirements.h"
#include "base/xalloc.h"
#include "command.h"
#include "traffic.h"
#include "web/worker.h"

/* Made by the parent for its workers. */
struct parent {
	struct identity_rules *rules;
	struct traffic *traffic; /* NULL: plain CGI */
};

/* The state of a worker. */
struct worker {
	const struct config *config;
	const struct identity_rules *rules;
	struct http *http;
	struct pg *pg;
	struct commands *commands;
};

/* Answers a request that must not be executed. The checks are ordered by what
 * the client can do about each failure. */
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

/* Whether the bridge sends the request. No client header has this name. */
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
		identity_find(who, w->rules, http_param, w->http);
}

/* The body of the request that is being served. */
struct incoming {
	const struct worker *worker;
	bool is_read;
	enum confab_error error;
	char why[80];
	struct buf body;
};

static void read_incoming(struct incoming *in)
{
	const struct worker *w = in->worker;

	in->is_read = true;
	in->error = http_body(w->http, (size_t)w->config->max_body, &in->body);
	if (in->error == ERROR_TOO_LARGE)
		snprintf(in->why, sizeof(in->why),
			 "A command has at most %d bytes.",
			 w->config->max_body);
	else if (in->error != ERROR_NONE)
		snprintf(in->why, sizeof(in->why),
			 "The body is shorter than announced.");
}

static enum confab_error read_body(void *context, const struct buf **body,
				   const char **why)
{
	struct incoming *in = context;

	if (!in->is_read)
		read_incoming(in);
	*body = &in->body;
	*why = in->error == ERROR_NONE ? NULL : in->why;
	return in->error;
}

static void carry_out(struct worker *w, const struct identity *who)
{
	bool websocket = is_bridge(w);
	struct incoming in = { .worker = w };
	struct command_request request = {
		.token_hash = who->token_hash,
		.session = websocket ? http_param(w->http, "CONFAB_SESSION")
				     : NULL,
		.idempotency_key = http_param(w->http, "HTTP_IDEMPOTENCY_KEY"),
		.websocket = websocket,
		.address = http_param(w->http, "REMOTE_ADDR"),
		.request_id = http_request_id(w->http),
		.size = http_length(w->http),
		.read = read_body,
		.context = &in,
	};
	struct buf out = { 0 };
	struct error_answer answer =
		command_execute(w->commands, &request, &out);

	/* Nothing was done yet. Only now the log-in is recorded in the
	 * database, so a known token costs no extra statement. */
	if (answer.error == ERROR_UNAUTHENTICATED && who->external &&
	    login_exchange(w->pg, who, http_param, w->http) == PG_OK) {
		out.len = 0;
		answer = command_execute(w->commands, &request, &out);
	}
	answer.body = buf_text(&out);
	http_answer(w->http, &answer);
	buf_free(&in.body);
	buf_free(&out);
}

static void serve_request(void *worker)
{
	struct worker *w = worker;
	struct identity who;

	find_identity(w, &who);
	if (!is_refused(w, &who))
		carry_out(w, &who);
	identity_free(&who);
}

static void begin_parent(struct worker_parent *parent)
{
	struct parent *own = xcalloc(1, sizeof(*own));

	own->rules = identity_rules_create(parent->config);
	if (parent->metrics) {
		own->traffic = traffic_create(parent->config, parent->metrics);
		parent->shared_size = traffic_size();
	}
	parent->own = own;
}

static void end_parent(struct worker_parent *parent)
{
	struct parent *own = parent->own;

	traffic_free(own->traffic);
	identity_rules_free(own->rules);
	free(own);
}

static void *open_worker(const struct worker_parent *parent, struct http *http,
			 void *shared)
{
	const struct parent *own = parent->own;
	const struct config *config = parent->config;
	struct worker *w = xcalloc(1, sizeof(*w));

	w->config = config;
	w->rules = own->rules;
	w->http = http;
	w->pg = pg_create(config->database, "confab_command", "confab-command");
	pg_require_schema(w->pg);
	if (own->traffic)
		traffic_attach(own->traffic, shared);
	w->commands = command_create(config, w->pg, own->traffic);
	return w;
}

static void close_worker(void *worker)
{
	struct worker *w = worker;

	command_free(w->commands);
	pg_free(w->pg);
	free(w);
}

static int count_workers(const struct config *config)
{
	return config->command_workers;
}

static int queue_length(const struct config *config)
{
	return config->command_queue;
}

int main(int argc, char **argv)
{
	static const struct worker_program program = {
		.about = {
			.name = "confab-command",
			.purpose = "carries out chat commands",
			.socket = "command",
			.check = requirements_check,
		},
		.workers = count_workers,
		.queue = queue_length,
		.begin = begin_parent,
		.end = end_parent,
		.open = open_worker,
		.serve = serve_request,
		.close = close_worker,
	};

	return worker_main(&program, argc, argv);
}
