/* service: what the programs that hold connections have in common: a listening
 * socket on the loop, SIGTERM as an event, a drain with a deadline. */
#ifndef CONFAB_EVENT_SERVICE_H
#define CONFAB_EVENT_SERVICE_H

#include <stdbool.h>

#include "event/listener.h"
#include "event/loop.h"

struct service {
	struct loop *loop;
	struct listener *listener;
	/* A connection, non-blocking; the callee owns it. */
	void (*accepted)(struct service *service, int fd);
	/* Whether it can serve. One that takes over from another waits for it
	 * (10 s at most). */
	bool (*ready)(struct service *service);
	/* SIGTERM or SIGINT came: nobody new is let in, and everybody here is
	 * to be told to come back, a share at a time, lest all come back at
	 * once. turns: how often this will be called, this time included. */
	void (*drain)(struct service *service, unsigned turns);
	bool draining;
	bool over; /* the drain's deadline has passed */
	unsigned turns;
	int64_t show_by; /* loop_now() */
	struct watch accepting, signals;
	struct timer deadline, goodbye, show, again;
};

/* Raises the file limit to its hard value, blocks the signals and starts to
 * listen. loop, listener, accepted, ready and drain are set, the rest is
 * zero. */
void service_start(struct service *service);

#endif
