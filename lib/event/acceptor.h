/* acceptor: accepts the connections of a listening socket on the loop. */
#ifndef CONFAB_EVENT_ACCEPTOR_H
#define CONFAB_EVENT_ACCEPTOR_H

#include "event/loop.h"

struct acceptor {
	/* Called with a new non-blocking connection, which the callee owns. */
	void (*accepted)(struct acceptor *acceptor, int fd);
	struct loop *loop;
	struct watch watch;
	struct timer again; /* after a pause for want of descriptors */
	int fd;
};

/* Begins with a listening, non-blocking socket, which stays the caller's. Set
 * accepted and zero the rest first. */
void acceptor_start(struct acceptor *acceptor, struct loop *loop, int fd);

/* Accepts everyone who waits already. */
void acceptor_drain(struct acceptor *acceptor);

/* Accepts nobody any more. */
void acceptor_stop(struct acceptor *acceptor);

#endif
