/* config: one table of options; defaults, file, environment, in this order. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "logger.h"
#include "xalloc.h"

#ifndef CONFAB_VERSION
#define CONFAB_VERSION "0.1.0"
#endif

struct option_row {
	const char *name;
	size_t offset;
	const char *text; /* default of a text option; NULL: a number */
	int number, least, most;
	const char *help;
};

#define TEXT(name, value, help)                                                \
	{                                                                      \
#name, offsetof(struct config, name), value, 0, 0, 0, help     \
	}
#define NUMBER(name, value, least, most, help)                                 \
	{                                                                      \
#name, offsetof(struct config, name), NULL, value, least,      \
			most, help                                             \
	}

static const struct option_row OPTIONS[] = {
	TEXT(database, "dbname=confab",
	     "libpq connection string, without user"),
	TEXT(run_dir, "/run/confab", "directory of the unix sockets"),
	TEXT(mount, "/chat/", "URL prefix"),
	TEXT(allowed_origins, "", "origins besides our own, space-separated"),
	TEXT(log_level, "info", "error, warn, info or debug"),
	NUMBER(command_workers, 8, 1, 512, "processes of confab-command"),
	NUMBER(session_workers, 2, 1, 64, "processes of confab-session"),
	NUMBER(max_body, 65536, 1024, 16777216, "bytes of one command"),
	NUMBER(max_depth, 16, 4, 64, "nesting of its JSON"),
	NUMBER(doorbell_interval, 4, 0, 1000, "ms between rings of a host"),
	NUMBER(heartbeat, 25, 1, 300, "s between heartbeats of a stream"),
	NUMBER(max_streams, 10000, 1, 1000000, "streams of one process"),
	NUMBER(stream_queue, 1048576, 4096, 1073741824,
	       "bytes that may wait for one stream"),
	NUMBER(window, 16777216, 4096, 1073741824,
	       "bytes of recent dispatches kept in memory"),
	NUMBER(request_timeout, 10, 1, 300, "s for a request to arrive"),
	NUMBER(stall_timeout, 30, 1, 3600,
	       "s without progress that end a slow stream"),
};

enum {
	N_OPTIONS = sizeof(OPTIONS) / sizeof(OPTIONS[0])
};

static bool level_named(const char *name, enum logger_level *out)
{
	static const char *const NAMES[] = { "error", "warn", "info", "debug" };

	for (int i = 0; i < 4; i++)
		if (!strcmp(NAMES[i], name)) {
			*out = (enum logger_level)i;
			return true;
		}
	return false;
}

static char **text_of(struct config *c, const struct option_row *o)
{
	return (char **)(void *)((char *)c + o->offset);
}

static int *number_of(struct config *c, const struct option_row *o)
{
	return (int *)(void *)((char *)c + o->offset);
}

static const struct option_row *find(const char *name, size_t len)
{
	for (int i = 0; i < N_OPTIONS; i++)
		if (strlen(OPTIONS[i].name) == len &&
		    !memcmp(OPTIONS[i].name, name, len))
			return &OPTIONS[i];
	return NULL;
}

static bool valid_text(const struct option_row *o, const char *value)
{
	enum logger_level level;
	size_t len = strlen(value);

	if (!strcmp(o->name, "mount"))
		return len && value[0] == '/' && value[len - 1] == '/';
	if (!strcmp(o->name, "log_level"))
		return level_named(value, &level);
	return true;
}

static bool set(struct config *c, const struct option_row *o, const char *value,
		struct buf *why)
{
	char *end;
	long number;

	if (o->text) {
		if (!valid_text(o, value)) {
			buf_addf(why, "%s can't be \"%s\"", o->name, value);
			return false;
		}
		free(*text_of(c, o));
		*text_of(c, o) = xstrdup(value);
		return true;
	}
	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || end == value || *end || number < o->least ||
	    number > o->most) {
		buf_addf(why, "%s takes a number from %d to %d, not \"%s\"",
			 o->name, o->least, o->most, value);
		return false;
	}
	*number_of(c, o) = (int)number;
	return true;
}

static void set_defaults(struct config *c)
{
	*c = (struct config){ 0 };
	for (int i = 0; i < N_OPTIONS; i++)
		if (OPTIONS[i].text)
			*text_of(c, &OPTIONS[i]) = xstrdup(OPTIONS[i].text);
		else
			*number_of(c, &OPTIONS[i]) = OPTIONS[i].number;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return text;
}

