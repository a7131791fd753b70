/* async: a connection as a state machine on the loop. Owns the PGconn and the
 * queue of statements that wait for their answer. */
#include "pg/async.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/xalloc.h"

enum {
	CONNECT_TIMEOUT = 5000, /* ms */
	ANSWER_TIMEOUT = 10000,
	BACKOFF_FIRST = 100,
	BACKOFF_MOST = 2000,
	STATEMENTS = 32, /* distinct prepared statements of one program */
};

enum state {
	STATE_WAITING,    /* until the next attempt */
	STATE_CONNECTING, /* PQconnectPoll */
	STATE_UP,
};

/* A statement that was sent, or that could not be. */
struct pending {
	STAILQ_ENTRY(pending) link;
	pgloop_done *done;
	void *context;
	PGresult *result; /* the one to hand over: the first that failed */
};

STAILQ_HEAD(pending_list, pending);

struct pgloop {
	struct loop *loop;
	const struct pgloop_handler *handler;
	void *context;
	char *conninfo, *user, *application;
	enum state state;
	PGconn *conn;
	struct watch watch;
	struct timer timer;   /* next attempt, or the limit of this one */
	struct timer refused; /* calls back what could not be sent */
	unsigned backoff;     /* ms, upper end of the next wait */
	int64_t up_since;     /* loop_now() */
	uint32_t waits_for;   /* what the watch is set to */
	unsigned connections; /* counts up: tells callbacks of an older one */
	struct pending_list sent, unsent;
	const struct pgloop_statement *prepared[STATEMENTS];
	int n_prepared;
	struct buf reason;
};

static void attempt(struct pgloop *pg);

static void set_state(struct pgloop *pg, enum state state)
{
	pg->state = state;
}

static void watch_for(struct pgloop *pg, uint32_t events)
{
	if (pg->watch.active && pg->waits_for == events)
		return;
	pg->waits_for = events;
	loop_watch(pg->loop, &pg->watch, PQsocket(pg->conn), events);
}

static void finish(struct pending *p, enum pg_status status)
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
		finish(p, status);
	}
}

static void set_reason(struct pgloop *pg, const char *reason)
{
	buf_free(&pg->reason);
	buf_add_text(&pg->reason, reason);
	/* libpq ends its sentences with a line feed. */
	while (pg->reason.len && pg->reason.data[pg->reason.len - 1] == '\n')
		pg->reason.len--;
}

static void disconnect(struct pgloop *pg)
{
	loop_disarm(pg->loop, &pg->timer);
	if (!pg->conn)
		return;
	loop_unwatch(pg->loop, &pg->watch);
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->n_prepared = 0;
	pg->connections++;
}

/* Gives up this connection and plans the next attempt. */
static void lose(struct pgloop *pg, const char *reason)
{
	set_reason(pg, reason);
	disconnect(pg);
	/* A connection that breaks at once must not be tried in a hurry. */
	if (pg->state == STATE_UP &&
	    loop_now(pg->loop) - pg->up_since > BACKOFF_MOST)
		pg->backoff = BACKOFF_FIRST;
	set_state(pg, STATE_WAITING);
	loop_arm(pg->loop, &pg->timer,
		 pg->backoff / 2 + secret_random(pg->backoff / 2 + 1));
	pg->backoff =
		pg->backoff * 2 > BACKOFF_MOST ? BACKOFF_MOST : pg->backoff * 2;
	fail_all(&pg->sent, PG_UNKNOWN);
	pg->handler->down(pg->context, buf_text(&pg->reason));
}

static void come_up(struct pgloop *pg)
{
	if (PQsetnonblocking(pg->conn, 1) != 0 ||
	    PQenterPipelineMode(pg->conn) != 1) {
		lose(pg, PQerrorMessage(pg->conn));
		return;
	}
	loop_disarm(pg->loop, &pg->timer);
	pg->up_since = loop_now(pg->loop);
	set_state(pg, STATE_UP);
	watch_for(pg, EPOLLIN);
	pg->handler->up(pg->context);
}

