/* confab-events: SSE and long-poll behind a web server's FastCGI. One process,
 * one thread and one loop for any number of clients. As plain CGI a process
 * serves one request, by the same hub. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/requirements.h"
#include "base/container.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/program.h"
#include "base/state.h"
#include "cgi.h"
#include "connection.h"
#include "event/instance.h"
#include "event/loop.h"
#include "event/service.h"
#include "hub/hub.h"
#include "web/request.h"

enum {
	BACKLOG = 4096,
	WAIT_MOST = 50,      /* s of a poll */
	CGI_TIMEOUT = 10000, /* ms for the database to answer */
	CGI_UPKEEP = 5,      /* s between the upkeep of such runs */
};

struct events {
	struct service service;
	struct connections connections;
};

static void accept_connection(struct service *service, int fd)
{
	connection_accept(
		&container_of(service, struct events, service)->connections,
		fd);
}

static bool is_ready(struct service *service)
{
	const char *why;

	return hub_ready(
		container_of(service, struct events, service)->connections.hub,
		&why);
}

static void drain_share(struct service *service, unsigned turns)
{
	hub_end_share(
		container_of(service, struct events, service)->connections.hub,
		END_RESTART, turns);
}

static void open_hub(struct connections *all, struct hub_settings *settings,
		     struct buf *name)
{
	LIST_INIT(&all->all);
	request_ids_begin(&all->ids);
	all->loop = loop_create();
	instance_name(name, "events", all->config->run_dir);
	settings->config = all->config;
	settings->program = "confab-events";
	settings->instance = buf_text(name);
	settings->metrics = metrics_open(all->config->run_dir, "events");
	all->hub = hub_create(all->loop, settings);
}

static void close_hub(struct connections *all,
		      const struct hub_settings *settings)
{
	connection_close_all(all);
	hub_leave(all->hub);
	hub_free(all->hub);
	loop_free(all->loop);
	buf_free(&all->content);
	buf_free(&all->wire);
	metrics_close(settings->metrics);
}

static void run_service(const struct config *config,
			const struct identity_rules *rules,
			struct listener *listener)
{
	struct events events = {
		.service = { .listener = listener,
			     .accepted = accept_connection,
			     .ready = is_ready,
			     .drain = drain_share },
		.connections = { .config = config, .wait_most = WAIT_MOST },
	};
	struct hub_settings settings = {
		.rules = rules,
		.is_alone = !listener->passed && !listener->before,
	};
	struct buf name = { 0 };

	open_hub(&events.connections, &settings, &name);
	events.service.loop = events.connections.loop;
	service_start(&events.service);
	logger(LEVEL_INFO, "start", "pid=%d", (int)getpid());
	while (!events.service.over &&
	       !(events.service.draining && !events.connections.count))
		loop_turn(events.service.loop, -1);
	logger(LEVEL_INFO, "stop", "streams=%u", events.connections.count);
	close_hub(&events.connections, &settings);
	buf_free(&name);
}

/* Runs the loop until streams can be opened, or the database is away. */
static void await_hub(const struct connections *all)
{
	int64_t deadline = loop_now(all->loop) + CGI_TIMEOUT;
	const char *why;

	while (!hub_ready(all->hub, &why) && !hub_is_away(all->hub) &&
	       loop_now(all->loop) < deadline)
		loop_turn(all->loop, (int)(deadline - loop_now(all->loop)));
}

/* Plain CGI: one request. */
static void serve_alone(const struct config *config,
			const struct identity_rules *rules)
{
	int place = cgi_take_place(config, getenv("REMOTE_ADDR"));
	struct connections all = {
		.config = config,
		.wait_most = place < 0 ? 0 : config->cgi_wait,
		.takes_no_streams = place < 0,
	};
	struct hub_settings settings = {
		.rules = rules,
		.is_brief = true,
		.skips_upkeep =
			!state_take_turn(config->run_dir, "upkeep", CGI_UPKEEP),
	};
	struct buf name = { 0 };

	signal(SIGPIPE, SIG_IGN);
	open_hub(&all, &settings, &name);
	await_hub(&all);
	cgi_serve(&all);
	close_hub(&all, &settings);
	buf_free(&name);
	if (place >= 0)
		close(place);
}

static void serve(const struct config *config,
		  const struct identity_rules *rules)
{
	struct buf path = { 0 };
	struct listener listener;

	buf_addf(&path, "%s/events.sock", config->run_dir);
	listener_open(&listener, buf_text(&path), BACKLOG, config->replace);
	run_service(config, rules, &listener);
	buf_free(&path);
}

int main(int argc, char **argv)
{
	static const struct program PROGRAM = {
		.name = "confab-events",
		.purpose = "Server-Sent Events and long-poll streams",
		.socket = "events",
		.check = requirements_check,
	};
	struct config config;
	struct identity_rules *rules;

	program_start(&config, &PROGRAM, argc, argv);
	secret_init();
	rules = identity_rules_create(&config);
	if (http_is_cgi())
		serve_alone(&config, rules);
	else
		serve(&config, rules);
	identity_rules_free(rules);
	config_free(&config);
	return 0;
}
