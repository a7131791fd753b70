/* conn: what a connection to PostgreSQL is, whoever waits for it: how it is
 * asked for, what is prepared on it, when the next attempt is due and why the
 * last one failed. For sync.c and async.c alone. */
#ifndef CONFAB_PG_CONN_H
#define CONFAB_PG_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/buf.h"
#include "pg/result.h"

enum {
	PG_BACKOFF_FIRST = 100, /* ms */
	PG_BACKOFF_MOST = 2000,
	PG_ANSWER_LIMIT = 10000, /* ms; the roles' statement_timeout is less */
	PG_PARAMS = 16           /* of one statement */
};

struct pg_conn {
	PGconn *conn; /* NULL: none */
	char *conninfo, *user, *application;
	unsigned backoff;  /* ms, upper end of the next wait */
	struct buf reason; /* of the last failure, one line */
	const struct pg_statement **prepared;
	int n_prepared, cap_prepared;
};

/* Keeps copies. user is the role where conninfo names none. */
void pg_conn_init(struct pg_conn *c, const char *conninfo, const char *user,
		  const char *application);
/* Closes it, and frees what it owns. */
void pg_conn_free(struct pg_conn *c);

/* Connects. Waits 2 s at most per host. */
void pg_conn_open(struct pg_conn *c);
/* Begins to connect, for PQconnectPoll(). */
void pg_conn_start(struct pg_conn *c);
/* Closes it. Nothing is prepared any more. */
void pg_conn_close(struct pg_conn *c);

/* Milliseconds to wait before the next attempt: jittered, more each time. */
unsigned pg_conn_backoff(struct pg_conn *c);
/* The connection was good: the next wait is a short one. */
void pg_conn_backoff_reset(struct pg_conn *c);

/* Keeps why it failed. libpq's sentences become one line. */
void pg_conn_set_reason(struct pg_conn *c, const char *reason);
/* The same, of a failed result, with advice where the cause is known. */
void pg_conn_set_reason_of(struct pg_conn *c, const PGresult *result);

bool pg_conn_has_prepared(const struct pg_conn *c,
			  const struct pg_statement *statement);
void pg_conn_add_prepared(struct pg_conn *c,
			  const struct pg_statement *statement);
void pg_conn_drop_prepared(struct pg_conn *c,
			   const struct pg_statement *statement);

/* Sends the statement, which is prepared unless it has no name. No Sync. */
bool pg_conn_send(struct pg_conn *c, const struct pg_statement *statement,
		  int n, const struct pg_param *params);

bool pg_conn_is_failure(const PGresult *result);

#endif
