/* sync: one synchronous connection to PostgreSQL, for programs that serve one
 * request at a time. Reconnects by itself, with jittered backoff between
 * attempts. async.h is its asynchronous counterpart. */
#ifndef CONFAB_PG_SYNC_H
#define CONFAB_PG_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include "pg/result.h"

struct pg;

/* Copies its strings. user is the role when conninfo names none. Does not
 * connect yet. */
struct pg *pg_create(const char *conninfo, const char *user,
		     const char *application) __attribute__((malloc));
void pg_free(struct pg *pg);

/* From now on a connection counts only if the schema is as new as this
 * program. */
void pg_require_schema(struct pg *pg);

/* Connects when needed (2 s at most per host), also when the server has closed
 * the connection since its last use. Makes one attempt per backoff step;
 * between attempts it returns PG_AWAY at once. Sets *fresh when it made a new
 * connection. Call it before each request: pg_run() does not connect. */
enum pg_status pg_connect(struct pg *pg, bool *fresh);

/* Gives the connection up; the next pg_connect() makes a new one. */
void pg_drop(struct pg *pg);

/* Runs a statement in its own transaction, 10 s at most. bell (may be NULL) is
 * a statement without parameters. It is sent in the same network flush and runs
 * in its own transaction after the first has committed; its failure is ignored.
 * Free *out with pg_result_free(); it is NULL unless PG_OK or PG_FAILED.
 * PG_FAILED without a result: the statement could not be prepared, and
 * pg_reason() says why. */
enum pg_status pg_run(struct pg *pg, const struct pg_statement *statement,
		      int n, const struct pg_param *params,
		      const struct pg_statement *bell, struct pg_result **out);

/* Calls pg_connect(), then pg_run(). */
enum pg_status pg_ask(struct pg *pg, const struct pg_statement *statement,
		      int n, const struct pg_param *params,
		      const struct pg_statement *bell, struct pg_result **out);

/* Runs a script of several statements (simple protocol) without a time
 * limit. */
enum pg_status pg_script(struct pg *pg, const char *script,
			 struct pg_result **out);

/* The reason of the last failed attempt or statement, for the log. */
const char *pg_reason(struct pg *pg);

#endif
