/* service: what the programs that hold connections have in common: a listening
 * socket on the loop, SIGTERM as an event, a drain with a deadline. */
#ifndef CONFAB_SERVICE_H
#define CONFAB_SERVICE_H

#include <stdbool.h>

#include "loop.h"

struct service {
	struct loop *loop;
	/* A connection, non-blocking; the callee owns it. */
	void (*accepted)(struct service *service, int fd);
	/* SIGTERM or SIGINT came: nobody new is let in from now on. Everybody
	 * here is to be told to come back. */
	void (*drain)(struct service *service);
	bool draining;
	bool over; /* the drain's deadline has passed */
	struct watch listener, signals;
	struct timer deadline;
};

/* Raises the file limit to its hard value, blocks the signals and starts to
 * listen. loop, accepted and drain are set, the rest is zero. */
void service_start(struct service *service, int listener);

#endif
