/* confab: the operator's tool: upgrades the database, manages accounts, changes
 * settings. */
#include "confab.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/logger.h"
#include "base/version.h"

_Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "confab: %s: %s\n", what, why);
	exit(1);
}

/* Shows the error to a person. DETAIL has the protocol's body. */
_Noreturn void die_of(const struct admin *admin, const char *what,
		      enum pg_status status, const struct pg_result *r)
{
	die(what,
	    status == PG_FAILED && r ? pg_message(r) : pg_reason(admin->pg));
}

struct pg_result *query(struct admin *admin, const char *name, const char *text,
			int n, const struct pg_param *params)
{
	struct pg_result *r = NULL;
	const struct pg_statement statement = { .text = text };
	enum pg_status status =
		pg_run(admin->pg, &statement, n, params, NULL, &r);

	if (status != PG_OK)
		die_of(admin, name, status, r);
	return r;
}

bool find_beside(char *out, const char *installed, const char *built)
{
	const char *const places[] = { installed, built };
	ssize_t n = readlink("/proc/self/exe", out, PATH_SIZE - 64);

	/* Up from bin/confab, or release/confab. */
	for (int up = 0; n > 0 && up < 2; up++)
		while (n > 0 && out[--n] != '/')
			;
	for (int i = 0; n >= 0 && i < 2; i++) {
		snprintf(out + n, 64, "/%s", places[i]);
		if (access(out, R_OK) == 0)
			return true;
	}
	return false;
}

/* Reads a line from standard input, without echo on a terminal. */
static void read_password(char *out, int cap)
{
	struct termios normal, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &normal) == 0;

	if (terminal) {
		fputs("password: ", stderr);
		silent = normal;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSANOW, &silent);
	}
	if (!fgets(out, cap, stdin))
		*out = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSANOW, &normal);
		fputc('\n', stderr);
	}
	if (strlen(out) < 8)
		die("password", "needs at least 8 characters");
}

/* Finds the account's id and writes it to out as text. */
static const char *find_account(struct admin *admin, const char *username,
				char out[24])
{
	struct pg_param name = { .data = username };
	struct pg_result *r =
		query(admin, "find",
		      "select id from confab.account where lower(username) ="
		      " lower(normalize($1, nfc))",
		      1, &name);

	if (!pg_rows(r))
		die(username, "no such account");
	snprintf(out, 24, "%s", pg_field(r, 0, 0));
	pg_result_free(r);
	return out;
}

static void list_accounts(struct admin *admin)
{
	struct pg_result *r = query(
		admin, "list",
		"select id, username, disabled from confab.account order by id",
		0, NULL);

	for (int i = 0; i < pg_rows(r); i++)
		printf("%s\t%s%s\n", pg_field(r, i, 0), pg_field(r, i, 1),
		       pg_field(r, i, 2)[0] == 't' ? "\tdisabled" : "");
	pg_result_free(r);
}

/* Rings the doorbell. The delivering programs then read the log and end the
 * streams of the log-in. */
static void ring_doorbell(struct admin *admin)
{
	pg_result_free(query(admin, "ring", "select confab.ring()", 0, NULL));
}

static void run_account(struct admin *admin, char **words)
{
	const char *verb = words[0], *name = words[1];
	char password[1024], hash[SECRET_PASSWORD_SIZE], id[24];
	struct pg_param params[] = { { .data = name }, { .data = hash } };
	bool add = !strcmp(verb, "add");

	if (!strcmp(verb, "list")) {
		list_accounts(admin);
		return;
	}
	if (!name)
		die(verb, "which account?");
	if (add || !strcmp(verb, "password")) {
		read_password(password, sizeof(password));
		if (!secret_password_hash(password, hash))
			die("password", "not enough memory");
		if (!add)
			params[0].data = find_account(admin, name, id);
		pg_result_free(query(
			admin, verb,
			add ? "select confab.account_create($1, $2)"
			    : "select confab.account_change_password($1, $2)",
			2, params));
		ring_doorbell(admin);
	} else if (!strcmp(verb, "disable") || !strcmp(verb, "enable")) {
		params[0].data = find_account(admin, name, id);
		params[1].data = *verb == 'd' ? "t" : "f";
		pg_result_free(query(admin, verb,
				     "select confab.account_disable($1, $2)", 2,
				     params));
		ring_doorbell(admin);
	} else if (!strcmp(verb, "erase")) {
		params[0].data = find_account(admin, name, id);
		pg_result_free(query(admin, verb,
				     "select confab.account_erase($1)", 1,
				     params));
		ring_doorbell(admin);
	} else {
		die(verb, "add, password, disable, enable, erase or list");
	}
}

