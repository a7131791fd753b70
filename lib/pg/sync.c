/* sync: one synchronous connection to PostgreSQL. Called by the admin tool and
 * by programs that serve one request at a time; owns the PGconn.
 * Single-threaded.
 *
 * Statements go out in pipeline mode. Each has its own Sync and so its own
 * transaction. A doorbell can follow without waiting; its answer is read at the
 * next use of the connection, when it has long arrived. This module waits
 * itself, because libpq's waits have no time limit. */
#include "pg/sync.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "pg/conn.h"
#include "pg/schema.h"

struct pg {
	struct pg_conn c;
	bool ringing;         /* the answer to a doorbell is still unread */
	bool requires_schema; /* see pg_require_schema() */
	int64_t next_attempt; /* clock_ms() */
};

/* The results of one statement. */
struct answer {
	PGresult *result; /* the failure if there was one; NULL: nothing */
	bool ended;       /* its Sync came: the results are final */
	bool succeeded;   /* a success came, whatever came later */
};

struct pg *pg_create(const char *conninfo, const char *user,
		     const char *application)
{
	struct pg *pg = xcalloc(1, sizeof(*pg));

	pg_conn_init(&pg->c, conninfo, user, application);
	return pg;
}

void pg_require_schema(struct pg *pg)
{
	pg->requires_schema = true;
}

void pg_drop(struct pg *pg)
{
	pg_conn_close(&pg->c);
	pg->ringing = false;
}

void pg_free(struct pg *pg)
{
	if (!pg)
		return;
	pg_conn_free(&pg->c);
	free(pg);
}

/* Whether the idle connection is still open at the other end. Without this
 * check the first statement after every restart of PostgreSQL would be lost,
 * and it would be unknown whether it was executed. */
static bool is_alive(PGconn *conn)
{
	char byte;

	for (int i = 0; i < 8; i++) {
		ssize_t n =
			recv(PQsocket(conn), &byte, 1, MSG_PEEK | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0 || !PQconsumeInput(conn))
			return false;
		PQisBusy(conn); /* reads a notice or a farewell */
	}
	return true;
}

/* Waits until PQgetResult() will not block. False when the time is over. */
static bool wait_result(PGconn *conn, int64_t deadline)
{
	while (PQisBusy(conn)) {
		struct pollfd pollfd = { .fd = PQsocket(conn),
					 .events = POLLIN };
		int64_t left = deadline - clock_ms();
		int n = left > 0 ? poll(&pollfd, 1, (int)left) : 0;

		if (n == 0)
			return false;
		/* A broken connection is not busy: its end is a result. */
		if (n > 0 && !PQconsumeInput(conn))
			return true;
	}
	return true;
}

/* Reads the answer to one statement, up to its Sync. */
static struct answer read_answer(PGconn *conn)
{
	struct answer answer = { 0 };
	int64_t deadline = clock_ms() + PG_ANSWER_LIMIT;
	PGresult *result;

	for (int nothing = 0; nothing < 2;) {
		if (!wait_result(conn, deadline))
			break;
		result = PQgetResult(conn);
		if (!result) {
			nothing++; /* end of a statement; twice: nothing more
				      comes */
			continue;
		}
		nothing = 0;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			answer.ended = true;
			break;
		}
		/* A commit can fail after a success. The first failure causes
		 * the others. */
		if (!pg_conn_is_failure(result))
			answer.succeeded = true;
		if (answer.result && pg_conn_is_failure(answer.result)) {
			PQclear(result);
		} else {
			PQclear(answer.result);
			answer.result = result;
		}
	}
	return answer;
}

/* Gives up a connection that failed. */
static void lose_connection(struct pg *pg)
{
	const char *reason = PQerrorMessage(pg->c.conn);

	pg_conn_set_reason(&pg->c, *reason ? reason : "no answer in time");
	pg_drop(pg);
}

/* Reads the answer to the doorbell. */
static void read_bell_answer(struct pg *pg)
{
	struct answer answer;

	if (!pg->ringing)
		return;
	pg->ringing = false;
	answer = read_answer(pg->c.conn);
	PQclear(answer.result);
	if (!answer.ended)
		lose_connection(pg);
}

/* The meaning of an answer. An error before the connection broke means that the
 * transaction was rolled back (57P01: the server shuts down). An error after a
 * success came during or after the commit and leaves that open. */
static enum pg_status interpret_answer(struct pg *pg, struct answer answer,
				       struct pg_result **out)
{
	PGresult *result = answer.result;
	bool refused = result && pg_conn_is_failure(result) &&
		       PQresultErrorField(result, PG_DIAG_SQLSTATE);
	bool settled =
		answer.ended ? result != NULL : refused && !answer.succeeded;

	if (!answer.ended)
		lose_connection(pg);
	if (refused)
		pg_conn_set_reason_of(&pg->c, result);
	if (!settled) {
		PQclear(result);
		return PG_UNKNOWN;
	}
	*out = (struct pg_result *)result;
	return pg_conn_is_failure(result) ? PG_FAILED : PG_OK;
}

