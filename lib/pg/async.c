/* async: a connection as a state machine on the loop. Owns the PGconn and the
 * queue of statements that wait for their answer. */
#include "pg/async.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#include "base/container.h"
#include "base/xalloc.h"
#include "pg/conn.h"

enum {
	CONNECT_TIMEOUT = 5000 /* ms */
};

enum state {
	STATE_WAITING,    /* until the next attempt */
	STATE_CONNECTING, /* PQconnectPoll */
	STATE_UP,
};

/* A statement that was sent, or could not be sent. */
struct pending {
	STAILQ_ENTRY(pending) link;
	pg_async_done *done;
	void *context;
	PGresult *result; /* the result to deliver: the first failure */
	const struct pg_statement
		*prepares; /* preparation sent before it, or NULL */
};

STAILQ_HEAD(pending_list, pending);

struct pg_async {
	struct loop *loop;
	const struct pg_async_handler *handler;
	void *context;
	enum state state;
	struct pg_conn c;
	struct watch watch;
	struct timer timer;   /* next attempt, or end of this one */
	struct timer refused; /* delivers what could not be sent */
	int64_t up_since;     /* loop_now() */
	uint32_t waits_for;   /* present events of the watch */
	unsigned connections; /* number of this connection, for callbacks */
	struct pending_list sent, unsent;
};

static void start_attempt(struct pg_async *pg);

static void watch_for(struct pg_async *pg, uint32_t events)
{
	if (pg->watch.active && pg->waits_for == events)
		return;
	pg->waits_for = events;
	loop_watch(pg->loop, &pg->watch, PQsocket(pg->c.conn), events);
}

static void finish_pending(struct pending *p, enum pg_status status)
{
	const struct pg_result *result = (const void *)p->result;

	p->done(p->context, status,
		status == PG_OK || status == PG_FAILED ? result : NULL);
	PQclear(p->result);
	free(p);
}

static void fail_all(struct pending_list *list, enum pg_status status)
{
	struct pending_list gone;

	STAILQ_INIT(&gone);
	STAILQ_CONCAT(&gone, list);
	while (!STAILQ_EMPTY(&gone)) {
		struct pending *p = STAILQ_FIRST(&gone);

		STAILQ_REMOVE_HEAD(&gone, link);
		finish_pending(p, status);
	}
}

static void close_connection(struct pg_async *pg)
{
	loop_disarm(pg->loop, &pg->timer);
	if (!pg->c.conn)
		return;
	loop_unwatch(pg->loop, &pg->watch);
	pg_conn_close(&pg->c);
	pg->connections++;
}

/* Gives this connection up and plans the next attempt. reason NULL keeps the
 * reason that is set. */
static void lose_connection(struct pg_async *pg, const char *reason)
{
	if (reason)
		pg_conn_set_reason(&pg->c, reason);
	close_connection(pg);
	/* A connection that breaks at once must not be retried in a hurry. */
	if (pg->state == STATE_UP &&
	    loop_now(pg->loop) - pg->up_since > PG_BACKOFF_MOST)
		pg_conn_backoff_reset(&pg->c);
	pg->state = STATE_WAITING;
	loop_arm(pg->loop, &pg->timer, pg_conn_backoff(&pg->c));
	fail_all(&pg->sent, PG_UNKNOWN);
	pg->handler->down(pg->context, buf_text(&pg->c.reason));
}

static void finish_attempt(struct pg_async *pg)
{
	if (PQsetnonblocking(pg->c.conn, 1) != 0 ||
	    PQenterPipelineMode(pg->c.conn) != 1) {
		lose_connection(pg, PQerrorMessage(pg->c.conn));
		return;
	}
	loop_disarm(pg->loop, &pg->timer);
	pg->up_since = loop_now(pg->loop);
	pg->state = STATE_UP;
	watch_for(pg, EPOLLIN);
	pg->handler->up(pg->context);
}

