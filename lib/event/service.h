/* service: the common part of the programs that hold connections: a listening
 * socket on the loop, SIGTERM as an event, a drain with a deadline. */
#ifndef CONFAB_EVENT_SERVICE_H
#define CONFAB_EVENT_SERVICE_H

#include <stdbool.h>

#include "event/acceptor.h"
#include "event/listener.h"
#include "event/loop.h"

struct service {
	struct loop *loop;
	struct listener *listener;
	/* Called with a new non-blocking connection, which the callee owns. */
	void (*accepted)(struct service *service, int fd);
	/* Whether the program can serve. A program that takes over from another
	 * waits for this (10 s at most). */
	bool (*ready)(struct service *service);
	/* Called after SIGTERM or SIGINT, when nobody new is accepted. Each
	 * call tells a share of the clients to come back, so they do not all
	 * return at once. turns: how many calls are left, this one included. */
	void (*drain)(struct service *service, unsigned turns);
	/* Called after SIGHUP; NULL: that ends the program. */
	void (*reload)(struct service *service);
	bool draining;
	bool over; /* the drain's deadline has passed */
	unsigned turns;
	int64_t show_by; /* loop_now() */
	struct acceptor acceptor;
	struct watch signals;
	struct timer deadline, goodbye, show;
};

/* Raises the file limit to its hard value, blocks the signals and starts to
 * listen. The caller sets loop, listener, accepted, ready and drain and zeroes
 * the rest. */
void service_start(struct service *service);

#endif
