/* confab-events: SSE and long-poll behind a web server's FastCGI. One process,
 * one thread and one loop for any number of clients. */
#include <unistd.h>

#include "auth/requirements.h"
#include "base/container.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/program.h"
#include "connection.h"
#include "event/instance.h"
#include "event/loop.h"
#include "event/service.h"
#include "hub/hub.h"

enum {
	BACKLOG = 4096
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

static void run_service(const struct config *config,
			const struct identity_rules *rules,
			struct listener *listener)
{
	struct events events = {
		.service = { .listener = listener,
			     .accepted = accept_connection,
			     .ready = is_ready,
			     .drain = drain_share },
		.connections = { .config = config },
	};
	struct metrics *metrics = metrics_open(config->run_dir, "events");
	struct loop *loop = loop_create();
	struct buf name = { 0 };

	LIST_INIT(&events.connections.all);
	events.service.loop = loop;
	events.connections.loop = loop;
	instance_name(&name, "events", config->run_dir);
	events.connections.hub = hub_create(
		loop, &(struct hub_settings){ .config = config,
					      .rules = rules,
					      .metrics = metrics,
					      .program = "confab-events",
					      .instance = buf_text(&name),
					      .is_alone = !listener->passed &&
							  !listener->before });
	service_start(&events.service);
	logger(LEVEL_INFO, "start", "pid=%d", (int)getpid());
	while (!events.service.over &&
	       !(events.service.draining && !events.connections.count))
		loop_turn(loop, -1);
	logger(LEVEL_INFO, "stop", "streams=%u", events.connections.count);
	connection_close_all(&events.connections);
	hub_leave(events.connections.hub);
	hub_free(events.connections.hub);
	loop_free(loop);
	buf_free(&events.connections.content);
	buf_free(&events.connections.wire);
	buf_free(&name);
	metrics_close(metrics);
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
	struct buf path = { 0 };
	struct listener listener;

	program_start(&config, &PROGRAM, argc, argv);
	secret_init();
	buf_addf(&path, "%s/events.sock", config.run_dir);
	rules = identity_rules_create(&config);
	listener_open(&listener, buf_text(&path), BACKLOG, config.replace);
	run_service(&config, rules, &listener);
	identity_rules_free(rules);
	buf_free(&path);
	config_free(&config);
	return 0;
}