static void connect_step(struct pg_async *pg)
{
	PostgresPollingStatusType status;

	/* PQconnectPoll may change the descriptor. */
	loop_unwatch(pg->loop, &pg->watch);
	status = PQconnectPoll(pg->c.conn);
	if (status == PGRES_POLLING_OK)
		finish_attempt(pg);
	else if (status == PGRES_POLLING_FAILED)
		lose_connection(pg, PQerrorMessage(pg->c.conn));
	else
		watch_for(pg,
			  status == PGRES_POLLING_WRITING ? EPOLLOUT : EPOLLIN);
}

/* Delivers one answer. False when the connection is gone after that. */
static bool deliver_answer(struct pg_async *pg)
{
	struct pending *p = STAILQ_FIRST(&pg->sent);
	unsigned connection = pg->connections;
	bool failed = pg_conn_is_failure(p->result);
	bool stale = failed && pg_is_stale((const void *)p->result);

	STAILQ_REMOVE_HEAD(&pg->sent, link);
	if (STAILQ_EMPTY(&pg->sent))
		loop_disarm(pg->loop, &pg->timer);
	else
		loop_arm(pg->loop, &pg->timer, PG_ANSWER_LIMIT);
	if (failed)
		pg_conn_set_reason_of(&pg->c, p->result);
	/* The preparation failed, so the first result was not the
	 * statement's. */
	if (failed && p->prepares)
		pg_conn_drop_prepared(&pg->c, p->prepares);
	finish_pending(p, failed ? PG_FAILED : PG_OK);
	if (stale && connection == pg->connections)
		lose_connection(pg, NULL);
	return connection == pg->connections;
}

/* Takes one result of a statement. The preparation gives the first of two. */
static void take_result(struct pending *p, PGresult *result)
{
	if (p->prepares && !p->result && !pg_conn_is_failure(result))
		p->prepares = NULL;
	if (p->result && pg_conn_is_failure(p->result)) {
		PQclear(result); /* "aborted", after the cause */
		return;
	}
	PQclear(p->result);
	p->result = result;
}

/* Takes the results that have arrived. A Sync ends the results of a
 * statement. */
static bool take_results(struct pg_async *pg)
{
	int nothing = 0;

	/* Two empty reads in a row: nothing more will come on this
	 * connection. */
	while (nothing < 2 && !STAILQ_EMPTY(&pg->sent) &&
	       !PQisBusy(pg->c.conn)) {
		struct pending *p = STAILQ_FIRST(&pg->sent);
		PGresult *result = PQgetResult(pg->c.conn);

		nothing = result ? 0 : nothing + 1;
		if (!result)
			continue;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			if (!deliver_answer(pg))
				return false;
		} else {
			take_result(p, result);
		}
	}
	return true;
}

static bool take_notifications(struct pg_async *pg)
{
	unsigned connection = pg->connections;
	PGnotify *n;

	while ((n = PQnotifies(pg->c.conn))) {
		if (pg->handler->notified)
			pg->handler->notified(pg->context, n->relname,
					      n->extra);
		PQfreemem(n);
		if (connection != pg->connections)
			return false;
	}
	return true;
}

