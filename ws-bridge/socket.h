/* socket: one WebSocket: dispatches down, commands up. */
#ifndef CONFAB_WS_BRIDGE_SOCKET_H
#define CONFAB_WS_BRIDGE_SOCKET_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/config.h"
#include "command_client.h"
#include "event/loop.h"
#include "hub/hub.h"
#include "web/request_id.h"

struct direct;
struct socket;
LIST_HEAD(socket_list, socket);

/* Shared by all sockets of the program. */
struct sockets {
	struct loop *loop;
	const struct config *config;
	struct hub *hub;
	struct command_client *commands;
	struct socket_list all;
	unsigned count;
	struct request_ids ids;
	struct buf frames; /* scratch: the frames of one write */
};

/* Takes over an accepted, non-blocking connection: of a web server (direct is
 * NULL), or of a client that direct has counted in that bucket. */
void socket_accept(struct sockets *sockets, int fd, struct direct *direct,
		   int bucket);

/* Closes every connection at once. */
void socket_close_all(struct sockets *sockets);

#endif
