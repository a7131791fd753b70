/* socket: one WebSocket: dispatches down, commands up. The only file beside
 * bridge.c that sees libwebsockets. */
#ifndef CONFAB_WS_BRIDGE_SOCKET_H
#define CONFAB_WS_BRIDGE_SOCKET_H

#include <libwebsockets.h>

#include "base/buf.h"
#include "base/config.h"
#include "command_client.h"
#include "event/service.h"
#include "hub/hub.h"

/* What all sockets share; the context's user pointer. */
struct bridge {
	struct service service;
	const struct config *config;
	struct identity_rules *rules;
	struct loop *loop;
	struct hub *hub;
	struct command_client *commands;
	struct lws_vhost *vhost;
	unsigned sockets;
	struct buf frames; /* scratch: what goes out in one write */
};

struct socket;

/* The callback of both protocols; user is a struct socket **. */
int socket_callback(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len);

#endif
