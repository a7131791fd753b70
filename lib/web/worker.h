/* worker: the life of a program that does one request at a time. main() hands a
 * description of the program to worker_main(): a parent reads the configuration
 * and keeps workers, each of which answers requests until SIGTERM. As plain
 * CGI, one process does all of it for one request. */
#ifndef CONFAB_WEB_WORKER_H
#define CONFAB_WEB_WORKER_H

#include "base/config.h"
#include "base/metrics.h"
#include "web/request.h"

/* What the parent made before it forked. */
struct worker_parent {
	const struct config *config;
	struct metrics *metrics; /* NULL: plain CGI */
	void *own;               /* the program's; begin() sets it */
	unsigned shared_size;    /* bytes of zeroed memory that all workers
				  * share; begin() sets it */
};

struct worker_program {
	const char *name;    /* "confab-command" */
	const char *purpose; /* a line for -h */
	const char *socket;  /* "command": the name of its socket and metrics */
	int (*workers)(const struct config *config);
	int (*queue)(const struct config *config); /* that may wait */

	/* In the parent: reads keys, makes metrics, checks what the program
	 * needs. Ends the process with a sentence when that is missing. */
	void (*begin)(struct worker_parent *parent);
	void (*end)(struct worker_parent *parent);

	/* In each worker. open() returns what the other two are given, or NULL
	 * after it has logged why; shared is NULL under CGI. serve() answers
	 * one request. */
	void *(*open)(const struct worker_parent *parent, struct http *http,
		      void *shared);
	void (*serve)(void *worker);
	void (*close)(void *worker);
};

/* The whole main(); returns the exit status. */
int worker_main(const struct worker_program *program, int argc, char **argv);

#endif
