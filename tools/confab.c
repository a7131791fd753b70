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

#include "base/beside.h"
#include "base/command_line.h"
#include "base/crypto.h"
#include "base/logger.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "pg/conninfo.h"

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

#define ACCOUNT_WORDS                                                          \
	"add, password, disable, enable or erase and NAME, or list"

static void check_account_words(char **words, int n)
{
	static const char *const VERBS[] = { "list",    "add",    "password",
					     "disable", "enable", "erase" };
	size_t verb = 0;

	while (verb < sizeof(VERBS) / sizeof(VERBS[0]) &&
	       strcmp(words[0], VERBS[verb]) != 0)
		verb++;
	if (verb == sizeof(VERBS) / sizeof(VERBS[0]))
		command_line_refuse("confab",
				    "account: " ACCOUNT_WORDS
				    " is to follow, not \"%s\"",
				    words[0]);
	if (n != (verb ? 2 : 1))
		command_line_refuse(
			"confab", "account %s: %s is to follow", words[0],
			verb ? "the NAME of an account" : "nothing");
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
	} else {
		params[0].data = find_account(admin, name, id);
		pg_result_free(query(admin, verb,
				     "select confab.account_erase($1)", 1,
				     params));
		ring_doorbell(admin);
	}
}

/* Ends the program: there is no such setting. */
static _Noreturn void refuse_setting(struct admin *admin, const char *name)
{
	struct pg_result *r = query(admin, "names",
				    "select name from confab.setting", 0, NULL);
	struct nearest nearest;
	struct buf hint = { 0 };

	nearest_begin(&nearest, name, strlen(name));
	for (int i = 0; i < pg_rows(r); i++)
		nearest_offer(&nearest, pg_field(r, i, 0));
	nearest_add(&nearest, &hint);
	command_line_refuse("confab", "there is no setting \"%s\"%s", name,
			    buf_text(&hint));
}

static void run_setting(struct admin *admin, char **words)
{
	const char *name = words[0], *value = name ? words[1] : NULL;
	struct pg_param params[] = { { .data = name }, { .data = value } };
	struct pg_result *r;

	if (value) {
		r = query(admin, "set", "select confab.setting_change($1, $2)",
			  2, params);
		if (pg_field(r, 0, 0))
			command_line_refuse("confab", "%s", pg_field(r, 0, 0));
		pg_result_free(r);
	}
	r = query(admin, "get",
		  "select name, value, help from confab.setting"
		  " where name = $1 or $1 is null order by name",
		  1, params);
	if (name && !pg_rows(r))
		refuse_setting(admin, name);
	for (int i = 0; i < pg_rows(r); i++)
		printf("%-20s %-9s %s\n", pg_field(r, i, 0), pg_field(r, i, 1),
		       pg_field(r, i, 2));
	pg_result_free(r);
}

static void print_help(const struct command_line *line)
{
	(void)line;
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
	      "  check [OPTION]... [NAME]...   find what is wrong with a site, "
	      "and say\n"
	      "                                what to change (check --help)\n"
	      "  jwks [OPTION]...              keep the keys of tokens as a "
	      "JSON Web Key Set\n"
	      "                                has them (jwks --help)\n"
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
	      stdout);
}

static const struct command {
	const char *name, *words; /* what has to follow it */
	int least, most;          /* how many words may */
	void (*run)(struct admin *admin, char **words);
} COMMANDS[] = {
	{ "upgrade", "nothing", 0, 0, upgrade },
	{ "account", ACCOUNT_WORDS, 1, 2, run_account },
	{ "setting", "nothing, NAME, or NAME and VALUE", 0, 2, run_setting },
	{ "status", "nothing", 0, 0, operate_status },
	{ "maintain", "nothing", 0, 0, operate_maintain },
	{ "keep", "ROOM and DAYS", 2, 2, operate_keep },
	{ "restore-done", "nothing", 0, 0, operate_restore_done },
};

enum {
	N_COMMANDS = sizeof(COMMANDS) / sizeof(COMMANDS[0])
};

/* Commands that are programs of their own, with options of their own: in
 * lib/confab, or, in a build, beside the sources; or in the folder of this
 * one. */
