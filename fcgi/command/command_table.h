/* command_table: the commands as the database has them (confab.command_list(),
 * sql/functions/site/command.sql), read anew on each new connection and when an
 * operator changes them. */
#ifndef CONFAB_FCGI_COMMAND_COMMAND_TABLE_H
#define CONFAB_FCGI_COMMAND_COMMAND_TABLE_H

#include <stdbool.h>

#include "pg/sync.h"
#include "traffic.h"

enum {
	COMMAND_PATHS = 8 /* rich-text members of one command */
};

struct command_entry {
	char *name, *text;              /* of its statement */
	char *rich_text[COMMAND_PATHS]; /* "content", "extra_fields.content" */
	bool rings;                     /* it may store something */
	bool keep_class_id;             /* in rich text */
	enum traffic_class rate_class;
	struct pg_statement statement;
	char label[24]; /* its name */
};

struct command_table;

/* pg stays the caller's. */
struct command_table *command_table_create(struct pg *pg)
	__attribute__((malloc));
void command_table_free(struct command_table *table);

/* Sees to it that there is a connection and the table that was read from it.
 * False: the database is away, pg_reason() says why. *fresh: the connection is
 * a new one. Entries found before may be gone. */
bool command_table_connect(struct command_table *table, bool *fresh)
	__attribute__((warn_unused_result));

/* The command of that name, or NULL. Good until the next connect. */
struct command_entry *command_table_find(struct command_table *table,
					 const char *name);

/* The next connect asks whether an operator has changed something. */
void command_table_suspect(struct command_table *table);

#endif
