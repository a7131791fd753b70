/* sync: one synchronous connection to PostgreSQL. Called by the programs that
 * do one request at a time and by the admin tool; owns the PGconn.
 * Single-threaded.
 *
 * Statements go out in pipeline mode, each followed by its Sync and so a
 * transaction of its own; a doorbell can follow without waiting for the answer,
 * and its own answer is taken when the connection is used next, by when it has
 * long arrived. Waiting is done here, not in libpq, so that it has an end. */
#include "pg/sync.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/xalloc.h"

enum {
	BACKOFF_FIRST = 100,  /* ms */
	BACKOFF_MOST = 2000,  /* ms */
	ANSWER_LIMIT = 10000, /* ms; the roles' statement_timeout is less */
	PARAMS = 16,
};

struct pg {
	char *conninfo, *user, *application;
	PGconn *conn;
	bool ringing; /* a doorbell's answer was not taken yet */
	unsigned backoff;
	int64_t next_attempt; /* ms */
	char *reason;         /* of the last failure; NULL: none */
};

/* What came back for one statement. */
struct answer {
	PGresult *result; /* the failure if there was one; NULL: nothing */
	bool ended;       /* up to its Sync: what it says is settled */
	bool succeeded;   /* a success was seen, whatever came then */
};

struct pg *pg_create(const char *conninfo, const char *user,
		     const char *application)
{
	struct pg *pg = xcalloc(1, sizeof(*pg));

	pg->conninfo = xstrdup(conninfo);
	pg->user = xstrdup(user);
	pg->application = xstrdup(application);
	pg->backoff = BACKOFF_FIRST;
	return pg;
}

void pg_drop(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->ringing = false;
}

void pg_free(struct pg *pg)
{
	if (!pg)
		return;
	pg_drop(pg);
	free(pg->reason);
	free(pg->conninfo);
	free(pg->user);
	free(pg->application);
	free(pg);
}

static void set_reason(struct pg *pg, const char *reason)
{
	size_t len;

	free(pg->reason);
	pg->reason = xstrdup(reason);
	/* libpq's sentences have line feeds within and behind them. */
	for (len = strlen(pg->reason); len; len--)
		if (pg->reason[len - 1] != '\n')
			break;
	pg->reason[len] = '\0';
	for (char *p = pg->reason; (p = strchr(p, '\n'));)
		*p = ' ';
}

/* Notices are for people at a terminal. */
static void ignore_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

static PGconn *attempt(const struct pg *pg)
{
	/* Later keywords override earlier ones: conninfo is behind what it may
	 * change and before what it must not. */
	static const char *const keywords[] = {
		"user",
		"fallback_application_name",
		"connect_timeout",
		"keepalives_idle",
		"keepalives_interval",
		"keepalives_count",
		"tcp_user_timeout",
		"dbname",
		"client_encoding",
		NULL,
	};
	const char *values[] = {
		pg->user, pg->application, "2",          "15",   "5",
		"3",      "10000",         pg->conninfo, "UTF8", NULL
	};

	return PQconnectdbParams(keywords, values, 1);
}

/* Whether the idle connection still has another end: the server may have
 * closed it since. Without this look the first statement after every restart of
 * PostgreSQL would be lost, and nobody could say whether it was carried out. */
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
		PQisBusy(conn); /* takes a notice or a farewell */
	}
	return true;
}

static void step_back(struct pg *pg)
{
	pg->next_attempt = clock_ms() + pg->backoff / 2 +
			   secret_random(pg->backoff / 2 + 1);
	pg->backoff *= 2;
	if (pg->backoff > BACKOFF_MOST)
		pg->backoff = BACKOFF_MOST;
}

static void settle(struct pg *pg);

enum pg_status pg_connect(struct pg *pg, bool *fresh)
{
	*fresh = false;
	if (pg->conn) {
		settle(pg);
		if (pg->conn && is_alive(pg->conn))
			return PG_OK;
		pg_drop(pg);
	}
	if (clock_ms() < pg->next_attempt)
		return PG_AWAY;
	pg->conn = attempt(pg);
	if (PQstatus(pg->conn) == CONNECTION_OK &&
	    PQenterPipelineMode(pg->conn)) {
		PQsetNoticeProcessor(pg->conn, ignore_notice, NULL);
		pg->backoff = BACKOFF_FIRST;
		*fresh = true;
		return PG_OK;
	}
	set_reason(pg, PQerrorMessage(pg->conn));
	pg_drop(pg);
	step_back(pg);
	return PG_AWAY;
}

static bool failed(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

/* Waits until PQgetResult() will not block; false when the time is over. */
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

/* Takes one statement's answer, up to its Sync. */
static struct answer take(PGconn *conn)
{
	struct answer answer = { 0 };
	int64_t deadline = clock_ms() + ANSWER_LIMIT;
	PGresult *result;

	for (int nothing = 0; nothing < 2;) {
		if (!wait_result(conn, deadline))
			break;
		result = PQgetResult(conn);
		if (!result) {
			nothing++; /* between results; twice: no more come */
			continue;
		}
		nothing = 0;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			answer.ended = true;
			break;
		}
		/* A failure may follow a success: at the commit. The first
		 * failure is the cause of others. */
		if (!failed(result))
			answer.succeeded = true;
		if (answer.result && failed(answer.result)) {
			PQclear(result);
		} else {
			PQclear(answer.result);
			answer.result = result;
		}
	}
	return answer;
}

