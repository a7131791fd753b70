/* command_line: how all programs read their command lines. What is wrong with
 * one is said in a sentence that points to --help, and ends the program with
 * status 2. */
#ifndef CONFAB_BASE_COMMAND_LINE_H
#define CONFAB_BASE_COMMAND_LINE_H

#include <stdio.h>

enum {
	EXIT_USAGE = 2 /* the words or the configuration are wrong */
};

struct command_line {
	const char *name;    /* of the program: "confab-command" */
	const char *letters; /* its options as getopt(3) has them, besides
			      * -h and -V, beginning with "+:" */
	void (*help)(const struct command_line *line); /* to stdout */
	const void *own;                               /* for help() */
	int argc;
	char **argv;
};

/* The letter of the next option, its value in getopt's optarg; -1 at the end,
 * with optind at the first word that is none. -h, -V and mistakes end the
 * program. */
int command_line_option(const struct command_line *line);

/* Ends the program when there are words besides the options. */
void command_line_end(const struct command_line *line);

/* Ends the program with status 2: "NAME: SENTENCE (NAME --help says more)". */
_Noreturn void command_line_refuse(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