static void connect_step(struct pgloop *pg)
{
	PostgresPollingStatusType status;

	/* PQconnectPoll may exchange the descriptor. */
	loop_unwatch(pg->loop, &pg->watch);
	status = PQconnectPoll(pg->conn);
	if (status == PGRES_POLLING_OK)
		come_up(pg);
	else if (status == PGRES_POLLING_FAILED)
		lose(pg, PQerrorMessage(pg->conn));
	else
		watch_for(pg,
			  status == PGRES_POLLING_WRITING ? EPOLLOUT : EPOLLIN);
}

/* Hands over one answer; false when the connection is gone after that. */
static bool answer(struct pgloop *pg)
{
	struct pending *p = STAILQ_FIRST(&pg->sent);
	unsigned connection = pg->connections;
	ExecStatusType status = PQresultStatus(p->result);

	STAILQ_REMOVE_HEAD(&pg->sent, link);
	if (STAILQ_EMPTY(&pg->sent))
		loop_disarm(pg->loop, &pg->timer);
	else
		loop_arm(pg->loop, &pg->timer, ANSWER_TIMEOUT);
	finish(p, status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK
			  ? PG_OK
			  : PG_FAILED);
	return connection == pg->connections;
}

static bool failed(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

/* Takes what has arrived. A statement's results end with its Sync; nothing
 * stands between two statements' results. */
static bool take_results(struct pgloop *pg)
{
	int nothing = 0;

	/* Twice nothing: no more will come on this connection. */
	while (nothing < 2 && !STAILQ_EMPTY(&pg->sent) && !PQisBusy(pg->conn)) {
		struct pending *p = STAILQ_FIRST(&pg->sent);
		PGresult *result = PQgetResult(pg->conn);

		nothing = result ? 0 : nothing + 1;
		if (!result)
			continue;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			if (!answer(pg))
				return false;
		} else if (p->result && failed(p->result)) {
			PQclear(result); /* "aborted", behind the cause */
		} else {
			PQclear(p->result);
			p->result = result;
		}
	}
	return true;
}

static bool take_notifications(struct pgloop *pg)
{
	unsigned connection = pg->connections;
	PGnotify *n;

	while ((n = PQnotifies(pg->conn))) {
		if (pg->handler->notified)
			pg->handler->notified(pg->context, n->relname,
					      n->extra);
		PQfreemem(n);
		if (connection != pg->connections)
			return false;
	}
	return true;
}

