/* confab: what an operator does by hand: bring the database to this version,
 * keep accounts, change settings. */
#include "confab.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/logger.h"

_Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "confab: %s: %s\n", what, why);
	exit(1);
}

/* The error as a person can read it: DETAIL has the protocol's body. */
static void die_of(const struct admin *admin, const char *what,
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

static void script(struct admin *admin, const char *what, const char *text)
{
	struct pg_result *r;
	enum pg_status status = pg_script(admin->pg, text, &r);

	if (status != PG_OK)
		die_of(admin, what, status, r);
	pg_result_free(r);
}

static void read_file(struct buf *out, const char *directory, const char *name)
{
	struct buf path = { 0 };
	FILE *file;
	size_t n;

	buf_addf(&path, "%s/%s", directory, name);
	file = fopen(buf_text(&path), "re");
	if (!file)
		die(buf_text(&path), strerror(errno));
	do {
		buf_reserve(out, 65536);
		n = fread(out->data + out->len, 1, 65536, file);
		out->len += n;
	} while (n);
	fclose(file);
	buf_add_text(out, "\n");
	buf_free(&path);
}

static int sql_only(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && !strcmp(entry->d_name + len - 4, ".sql");
}

/* Calls each for the SQL files of a directory, by name. */
static void each_file(struct admin *admin, const char *name,
		      void (*each)(struct admin *, const char *directory,
				   const char *file))
{
	struct buf directory = { 0 };
	struct dirent **files;
	int n;

	buf_addf(&directory, "%s/%s", admin->sql, name);
	n = scandir(buf_text(&directory), &files, sql_only, alphasort);
	if (n <= 0)
		die(buf_text(&directory), n ? strerror(errno) : "no SQL files");
	for (int i = 0; i < n; i++) {
		each(admin, buf_text(&directory), files[i]->d_name);
		free(files[i]);
	}
	free(files);
	buf_free(&directory);
}

static const char AS_OWNER[] =
	"begin;\n"
	"select pg_advisory_xact_lock(hashtext('confab upgrade'));\n"
	"set local role confab_owner;\n";

/* One numbered upgrade, in one transaction, once. */
static void apply_upgrade(struct admin *admin, const char *directory,
			  const char *file)
{
	struct pg_param name = { .data = file };
	struct pg_result *r =
		query(admin, file,
		      "select 1 from confab.schema_version where name = $1", 1,
		      &name);
	struct buf text = { 0 };
	bool done = pg_rows(r) > 0;

	pg_result_free(r);
	if (done)
		return;
	buf_add_text(&text, AS_OWNER);
	read_file(&text, directory, file);
	buf_addf(&text,
		 "insert into confab.schema_version (name) values ('%s');\n"
		 "commit;",
		 file);
	script(admin, file, buf_text(&text));
	printf("applied %s\n", file);
	buf_free(&text);
}

/* Appends the files that functions/order lists. */
static void append_functions(struct admin *admin, struct buf *out)
{
	struct buf directory = { 0 }, order = { 0 };
	char *line, *rest;

	buf_addf(&directory, "%s/functions", admin->sql);
	read_file(&order, buf_text(&directory), "order");
	buf_add(&order, "", 1);
	rest = order.data;
	while ((line = strsep(&rest, "\n")))
		if (*line && *line != '#')
			read_file(out, buf_text(&directory), line);
	buf_free(&order);
	buf_free(&directory);
}

/* The SQL files that came with this program: of the installation or, in a build
 * folder, of the source tree. Found from where the program is, so that an
 * installation can be moved and staged. */
static const char *find_sql(struct admin *admin)
{
	static const char *const PLACES[] = { "share/confab/sql", "../sql" };
	char *out = admin->sql_beside;
	ssize_t n =
		readlink("/proc/self/exe", out, sizeof(admin->sql_beside) - 32);

	/* Up from bin/confab, or release/confab. */
	for (int up = 0; n > 0 && up < 2; up++)
		while (n > 0 && out[--n] != '/')
			;
	for (int i = 0; n >= 0 && i < 2; i++) {
		sprintf(out + n, "/%s", PLACES[i]);
		if (access(out, R_OK) == 0)
			return out;
	}
	die("SQL files", "none beside the program; say where with -s");
}

static void upgrade(struct admin *admin, char **words)
{
	struct buf text = { 0 };

	(void)words;
	if (!admin->sql)
		admin->sql = find_sql(admin);
	read_file(&text, admin->sql, "roles.sql");
	script(admin, "roles.sql", buf_text(&text));
	text.len = 0;
	buf_add_text(&text, AS_OWNER);
	buf_add_text(&text, "create table if not exists confab.schema_version ("
			    "name text primary key, applied_at timestamptz not "
			    "null default now());\ncommit;");
	script(admin, "schema_version", buf_text(&text));
	each_file(admin, "upgrades", apply_upgrade);
	text.len = 0;
	buf_add_text(&text, AS_OWNER);
	/* They call each other, whatever the order of the files. */
	buf_add_text(&text, "set local check_function_bodies = off;\n");
	append_functions(admin, &text);
	read_file(&text, admin->sql, "grants.sql");
	buf_add_text(&text, "commit;");
	script(admin, "functions", buf_text(&text));
	puts("the database is up to date");
	buf_free(&text);
}

/* A line from standard input, without echo on a terminal. */
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

/* The account's id as text; out has room for it. */
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

/* Streams end by what was written to the log: the delivering programs look. */
static void ring(struct admin *admin)
{
	pg_result_free(query(admin, "ring", "select confab.ring()", 0, NULL));
}

static void account(struct admin *admin, char **words)
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
		ring(admin);
	} else if (!strcmp(verb, "disable") || !strcmp(verb, "enable")) {
		params[0].data = find_account(admin, name, id);
		params[1].data = *verb == 'd' ? "t" : "f";
		pg_result_free(query(admin, verb,
				     "select confab.account_disable($1, $2)", 2,
				     params));
		ring(admin);
	} else {
		die(verb, "add, password, disable, enable or list");
	}
}

