/* conn: the common part of a connection to PostgreSQL: its keywords, its
 * prepared statements, the time of the next attempt and the reason of the last
 * failure. For sync.c and async.c only. */
#ifndef CONFAB_PG_CONN_H
#define CONFAB_PG_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/buf.h"
#include "pg/result.h"

enum {
	PG_BACKOFF_FIRST = 100, /* ms */
	PG_BACKOFF_MOST = 2000,
	PG_ANSWER_LIMIT = 10000, /* ms; above the roles' statement_timeout */
	PG_PARAMS = 16           /* parameters of one statement */
};

struct pg_conn {
	PGconn *conn; /* NULL: none */
	char *conninfo, *user, *application;
	unsigned backoff;  /* ms, upper bound of the next wait */
	struct buf reason; /* of the last failure, one line */
	const struct pg_statement **prepared;
	int n_prepared, cap_prepared;
};

/* Copies its strings. user is the role when conninfo names none. */
void pg_conn_init(struct pg_conn *c, const char *conninfo, const char *user,
		  const char *application);
/* Closes the connection and frees everything it owns. */
void pg_conn_free(struct pg_conn *c);

/* Connects. Waits 2 s at most per host. */
void pg_conn_open(struct pg_conn *c);
/* Begins to connect; continue with PQconnectPoll(). */
void pg_conn_start(struct pg_conn *c);
/* Closes the connection and forgets its prepared statements. */
void pg_conn_close(struct pg_conn *c);

/* Milliseconds to wait before the next attempt: jittered, longer each time. */
unsigned pg_conn_backoff(struct pg_conn *c);
/* Call when the connection was good: the next wait is short again. */
void pg_conn_backoff_reset(struct pg_conn *c);

/* Keeps the reason of a failure. libpq's sentences become one line. */
void pg_conn_set_reason(struct pg_conn *c, const char *reason);
/* Keeps the reason of a failed result, with advice if the cause is known. */
void pg_conn_set_reason_of(struct pg_conn *c, const PGresult *result);

bool pg_conn_has_prepared(const struct pg_conn *c,
			  const struct pg_statement *statement);
void pg_conn_add_prepared(struct pg_conn *c,
			  const struct pg_statement *statement);
void pg_conn_drop_prepared(struct pg_conn *c,
			   const struct pg_statement *statement);

/* Sends a statement without a Sync. One with a name must have been prepared. */
bool pg_conn_send(struct pg_conn *c, const struct pg_statement *statement,
		  int n, const struct pg_param *params);

bool pg_conn_is_failure(const PGresult *result);

#endif
