/* confab_upgrade: brings the database to the version of this program. Called by
 * confab's main(); owns nothing.
 *
 * Upgrades are numbered, and each is applied once, in its own transaction.
 * Functions and grants are applied each time. All of it may run while people
 * talk. While a statement waits for a lock, every command waits after it; so it
 * waits LOCK_TIMEOUT at most and is tried again later. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/version.h"
#include "confab.h"

#define LOCK_TIMEOUT "1s"

enum {
	LOCK_TRIES = 200,     /* tries of a statement that waits for a lock */
	LOCK_PAUSE = 3,       /* s between them */
	SQL_LIMIT = 16 << 20, /* bytes of one file */
};

static const char AS_OWNER[] =
	"begin;\n"
	"set local lock_timeout = '" LOCK_TIMEOUT "';\n"
	"select set_config('role', pg_get_userbyid(nspowner), true)\n"
	"from pg_namespace where nspname = 'confab';\n";

/* A login that the programs share has their settings, which are for short
 * statements. */
static const char FOR_LONG[] =
	"set statement_timeout = 0; set enable_seqscan = on;"
	" set enable_bitmapscan = on; set enable_hashjoin = on;"
	" set enable_mergejoin = on;";

/* One upgrade of a database at a time: what is applied is asked under this
 * lock. It lasts as long as the connection. */
static const char ALONE[] =
	"begin;\n"
	"set local lock_timeout = '" LOCK_TIMEOUT "';\n"
	"select pg_advisory_lock(hashtext('confab upgrade'));\n"
	"commit;";

static void read_file(struct buf *out, const char *directory, const char *name)
{
	struct buf path = { 0 }, why = { 0 };

	buf_addf(&path, "%s/%s", directory, name);
	if (!file_read(out, buf_text(&path), SQL_LIMIT, &why))
		die(buf_text(&path), buf_text(&why));
	buf_add_text(out, "\n");
	buf_free(&path);
	buf_free(&why);
}

/* Prints the processes that hold the lock. */
static void say_holders(struct admin *admin, const char *what)
{
	struct pg_result *r = query(
		admin, "locks",
		"select a.pid, coalesce(nullif(a.application_name, ''), '?'),"
		" coalesce(date_trunc('second', now() - a.xact_start)::text,"
		" '?') from pg_stat_activity a where a.datname ="
		" current_database() and a.pid <> pg_backend_pid() and"
		" a.xact_start is not null order by a.xact_start limit 1",
		0, NULL);

	if (pg_rows(r))
		fprintf(stderr,
			"confab: %s: waits for a lock; the oldest transaction "
			"is of process %s (%s), open for %s\n",
			what, pg_field(r, 0, 0), pg_field(r, 0, 1),
			pg_field(r, 0, 2));
	pg_result_free(r);
}

/* Whether a script may succeed later: after a lock timeout, a deadlock, or when
 * an upgrade of another database of the cluster changed the same role (roles
 * belong to the cluster, and advisory locks to a database). */
static bool is_passing(const struct pg_result *failure)
{
	const char *sqlstate = pg_sqlstate(failure);

	return !strcmp(sqlstate, "55P03") || !strcmp(sqlstate, "40P01") ||
	       strstr(pg_message(failure), "tuple concurrently updated");
}

/* Runs a script in one transaction, and repeats it when that may help. */
static void run_script(struct admin *admin, const char *what, const char *text)
{
	struct pg_result *r = NULL;
	enum pg_status status;

	for (int i = 1; (status = pg_script(admin->pg, text, &r)) != PG_OK;
	     i++) {
		struct pg_result *ended = NULL;

		if (status != PG_FAILED || !is_passing(r) || i == LOCK_TRIES)
			die_of(admin, what, status, r);
		pg_result_free(r);
		r = NULL;
		/* The failed transaction is still open. */
		if (pg_script(admin->pg, "rollback", &ended) != PG_OK)
			die_of(admin, what, PG_AWAY, NULL);
		pg_result_free(ended);
		if (i % 5 == 1)
			say_holders(admin, what);
		sleep(LOCK_PAUSE);
	}
	pg_result_free(r);
}

static int is_sql(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && !strcmp(entry->d_name + len - 4, ".sql");
}

/* Lists the SQL files of a directory, by name. The caller frees each entry and
 * the list. */
static int list_files(const char *directory, struct dirent ***files)
{
	int n = scandir(directory, files, is_sql, alphasort);

	if (n <= 0)
		die(directory, n ? strerror(errno) : "no SQL files");
	return n;
}

/* Applies one numbered upgrade in one transaction, once. */
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
	run_script(admin, file, buf_text(&text));
	printf("applied %s\n", file);
	buf_free(&text);
}

