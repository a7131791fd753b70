/* confab-bridge: WebSockets behind a web server. libwebsockets has the outer
 * loop, for it takes no other; ours, with the tail, the hub and the questions
 * to confab-command in it, is one descriptor among its own. Single threaded. */
#include <libwebsockets.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "logger.h"
#include "prefork.h"
#include "secret.h"
#include "socket.h"

enum {
	BACKLOG = 4096,
	DRAIN_TIMEOUT = 5000,   /* ms */
	PONG_TIMEOUT = 10,      /* s */
	QUESTIONS = 64,         /* asked at a time */
	ANSWER_TIMEOUT = 15000, /* ms */
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

/* The first serves clients that name no subprotocol. */
static const struct lws_protocols PROTOCOLS[] = {
	{ "confab", socket_callback, sizeof(struct socket *), 4096, 0, NULL,
	  0 },
	{ "confab.v1", socket_callback, sizeof(struct socket *), 4096, 0, NULL,
	  0 },
	{ "loop", loop_callback, 0, 0, 0, NULL, 0 },
	{ NULL, NULL, 0, 0, 0, NULL, 0 },
};

static void accepted(struct service *service, int fd)
{
	struct bridge *bridge = (struct bridge *)service;

	if (!lws_adopt_socket_vhost(bridge->vhost, fd))
		logger(LEVEL_WARN, "accept", "why=\"no room\"");
}

static void drain(struct service *service)
{
	struct bridge *bridge = (struct bridge *)service;

	logger(LEVEL_INFO, "drain", "sockets=%u", bridge->sockets);
	hub_end_all(bridge->hub, END_RESTART);
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
	const lws_retry_bo_t alive = {
		.secs_since_valid_ping = (uint16_t)bridge->config->heartbeat,
		.secs_since_valid_hangup =
			(uint16_t)(bridge->config->heartbeat + PONG_TIMEOUT),
	};
	static lws_retry_bo_t kept;
	struct lws_context_creation_info info = { 0 };
	struct lws_context *context;
	lws_sock_file_fd_type file;

	kept = alive; /* lws keeps the pointer */
	lws_set_log_level(LLL_ERR | LLL_WARN, log_lws);
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = PROTOCOLS;
	info.user = bridge;
	info.gid = -1;
	info.uid = -1;
	info.options = LWS_SERVER_OPTION_VALIDATE_UTF8 |
		       LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.retry_and_idle_policy = &kept;
	info.pt_serv_buf_size = 16384;
	info.vhost_name = "confab";
	context = lws_create_context(&info);
	if (!context)
		return NULL;
	bridge->vhost = lws_create_vhost(context, &info);
	file.filefd = dup(loop_fd(bridge->loop));
	if (!bridge->vhost ||
	    !lws_adopt_descriptor_vhost(bridge->vhost, LWS_ADOPT_RAW_FILE_DESC,
					file, "loop", NULL)) {
		lws_context_destroy(context);
		return NULL;
	}
	return context;
}

static int run(struct bridge *bridge, int listener)
{
	struct service *service = &bridge->service;
	struct lws_context *context;

	/* First: lws sizes its tables by the file limit that this raises. */
	service_start(service, listener);
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
	return 0;
}

int main(int argc, char **argv)
{
	struct config config;
	struct bridge bridge = {
		.service = { .accepted = accepted, .drain = drain },
		.config = &config,
	};
	struct buf listen_at = { 0 }, command_at = { 0 };
	int listener, status;

	config_main(&config, "confab-bridge", "WebSocket streams and commands",
		    argc, argv);
	secret_init();
	buf_addf(&listen_at, "%s/bridge.sock", config.run_dir);
	buf_addf(&command_at, "%s/command.sock", config.run_dir);
	listener = prefork_listen(buf_text(&listen_at), BACKLOG);
	bridge.loop = loop_create();
	bridge.service.loop = bridge.loop;
	bridge.hub =
		hub_create(bridge.loop, &config, "confab-bridge", "bridge");
	bridge.asker = asker_create(bridge.loop, buf_text(&command_at),
				    QUESTIONS, ANSWER_TIMEOUT);
	status = run(&bridge, listener);
	unlink(buf_text(&listen_at));
	hub_free(bridge.hub);
	asker_free(bridge.asker);
	loop_free(bridge.loop);
	buf_free(&bridge.frame);
	buf_free(&listen_at);
	buf_free(&command_at);
	config_free(&config);
	return status;
}
