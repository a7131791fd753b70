/* confab-bridge: WebSockets behind a web server. One process, one thread, one
 * loop for the sockets, the tail, the hub, and the calls of confab-command. */
#include <unistd.h>

#include "auth/requirements.h"
#include "base/container.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/program.h"
#include "direct.h"
#include "event/instance.h"
#include "event/service.h"
#include "socket.h"

enum {
	BACKLOG = 4096,
	CALLS = 64,            /* concurrent calls of confab-command */
	ANSWER_TIMEOUT = 15000 /* ms */
};

struct bridge {
	struct service service;
	struct sockets sockets;
	struct direct direct;
};

static void accept_connection(struct service *service, int fd)
{
	socket_accept(&container_of(service, struct bridge, service)->sockets,
		      fd, NULL, -1);
}

static bool is_ready(struct service *service)
{
	const char *why;

	return hub_ready(
		container_of(service, struct bridge, service)->sockets.hub,
		&why);
}

static void drain_share(struct service *service, unsigned turns)
{
	struct bridge *bridge = container_of(service, struct bridge, service);

	direct_stop(&bridge->direct);
	hub_end_share(bridge->sockets.hub, END_RESTART, turns);
}

static void reload(struct service *service)
{
	direct_reload(&container_of(service, struct bridge, service)->direct);
}

static void run_service(const struct config *config,
			const struct identity_rules *rules,
			struct listener *listener)
{
	struct bridge bridge = {
		.service = { .listener = listener,
			     .accepted = accept_connection,
			     .ready = is_ready,
			     .drain = drain_share,
			     .reload = reload },
		.sockets = { .config = config },
	};
	struct sockets *sockets = &bridge.sockets;
	struct metrics *metrics = metrics_open(config->run_dir, "bridge");
	struct loop *loop = loop_create();
	struct buf name = { 0 }, command_at = { 0 };

	direct_open(&bridge.direct, config);
	LIST_INIT(&sockets->all);
	request_ids_begin(&sockets->ids);
	bridge.service.loop = loop;
	sockets->loop = loop;
	instance_name(&name, "bridge", config->run_dir);
	buf_addf(&command_at, "%s/command.sock", config->run_dir);
	sockets->commands = command_client_create(
		loop, buf_text(&command_at), CALLS,
		(unsigned)config->waiting_commands, ANSWER_TIMEOUT, metrics);
	sockets->hub = hub_create(
		loop, &(struct hub_settings){ .config = config,
					      .rules = rules,
					      .metrics = metrics,
					      .program = "confab-bridge",
					      .instance = buf_text(&name),
					      .is_alone = !listener->passed &&
							  !listener->before });
	service_start(&bridge.service);
	direct_start(&bridge.direct, sockets);
	logger(LEVEL_INFO, "start", "pid=%d", (int)getpid());
	while (!bridge.service.over &&
	       !(bridge.service.draining && !sockets->count))
		loop_turn(loop, -1);
	logger(LEVEL_INFO, "stop", "sockets=%u", sockets->count);
	socket_close_all(sockets);
	direct_free(&bridge.direct);
	hub_leave(sockets->hub);
	hub_free(sockets->hub);
	command_client_free(sockets->commands);
	loop_free(loop);
	buf_free(&sockets->frames);
	buf_free(&command_at);
	buf_free(&name);
	metrics_close(metrics);
}

int main(int argc, char **argv)
{
	static const struct program PROGRAM = {
		.name = "confab-bridge",
		.purpose = "WebSocket streams and commands",
		.socket = "bridge",
		.check = requirements_check,
	};
	struct config config;
	struct identity_rules *rules;
	struct buf path = { 0 };
	struct listener listener;

	program_start(&config, &PROGRAM, argc, argv);
	secret_init();
	buf_addf(&path, "%s/bridge.sock", config.run_dir);
	rules = identity_rules_create(&config);
	listener_open(&listener, buf_text(&path), BACKLOG, config.replace);
	run_service(&config, rules, &listener);
	identity_rules_free(rules);
	buf_free(&path);
	config_free(&config);
	return 0;
}
