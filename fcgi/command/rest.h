/* rest: plain HTTP for one-to-one messages. A request becomes a command
 * (direct.…), so every rule about commands holds for it; the data of the
 * command's reply is the response (docs/direct.md). */
#ifndef CONFAB_FCGI_COMMAND_REST_H
#define CONFAB_FCGI_COMMAND_REST_H

#include "server.h"

/* Answers the current request if its path is one of these. False: it is
 * not. */
bool rest_serve(struct server *server, const struct identity *who);

/* Answers a request of confab-bridge with what a client has said over a socket
 * of a tutorial: a frame {"message": …}. said_to: see struct command_request
 * there. The answer is empty unless it failed. */
void rest_tell(struct server *server, const struct identity *who,
	       const char *said_to);

#endif
