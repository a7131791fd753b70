/* async: one asynchronous connection to PostgreSQL on a loop. Statements are
 * sent as they come (pipeline mode, each in its own transaction) and answered
 * in order. Reconnects by itself with jittered backoff. Blocks only in the
 * resolver, when conninfo names a host by name. */
#ifndef CONFAB_PG_ASYNC_H
#define CONFAB_PG_ASYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "event/loop.h"
#include "pg/result.h"

struct pg_async;

struct pg_async_handler {
	/* A fresh connection is ready. */
	void (*up)(void *context);
	/* The connection is lost. Every unanswered statement has been called
	 * back with PG_AWAY or PG_UNKNOWN before this. */
	void (*down)(void *context, const char *reason);
	/* A notification. NULL when the program listens for none. */
	void (*notified)(void *context, const char *channel,
			 const char *payload);
};

/* result: NULL unless PG_OK or PG_FAILED; freed when the callback returns. */
typedef void pg_async_done(void *context, enum pg_status status,
			   const struct pg_result *result);

/* Starts connecting at once. Strings are copied; handler is static. */
struct pg_async *pg_async_create(struct loop *loop, const char *conninfo,
				 const char *user, const char *application,
				 const struct pg_async_handler *handler,
				 void *context) __attribute__((malloc));

/* Calls back unanswered statements with PG_AWAY. Does not call down(). */
void pg_async_free(struct pg_async *pg);

bool pg_async_is_up(const struct pg_async *pg);

/* Sends a statement. done is always called, and only from the loop; soon, with
 * PG_AWAY, when there is no connection. A statement that has no answer after 10
 * s breaks the connection. */
void pg_async_send(struct pg_async *pg, const struct pg_statement *statement,
		   int n, const struct pg_param *params, pg_async_done *done,
		   void *context);

/* Gives the connection up and makes a new one. */
void pg_async_reconnect(struct pg_async *pg, const char *reason);

#endif
