/* worker: the life of a program that serves one request at a time. Called by
 * main() of confab-command, confab-session and confab-media; owns the
 * configuration, the metrics and the listening socket. */
#include "web/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "web/prefork.h"
#include "web/strangers.h"

/* The state of a running program. */
struct run {
	const struct worker_program *program;
	struct worker_parent parent;
	struct strangers strangers;
};

/* Whether the body's length, if it is announced, can be read. */
static bool is_length_readable(struct http *http)
{
	const char *text = http_param(http, "CONTENT_LENGTH");
	size_t digits = text ? strspn(text, "0123456789") : 0;

	return !text || (!text[digits] && digits <= 18);
}

static void serve_request(struct run *run, struct http *http, void *worker)
{
	const struct worker_program *program = run->program;
	int wait = strangers_begin(&run->strangers, http);
	char seconds[16];

	if (wait && !(program->knows && program->knows(worker))) {
		snprintf(seconds, sizeof(seconds), "%d", wait);
		http_fail(http, ERROR_RATE, seconds);
		return;
	}
	if (is_length_readable(http))
		program->serve(worker);
	else
		http_refuse(http, 400, "The Content-Length is no number.");
	strangers_end(&run->strangers, http);
}

/* shared: the part of the strangers, then that of the program. */
static int run_worker(void *context, int listener, void *shared)
{
	struct run *run = context;
	const struct worker_program *program = run->program;
	struct strangers_shared *strangers = shared;
	struct http *http =
		http_create(listener, run->parent.config->request_timeout);
	void *worker = program->open(&run->parent, http,
				     shared ? strangers + 1 : NULL);

	if (!worker)
		return EXIT_FAILURE;
	strangers_attach(&run->strangers, strangers);
	while (http_accept(http))
		serve_request(run, http, worker);
	program->close(worker);
	http_free(http);
	return EXIT_SUCCESS;
}

static int serve_alone(struct run *run)
{
	int status;

	run->program->begin(&run->parent);
	status = run_worker(run, -1, NULL);
	run->program->end(&run->parent);
	return status;
}

static int serve_many(struct run *run)
{
	const struct worker_program *program = run->program;
	const struct config *config = run->parent.config;
	struct metrics *metrics =
		metrics_open(config->run_dir, program->about.socket);
	int workers = program->workers(config), queue = program->queue(config);
	struct buf path = { 0 };
	struct listener listener;
	struct prefork prefork = { .program = program->about.name,
				   .workers = workers,
				   .work = run_worker,
				   .context = run,
				   .listener = &listener,
				   .queue = (unsigned)queue };
	int status;

	run->parent.metrics = metrics;
	run->parent.strangers = &run->strangers;
	program->begin(&run->parent);
	prefork.shared_size = (unsigned)sizeof(struct strangers_shared) +
			      run->parent.shared_size;
	strangers_init(&run->strangers, config, program->serves_strangers,
		       workers);
	run->strangers.refused =
		metrics_add(metrics, "rate_limited_total", "by=\"stranger\"");
	prefork.refused = metrics_add(metrics, "queue_refused_total", "%s", "");
	metric_set(metrics_add(metrics, "workers", "%s", ""),
		   (uint64_t)workers);
	http_count_into(metrics);
	buf_addf(&path, "%s/%s.sock", config->run_dir, program->about.socket);
	listener_open(&listener, buf_text(&path), queue + PREFORK_SPARE,
		      config->replace);
	status = prefork_run(&prefork);
	program->end(&run->parent);
	metrics_close(metrics);
	buf_free(&path);
	return status;
}

int worker_main(const struct worker_program *program, int argc, char **argv)
{
	struct config config;
	struct run run = { .program = program,
			   .parent = { .config = &config } };
	int status;

	program_start(&config, &program->about, argc, argv);
	secret_init();
	status = http_is_cgi() ? serve_alone(&run) : serve_many(&run);
	config_free(&config);
	return status;
}