static void run_setting(struct admin *admin, char **words)
{
	const char *name = words[0], *value = name ? words[1] : NULL;
	struct pg_param params[] = { { .data = name }, { .data = value } };
	struct pg_result *r;

	if (value)
		r = query(admin, "set",
			  "update confab.setting set value = $2::jsonb"
			  " where name = $1 returning name, value, help",
			  2, params);
	else
		r = query(admin, "get",
			  "select name, value, help from confab.setting"
			  " where name = $1 or $1 is null order by name",
			  1, params);
	if (name && !pg_rows(r))
		die(name, "no such setting");
	for (int i = 0; i < pg_rows(r); i++)
		printf("%-16s %-8s %s\n", pg_field(r, i, 0), pg_field(r, i, 1),
		       pg_field(r, i, 2));
	pg_result_free(r);
}

static void print_usage(FILE *to)
{
	fputs("confab: administers a confab database\n\n"
	      "usage: confab [-c FILE] [-s DIR] COMMAND\n"
	      "  -c FILE  configuration; its \"database\" is used, as role "
	      "confab_admin\n"
	      "           unless it names one\n"
	      "  -s DIR   the SQL files, when they are not those beside the "
	      "program\n\n"
	      "  setup [OPTION]...             make a site of it: database, "
	      "web server,\n"
	      "                                first account (setup --help)\n"
	      "  upgrade                       bring the database to this "
	      "version\n"
	      "  account add NAME              password from standard input\n"
	      "  account password NAME         ends all its log-ins\n"
	      "  account disable|enable NAME\n"
	      "  account erase NAME            it can't be taken back\n"
	      "  account list\n"
	      "  setting [NAME [VALUE]]        VALUE as JSON\n"
	      "  status                        how all of it stands\n"
	      "  maintain                      the upkeep that programs do, "
	      "now\n"
	      "  keep ROOM DAYS                how long its messages are kept: "
	      "days,\n"
	      "                                0 for ever, or \"default\"\n"
	      "  restore-done                  after a restore from a backup\n",
	      to);
}

static const struct command {
	const char *name;
	int words; /* number of words after it */
	void (*run)(struct admin *admin, char **words);
} COMMANDS[] = {
	{ "upgrade", 0, upgrade },
	{ "account", 1, run_account },
	{ "setting", 0, run_setting },
	{ "status", 0, operate_status },
	{ "maintain", 0, operate_maintain },
	{ "keep", 2, operate_keep },
	{ "restore-done", 0, operate_restore_done },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
		if (!strcmp(name, COMMANDS[i].name))
			return &COMMANDS[i];
	return NULL;
}

/* NULL: an error about the words was printed. */
static const struct command *choose_command(char **words, int n)
{
	const struct command *command = n ? find_command(words[0]) : NULL;

	if (command && n > command->words)
		return command;
	if (n)
		fprintf(stderr, "confab: %s: %s\n\n", words[0],
			command ? "something is missing after it"
				: "no such command");
	print_usage(stderr);
	return NULL;
}

/* Becomes the program for this command, which has options of its own. */
static _Noreturn void become_setup(char **argv)
{
	char path[PATH_SIZE];

	if (!find_beside(path, "lib/confab/setup", "../tools/site/setup"))
		die("setup", "lib/confab/setup is not beside the program");
	execv(path, argv);
	die(path, strerror(errno));
}

int main(int argc, char **argv)
{
	static const struct option LONG[] = { { "help", 0, NULL, 'h' },
					      { "version", 0, NULL, 'V' },
					      { NULL, 0, NULL, 0 } };
	const struct command *command;
	struct admin admin = { 0 };
	const char *path = config_default_path();
	struct buf why = { 0 };
	bool fresh;
	int c;

	if (argc > 1 && !strcmp(argv[1], "setup"))
		become_setup(argv + 1);
	while ((c = getopt_long(argc, argv, "+c:s:hV", LONG, NULL)) != -1) {
		if (c == 'c')
			path = optarg;
		else if (c == 's')
			admin.sql = optarg;
		else if (c == 'V') {
			printf("confab %s\n", version_text());
			return 0;
		} else {
			print_usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	command = choose_command(argv + optind, argc - optind);
	if (!command)
		return 2;
	if (!config_load(&admin.config, path, &why))
		die("configuration", buf_text(&why));
	logger_open("confab", LEVEL_INFO);
	secret_init();
	admin.pg = pg_create(admin.config.database, "confab_admin", "confab");
	if (pg_connect(admin.pg, &fresh) != PG_OK)
		die("database", pg_reason(admin.pg));
	command->run(&admin, argv + optind + 1);
	pg_free(admin.pg);
	config_free(&admin.config);
	return 0;
}
