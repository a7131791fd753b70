/* result: what both connections to PostgreSQL share with their callers:
 * statements, parameters and results. sync.h is for programs that serve one
 * request at a time, async.h for programs with a loop. */
#ifndef CONFAB_PG_RESULT_H
#define CONFAB_PG_RESULT_H

#include <stdbool.h>
#include <stddef.h>

struct pg_result;

/* A statement. Its first use on a connection prepares it. It must stay at its
 * address as long as a connection exists. */
struct pg_statement {
	const char *name; /* unique within the program; NULL: not prepared */
	const char *text;
};

/* A text or binary parameter. data NULL is SQL null. Text needs no length. */
struct pg_param {
	const char *data;
	size_t len; /* binary only */
	bool binary;
};

enum pg_status {
	PG_OK,
	PG_FAILED,  /* the statement failed; pg_sqlstate() says how */
	PG_AWAY,    /* no connection: nothing was sent, nothing was done */
	PG_UNKNOWN, /* the connection broke after sending */
};

int pg_rows(const struct pg_result *result);
/* Text of a field; NULL for SQL null. Owned by the result. */
const char *pg_field(const struct pg_result *result, int row, int column);

/* Whether a failed result means that the connection is useless: the server
 * stops, it is a standby, or a pooler or an upgrade dropped the prepared
 * statements. Both kinds of connection then reconnect by themselves. */
bool pg_is_stale(const struct pg_result *result);

/* SQLSTATE of a failed result; never NULL. */
const char *pg_sqlstate(const struct pg_result *result);
const char *pg_message(const struct pg_result *result);
const char *pg_detail(const struct pg_result *result);
void pg_result_free(struct pg_result *result);

#endif
