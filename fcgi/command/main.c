/* confab-command: carries out chat commands, POST <mount>command and the plain
 * HTTP that stands for some of them (rest.h). A parent
 * keeps workers that serve one request at a time, each with its own connection
 * to the database. The web server calls them, and so does confab-bridge for its
 * WebSockets. As plain CGI one process serves one request. */
#include <stdlib.h>
#include <string.h>

#include "auth/requirements.h"
#include "base/xalloc.h"
#include "rest.h"
#include "server.h"
#include "traffic.h"
#include "web/worker.h"

/* Made by the parent for its workers. */
struct parent {
	struct identity_rules *rules;
	struct traffic *traffic; /* NULL: plain CGI */
};

/* Whether the path is that of commands. Web servers may send the program other
 * paths, too, such as all below the place of one-to-one messages. */
static bool is_command_path(struct http *http)
{
	const char *uri = http_param(http, "REQUEST_URI");
	const char *at = uri ? strstr(uri, "command") : NULL;

	return !uri || (at && (size_t)(at - uri) < strcspn(uri, "?#"));
}

/* Answers a request that must not be executed. The checks are ordered by what
 * the client can do about each failure. */
static bool is_refused(const struct server *w, const struct identity *who)
{
	struct http *http = w->http;
	const char *why;
	enum confab_error error = identity_check(
		who, w->config, IDENTITY_CHANGE, http_param, http, &why);

	if (strcmp(http_method(http), "POST") != 0 && !is_command_path(http)) {
		http_fail(http, ERROR_NOT_FOUND, NULL);
	} else if (strcmp(http_method(http), "POST") != 0) {
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
static bool is_bridge(const struct server *w)
{
	const char *via = http_param(w->http, "CONFAB_VIA");

	return via && strcmp(via, "ws") == 0;
}

static void find_identity(const struct server *w, struct identity *who)
{
	const char *hash = http_param(w->http, "CONFAB_LOGIN");

	if (is_bridge(w))
		identity_from_bridge(who, hash ? hash : "");
	else
		identity_find(who, w->rules, http_param, w->http);
}

static enum confab_error read_body(void *context, const struct buf **body,
				   const char **why)
{
	struct incoming *in = context;

	*body = &in->body;
	return incoming_read(in, why);
}

static void carry_out(struct server *w, const struct identity *who)
{
	bool websocket = is_bridge(w);
	struct incoming in = { .http = w->http,
			       .limit = (size_t)w->config->max_body,
			       .what = "A command" };
	struct command_request request = {
		.session = websocket ? http_param(w->http, "CONFAB_SESSION")
				     : NULL,
		.idempotency_key = http_param(w->http, "HTTP_IDEMPOTENCY_KEY"),
		.websocket = websocket,
		.size = http_length(w->http),
		.read = read_body,
		.context = &in,
	};
	struct buf out = { 0 };
	struct error_answer answer = server_execute(w, who, &request, &out);

	answer.body = buf_text(&out);
	http_answer(w->http, &answer);
	incoming_free(&in);
	buf_free(&out);
}

static void serve_request(void *worker)
{
	struct server *w = worker;
	const char *said_to = http_param(w->http, "CONFAB_SAID_TO");
	struct identity who;

	find_identity(w, &who);
	if (said_to && is_bridge(w))
		rest_tell(w, &who, said_to);
	else if (!rest_serve(w, &who) && !is_refused(w, &who))
		carry_out(w, &who);
	identity_free(&who);
}

/* Work for log-ins that are known is bounded by account. */
static bool knows_login(void *worker)
{
	const struct server *w = worker;
	struct identity who;
	bool known;

	if (is_bridge(w))
		return true;
	find_identity(w, &who);
	known = w->traffic && traffic_account(w->traffic, who.token_hash);
	identity_free(&who);
	return known;
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
	struct server *w = xcalloc(1, sizeof(*w));

	w->config = config;
	w->rules = own->rules;
	w->http = http;
	w->pg = pg_create(config->database, "confab_command", "confab-command");
	pg_require_schema(w->pg);
	if (own->traffic)
		traffic_attach(own->traffic, shared);
	w->traffic = own->traffic;
	w->commands = command_create(config, w->pg, own->traffic);
	return w;
}

static void close_worker(void *worker)
{
	struct server *w = worker;

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
		.knows = knows_login,
		.close = close_worker,
	};

	return worker_main(&program, argc, argv);
}
