/* command_client: sends commands to confab-command over its FastCGI socket,
 * without blocking. Each call has its own connection. */
#ifndef CONFAB_WS_BRIDGE_COMMAND_CLIENT_H
#define CONFAB_WS_BRIDGE_COMMAND_CLIENT_H

#include <stddef.h>

#include "base/metrics.h"
#include "event/loop.h"

struct command_client; /* a client of one program */
struct command_call;   /* one call under way */

/* A command and its sender. Strings are copied. */
struct command_request {
	const char *body;
	size_t len;
	const char *login;   /* see identity_from_bridge() */
	const char *session; /* uuid */
	const char *address; /* the client's, or NULL */
	/* What is said over a socket of talk.h: the number of the account to
	 * whom, "" for the sender itself. NULL: body is a command. */
	const char *said_to;
};

/* body: the response's, or NULL without one. sent: the program may have acted
 * on the request. */
typedef void command_client_done(void *context, const char *body, size_t len,
				 bool sent);

/* Makes a client of the unix socket at path. At most as many calls as given run
 * at a time; at most most_waiting others wait in line, and any beyond that fail
 * at once. timeout in ms. */
struct command_client *
command_client_create(struct loop *loop, const char *path, unsigned most,
		      unsigned most_waiting, int64_t timeout,
		      struct metrics *metrics) __attribute__((malloc));
/* Call only when no call is under way. */
void command_client_free(struct command_client *client);

/* Starts a call. done is called once, and never before this returns, unless the
 * call is cancelled. */
struct command_call *command_client_send(struct command_client *client,
					 const struct command_request *request,
					 command_client_done *done,
					 void *context);

/* Discards the answer. The command is still executed. */
void command_client_cancel(struct command_call *call);

#endif
