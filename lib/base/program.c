/* program: see program.h. Called by main(), first of all; owns nothing. */
#include "base/program.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/command_line.h"
#include "base/logger.h"

static void print_help(const struct command_line *line)
{
	const struct program *program = line->own;

	printf("%s: %s\n\n"
	       "usage: %s [-c FILE] [-n] [-r] [-h] [-V]\n"
	       "  -c FILE  read this configuration\n"
	       "  -n       check the configuration and exit\n"
	       "  -r       take over from the one that runs, which is told to "
	       "stop\n"
	       "  -h       print this and exit\n"
	       "  -V       print the version and exit\n\n"
	       "options, in the file as \"name = value\", in the environment "
	       "as CONFAB_NAME:\n",
	       program->name, program->purpose, program->name);
	config_print_options();
}

bool program_has_socket(void)
{
	int listening = 0;
	socklen_t len = sizeof(listening);

	return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening,
			  &len) == 0 &&
	       listening;
}

/* Whether the program can make its socket below run_dir. The listener binds it
 * under a longer name first. */
static bool check_run_dir(const char *run_dir, const char *socket,
			  struct buf *why)
{
	static const char longest[] = "/.sock.new";
	struct stat is;

	if (strlen(run_dir) + strlen(socket) + sizeof(longest) >
	    sizeof(((struct sockaddr_un *)NULL)->sun_path))
		buf_addf(why, "run_dir: %s: the path is too long for a socket",
			 run_dir);
	else if (stat(run_dir, &is) < 0)
		buf_addf(why, "run_dir: %s: %s", run_dir, strerror(errno));
	else if (!S_ISDIR(is.st_mode))
		buf_addf(why, "run_dir: %s: %s", run_dir, strerror(ENOTDIR));
	else if (access(run_dir, W_OK | X_OK) < 0)
		buf_addf(why, "run_dir: %s: %s", run_dir, strerror(errno));
	else
		return true;
	return false;
}

static bool load(struct config *out, const struct program *program,
		 const char *path, struct buf *why)
{
	if (!config_load(out, path, why))
		return false;
	if ((getenv("GATEWAY_INTERFACE") || program_has_socket() ||
	     check_run_dir(out->run_dir, program->socket, why)) &&
	    program->check(out, why))
		return true;
	config_free(out);
	return false;
}

void program_start(struct config *out, const struct program *program, int argc,
		   char **argv)
{
	/* A web server may pass the query string to a CGI program as arguments,
	 * so under CGI the arguments come from a stranger. */
	const struct command_line line = {
		.name = program->name,
		.letters = "+:c:nr",
		.help = print_help,
		.own = program,
		.argc = getenv("GATEWAY_INTERFACE") ? 1 : argc,
		.argv = argv,
	};
	const char *path = config_default_path();
	struct buf why = { 0 };
	bool check_only = false, replace = false;
	int c;

	while ((c = command_line_option(&line)) != -1) {
		if (c == 'c')
			path = optarg;
		else if (c == 'n')
			check_only = true;
		else
			replace = true;
	}
	command_line_end(&line);
	if (!load(out, program, path, &why)) {
		fprintf(stderr, "%s: %s\n", program->name, buf_text(&why));
		exit(EXIT_USAGE);
	}
	if (check_only)
		exit(EXIT_SUCCESS);
	out->replace = replace;
	logger_open(program->name, config_log_level(out));
}