static void apply_upgrades(struct admin *admin, const char *directory)
{
	struct dirent **files;
	int n = list_files(directory, &files);

	for (int i = 0; i < n; i++) {
		apply_upgrade(admin, directory, files[i]->d_name);
		free(files[i]);
	}
	free(files);
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

/* The folder of the SQL files of this program. */
static const char *find_sql(struct admin *admin)
{
	if (beside_find(admin->sql_beside, "share/confab/sql", "../sql"))
		return admin->sql_beside;
	die("SQL files", "none beside the program; say where with -s");
}

/* Text of the first field, or NULL. The caller frees it. */
static char *ask_text(struct admin *admin, const char *what, const char *text)
{
	struct pg_result *r = query(admin, what, text, 0, NULL);
	const char *field = pg_rows(r) ? pg_field(r, 0, 0) : NULL;
	char *copy = field ? strdup(field) : NULL;

	pg_result_free(r);
	return copy;
}

static void refuse_encoding(struct admin *admin)
{
	char *encoding =
		ask_text(admin, "encoding",
			 "select pg_encoding_to_char(encoding) from pg_database"
			 " where datname = current_database()");
	struct buf why = { 0 };

	if (encoding && !strcmp(encoding, "UTF8")) {
		free(encoding);
		return;
	}
	buf_addf(&why,
		 "its encoding is %s, and only UTF8 holds every character; "
		 "make it anew: createdb -E UTF8 -T template0 NAME",
		 encoding ? encoding : "not known");
	die("database", buf_text(&why));
}

/* An upgrade in the database that this program does not know, or NULL. */
static char *unknown_upgrade(struct admin *admin, const char *directory)
{
	struct pg_result *r = query(admin, "schema_version",
				    "select name from confab.schema_version"
				    " order by name desc",
				    0, NULL);
	struct buf path = { 0 };
	char *unknown = NULL;

	for (int i = 0; i < pg_rows(r) && !unknown; i++) {
		path.len = 0;
		buf_addf(&path, "%s/%s", directory, pg_field(r, i, 0));
		if (access(buf_text(&path), F_OK) != 0)
			unknown = strdup(pg_field(r, i, 0));
	}
	buf_free(&path);
	pg_result_free(r);
	return unknown;
}

/* Refuses to put older functions over a newer schema, which would break it. */
static void refuse_newer(struct admin *admin, const char *directory)
{
	char *there =
		ask_text(admin, "version",
			 "select to_regclass('confab.schema_version')::text");
	char *version = NULL, *unknown;
	struct buf why = { 0 };

	if (!there)
		return;
	free(there);
	there = ask_text(admin, "version",
			 "select to_regprocedure('confab.version()')::text");
	if (there)
		version = ask_text(admin, "version", "select confab.version()");
	unknown = unknown_upgrade(admin, directory);
	if (unknown || version_compare(version, version_text()) > 0) {
		buf_addf(&why,
			 "it is of version %s%s%s%s, newer than this program, "
			 "which is %s; install the newer programs",
			 version ? version : "unknown", unknown ? " (" : "",
			 unknown ? unknown : "", unknown ? ")" : "",
			 version_text());
		die("database", buf_text(&why));
	}
	free(there);
	free(version);
	free(unknown);
}

/* Whether the programs have roles of their own (sql/roles.sql). */
static bool has_roles(struct admin *admin)
{
	char *owner = ask_text(admin, "owner",
			       "select pg_get_userbyid(nspowner) from"
			       " pg_namespace where nspname = 'confab'");
	bool has = owner && !strcmp(owner, "confab_owner");

	free(owner);
	return has;
}

static void apply_functions(struct admin *admin)
{
	struct buf text = { 0 };

	buf_add_text(&text, AS_OWNER);
	/* Functions call each other regardless of the order of their files. */
	buf_add_text(&text, "set local check_function_bodies = off;\n");
	append_functions(admin, &text);
	buf_addf(&text,
		 "create or replace function confab.version() returns text\n"
		 "language sql immutable security definer\n"
		 "set search_path = '' as $$ select '%s' $$;\n",
		 version_text());
	read_file(&text, admin->sql, "private.sql");
	if (has_roles(admin))
		read_file(&text, admin->sql, "grants.sql");
	buf_add_text(&text, "commit;");
	run_script(admin, "functions", buf_text(&text));
	buf_free(&text);
}

void upgrade(struct admin *admin, char **words)
{
	struct buf text = { 0 }, directory = { 0 };

	(void)words;
	if (!admin->sql)
		admin->sql = find_sql(admin);
	buf_addf(&directory, "%s/upgrades", admin->sql);
	refuse_encoding(admin);
	run_script(admin, "settings", FOR_LONG);
	run_script(admin, "another upgrade", ALONE);
	refuse_newer(admin, buf_text(&directory));
	read_file(&text, admin->sql, "roles.sql");
	run_script(admin, "roles.sql", buf_text(&text));
	text.len = 0;
	buf_add_text(&text, AS_OWNER);
	buf_add_text(&text, "create table if not exists confab.schema_version ("
			    "name text primary key, applied_at timestamptz not "
			    "null default now());\ncommit;");
	run_script(admin, "schema_version", buf_text(&text));
	apply_upgrades(admin, buf_text(&directory));
	apply_functions(admin);
	load_names(admin);
	printf("the database is up to date (%s)\n", version_text());
	buf_free(&directory);
	buf_free(&text);
}
