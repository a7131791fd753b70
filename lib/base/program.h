/* program: what the programs that serve have in common at their start: the
 * command line, the configuration, and the checks of both. */
#ifndef CONFAB_BASE_PROGRAM_H
#define CONFAB_BASE_PROGRAM_H

#include "base/config.h"

struct program {
	const char *name;    /* such as "confab-command" */
	const char *purpose; /* a line for --help */
	const char *socket;  /* "command": its socket in run_dir */

	/* Whether the program can work with the options, each of which is valid
	 * by itself. False with a sentence in why. */
	bool (*check)(const struct config *config, struct buf *why);
};

/* Reads the command line (-c FILE -n -r -h -V) and the configuration, makes all
 * checks, and opens the logger. Exits for -h, -V and -n, and with status 2 and
 * a sentence for mistakes. Under CGI a stranger may set the command line, so it
 * is ignored. There is no socket to check then, nor when one is passed. */
void program_start(struct config *out, const struct program *program, int argc,
		   char **argv);

/* Whether a process manager has passed a listening socket as descriptor 0. */
bool program_has_socket(void);

#endif
