/* command_table: the commands in the database (confab.command_list(),
 * sql/functions/site/command.sql). Reads them on each new connection and when
 * an operator changes them. */
#ifndef CONFAB_FCGI_COMMAND_COMMAND_TABLE_H
#define CONFAB_FCGI_COMMAND_COMMAND_TABLE_H

#include <stdbool.h>

#include "pg/sync.h"
#include "traffic.h"

enum {
	COMMAND_PATHS = 8 /* rich-text members of one command */
};

struct command_entry {
	char *name, *text;              /* text of its statement */
	char *rich_text[COMMAND_PATHS]; /* "content", "extra_fields.content" */
	bool rings;                     /* it may store something */
	bool keep_class_id;             /* keep class and id in rich text */
	enum traffic_class rate_class;
	struct pg_statement statement;
	char label[24]; /* the class's name */
};

struct command_table;

/* The caller keeps pg. */
struct command_table *command_table_create(struct pg *pg)
	__attribute__((malloc));
void command_table_free(struct command_table *table);

/* Makes sure that there is a connection and a table read from it. False when
 * the database is away; pg_reason() says why. *fresh: the connection is new.
 * Earlier entries may be gone. */
bool command_table_connect(struct command_table *table, bool *fresh)
	__attribute__((warn_unused_result));

/* The command of that name, or NULL. Valid until the next connect. */
struct command_entry *command_table_find(struct command_table *table,
					 const char *name);

/* Makes the next connect check whether an operator has changed something. */
void command_table_suspect(struct command_table *table);

#endif