static void flush_output(struct pg_async *pg)
{
	int left = PQflush(pg->c.conn);

	if (left < 0)
		lose_connection(pg, PQerrorMessage(pg->c.conn));
	else
		watch_for(pg, left ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void socket_ready(struct watch *watch, uint32_t events)
{
	struct pg_async *pg = container_of(watch, struct pg_async, watch);

	if (pg->state == STATE_CONNECTING) {
		connect_step(pg);
		return;
	}
	if (events & ~(uint32_t)EPOLLOUT) {
		bool alive = PQconsumeInput(pg->c.conn);

		if (!take_results(pg) || !take_notifications(pg))
			return;
		if (!alive || PQstatus(pg->c.conn) == CONNECTION_BAD) {
			lose_connection(pg, PQerrorMessage(pg->c.conn));
			return;
		}
	}
	flush_output(pg);
}

static void timer_fired(struct timer *timer)
{
	struct pg_async *pg = container_of(timer, struct pg_async, timer);

	if (pg->state == STATE_WAITING)
		start_attempt(pg);
	else
		lose_connection(pg, pg->state == STATE_UP
					    ? "no answer in time"
					    : "no connection in time");
}

static void refused_fired(struct timer *timer)
{
	struct pg_async *pg = container_of(timer, struct pg_async, refused);

	fail_all(&pg->unsent, PG_AWAY);
}

static void start_attempt(struct pg_async *pg)
{
	pg->state = STATE_CONNECTING;
	loop_arm(pg->loop, &pg->timer, CONNECT_TIMEOUT);
	pg_conn_start(&pg->c);
	if (PQstatus(pg->c.conn) == CONNECTION_BAD) {
		lose_connection(pg, PQerrorMessage(pg->c.conn));
		return;
	}
	watch_for(pg, EPOLLOUT);
}

struct pg_async *pg_async_create(struct loop *loop, const char *conninfo,
				 const char *user, const char *application,
				 const struct pg_async_handler *handler,
				 void *context)
{
	struct pg_async *pg = xcalloc(1, sizeof(*pg));

	pg->loop = loop;
	pg->handler = handler;
	pg->context = context;
	pg_conn_init(&pg->c, conninfo, user, application);
	pg->watch.ready = socket_ready;
	pg->timer.fire = timer_fired;
	pg->refused.fire = refused_fired;
	STAILQ_INIT(&pg->sent);
	STAILQ_INIT(&pg->unsent);
	loop_arm(loop, &pg->timer, 0);
	return pg;
}

void pg_async_free(struct pg_async *pg)
{
	if (!pg)
		return;
	close_connection(pg);
	loop_disarm(pg->loop, &pg->timer);
	loop_disarm(pg->loop, &pg->refused);
	fail_all(&pg->sent, PG_AWAY);
	fail_all(&pg->unsent, PG_AWAY);
	pg_conn_free(&pg->c);
	free(pg);
}

bool pg_async_is_up(const struct pg_async *pg)
{
	return pg->state == STATE_UP;
}

static bool send_statement(struct pg_async *pg, struct pending *p,
			   const struct pg_statement *statement, int n,
			   const struct pg_param *params)
{
	if (statement->name && !pg_conn_has_prepared(&pg->c, statement)) {
		if (!PQsendPrepare(pg->c.conn, statement->name, statement->text,
				   0, NULL))
			return false;
		pg_conn_add_prepared(&pg->c, statement);
		p->prepares = statement;
	}
	return pg_conn_send(&pg->c, statement, n, params) &&
	       PQpipelineSync(pg->c.conn);
}

void pg_async_send(struct pg_async *pg, const struct pg_statement *statement,
		   int n, const struct pg_param *params, pg_async_done *done,
		   void *context)
{
	struct pending *p = xcalloc(1, sizeof(*p));
	bool idle = STAILQ_EMPTY(&pg->sent);

	p->done = done;
	p->context = context;
	if (pg->state == STATE_UP &&
	    send_statement(pg, p, statement, n, params)) {
		STAILQ_INSERT_TAIL(&pg->sent, p, link);
		if (idle)
			loop_arm(pg->loop, &pg->timer, PG_ANSWER_LIMIT);
		/* The Sync has flushed; wait only for the rest. */
		watch_for(pg,
			  PQflush(pg->c.conn) ? EPOLLIN | EPOLLOUT : EPOLLIN);
		return;
	}
	STAILQ_INSERT_TAIL(&pg->unsent, p, link);
	loop_arm(pg->loop, &pg->refused, 0);
	/* Don't give it up here: the caller does not expect a callback now. */
	if (pg->state == STATE_UP)
		loop_arm(pg->loop, &pg->timer, 0);
}

void pg_async_reconnect(struct pg_async *pg, const char *reason)
{
	if (pg->state == STATE_UP)
		lose_connection(pg, reason);
}