/* Prepares a statement on this connection, once. */
static enum pg_status prepare_statement(struct pg *pg,
					const struct pg_statement *statement)
{
	struct pg_result *result = NULL;
	enum pg_status status = PG_UNKNOWN;
	bool stale;

	if (!statement->name || pg_conn_has_prepared(&pg->c, statement))
		return PG_OK;
	if (PQsendPrepare(pg->c.conn, statement->name, statement->text, 0,
			  NULL) &&
	    PQpipelineSync(pg->c.conn))
		status = interpret_answer(pg, read_answer(pg->c.conn), &result);
	else
		lose_connection(pg);
	stale = status == PG_FAILED && pg_is_stale(result);
	pg_result_free(result);
	if (stale)
		pg_drop(pg);
	/* Preparing changes nothing. */
	if (status == PG_UNKNOWN || !pg->c.conn)
		return PG_AWAY;
	if (status == PG_OK)
		pg_conn_add_prepared(&pg->c, statement);
	return status;
}

/* Ends a run: reads the answer and keeps the reason of a failure. */
static enum pg_status finish_run(struct pg *pg, struct pg_result **out)
{
	enum pg_status status =
		interpret_answer(pg, read_answer(pg->c.conn), out);

	if (status == PG_FAILED && pg_is_stale(*out))
		pg_drop(pg);
	return status;
}

enum pg_status pg_run(struct pg *pg, const struct pg_statement *statement,
		      int n, const struct pg_param *params,
		      const struct pg_statement *bell, struct pg_result **out)
{
	enum pg_status status;

	*out = NULL;
	if (pg->c.conn)
		read_bell_answer(pg);
	if (!pg->c.conn)
		return PG_AWAY;
	/* Run the statement even if the doorbell can't be prepared. */
	if (bell && prepare_statement(pg, bell) != PG_OK)
		bell = NULL;
	status = pg->c.conn ? prepare_statement(pg, statement) : PG_AWAY;
	if (status != PG_OK)
		return status;
	/* Without its Sync nothing is committed. */
	if (!pg_conn_send(&pg->c, statement, n, params)) {
		lose_connection(pg);
		return PG_AWAY;
	}
	if (!PQpipelineSync(pg->c.conn)) {
		lose_connection(pg);
		return PG_UNKNOWN;
	}
	pg->ringing = bell && pg_conn_send(&pg->c, bell, 0, NULL) &&
		      PQpipelineSync(pg->c.conn);
	return finish_run(pg, out);
}

/* Whether the schema is new enough; if not, keeps the reason. */
static bool has_schema(struct pg *pg)
{
	struct pg_result *result;
	struct buf why = { 0 };
	enum pg_status status =
		pg_run(pg, &SCHEMA_VERSION, 0, NULL, NULL, &result);
	bool usable = schema_is_usable(status, result, &why);

	if (why.len)
		pg_conn_set_reason(&pg->c, buf_text(&why));
	buf_free(&why);
	pg_result_free(result);
	return usable;
}

static bool open_connection(struct pg *pg)
{
	struct pg_conn *c = &pg->c;

	pg_conn_open(c);
	if (PQstatus(c->conn) != CONNECTION_OK ||
	    !PQenterPipelineMode(c->conn)) {
		pg_conn_set_reason(c, PQerrorMessage(c->conn));
		return false;
	}
	return !pg->requires_schema || has_schema(pg);
}

enum pg_status pg_connect(struct pg *pg, bool *fresh)
{
	struct pg_conn *c = &pg->c;

	*fresh = false;
	if (c->conn) {
		read_bell_answer(pg);
		if (c->conn && is_alive(c->conn))
			return PG_OK;
		pg_drop(pg);
	}
	if (clock_ms() < pg->next_attempt)
		return PG_AWAY;
	if (open_connection(pg)) {
		pg_conn_backoff_reset(c);
		*fresh = true;
		return PG_OK;
	}
	pg_drop(pg);
	pg->next_attempt = clock_ms() + pg_conn_backoff(c);
	return PG_AWAY;
}

enum pg_status pg_ask(struct pg *pg, const struct pg_statement *statement,
		      int n, const struct pg_param *params,
		      const struct pg_statement *bell, struct pg_result **out)
{
	bool fresh;

	*out = NULL;
	if (pg_connect(pg, &fresh) != PG_OK)
		return PG_AWAY;
	return pg_run(pg, statement, n, params, bell, out);
}

enum pg_status pg_script(struct pg *pg, const char *script,
			 struct pg_result **out)
{
	struct answer answer = { 0 };

	*out = NULL;
	if (!pg->c.conn)
		return PG_AWAY;
	read_bell_answer(pg);
	if (!pg->c.conn)
		return PG_AWAY;
	if (!PQexitPipelineMode(pg->c.conn)) {
		lose_connection(pg);
		return PG_AWAY;
	}
	answer.result = PQexec(pg->c.conn, script);
	answer.ended = PQstatus(pg->c.conn) == CONNECTION_OK &&
		       PQenterPipelineMode(pg->c.conn);
	return interpret_answer(pg, answer, out);
}

const char *pg_reason(struct pg *pg)
{
	return buf_text(&pg->c.reason);
}