static void flush(struct pgloop *pg)
{
	int left = PQflush(pg->conn);

	if (left < 0)
		lose(pg, PQerrorMessage(pg->conn));
	else
		watch_for(pg, left ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void socket_ready(struct watch *watch, uint32_t events)
{
	struct pgloop *pg =
		(void *)((char *)watch - offsetof(struct pgloop, watch));

	if (pg->state == STATE_CONNECTING) {
		connect_step(pg);
		return;
	}
	if (events & ~(uint32_t)EPOLLOUT) {
		bool alive = PQconsumeInput(pg->conn);

		if (!take_results(pg) || !take_notifications(pg))
			return;
		if (!alive || PQstatus(pg->conn) == CONNECTION_BAD) {
			lose(pg, PQerrorMessage(pg->conn));
			return;
		}
	}
	flush(pg);
}

static void timer_fired(struct timer *timer)
{
	struct pgloop *pg =
		(void *)((char *)timer - offsetof(struct pgloop, timer));

	if (pg->state == STATE_WAITING)
		attempt(pg);
	else
		lose(pg, pg->state == STATE_UP ? "no answer in time"
					       : "no connection in time");
}

static void refused_fired(struct timer *timer)
{
	struct pgloop *pg =
		(void *)((char *)timer - offsetof(struct pgloop, refused));

	fail_all(&pg->unsent, PG_AWAY);
}

/* libpq would print it; what ends a connection is reported anyway. */
static void ignore_notice(void *context, const PGresult *notice)
{
	(void)context;
	(void)notice;
}

static void attempt(struct pgloop *pg)
{
	/* What conninfo says wins: later keywords override earlier ones. */
	const char *keywords[] = { "user",
				   "application_name",
				   "keepalives_idle",
				   "keepalives_interval",
				   "keepalives_count",
				   "tcp_user_timeout",
				   "dbname",
				   NULL };
	const char *values[] = {
		pg->user, pg->application, "15",         "5",
		"3",      "10000",         pg->conninfo, NULL
	};

	set_state(pg, STATE_CONNECTING);
	loop_arm(pg->loop, &pg->timer, CONNECT_TIMEOUT);
	pg->conn = PQconnectStartParams(keywords, values, 1);
	if (!pg->conn || PQstatus(pg->conn) == CONNECTION_BAD) {
		lose(pg, pg->conn ? PQerrorMessage(pg->conn) : "no memory");
		return;
	}
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	watch_for(pg, EPOLLOUT);
}

struct pgloop *pgloop_create(struct loop *loop, const char *conninfo,
			     const char *user, const char *application,
			     const struct pgloop_handler *handler,
			     void *context)
{
	struct pgloop *pg = xcalloc(1, sizeof(*pg));

	pg->loop = loop;
	pg->handler = handler;
	pg->context = context;
	pg->conninfo = xstrdup(conninfo);
	pg->user = xstrdup(user);
	pg->application = xstrdup(application);
	pg->watch.ready = socket_ready;
	pg->timer.fire = timer_fired;
	pg->refused.fire = refused_fired;
	pg->backoff = BACKOFF_FIRST;
	STAILQ_INIT(&pg->sent);
	STAILQ_INIT(&pg->unsent);
	loop_arm(loop, &pg->timer, 0);
	return pg;
}

void pgloop_free(struct pgloop *pg)
{
	if (!pg)
		return;
	disconnect(pg);
	loop_disarm(pg->loop, &pg->timer);
	loop_disarm(pg->loop, &pg->refused);
	fail_all(&pg->sent, PG_AWAY);
	fail_all(&pg->unsent, PG_AWAY);
	buf_free(&pg->reason);
	free(pg->conninfo);
	free(pg->user);
	free(pg->application);
	free(pg);
}

bool pgloop_is_up(const struct pgloop *pg)
{
	return pg->state == STATE_UP;
}

static bool is_prepared(const struct pgloop *pg,
			const struct pgloop_statement *statement)
{
	for (int i = 0; i < pg->n_prepared; i++)
		if (pg->prepared[i] == statement)
			return true;
	return false;
}

static bool send_statement(struct pgloop *pg,
			   const struct pgloop_statement *statement, int n,
			   const struct pg_param *params)
{
	const char *values[16];
	int lengths[16], formats[16];

	if (n > 16)
		return false;
	for (int i = 0; i < n; i++) {
		values[i] = params[i].data;
		lengths[i] = (int)params[i].len;
		formats[i] = params[i].binary;
	}
	if (!statement->name)
		return PQsendQueryParams(pg->conn, statement->text, n, NULL,
					 values, lengths, formats, 0) &&
		       PQpipelineSync(pg->conn);
	if (!is_prepared(pg, statement)) {
		if (pg->n_prepared == STATEMENTS ||
		    !PQsendPrepare(pg->conn, statement->name, statement->text,
				   0, NULL))
			return false;
		pg->prepared[pg->n_prepared++] = statement;
	}
	return PQsendQueryPrepared(pg->conn, statement->name, n, values,
				   lengths, formats, 0) &&
	       PQpipelineSync(pg->conn);
}

void pgloop_send(struct pgloop *pg, const struct pgloop_statement *statement,
		 int n, const struct pg_param *params, pgloop_done *done,
		 void *context)
{
	struct pending *p = xcalloc(1, sizeof(*p));
	bool idle = STAILQ_EMPTY(&pg->sent);

	p->done = done;
	p->context = context;
	if (pg->state == STATE_UP && send_statement(pg, statement, n, params)) {
		STAILQ_INSERT_TAIL(&pg->sent, p, link);
		if (idle)
			loop_arm(pg->loop, &pg->timer, ANSWER_TIMEOUT);
		/* The Sync has flushed; wait only for what did not fit. */
		watch_for(pg, PQflush(pg->conn) ? EPOLLIN | EPOLLOUT : EPOLLIN);
		return;
	}
	STAILQ_INSERT_TAIL(&pg->unsent, p, link);
	loop_arm(pg->loop, &pg->refused, 0);
	/* Not lost here: the caller does not expect to be called back now. */
	if (pg->state == STATE_UP)
		loop_arm(pg->loop, &pg->timer, 0);
}

void pgloop_reconnect(struct pgloop *pg, const char *reason)
{
	if (pg->state == STATE_UP)
		lose(pg, reason);
}
