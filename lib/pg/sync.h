/* sync: one synchronous connection to PostgreSQL, for the programs that do one
 * request at a time. Reconnects by itself, with jittered backoff between
 * attempts. The asynchronous counterpart is pgloop. */
#ifndef CONFAB_PG_SYNC_H
#define CONFAB_PG_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct pg;
struct pg_result;

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

/* Keeps copies. user is the role where conninfo names none. Does not connect
 * yet. */
struct pg *pg_create(const char *conninfo, const char *user,
		     const char *application) __attribute__((malloc));
void pg_free(struct pg *pg);

/* Connects when needed (2 s at most per host), also when the server has closed
 * the connection since its last use. At most one attempt per backoff step:
 * PG_AWAY at once in between. *fresh is set when a new connection was made, on
 * which nothing is prepared. Call it before each request: the others report
 * PG_AWAY without a connection. */
enum pg_status pg_connect(struct pg *pg, bool *fresh);

/* Gives the connection up (it leads to a standby, or forgot what was prepared
 * on it); the next pg_connect() makes a new one. */
void pg_drop(struct pg *pg);

/* Prepares a named statement on this connection. PG_FAILED: pg_reason() says
 * why. */
enum pg_status pg_prepare(struct pg *pg, const char *name,
			  const char *statement);

/* Runs a prepared statement in its own transaction, 10 s at most. doorbell,
 * when not NULL, names a second prepared statement without parameters that is
 * sent in the same network flush and runs in a transaction of its own after the
 * first has committed; its failure is ignored. *out (NULL unless PG_OK or
 * PG_FAILED) is freed with pg_result_free(). */
enum pg_status pg_run(struct pg *pg, const char *name, int n,
		      const struct pg_param *params, const char *doorbell,
		      struct pg_result **out);

/* Runs a script of several statements (simple protocol), for as long as it
 * takes. */
enum pg_status pg_script(struct pg *pg, const char *script,
			 struct pg_result **out);

int pg_rows(const struct pg_result *result);
/* Text of a field; NULL for SQL null. Owned by the result. */
const char *pg_field(const struct pg_result *result, int row, int column);

/* Whether a failed result says that the connection is of no use any more: the
 * server stops, it is a standby, a pooler or an upgrade took what was prepared.
 * pg_drop() it. */
bool pg_is_stale(const struct pg_result *result);

/* Of a failed result; never NULL. */
const char *pg_sqlstate(const struct pg_result *result);
const char *pg_message(const struct pg_result *result);
const char *pg_detail(const struct pg_result *result);
void pg_result_free(struct pg_result *result);

/* Why the last connection attempt or statement failed, for the log. */
const char *pg_reason(const struct pg *pg);

#endif
