/* prefork: a parent that keeps N workers alive and stops them gently. */
#ifndef CONFAB_WEB_PREFORK_H
#define CONFAB_WEB_PREFORK_H

#include "base/metrics.h"
#include "event/listener.h"

enum {
	/* Room in a socket's queue beyond what may wait there, for those that
	 * are about to be told to go. */
	PREFORK_SPARE = 1024
};

struct prefork {
	const char *program;
	int workers;
	/* The worker's whole life; its return value is its exit status. Runs
	 * with SIGTERM blocked (see http_accept). shared: see below. */
	int (*work)(void *context, int listener, void *shared);
	void *context;
	struct listener *listener;
	unsigned queue;         /* connections that may wait; 0: any number */
	struct metric *refused; /* counts those that had to go */
	unsigned shared_size;   /* bytes of zeroed memory all workers share */
};

/* Shows the listener and runs until SIGTERM or SIGINT; then hides it, tells the
 * workers to finish what has come, and waits for them (30 s, then they are
 * killed). A worker that dies is replaced, at most
 * once a second each. Logs start, stop and dead workers. Returns the exit
 * status. */
int prefork_run(const struct prefork *p);

#endif
