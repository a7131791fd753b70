/* rest: plain HTTP for one-to-one messages. A request becomes a command
 * (direct.…), so every rule about commands holds for it; the data of the
 * command's reply is the response (docs/direct.md). */
#ifndef CONFAB_FCGI_COMMAND_REST_H
#define CONFAB_FCGI_COMMAND_REST_H

#include "server.h"

/* Answers the current request if its path is one of these. False: it is
 * not. */
bool rest_serve(struct server *server, const struct identity *who);

#endif
