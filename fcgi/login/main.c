/* confab-session: built-in accounts. POST, GET and DELETE <mount>session log
 * in, tell who is logged in, and log out. Paths below it make accounts, tickets
 * and new passwords. A password check takes 64 MiB and 0.1 s, so the small
 * number of workers bounds the cost of a flood of log-ins. As plain CGI one
 * process serves one request. */
#include <stdlib.h>
#include <string.h>

#include "auth/requirements.h"
#include "base/xalloc.h"
#include "session.h"
#include "web/worker.h"

enum {
	QUEUE = 256 /* connections that may wait for a worker */
};

/* The function for each method and path below "session". */
static const struct route {
	const char *path, *method;
	void (*serve)(struct worker *w);
} routes[] = {
	{ "", "GET", session_get },
	{ "", "POST", session_post_login },
	{ "", "DELETE", session_delete },
	{ "/options", "GET", session_get_options },
	{ "/register", "POST", session_post_register },
	{ "/ticket", "POST", session_post_ticket },
	{ "/password", "POST", session_post_password },
	{ "/reset", "POST", session_post_reset },
};

enum {
	N_ROUTES = sizeof(routes) / sizeof(routes[0])
};

static void serve_request(void *worker)
{
	struct worker *w = worker;
	const char *method = http_method(w->http);
	/* "session", or another name when the program is a CGI script. */
	const char *path = strchr(http_path(w->http, w->config->mount), '/');
	struct buf allowed = { 0 };

	if (!path || !strcmp(path, "/"))
		path = "";
	for (size_t i = 0; i < N_ROUTES; i++) {
		if (strcmp(routes[i].path, path) != 0)
			continue;
		if (!strcmp(routes[i].method, method)) {
			buf_free(&allowed);
			routes[i].serve(w);
			return;
		}
		buf_addf(&allowed, "%s%s", allowed.len ? ", " : "",
			 routes[i].method);
	}
	if (allowed.len) {
		http_refuse_method(w->http, buf_text(&allowed),
				   "Use another method.");
	} else {
		http_fail(w->http, ERROR_NOT_FOUND, NULL);
	}
	buf_free(&allowed);
}

/* Made by the parent for its workers. */
struct parent {
	struct identity_rules *rules;
	struct metric *abandoned; /* NULL: plain CGI */
};

static void begin_parent(struct worker_parent *parent)
{
	struct parent *own = xcalloc(1, sizeof(*own));

	own->rules = identity_rules_create(parent->config);
	if (parent->metrics)
		own->abandoned = metrics_add(parent->metrics, "abandoned_total",
					     "%s", "");
	parent->own = own;
}

static void end_parent(struct worker_parent *parent)
{
	struct parent *own = parent->own;

	identity_rules_free(own->rules);
	free(own);
}

static void *open_worker(const struct worker_parent *parent, struct http *http,
			 void *shared)
{
	const struct parent *own = parent->own;
	struct worker *w = xcalloc(1, sizeof(*w));

	(void)shared;
	w->config = parent->config;
	w->rules = own->rules;
	w->abandoned = own->abandoned;
	w->strangers = parent->strangers;
	w->http = http;
	w->pg = pg_create(w->config->database, "confab_session",
			  "confab-session");
	pg_require_schema(w->pg);
	return w;
}

static void close_worker(void *worker)
{
	struct worker *w = worker;

	pg_free(w->pg);
	free(w);
}

static int count_workers(const struct config *config)
{
	return config->session_workers;
}

static int queue_length(const struct config *config)
{
	(void)config;
	return QUEUE;
}

int main(int argc, char **argv)
{
	static const struct worker_program program = {
		.about = {
			.name = "confab-session",
			.purpose = "logs people in and out",
			.socket = "session",
			.check = requirements_check,
		},
		.serves_strangers = true,
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
