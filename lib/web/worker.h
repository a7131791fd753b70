/* worker: the life of a program that serves one request at a time. main()
 * passes a description of the program to worker_main(). A parent reads the
 * configuration and keeps workers, which answer requests until SIGTERM. As
 * plain CGI one process does it all for one request. */
#ifndef CONFAB_WEB_WORKER_H
#define CONFAB_WEB_WORKER_H

#include "base/metrics.h"
#include "base/program.h"
#include "web/request.h"

struct strangers;

/* Made by the parent before it forks. */
struct worker_parent {
	const struct config *config;
	struct metrics *metrics;     /* NULL: plain CGI */
	void *own;                   /* the program's; begin() sets it */
	struct strangers *strangers; /* of this worker; NULL: plain CGI */
	unsigned shared_size;        /* bytes of zeroed memory that all workers
				      * share; begin() sets it */
};

struct worker_program {
	struct program about; /* about.socket names its metrics, too */
	int (*workers)(const struct config *config);
	int (*queue)(
		const struct config *config); /* connections that may wait */

	/* Every request counts against the budget of its address, because it is
	 * made before a log-in; otherwise refused ones do. */
	bool serves_strangers;

	/* Runs in the parent: reads keys, makes metrics, checks the program's
	 * needs. Ends the process with a sentence when one is missing. */
	void (*begin)(struct worker_parent *parent);
	void (*end)(struct worker_parent *parent);

	/* Run in each worker. open() returns the state for serve() and close(),
	 * or NULL after logging why; shared is NULL under CGI. serve() answers
	 * one request. */
	void *(*open)(const struct worker_parent *parent, struct http *http,
		      void *shared);
	void (*serve)(void *worker);
	/* Whether the request comes from a log-in that is known to be valid, so
	 * the budget of its address is not asked. NULL: it always is. */
	bool (*knows)(void *worker);
	void (*close)(void *worker);
};

/* Runs the whole program; returns the exit status. */
int worker_main(const struct worker_program *program, int argc, char **argv);

#endif