static const struct {
	const char *name, *installed, *built, *program;
	bool takes_file; /* as -c FILE */
} PROGRAMS[] = {
	{ "setup", "lib/confab/setup", "../tools/site/setup", NULL, false },
	{ "check", "lib/confab/check", "../tools/site/check", NULL, true },
	{ "jwks", NULL, NULL, "confab-jwks", true },
};

enum {
	N_PROGRAMS = sizeof(PROGRAMS) / sizeof(PROGRAMS[0])
};

static _Noreturn void refuse_command(const char *word)
{
	struct nearest nearest;
	struct buf hint = { 0 };

	nearest_begin(&nearest, word, strlen(word));
	for (size_t i = 0; i < N_PROGRAMS; i++)
		nearest_offer(&nearest, PROGRAMS[i].name);
	for (size_t i = 0; i < N_COMMANDS; i++)
		nearest_offer(&nearest, COMMANDS[i].name);
	nearest_add(&nearest, &hint);
	command_line_refuse("confab", "there is no command \"%s\"%s", word,
			    buf_text(&hint));
}

/* words: the command's name and what follows it. */
static const struct command *choose_command(char **words, int n)
{
	const struct command *command = NULL;

	if (!n)
		command_line_refuse("confab", "which command?");
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(words[0], COMMANDS[i].name))
			command = &COMMANDS[i];
	if (!command)
		refuse_command(words[0]);
	if (n - 1 < command->least || n - 1 > command->most)
		command_line_refuse("confab", "%s: %s is to follow",
				    command->name, command->words);
	if (command->run == run_account)
		check_account_words(words + 1, n - 1);
	return command;
}

/* Executes a program with these words. */
static _Noreturn void execute(size_t program, char **words)
{
	const char *name = PROGRAMS[program].program;
	char path[BESIDE_SIZE];

	if (name ? !beside_find_program(path, name)
		 : !beside_find(path, PROGRAMS[program].installed,
				PROGRAMS[program].built))
		die(words[0], "its program is not beside this one");
	execv(path, words);
	die(path, strerror(errno));
}

/* Executes the program of this command; returns if it has none. file: the
 * configuration that was named before the command, or NULL. */
static void become_program(char **words, int n, const char *file,
			   const char *sql)
{
	char **all = xcalloc((size_t)n + 3, sizeof(*all));
	int count = 0;
	size_t i = 0;

	while (i < N_PROGRAMS && strcmp(words[0], PROGRAMS[i].name) != 0)
		i++;
	if (i == N_PROGRAMS) {
		free(all);
		return;
	}
	if (sql || (file && !PROGRAMS[i].takes_file))
		command_line_refuse("confab",
				    "-%c does not go with %s, whose options "
				    "come after it",
				    sql ? 's' : 'c', words[0]);
	all[count++] = words[0];
	if (file) {
		all[count++] = xstrdup("-c");
		all[count++] = xstrdup(file);
	}
	memcpy(all + count, words + 1, (size_t)(n - 1) * sizeof(*all));
	execute(i, all);
}

static const struct command *
read_command_line(struct admin *admin, const char **path, int argc, char **argv)
{
	const struct command_line line = { .name = "confab",
					   .letters = "+:c:s:",
					   .help = print_help,
					   .argc = argc,
					   .argv = argv };
	const char *file = NULL;
	int c;

	while ((c = command_line_option(&line)) != -1)
		*(c == 'c' ? &file : &admin->sql) = optarg;
	if (optind < argc)
		become_program(argv + optind, argc - optind, file, admin->sql);
	if (file)
		*path = file;
	return choose_command(argv + optind, argc - optind);
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct admin admin = { 0 };
	const char *path = config_default_path();
	struct buf why = { 0 };
	bool fresh;

	command = read_command_line(&admin, &path, argc, argv);
	if (!config_load(&admin.config, path, &why) ||
	    !pg_conninfo_check(admin.config.database, &why)) {
		fprintf(stderr, "confab: %s\n", buf_text(&why));
		return EXIT_USAGE;
	}
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
