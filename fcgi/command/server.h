/* server: the state of a worker of confab-command, and how it carries out one
 * command for a caller. */
#ifndef CONFAB_FCGI_COMMAND_SERVER_H
#define CONFAB_FCGI_COMMAND_SERVER_H

#include "auth/identity.h"
#include "command.h"
#include "traffic.h"
#include "web/request.h"

struct server {
	const struct config *config;
	const struct identity_rules *rules;
	struct http *http;
	struct pg *pg;
	struct commands *commands;
	struct traffic *traffic; /* NULL: plain CGI */
};

/* A body that is read when it is needed, once. Zero it, set the first three,
 * and free it with incoming_free(). */
struct incoming {
	struct http *http;
	size_t limit;     /* bytes */
	const char *what; /* that has a limit, for the sentence */
	bool is_read;
	enum confab_error error;
	char why[80];
	struct buf body;
};

/* Reads it. On an error *why has a sentence. */
enum confab_error incoming_read(struct incoming *in, const char **why);
void incoming_free(struct incoming *in);

/* Executes a command as command_execute() does, for this caller of the current
 * request. Records the log-in of a host application's token if that is new. */
struct error_answer server_execute(struct server *server,
				   const struct identity *who,
				   struct command_request *request,
				   struct buf *out);

#endif