/* Gives up a connection that failed us. */
static void lose(struct pg *pg)
{
	const char *reason = PQerrorMessage(pg->conn);

	set_reason(pg, *reason ? reason : "no answer in time");
	pg_drop(pg);
}

/* Takes the doorbell's answer. */
static void settle(struct pg *pg)
{
	struct answer answer;

	if (!pg->ringing)
		return;
	pg->ringing = false;
	answer = take(pg->conn);
	PQclear(answer.result);
	if (!answer.ended)
		lose(pg);
}

/* What an answer means. An error before the connection broke says that the
 * transaction was given up (57P01: the server shuts down), unless it came
 * behind a success, that is during or after the commit. */
static enum pg_status conclude(struct pg *pg, struct answer answer,
			       struct pg_result **out)
{
	PGresult *result = answer.result;
	bool refused = result && failed(result) &&
		       PQresultErrorField(result, PG_DIAG_SQLSTATE);
	bool settled =
		answer.ended ? result != NULL : refused && !answer.succeeded;

	if (!answer.ended)
		lose(pg);
	if (refused)
		set_reason(pg,
			   PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	if (!settled) {
		PQclear(result);
		return PG_UNKNOWN;
	}
	*out = (struct pg_result *)result;
	return failed(result) ? PG_FAILED : PG_OK;
}

enum pg_status pg_prepare(struct pg *pg, const char *name,
			  const char *statement)
{
	struct pg_result *result = NULL;
	enum pg_status status = PG_UNKNOWN;

	if (!pg->conn)
		return PG_AWAY;
	settle(pg);
	if (!pg->conn)
		return PG_AWAY;
	if (PQsendPrepare(pg->conn, name, statement, 0, NULL) &&
	    PQpipelineSync(pg->conn))
		status = conclude(pg, take(pg->conn), &result);
	else
		lose(pg);
	pg_result_free(result);
	/* Preparing changes nothing. */
	return status == PG_UNKNOWN || !pg->conn ? PG_AWAY : status;
}

static bool send_statement(struct pg *pg, const char *name, int n,
			   const struct pg_param *params)
{
	const char *values[PARAMS];
	int lengths[PARAMS], formats[PARAMS];

	if (n > PARAMS)
		return false;
	for (int i = 0; i < n; i++) {
		values[i] = params[i].data;
		lengths[i] = (int)params[i].len;
		formats[i] = params[i].binary;
	}
	return PQsendQueryPrepared(pg->conn, name, n, values, lengths, formats,
				   0);
}

enum pg_status pg_run(struct pg *pg, const char *name, int n,
		      const struct pg_param *params, const char *doorbell,
		      struct pg_result **out)
{
	*out = NULL;
	if (!pg->conn)
		return PG_AWAY;
	settle(pg);
	if (!pg->conn)
		return PG_AWAY;
	/* Without its Sync nothing is committed. */
	if (!send_statement(pg, name, n, params)) {
		lose(pg);
		return PG_AWAY;
	}
	if (!PQpipelineSync(pg->conn)) {
		lose(pg);
		return PG_UNKNOWN;
	}
	pg->ringing = doorbell && send_statement(pg, doorbell, 0, NULL) &&
		      PQpipelineSync(pg->conn);
	return conclude(pg, take(pg->conn), out);
}

enum pg_status pg_script(struct pg *pg, const char *script,
			 struct pg_result **out)
{
	struct answer answer = { 0 };

	*out = NULL;
	if (!pg->conn)
		return PG_AWAY;
	settle(pg);
	if (!pg->conn)
		return PG_AWAY;
	if (!PQexitPipelineMode(pg->conn)) {
		lose(pg);
		return PG_AWAY;
	}
	answer.result = PQexec(pg->conn, script);
	answer.ended = PQstatus(pg->conn) == CONNECTION_OK &&
		       PQenterPipelineMode(pg->conn);
	return conclude(pg, answer, out);
}

static const PGresult *inside(const struct pg_result *result)
{
	return (const PGresult *)(const void *)result;
}

int pg_rows(const struct pg_result *result)
{
	return PQntuples(inside(result));
}

const char *pg_field(const struct pg_result *result, int row, int column)
{
	return PQgetisnull(inside(result), row, column)
		       ? NULL
		       : PQgetvalue(inside(result), row, column);
}

static const char *error_field(const struct pg_result *result, int field)
{
	const char *text = PQresultErrorField(inside(result), field);

	return text ? text : "";
}

const char *pg_sqlstate(const struct pg_result *result)
{
	return error_field(result, PG_DIAG_SQLSTATE);
}

bool pg_is_stale(const struct pg_result *result)
{
	static const char *const states[] = { "57P01", "57P02", "57P03",
					      "25006", "26000", "0A000" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(pg_sqlstate(result), states[i]) == 0)
			return true;
	return false;
}

const char *pg_message(const struct pg_result *result)
{
	return error_field(result, PG_DIAG_MESSAGE_PRIMARY);
}

const char *pg_detail(const struct pg_result *result)
{
	return error_field(result, PG_DIAG_MESSAGE_DETAIL);
}

void pg_result_free(struct pg_result *result)
{
	PQclear((PGresult *)result);
}

const char *pg_reason(const struct pg *pg)
{
	return pg->reason ? pg->reason : "";
}
