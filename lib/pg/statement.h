/* statement: a program's prepared statements on its connection. */
#ifndef CONFAB_PG_STATEMENT_H
#define CONFAB_PG_STATEMENT_H

#include <stdbool.h>

#include "pg/sync.h"

struct statement {
	const char *name, *text;
};

enum {
	STATEMENT_NONE = -1 /* no doorbell */
};

/* The statements of one connection. Zero it, then set pg and list. */
struct statements {
	struct pg *pg;
	const struct statement *list; /* 32 at most */
	unsigned prepared;
};

/* A connection, for what is not in the list. */
bool statement_connect(struct statements *statements)
	__attribute__((warn_unused_result));

/* Connects and prepares where needed, then runs the statement of that index.
 * bell: the one that rings the doorbell after it, or STATEMENT_NONE; see
 * pg_run(). *out is NULL unless PG_OK or PG_FAILED; free it with
 * pg_result_free(). */
enum pg_status statement_run(struct statements *statements, int which, int n,
			     const struct pg_param *params, int bell,
			     struct pg_result **out)
	__attribute__((warn_unused_result));

#endif
