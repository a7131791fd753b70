/* result: what both connections to PostgreSQL share with their callers:
 * statements, parameters, and what comes back. sync.h is the connection of
 * programs that do one request at a time, async.h that of programs with a
 * loop. */
#ifndef CONFAB_PG_RESULT_H
#define CONFAB_PG_RESULT_H

#include <stdbool.h>
#include <stddef.h>

struct pg_result;

/* A statement. It is prepared when it is first used on a connection, and must
 * stay where it is for as long as there is one. */
struct pg_statement {
	const char *name; /* unique within the program; NULL: not prepared */
	const char *text;
};

/* A text or binary parameter; data NULL is SQL null. Text needs no length. */
struct pg_param {
	const char *data;
	size_t len; /* binary only */
	bool binary;
};

enum pg_status {
	PG_OK,
	PG_FAILED,  /* the statement failed; pg_sqlstate() says how */
	PG_AWAY,    /* no connection: nothing was sent, nothing was done */
	PG_UNKNOWN, /* the connection broke after the statement was sent */
};

int pg_rows(const struct pg_result *result);
/* Text of a field; NULL for SQL null. Owned by the result. */
const char *pg_field(const struct pg_result *result, int row, int column);

/* Whether a failed result says that its connection is of no use any more: the
 * server stops, it is a standby, or a pooler or an upgrade took away what was
 * prepared. Both connections then give it up by themselves. */
bool pg_is_stale(const struct pg_result *result);

/* Of a failed result; never NULL. */
const char *pg_sqlstate(const struct pg_result *result);
const char *pg_message(const struct pg_result *result);
const char *pg_detail(const struct pg_result *result);
void pg_result_free(struct pg_result *result);

#endif
