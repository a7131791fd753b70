/* confab_operate: what an operator does while confab runs: status, upkeep,
 * restores. Called by confab's main(); owns nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "confab.h"

/* Prints the metrics of this host's programs. */
static void print_programs(const char *run_dir)
{
	static const char *const SHOWN[] = { "confab_up", "confab_ready",
					     "confab_streams{",
					     "confab_tail_lag", NULL };
	struct buf text = { 0 };
	char *line, *rest;

	metrics_print(&text, run_dir);
	if (!text.len)
		printf("no program runs here (%s)\n", run_dir);
	buf_add(&text, "", 1);
	rest = text.data;
	while ((line = strsep(&rest, "\n")))
		for (int i = 0; SHOWN[i]; i++)
			if (!strncmp(line, SHOWN[i], strlen(SHOWN[i])))
				puts(line);
	buf_free(&text);
}

void operate_status(struct admin *admin, char **words)
{
	struct pg_result *r =
		query(admin, "status",
		      "select name, value from confab.status()", 0, NULL);

	(void)words;
	puts("database                 reachable");
	for (int i = 0; i < pg_rows(r); i++)
		printf("%-24s %s\n", pg_field(r, i, 0),
		       pg_field(r, i, 1) ? pg_field(r, i, 1) : "");
	pg_result_free(r);
	print_programs(admin->config.run_dir);
}

static long query_number(struct admin *admin, const char *name,
			 const char *text)
{
	struct pg_result *r = query(admin, name, text, 0, NULL);
	long n = strtol(pg_field(r, 0, 0), NULL, 10);

	pg_result_free(r);
	return n;
}

/* Visits all rooms once, in steps that delay nobody. */
static long expire_messages(struct admin *admin)
{
	long all = 0;
	bool over;

	do {
		struct pg_result *r = query(
			admin, "expire",
			"select deleted, is_over from confab.messages_expire()",
			0, NULL);

		all += strtol(pg_field(r, 0, 0), NULL, 10);
		over = *pg_field(r, 0, 1) == 't';
		pg_result_free(r);
	} while (!over);
	return all;
}

void operate_maintain(struct admin *admin, char **words)
{
	long collected = 0, some;

	(void)words;
	printf("partitions made or dropped: %ld\n",
	       query_number(admin, "partitions",
			    "select confab.log_maintain()"));
	printf("old messages taken away: %ld\n", expire_messages(admin));
	while ((some = query_number(admin, "collect",
				    "select confab.collect_erased(5000)")))
		collected += some;
	printf("rows of deleted rooms collected: %ld\n", collected);
}

void operate_restore_done(struct admin *admin, char **words)
{
	struct pg_result *r = query(
		admin, "restore-done",
		"select epoch, last_value from confab.restore_done()", 0, NULL);

	(void)words;
	printf("epoch %s, numbers go on after %s\n", pg_field(r, 0, 0),
	       pg_field(r, 0, 1));
	pg_result_free(r);
}

void operate_keep(struct admin *admin, char **words)
{
	const char *room = words[0], *days = words[1];
	struct pg_param params[] = {
		{ .data = room },
		{ .data = strcmp(days, "default") ? days : NULL }
	};
	struct pg_result *r = query(
		admin, "keep", "select confab.room_keep($1::uuid, $2::numeric)",
		2, params);

	if (*pg_field(r, 0, 0) != 't')
		die(room, "no such room");
	pg_result_free(r);
}
