/* prefork: a parent that keeps N workers alive and stops them gently. */
#ifndef CONFAB_WEB_PREFORK_H
#define CONFAB_WEB_PREFORK_H

#include "base/metrics.h"
#include "event/listener.h"

enum {
	/* Room in the socket's queue beyond the limit, for connections that are
	 * about to be refused. */
	PREFORK_SPARE = 1024
};

struct prefork {
	const char *program;
	int workers;
	/* The whole life of a worker; returns its exit status. Runs with
	 * SIGTERM blocked (see http_accept()). */
	int (*work)(void *context, int listener, void *shared);
	void *context;
	struct listener *listener;
	unsigned queue;         /* connections that may wait; 0: any number */
	struct metric *refused; /* counts the refused connections */
	unsigned shared_size;   /* bytes of zeroed memory all workers share */
};

/* Shows the listener and runs until SIGTERM or SIGINT. Then hides it, tells the
 * workers to finish, and waits for them (30 s, then they are killed). Replaces
 * a worker that dies, each at most once a second. Logs start, stop and dead
 * workers. Returns the exit status. */
int prefork_run(const struct prefork *p);

#endif
