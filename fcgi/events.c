/* confab-events: SSE and long-poll behind a web server's FastCGI. One process,
 * one thread, one loop, whatever the number of waiting clients. */
#include <unistd.h>

#include "config.h"
#include "held.h"
#include "hub.h"
#include "logger.h"
#include "loop.h"
#include "prefork.h"
#include "secret.h"
#include "service.h"

enum {
	BACKLOG = 4096
};

struct events {
	struct service service;
	struct held_shared shared;
};

static void accepted(struct service *service, int fd)
{
	held_accept(&((struct events *)service)->shared, fd);
}

static void drain(struct service *service)
{
	struct events *events = (struct events *)service;

	logger(LEVEL_INFO, "drain", "streams=%u", events->shared.count);
	held_drain(&events->shared);
}

static void run(const struct config *config, int listener)
{
	struct events events = {
		.service = { .accepted = accepted, .drain = drain },
		.shared = { .config = config },
	};
	struct loop *loop = loop_create();

	LIST_INIT(&events.shared.all);
	events.service.loop = loop;
	events.shared.loop = loop;
	events.shared.hub = hub_create(loop, config, "confab-events", "events");
	service_start(&events.service, listener);
	logger(LEVEL_INFO, "start", "pid=%d", (int)getpid());
	while (!events.service.over &&
	       !(events.service.draining && !events.shared.count))
		loop_turn(loop, -1);
	logger(LEVEL_INFO, "stop", "streams=%u", events.shared.count);
	held_close_all(&events.shared);
	hub_free(events.shared.hub);
	loop_free(loop);
	buf_free(&events.shared.content);
	buf_free(&events.shared.wire);
}

int main(int argc, char **argv)
{
	struct config config;
	struct buf path = { 0 };

	config_main(&config, "confab-events",
		    "Server-Sent Events and long-poll streams", argc, argv);
	secret_init();
	buf_addf(&path, "%s/events.sock", config.run_dir);
	run(&config, prefork_listen(buf_text(&path), BACKLOG));
	unlink(buf_text(&path));
	buf_free(&path);
	config_free(&config);
	return 0;
}
