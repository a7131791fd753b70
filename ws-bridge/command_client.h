/* command_client: asks confab-command over its FastCGI socket, without
 * blocking. One connection a call. */
#ifndef CONFAB_WS_BRIDGE_COMMAND_CLIENT_H
#define CONFAB_WS_BRIDGE_COMMAND_CLIENT_H

#include <stddef.h>

#include "base/metrics.h"
#include "event/loop.h"

struct command_client; /* the way to one program */
struct command_call;   /* one request that is under way */

/* What is asked, and for whom. Strings are copied. */
struct command_request {
	const char *body;
	size_t len;
	const char *login;   /* see identity_from_bridge() */
	const char *session; /* uuid */
	const char *address; /* of the client, or NULL */
};

/* The response's body, or NULL when there is none. sent says whether the
 * program may have acted on the request. */
typedef void command_client_done(void *context, const char *body, size_t len,
				 bool sent);

/* A client of the unix socket at path, with at most so many calls at a time;
 * others wait in line, at most most_waiting of them. A call beyond that fails
 * at once. timeout in ms. */
struct command_client *
command_client_create(struct loop *loop, const char *path, unsigned most,
		      unsigned most_waiting, int64_t timeout,
		      struct metrics *metrics) __attribute__((malloc));
/* No call may be under way. */
void command_client_free(struct command_client *client);

/* done is called once, never before this returns, unless the call is
 * cancelled. */
struct command_call *command_client_send(struct command_client *client,
					 const struct command_request *request,
					 command_client_done *done,
					 void *context);

/* The answer is of no interest any more. The command is still carried out. */
void command_client_cancel(struct command_call *call);

#endif
