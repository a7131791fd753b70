/* config: the options of all programs, from one file and the environment. */
#ifndef CONFAB_CONFIG_H
#define CONFAB_CONFIG_H

#include <stdbool.h>

#include "buf.h"

struct config {
	char *database;		/* libpq conninfo without user */
	char *run_dir;		/* sockets live here */
	char *mount;		/* URL prefix, "/chat/" */
	char *allowed_origins;	/* space-separated, besides the same origin */
	char *log_level;	/* error, warn, info or debug */
	int command_workers;	/* processes of confab-command */
	int session_workers;	/* processes of confab-session */
	int max_body;		/* bytes of one command */
	int max_depth;		/* nesting of its JSON */
	int doorbell_interval;	/* ms between rings of one host */
	int heartbeat;		/* s between heartbeats of a stream */
	int max_streams;	/* per delivering process */
	int stream_queue;	/* bytes that may wait for one stream */
	int window;		/* bytes of recent dispatches kept */
	int request_timeout;	/* s for a request to arrive, a stream to open */
	int stall_timeout;	/* s without progress before a slow stream ends */
};

/* Defaults, then the file (NULL: none), then CONFAB_* variables. False with a
 * sentence that names the line or variable in why; out is then untouched. */
bool config_load(struct config *out, const char *path, struct buf *why)
	__attribute__((warn_unused_result));

void config_free(struct config *config);

/* The command line all programs share: -c FILE -n -h -V. Opens the logger,
 * loads the configuration, and exits itself for -h, -V, -n and errors. */
void config_main(struct config *out, const char *program, const char *purpose,
		 int argc, char **argv);

#endif
