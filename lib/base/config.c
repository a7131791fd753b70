/* config: the options of all programs. Called by main() once, before anything
 * else; owns nothing. One table describes the options. Defaults come first,
 * then the file, then the environment; the later one wins. */
#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beside.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/option_kind.h"
#include "base/xalloc.h"

/* The default path of the file: below the prefix of the program or, when there
 * is none, of the machine. */
#define CONFIG_INSTALLED "etc/confab/confab.conf"
#define CONFIG_PATH "/etc/confab/confab.conf"
#define PREFIX "CONFAB_"

enum {
	VARIABLE_SIZE = 64,
	FILE_LIMIT = 1 << 20, /* bytes of the file */
	LINE_LIMIT = 4093     /* and of a line of it */
};

struct option_row {
	const char *name;
	size_t offset;
	const char *text; /* default of a text option; NULL: a number */
	int number, least, most;
	const char *help;
	const struct option_kind *kind; /* of a text; NULL: any is valid */
};

#define TEXT(name, value, kind, help)                                          \
	{                                                                      \
#name, offsetof(struct config, name), value, 0, 0, 0, help,    \
			kind                                                   \
	}
#define NUMBER(name, value, least, most, help)                                 \
	{                                                                      \
#name, offsetof(struct config, name), NULL, value, least,      \
			most, help, NULL                                       \
	}

static const struct option_row OPTIONS[] = {
	TEXT(database, "dbname=confab", NULL,
	     "libpq connection string; a user in it is that of all programs"),
	TEXT(run_dir, "/run/confab/confab", &OPTION_PATH,
	     "directory of the unix sockets"),
	TEXT(mount, "/chat/", &OPTION_MOUNT, "URL prefix"),
	TEXT(direct_people, "api/v1/user/", &OPTION_PLACE,
	     "path of the message centre's people; empty: none"),
	TEXT(direct_messages, "api/v1/message/", &OPTION_PLACE,
	     "of its messages"),
	TEXT(direct_thread, "messages/", &OPTION_PLACE,
	     "of messages in the form of tutorials"),
	TEXT(direct_sockets, "ws/messages/ ws/messages ws/", &OPTION_PLACES,
	     "of WebSockets in that form, space-separated"),
	TEXT(allowed_origins, "", &OPTION_ORIGINS,
	     "origins besides our own, space-separated"),
	TEXT(trusted_proxies, "", &OPTION_ADDRESSES,
	     "addresses of proxies before the web server"),
	TEXT(jwt_keys, "", &OPTION_PATH_OR_NOTHING,
	     "file with the host's keys: KID ALGORITHM FILE [ISSUER]"),
	TEXT(jwks_url, "", &OPTION_URL, "address of the set for confab jwks"),
	TEXT(jwt_issuer, "", NULL, "required iss; empty: anything"),
	TEXT(jwt_audience, "", NULL,
	     "what must be in aud of its tokens; empty: anything"),
	TEXT(jwt_subject, "sub", &OPTION_NAME, "claim that says who it is"),
	TEXT(mail_command, "", &OPTION_COMMAND,
	     "sends a message from standard input (\"sendmail -t\"); empty: no "
	     "password resets"),
	TEXT(reset_url, "", &OPTION_URL,
	     "address of the page for a new password; a token is appended"),
	TEXT(media_dir, "/var/lib/confab/confab/media", &OPTION_PATH,
	     "directory of the uploads"),
	TEXT(sendfile, "none", &OPTION_SENDFILE,
	     "how the web server is told to send a file: none, x-sendfile "
	     "or "
	     "x-accel-redirect"),
	TEXT(sendfile_prefix, "/confab-media/", &OPTION_MOUNT,
	     "internal location of media_dir, for x-accel-redirect"),
	TEXT(listen, "", &OPTION_PORT,
	     "ADDRESS:PORT where confab-bridge listens by itself, too; empty: "
	     "nowhere"),
	TEXT(tls_certificate, "", &OPTION_PATH_OR_NOTHING,
	     "PEM file of the certificate, and those that lead to its root, "
	     "for that port; empty: no TLS"),
	TEXT(tls_key, "", &OPTION_PATH_OR_NOTHING, "PEM file of its key"),
	TEXT(log_level, "info", &OPTION_LEVEL, "error, warn, info or debug"),
	NUMBER(trust_remote_user, 0, 0, 1,
	       "1: whom the web server calls REMOTE_USER is logged in"),
	NUMBER(login_attempts, 10, 0, 1000000,
	       "wrong passwords for an account from an address without a "
	       "pause; 0: any number"),
	NUMBER(address_attempts, 100, 0, 1000000,
	       "wrong passwords from an address without a pause; 0: any "
	       "number"),
	NUMBER(address_logins, 300, 0, 1000000,
	       "log-ins from an address in a window, right ones too; 0: any "
	       "number"),
	NUMBER(address_registrations, 20, 0, 1000000,
	       "accounts that an address makes in a window; 0: any number"),
	NUMBER(attempt_window, 300, 1, 86400,
	       "s of a window, and without wrong passwords until they are "
	       "forgotten"),
	NUMBER(command_workers, 8, 1, 512, "processes of confab-command"),
	NUMBER(session_workers, 2, 1, 64, "processes of confab-session"),
	NUMBER(media_workers, 4, 1, 256, "processes of confab-media"),
	NUMBER(media_max_size, 100, 1, 65536, "MiB of one upload"),
	NUMBER(media_quota, 1024, 1, 16777216,
	       "MiB of all uploads of one account"),
	NUMBER(media_timeout, 600, 10, 86400,
	       "s that an upload or a download may hold a process"),
	NUMBER(media_collect, 60, 1, 86400,
	       "s between looks for uploads that nobody needs"),
	NUMBER(max_body, 1048576, 1024, 16777216, "bytes of one command"),
	NUMBER(max_depth, 16, 4, 64, "nesting of its JSON"),
	NUMBER(doorbell_interval, 4, 0, 1000, "ms between rings of a host"),
	NUMBER(heartbeat, 25, 1, 300, "s between heartbeats of a stream"),
	NUMBER(max_streams, 20000, 1, 1000000, "streams of one process"),
	NUMBER(stream_queue, 1048576, 4096, 1073741824,
	       "bytes that may wait for one stream"),
	NUMBER(window, 16777216, 4096, 1073741824,
	       "bytes of recent dispatches kept in memory"),
	NUMBER(cgi_wait, 5, 0, 50, "s that a long-poll waits under plain CGI"),
	NUMBER(cgi_waiters, 20, 1, 10000,
	       "requests that wait at a time under plain CGI; others are "
	       "answered at once"),
	NUMBER(cgi_address_waiters, 4, 1, 64, "of these of one address"),
	NUMBER(request_timeout, 10, 1, 300, "s for a request to arrive"),
	NUMBER(stall_timeout, 30, 1, 3600,
	       "s without progress that end a slow stream"),
	NUMBER(account_commands, 3, 0, 1000, "commands of one account at once"),
	NUMBER(account_work, 10000, 0, 1000000, "ms a minute of one account"),
	NUMBER(account_streams, 64, 0, 1000000,
	       "streams of one account in one process; 0: any number"),
	NUMBER(command_queue, 1024, 1, 3000,
	       "connections that wait for a worker of confab-command"),
	NUMBER(waiting_commands, 1000, 1, 1000000,
	       "commands of WebSockets that wait for a worker"),
	NUMBER(rate_limits, 1, 0, 1, "0: rates are not limited"),
	NUMBER(rate_send, 300, 0, 1000000,
	       "messages a minute of one account; 0: any number, as below"),
	NUMBER(rate_receipt, 1200, 0, 1000000,
	       "receipts, reactions and typing a minute of one account"),
	NUMBER(rate_room, 600, 0, 1000000,
	       "commands about rooms a minute of one account"),
	NUMBER(rate_search, 60, 0, 1000000, "searches a minute of one account"),
	NUMBER(rate_other, 600, 0, 1000000,
	       "other commands a minute of one account"),
	NUMBER(rate_address, 6000, 0, 1000000,
	       "commands a minute from one address"),
};

