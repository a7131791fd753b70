/* command_line: see command_line.h. Called by main() of each program, once;
 * owns nothing. */
#include "base/command_line.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/version.h"

void command_line_refuse(const char *name, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, " (%s --help says more)\n", name);
	exit(EXIT_USAGE);
}

/* The option that getopt has not understood. */
static _Noreturn void refuse_option(const struct command_line *line)
{
	const char *word = line->argv[optind - 1];

	if (optopt && strncmp(word, "--", 2) != 0)
		command_line_refuse(line->name, "there is no option -%c",
				    optopt);
	command_line_refuse(line->name, "there is no option %s", word);
}

int command_line_option(const struct command_line *line)
{
	static const struct option LONG[] = { { "help", 0, NULL, 'h' },
					      { "version", 0, NULL, 'V' },
					      { NULL, 0, NULL, 0 } };
	struct buf letters = { 0 };
	int c;

	buf_addf(&letters, "%shV", line->letters);
	opterr = 0;
	c = getopt_long(line->argc, line->argv, buf_text(&letters), LONG, NULL);
	buf_free(&letters);
	switch (c) {
	case 'h':
		line->help(line);
		exit(EXIT_SUCCESS);
	case 'V':
		printf("%s %s\n", line->name, version_text());
		exit(EXIT_SUCCESS);
	case ':':
		command_line_refuse(line->name, "-%c needs a value after it",
				    optopt);
	case '?':
		refuse_option(line);
	default:
		return c;
	}
}

void command_line_end(const struct command_line *line)
{
	if (optind < line->argc)
		command_line_refuse(line->name,
				    "\"%s\" is one word too many: there are "
				    "only options",
				    line->argv[optind]);
}
