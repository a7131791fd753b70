/* command_table: the commands that a connection to the database has, and their
 * prepared statements. Called by fcgi/command/command.c; owns the entries. */
#include "command_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

enum {
	FRESH = 5000 /* ms that the table is used without a check */
};

static const struct pg_statement STAMP = { "stamp",
					   "select confab.command_stamp()" };
static const struct pg_statement LIST = {
	"list", "select name, statement,"
		" coalesce(array_to_string(rich_text, ' '), ''),"
		" coalesce(rings, true), keep_class_id, rate_class"
		" from confab.command_list()"
		" where name is not null and statement is not null"
};
enum list_column {
	LIST_NAME,
	LIST_STATEMENT,
	LIST_RICH_TEXT,
	LIST_RINGS,
	LIST_KEEP_CLASS_ID,
	LIST_RATE_CLASS,
};

struct command_table {
	struct pg *pg;
	struct command_entry *entries; /* ascending by name */
	size_t count;
	bool loaded;
	char *stamp;        /* stamp of the entries */
	int64_t checked_at; /* ms, time of the last check */
};

struct command_table *command_table_create(struct pg *pg)
{
	struct command_table *table = xcalloc(1, sizeof(*table));

	table->pg = pg;
	return table;
}

static void forget_entries(struct command_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->entries[i].name);
		free(table->entries[i].text);
		for (int j = 0; j < COMMAND_PATHS; j++)
			free(table->entries[i].rich_text[j]);
	}
	free(table->entries);
	free(table->stamp);
	table->entries = NULL;
	table->stamp = NULL;
	table->count = 0;
	table->loaded = false;
}

void command_table_free(struct command_table *table)
{
	if (!table)
		return;
	forget_entries(table);
	free(table);
}

static int compare_entries(const void *a, const void *b)
{
	const struct command_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int compare_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct command_entry *)entry)->name);
}

struct command_entry *command_table_find(struct command_table *table,
					 const char *name)
{
	if (!name || !table->count)
		return NULL;
	return bsearch(name, table->entries, table->count,
		       sizeof(*table->entries), compare_name);
}

/* Reads paths that are separated by spaces. */
static void read_paths(struct command_entry *entry, const char *list)
{
	for (int n = 0; n < COMMAND_PATHS; n++) {
		size_t len;

		list += strspn(list, " ");
		len = strcspn(list, " ");
		if (!len)
			return;
		entry->rich_text[n] = xcalloc(len + 1, 1);
		memcpy(entry->rich_text[n], list, len);
		list += len;
	}
}

static void read_entries(struct command_table *table,
			 const struct pg_result *result)
{
	int rows = pg_rows(result);

	table->entries = xcalloc((size_t)rows, sizeof(*table->entries));
	for (int i = 0; i < rows; i++) {
		struct command_entry *entry = &table->entries[table->count++];

		entry->name = xstrdup(pg_field(result, i, LIST_NAME));
		entry->text = xstrdup(pg_field(result, i, LIST_STATEMENT));
		read_paths(entry, pg_field(result, i, LIST_RICH_TEXT));
		entry->rings = *pg_field(result, i, LIST_RINGS) == 't';
		entry->keep_class_id =
			*pg_field(result, i, LIST_KEEP_CLASS_ID) == 't';
		entry->rate_class = traffic_class_named(
			pg_field(result, i, LIST_RATE_CLASS));
		snprintf(entry->label, sizeof(entry->label), "command_%d", i);
	}
	qsort(table->entries, table->count, sizeof(*table->entries),
	      compare_entries);
	for (size_t i = 0; i < table->count; i++)
		table->entries[i].statement = (struct pg_statement){
			.name = table->entries[i].label,
			.text = table->entries[i].text,
		};
	table->loaded = true;
}

/* Asks the database for the stamp of the current table. The caller frees it;
 * NULL if there is no answer. */
static char *read_stamp(struct command_table *table)
{
	struct pg_result *result = NULL;
	enum pg_status status =
		pg_run(table->pg, &STAMP, 0, NULL, NULL, &result);
	const char *text = status == PG_OK && pg_rows(result) > 0
				   ? pg_field(result, 0, 0)
				   : NULL;
	char *stamp = text ? xstrdup(text) : NULL;

	pg_result_free(result);
	return stamp;
}

static enum pg_status load_entries(struct command_table *table)
{
	struct pg_result *result = NULL;
	enum pg_status status;

	forget_entries(table);
	/* Read the stamp first: a change in between then shows at the next
	 * check. */
	table->stamp = read_stamp(table);
	table->checked_at = clock_ms();
	status = pg_run(table->pg, &LIST, 0, NULL, NULL, &result);
	if (status == PG_OK)
		read_entries(table, result);
	pg_result_free(result);
	return status;
}

/* Checks now and then whether an operator has changed the commands, or replaced
 * functions of ours. A connection keeps plans with the old functions, so it is
 * dropped together with its prepared statements. */
static void drop_stale(struct command_table *table)
{
	char *stamp;

	if (!table->loaded || clock_ms() - table->checked_at < FRESH)
		return;
	stamp = read_stamp(table);
	table->checked_at = clock_ms();
	if (stamp && (!table->stamp || strcmp(stamp, table->stamp) != 0))
		pg_drop(table->pg);
	free(stamp);
}

bool command_table_connect(struct command_table *table, bool *fresh)
{
	bool ok;

	drop_stale(table);
	ok = pg_connect(table->pg, fresh) == PG_OK;
	if (!ok || *fresh)
		forget_entries(table);
	if (ok && !table->loaded && load_entries(table) != PG_OK) {
		/* Drop it after an incomplete start: the set of prepared
		 * statements is unknown. */
		pg_drop(table->pg);
		ok = false;
	}
	return ok;
}

void command_table_suspect(struct command_table *table)
{
	table->checked_at = 0;
}