enum {
	N_OPTIONS = sizeof(OPTIONS) / sizeof(OPTIONS[0])
};

static char **text_of(struct config *c, const struct option_row *o)
{
	return (char **)(void *)((char *)c + o->offset);
}

static int *number_of(struct config *c, const struct option_row *o)
{
	return (int *)(void *)((char *)c + o->offset);
}

static const struct option_row *find_option(const char *name, size_t len)
{
	for (int i = 0; i < N_OPTIONS; i++)
		if (strlen(OPTIONS[i].name) == len &&
		    !memcmp(OPTIONS[i].name, name, len))
			return &OPTIONS[i];
	return NULL;
}

static bool set_option(struct config *c, const struct option_row *o,
		       const char *value, struct buf *why)
{
	char *end;
	long number;

	if (o->text) {
		if (o->kind && !o->kind->is_valid(value)) {
			buf_addf(why, "%s takes %s, not \"%s\"", o->name,
				 o->kind->takes, value);
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

static char *trim_blanks(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return text;
}

static void add_unknown(struct buf *why, const char *name, size_t len)
{
	struct nearest nearest;

	buf_addf(why, "there is no option \"%.*s\"", (int)len, name);
	nearest_begin(&nearest, name, len);
	for (int i = 0; i < N_OPTIONS; i++)
		nearest_offer(&nearest, OPTIONS[i].name);
	nearest_add(&nearest, why);
}

static bool read_line(struct config *c, char *line, struct buf *why)
{
	const struct option_row *option;
	char *equals;
	size_t len;

	line = trim_blanks(line);
	if (!*line || *line == '#')
		return true;
	equals = strchr(line, '=');
	len = strcspn(line, " \t=");
	option = find_option(line, len);
	if (!equals) {
		buf_addf(why, "\"%.*s\" is not \"name = value\"", (int)len,
			 line);
		return false;
	}
	if (!option) {
		add_unknown(why, line, len);
		return false;
	}
	return set_option(c, option, trim_blanks(equals + 1), why);
}

static bool read_lines(struct config *c, const char *path, char *text,
		       struct buf *why)
{
	struct buf reason = { 0 };
	char *line;
	bool ok = true;

	for (int n = 1; ok && (line = strsep(&text, "\n")); n++) {
		ok = strlen(line) <= LINE_LIMIT;
		if (!ok)
			buf_add_text(&reason, "the line is too long");
		ok = ok && read_line(c, line, &reason);
		if (!ok)
			buf_addf(why, "%s:%d: %s", path, n, buf_text(&reason));
	}
	buf_free(&reason);
	return ok;
}

static bool read_file(struct config *c, const char *path, struct buf *why)
{
	struct buf text = { 0 }, reason = { 0 };
	bool ok = file_read_text(&text, path, FILE_LIMIT, &reason);

	if (!ok)
		buf_addf(why, "%s: %s", path, buf_text(&reason));
	ok = ok && read_lines(c, path, text.data, why);
	buf_free(&text);
	buf_free(&reason);
	return ok;
}

/* The variable of an option: CONFAB_ and its name in capitals. */
static void write_variable(char out[VARIABLE_SIZE], const char *option)
{
	char *at = stpcpy(out, PREFIX);

	while (*option)
		*at++ = (char)toupper((unsigned char)*option++);
	*at = '\0';
}

static const struct option_row *find_variable(const char *name, size_t len)
{
	char variable[VARIABLE_SIZE];

	for (int i = 0; i < N_OPTIONS; i++) {
		write_variable(variable, OPTIONS[i].name);
		if (strlen(variable) == len && !memcmp(variable, name, len))
			return &OPTIONS[i];
	}
	return NULL;
}

static void add_unknown_variable(struct buf *why, const char *name, size_t len)
{
	char variables[N_OPTIONS][VARIABLE_SIZE];
	struct nearest nearest;

	buf_addf(why, "%.*s in the environment: there is no such option",
		 (int)len, name);
	nearest_begin(&nearest, name, len);
	for (int i = 0; i < N_OPTIONS; i++) {
		write_variable(variables[i], OPTIONS[i].name);
		nearest_offer(&nearest, variables[i]);
	}
	nearest_add(&nearest, why);
}

/* Variables that are no options, but begin like one. */
static bool is_other_variable(const char *name, size_t len)
{
	static const char *const OTHERS[] = {
		"CONFAB_CONFIG",
		/* confab setup, and the script that starts a site */
		"CONFAB_ETC", "CONFAB_GROUP",
		/* the tests and measurements */
		"CONFAB_DIR", "CONFAB_URL"
	};

	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++)
		if (strlen(OTHERS[i]) == len && !memcmp(OTHERS[i], name, len))
			return true;
	return false;
}

/* variable: "NAME=value". */
static bool read_variable(struct config *c, const char *variable,
			  struct buf *why)
{
	size_t len = strcspn(variable, "=");
	const struct option_row *option;
	struct buf reason = { 0 };
	bool ok;

	if (strncmp(variable, PREFIX, strlen(PREFIX)) != 0 ||
	    variable[len] != '=' || is_other_variable(variable, len))
		return true;
	option = find_variable(variable, len);
	if (!option) {
		add_unknown_variable(why, variable, len);
		return false;
	}
	ok = set_option(c, option, variable + len + 1, &reason);
	if (!ok)
		buf_addf(why, "%.*s: %s", (int)len, variable,
			 buf_text(&reason));
	buf_free(&reason);
	return ok;
}

static bool read_environment(struct config *c, struct buf *why)
{
	for (char **variable = environ; *variable; variable++)
		if (!read_variable(c, *variable, why))
			return false;
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

void config_print_options(void)
{
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

enum logger_level config_log_level(const struct config *config)
{
	enum logger_level level = LEVEL_INFO;

	option_find_level(config->log_level, &level);
	return level;
}

/* A CGI program takes its file from the environment only. */
const char *config_default_path(void)
{
	static char beside[BESIDE_SIZE];
	const char *path = getenv("CONFAB_CONFIG");

	if (path)
		return path;
	if (beside_find(beside, CONFIG_INSTALLED, NULL))
		return beside;
	return access(CONFIG_PATH, F_OK) == 0 ? CONFIG_PATH : NULL;
}
