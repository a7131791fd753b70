/* confab-bridge: WebSockets behind a web server. libwebsockets has the outer
 * loop, for it takes no other; ours, with the tail, the hub and the calls of
 * confab-command in it, is one descriptor among its own. Single threaded. */
#include <libwebsockets.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/container.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "event/instance.h"
#include "handshake.h"
#include "pollset.h"
#include "socket.h"

enum {
	BACKLOG = 4096,
	CALLS = 64,             /* of confab-command at a time */
	ANSWER_TIMEOUT = 15000, /* ms */
	/* Bytes of a message at a time. Each socket has such a buffer for as
	 * long as it lives. */
	PIECE = 512,
	WRITE = 1 << 20, /* bytes at a time; else lws takes PIECE */
};

static int loop_callback(struct lws *wsi, enum lws_callback_reasons reason,
			 void *user, void *in, size_t len)
{
	(void)user;
	(void)in;
	(void)len;
	if (reason == LWS_CALLBACK_RAW_RX_FILE) {
		struct bridge *bridge = lws_context_user(lws_get_context(wsi));

		loop_turn(bridge->loop, 0);
	}
	return 0;
}

/* Not a name that a client can ask for. */
#define LOOP "(loop)"

/* The first serves clients that name no subprotocol. */
static const struct lws_protocols PROTOCOLS[] = {
	{ "confab", socket_callback, sizeof(struct socket *), PIECE, 0, NULL,
	  WRITE },
	{ "confab.v1", socket_callback, sizeof(struct socket *), PIECE, 0, NULL,
	  WRITE },
	{ LOOP, loop_callback, 0, 0, 0, NULL, 0 },
	{ NULL, NULL, 0, 0, 0, NULL, 0 },
};

static void accepted(struct service *service, int fd)
{
	struct bridge *bridge = container_of(service, struct bridge, service);

	pollset_forget(fd);
	if (!lws_adopt_socket_vhost(bridge->vhost, fd))
		logger(LEVEL_WARN, "accept", "why=\"no room\"");
}

static bool is_ready(struct service *service)
{
	const char *why;

	return hub_ready((container_of(service, struct bridge, service))->hub,
			 &why);
}

static void drain(struct service *service, unsigned turns)
{
	hub_end_share((container_of(service, struct bridge, service))->hub,
		      END_RESTART, turns);
}

static void log_lws(int level, const char *line)
{
	logger(level & LLL_ERR ? LEVEL_ERROR : LEVEL_WARN, "libwebsockets",
	       "line=\"%.*s\"", (int)strcspn(line, "\n"), line);
}

/* The context, our vhost without a listening socket of its own, and our loop
 * as a file in it. */
static struct lws_context *create_context(struct bridge *bridge)
{
	/* Who is still there, each socket finds out itself: lws gives up those,
	 * too, whose PONG it may not read yet. */
	static const lws_retry_bo_t never = { .secs_since_valid_ping = 0 };
	struct lws_context_creation_info info = { 0 };
	struct lws_context *context;
	lws_sock_file_fd_type file;

	lws_set_log_level(LLL_ERR | LLL_WARN, log_lws);
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = PROTOCOLS;
	info.user = bridge;
	info.gid = -1;
	info.uid = -1;
	info.options = LWS_SERVER_OPTION_VALIDATE_UTF8 |
		       LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.retry_and_idle_policy = &never;
	info.pt_serv_buf_size = 16384;
	info.max_http_header_data = HANDSHAKE_LIMIT;
	info.vhost_name = "confab";
	context = lws_create_context(&info);
	if (!context)
		return NULL;
	bridge->vhost = lws_create_vhost(context, &info);
	file.filefd = dup(loop_fd(bridge->loop));
	if (!bridge->vhost ||
	    !lws_adopt_descriptor_vhost(bridge->vhost, LWS_ADOPT_RAW_FILE_DESC,
					file, LOOP, NULL)) {
		lws_context_destroy(context);
		return NULL;
	}
	return context;
}

static int run(struct bridge *bridge)
{
	struct service *service = &bridge->service;
	struct lws_context *context;

	/* First: lws sizes its tables by the file limit that this raises. */
	service_start(service);
	context = create_context(bridge);
	if (!context) {
		logger(LEVEL_ERROR, "start", "why=\"libwebsockets\"");
		return 1;
	}
	logger(LEVEL_INFO, "start", "pid=%d", (int)getpid());
	while (!service->over && !(service->draining && !bridge->sockets) &&
	       lws_service(context, 0) >= 0)
		;
	logger(LEVEL_INFO, "stop", "sockets=%u", bridge->sockets);
	lws_context_destroy(context);
	hub_leave(bridge->hub);
	return 0;
}

int main(int argc, char **argv)
{
	struct config config;
	struct listener listener;
	struct bridge bridge = {
		.service = { .listener = &listener,
			     .accepted = accepted,
			     .ready = is_ready,
			     .drain = drain },
		.config = &config,
	};
	struct buf listen_at = { 0 }, command_at = { 0 }, name = { 0 };
	struct metrics *metrics;
	int status;

	config_main(&config, "confab-bridge", "WebSocket streams and commands",
		    argc, argv);
	secret_init();
	buf_addf(&listen_at, "%s/bridge.sock", config.run_dir);
	buf_addf(&command_at, "%s/command.sock", config.run_dir);
	instance_name(&name, "bridge", config.run_dir);
	listener_open(&listener, buf_text(&listen_at), BACKLOG, config.replace);
	metrics = metrics_open(config.run_dir, "bridge");
	bridge.loop = loop_create();
	bridge.service.loop = bridge.loop;
	bridge.rules = identity_rules_create(&config);
	bridge.hub = hub_create(
		bridge.loop,
		&(struct hub_settings){ .config = &config,
					.rules = bridge.rules,
					.metrics = metrics,
					.program = "confab-bridge",
					.instance = buf_text(&name),
					.is_alone = !listener.passed &&
						    !listener.before });
	bridge.commands = command_client_create(
		bridge.loop, buf_text(&command_at), CALLS,
		(unsigned)config.waiting_commands, ANSWER_TIMEOUT, metrics);
	status = run(&bridge);
	hub_free(bridge.hub);
	command_client_free(bridge.commands);
	metrics_close(metrics);
	loop_free(bridge.loop);
	identity_rules_free(bridge.rules);
	buf_free(&bridge.frames);
	buf_free(&name);
	buf_free(&listen_at);
	buf_free(&command_at);
	config_free(&config);
	return status;
}
