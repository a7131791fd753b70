/* prefork: a parent that keeps N workers alive and stops them gently. */
#ifndef CONFAB_PREFORK_H
#define CONFAB_PREFORK_H

struct prefork {
	const char *program;
	int workers;
	/* The worker's whole life; its return value is its exit status. Runs
	 * with SIGTERM blocked (see http_accept). shared: see below. */
	int (*work)(void *context, int listener, void *shared);
	void *context;
	int listener;
	unsigned shared_size; /* bytes of zeroed memory all workers share */
};

/* Runs until SIGTERM or SIGINT, then tells the workers to finish and waits for
 * them; a worker that dies is replaced, at most once a second each. Returns the
 * exit status. */
int prefork_run(const struct prefork *p);

/* A listening unix socket (mode 0660) at path, replacing a stale one; or the
 * socket passed as descriptor 0 (spawn-fcgi, mod_fcgid, systemd) when that is
 * one. Ends the process with a sentence on failure. */
int prefork_listen(const char *path, int backlog);

#endif
