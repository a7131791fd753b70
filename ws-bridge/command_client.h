/* command_client: asks confab-command over its FastCGI socket, without
 * blocking. One connection a question. */
#ifndef CONFAB_WS_BRIDGE_COMMAND_CLIENT_H
#define CONFAB_WS_BRIDGE_COMMAND_CLIENT_H

#include <stddef.h>

#include "base/metrics.h"
#include "event/loop.h"

struct asker;    /* the way to one program */
struct question; /* one request that is under way */

/* What is asked, and for whom. Strings are copied. */
struct asker_request {
	const char *body;
	size_t len;
	const char *login;   /* see identity_from_bridge() */
	const char *session; /* uuid */
	const char *address; /* of the client, or NULL */
};

/* The response's body, or NULL when there was none to be had: sent says
 * whether the program may have acted on the question. */
typedef void asker_done(void *context, const char *body, size_t len, bool sent);

/* Asks at the unix socket path, at most most questions at a time; the others
 * wait in line, at most most_waiting: what is beyond has no answer at once.
 * timeout in ms. */
struct asker *asker_create(struct loop *loop, const char *path, unsigned most,
			   unsigned most_waiting, int64_t timeout,
			   struct metrics *metrics) __attribute__((malloc));
/* No question may be under way. */
void asker_free(struct asker *asker);

/* done is called once, never before this returns, unless asker_forget(). */
struct question *asker_ask(struct asker *asker,
			   const struct asker_request *request,
			   asker_done *done, void *context);

/* The answer is of no interest any more. The command is still carried out. */
void asker_forget(struct question *question);

#endif
