/* confab-events: SSE and long-poll behind a web server's FastCGI. One process,
 * one thread, one loop, whatever the number of waiting clients. */
#include <unistd.h>

#include "base/config.h"
#include "base/container.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/metrics.h"
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
	struct held_shared shared;
};

static void accepted(struct service *service, int fd)
{
	held_accept(&container_of(service, struct events, service)->shared, fd);
}

static bool is_ready(struct service *service)
{
	const char *why;

	return hub_ready(
		container_of(service, struct events, service)->shared.hub,
		&why);
}

static void drain(struct service *service, unsigned turns)
{
	hub_end_share(container_of(service, struct events, service)->shared.hub,
		      END_RESTART, turns);
}

static void run(const struct config *config, const struct identity_rules *rules,
		struct listener *listener)
{
	struct events events = {
		.service = { .listener = listener,
			     .accepted = accepted,
			     .ready = is_ready,
			     .drain = drain },
		.shared = { .config = config, .rules = rules },
	};
	struct metrics *metrics = metrics_open(config->run_dir, "events");
	struct loop *loop = loop_create();
	struct buf name = { 0 };

	LIST_INIT(&events.shared.all);
	events.service.loop = loop;
	events.shared.loop = loop;
	process_name(&name, "events", config->run_dir);
	events.shared.hub = hub_create(loop, config, metrics, "confab-events",
				       buf_text(&name),
				       !listener->passed && !listener->before);
	service_start(&events.service);
	logger(LEVEL_INFO, "start", "pid=%d", (int)getpid());
	while (!events.service.over &&
	       !(events.service.draining && !events.shared.count))
		loop_turn(loop, -1);
	logger(LEVEL_INFO, "stop", "streams=%u", events.shared.count);
	held_close_all(&events.shared);
	hub_leave(events.shared.hub);
	hub_free(events.shared.hub);
	loop_free(loop);
	buf_free(&events.shared.content);
	buf_free(&events.shared.wire);
	buf_free(&name);
	metrics_close(metrics);
}

int main(int argc, char **argv)
{
	struct config config;
	struct identity_rules *rules;
	struct buf path = { 0 };
	struct listener listener;

	config_main(&config, "confab-events",
		    "Server-Sent Events and long-poll streams", argc, argv);
	secret_init();
	buf_addf(&path, "%s/events.sock", config.run_dir);
	rules = identity_rules_create(&config);
	listener_open(&listener, buf_text(&path), BACKLOG, config.replace);
	run(&config, rules, &listener);
	identity_rules_free(rules);
	buf_free(&path);
	config_free(&config);
	return 0;
}