static bool read_line(struct config *c, char *line, struct buf *why)
{
	const struct option_row *option;
	char *equals;
	size_t len;

	line = trim(line);
	if (!*line || *line == '#')
		return true;
	equals = strchr(line, '=');
	len = strcspn(line, " \t=");
	option = find(line, len);
	if (!equals || !option) {
		buf_addf(why,
			 equals ? "there is no option \"%.*s\""
				: "\"%.*s\" is not \"name = value\"",
			 (int)len, line);
		return false;
	}
	return set(c, option, trim(equals + 1), why);
}

static bool read_file(struct config *c, const char *path, struct buf *why)
{
	FILE *file = fopen(path, "re");
	char line[4096];
	bool ok = true;

	if (!file) {
		buf_addf(why, "%s: %s", path, strerror(errno));
		return false;
	}
	for (int n = 1; ok && fgets(line, sizeof(line), file); n++) {
		struct buf reason = { 0 };

		ok = read_line(c, line, &reason);
		if (!ok)
			buf_addf(why, "%s:%d: %s", path, n, buf_text(&reason));
		buf_free(&reason);
	}
	fclose(file);
	return ok;
}

static bool read_environment(struct config *c, struct buf *why)
{
	for (int i = 0; i < N_OPTIONS; i++) {
		char name[64] = "CONFAB_";
		struct buf reason = { 0 };
		const char *value;
		bool ok;

		for (size_t j = 0; OPTIONS[i].name[j]; j++) {
			char c1 = OPTIONS[i].name[j];

			name[7 + j] = c1 == '_' ? '_' : (char)(c1 - 'a' + 'A');
		}
		value = getenv(name);
		ok = !value || set(c, &OPTIONS[i], value, &reason);
		if (!ok)
			buf_addf(why, "%s: %s", name, buf_text(&reason));
		buf_free(&reason);
		if (!ok)
			return false;
	}
	return true;
}

bool config_load(struct config *out, const char *path, struct buf *why)
{
	struct config config;

	set_defaults(&config);
	if ((path && !read_file(&config, path, why)) ||
	    !read_environment(&config, why)) {
		config_free(&config);
		return false;
	}
	*out = config;
	return true;
}

void config_free(struct config *config)
{
	for (int i = 0; i < N_OPTIONS; i++)
		if (OPTIONS[i].text) {
			free(*text_of(config, &OPTIONS[i]));
			*text_of(config, &OPTIONS[i]) = NULL;
		}
}

static void print_help(const char *program, const char *purpose)
{
	printf("%s: %s\n\n"
	       "usage: %s [-c FILE] [-n]\n"
	       "  -c FILE  read this configuration\n"
	       "  -n       check the configuration and exit\n"
	       "  -V       print the version and exit\n\n"
	       "options, in the file as \"name = value\", in the environment "
	       "as CONFAB_NAME:\n",
	       program, purpose, program);
	for (int i = 0; i < N_OPTIONS; i++) {
		const struct option_row *o = &OPTIONS[i];

		if (o->text)
			printf("  %-18s %s (\"%s\")\n", o->name, o->help,
			       o->text);
		else
			printf("  %-18s %s (%d)\n", o->name, o->help,
			       o->number);
	}
}

void config_main(struct config *out, const char *program, const char *purpose,
		 int argc, char **argv)
{
	static const struct option LONG[] = { { "help", 0, NULL, 'h' },
					      { "version", 0, NULL, 'V' },
					      { NULL, 0, NULL, 0 } };
	enum logger_level level = LEVEL_INFO;
	const char *path = NULL;
	struct buf why = { 0 };
	bool check = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:nhV", LONG, NULL)) != -1) {
		if (c == 'c') {
			path = optarg;
		} else if (c == 'n') {
			check = true;
		} else if (c == 'V') {
			printf("%s %s\n", program, CONFAB_VERSION);
			exit(0);
		} else {
			print_help(program, purpose);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (!config_load(out, path, &why)) {
		fprintf(stderr, "%s: %s\n", program, buf_text(&why));
		exit(2);
	}
	if (check)
		exit(0);
	level_named(out->log_level, &level);
	logger_open(program, level);
}
