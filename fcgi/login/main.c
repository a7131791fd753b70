/* confab-session: built-in accounts. POST, GET and DELETE <mount>session log
 * in, say who one is, and log out; what is below it makes accounts, tickets and
 * new passwords. Few workers, because each password check takes 64 MiB and
 * 0.1 s: the number of workers is what a flood of log-ins can take. As plain
 * CGI, one process does one request. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "session.h"
#include "web/prefork.h"

static const char program[] = "confab-session";

enum {
	QUEUE = 256 /* who may wait for a worker */
};

/* What the parent leaves to its workers. */
struct setup {
	struct config config;
	struct identity_rules *rules;
};

/* Who answers what, by what follows "session". */
static const struct route {
	const char *path, *method;
	void (*serve)(struct worker *w);
} routes[] = {
	{ "", "GET", session_get },
	{ "", "POST", session_post_login },
	{ "", "DELETE", session_delete },
	{ "/register", "POST", session_post_register },
	{ "/ticket", "POST", session_post_ticket },
	{ "/password", "POST", session_post_password },
	{ "/reset", "POST", session_post_reset },
};

enum {
	N_ROUTES = sizeof(routes) / sizeof(routes[0])
};

static void serve(struct worker *w)
{
	const char *method = http_method(w->http);
	/* "session", or another name where the program is a CGI script. */
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

static int work(void *context, int listener, void *shared)
{
	const struct setup *setup = context;
	const struct config *config = &setup->config;
	struct worker w = {
		.config = config,
		.rules = setup->rules,
		.http = http_create(listener, config->request_timeout),
		.pg = pg_create(config->database, "confab_session", program),
	};

	(void)shared;
	while (http_accept(w.http))
		serve(&w);
	pg_free(w.pg);
	http_free(w.http);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct setup setup;
	struct buf path = { 0 };
	struct listener listener;
	struct prefork prefork = { .program = program,
				   .work = work,
				   .context = &setup };
	struct metrics *metrics;
	int status;

	config_main(&setup.config, program, "logs people in and out", argc,
		    argv);
	secret_init();
	setup.rules = identity_rules_create(&setup.config);
	if (http_is_cgi()) {
		status = work(&setup, -1, NULL);
	} else {
		buf_addf(&path, "%s/session.sock", setup.config.run_dir);
		prefork.workers = setup.config.session_workers;
		listener_open(&listener, buf_text(&path), QUEUE + PREFORK_SPARE,
			      setup.config.replace);
		prefork.listener = &listener;
		metrics = metrics_open(setup.config.run_dir, "session");
		metric_set(metrics_add(metrics, "workers", "%s", ""),
			   (uint64_t)setup.config.session_workers);
		prefork.queue = QUEUE;
		prefork.refused =
			metrics_add(metrics, "queue_refused_total", "%s", "");
		http_count_into(metrics);
		status = prefork_run(&prefork);
		metrics_close(metrics);
	}
	buf_free(&path);
	identity_rules_free(setup.rules);
	config_free(&setup.config);
	return status;
}