static void setting(struct admin *admin, char **words)
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

static void usage(FILE *to)
{
	fputs("confab: administers a confab database\n\n"
	      "usage: confab [-c FILE] [-s DIR] COMMAND\n"
	      "  -c FILE  configuration; its \"database\" is used, as role "
	      "confab_admin\n"
	      "           unless it names one\n"
	      "  -s DIR   the SQL files, when they are not those beside the "
	      "program\n\n"
	      "  upgrade                       bring the database to this "
	      "version\n"
	      "  account add NAME              password from standard input\n"
	      "  account password NAME         ends all its log-ins\n"
	      "  account disable|enable NAME\n"
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
	int words; /* that have to follow */
	void (*run)(struct admin *admin, char **words);
} COMMANDS[] = {
	{ "upgrade", 0, upgrade },
	{ "account", 1, account },
	{ "setting", 0, setting },
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

/* NULL: it was said what is wrong with the words. */
static const struct command *choose_command(char **words, int n)
{
	const struct command *command = n ? find_command(words[0]) : NULL;

	if (command && n > command->words)
		return command;
	if (n)
		fprintf(stderr, "confab: %s: %s\n\n", words[0],
			command ? "something is missing after it"
				: "no such command");
	usage(stderr);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option LONG[] = { { "help", 0, NULL, 'h' },
					      { NULL, 0, NULL, 0 } };
	const struct command *command;
	struct admin admin = { 0 };
	const char *path = config_default_path();
	struct buf why = { 0 };
	bool fresh;
	int c;

	while ((c = getopt_long(argc, argv, "+c:s:h", LONG, NULL)) != -1) {
		if (c == 'c')
			path = optarg;
		else if (c == 's')
			admin.sql = optarg;
		else {
			usage(c == 'h' ? stdout : stderr);
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
