/* sync: one synchronous connection to PostgreSQL, for the programs that do one
 * request at a time. Reconnects by itself, with jittered backoff between
 * attempts. The asynchronous counterpart is async.h. */
#ifndef CONFAB_PG_SYNC_H
#define CONFAB_PG_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include "pg/result.h"

struct pg;

/* Keeps copies. user is the role where conninfo names none. Does not connect
 * yet. */
struct pg *pg_create(const char *conninfo, const char *user,
		     const char *application) __attribute__((malloc));
void pg_free(struct pg *pg);

/* From now on a connection counts only when the schema is as new as this
 * program. */
void pg_require_schema(struct pg *pg);

/* Connects when needed (2 s at most per host), also when the server has closed
 * the connection since its last use. At most one attempt per backoff step:
 * PG_AWAY at once in between. *fresh is set when a new connection was made.
 * Call it before each request: pg_run() does not connect. */
enum pg_status pg_connect(struct pg *pg, bool *fresh);

/* Gives the connection up; the next pg_connect() makes a new one. */
void pg_drop(struct pg *pg);

/* Runs a statement in its own transaction, 10 s at most. bell, when not NULL,
 * is a second statement without parameters that is sent in the same network
 * flush and runs in a transaction of its own after the first has committed; its
 * failure is ignored. *out (NULL unless PG_OK or PG_FAILED) is freed with
 * pg_result_free(). PG_FAILED without a result: it could not be prepared, and
 * pg_reason() says why. */
enum pg_status pg_run(struct pg *pg, const struct pg_statement *statement,
		      int n, const struct pg_param *params,
		      const struct pg_statement *bell, struct pg_result **out);

/* pg_connect() and pg_run(). */
enum pg_status pg_ask(struct pg *pg, const struct pg_statement *statement,
		      int n, const struct pg_param *params,
		      const struct pg_statement *bell, struct pg_result **out);

/* Runs a script of several statements (simple protocol), for as long as it
 * takes. */
enum pg_status pg_script(struct pg *pg, const char *script,
			 struct pg_result **out);

/* Why the last connection attempt or statement failed, for the log. */
const char *pg_reason(struct pg *pg);

#endif
