/* pg: see pg.h. Used by confab-command, confab-session and the admin tool; owns
 * the PGconn. Statements go out in pipeline mode, so that a command and its
 * doorbell share a flush. */
#include "pg.h"

#include <libpq-fe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "secret.h"
#include "xalloc.h"

enum {
	BACKOFF_FIRST = 100,
	BACKOFF_MOST = 2000 /* ms */,
	PARAMS = 16
};

struct pg {
	char *conninfo, *user, *application;
	PGconn *conn;
	bool ringing; /* a doorbell's answer was not taken yet */
	unsigned backoff;
	int64_t next_attempt; /* ms */
	char *reason;         /* of the last failure; NULL: none */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

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

static void disconnect(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->ringing = false;
}

void pg_free(struct pg *pg)
{
	if (!pg)
		return;
	disconnect(pg);
	free(pg->reason);
	free(pg->conninfo);
	free(pg->user);
	free(pg->application);
	free(pg);
}

static void set_reason(struct pg *pg, const char *reason)
{
	free(pg->reason);
	pg->reason = xstrdup(reason);
	/* libpq ends its sentences with a line feed. */
	for (char *p = pg->reason; (p = strchr(p, '\n'));)
		*p = p[1] ? ' ' : '\0';
}

static PGconn *attempt(const struct pg *pg)
{
	/* What conninfo says wins: later keywords override earlier ones. */
	const char *keywords[] = { "user",
				   "application_name",
				   "connect_timeout",
				   "keepalives_idle",
				   "keepalives_interval",
				   "keepalives_count",
				   "tcp_user_timeout",
				   "dbname",
				   NULL };
	const char *values[] = { pg->user, pg->application, "2", "15", "5", "3",
				 "10000",  pg->conninfo,    NULL };

	return PQconnectdbParams(keywords, values, 1);
}

enum pg_status pg_connect(struct pg *pg, bool *fresh)
{
	int64_t now = now_ms();

	*fresh = false;
	if (pg->conn && PQstatus(pg->conn) == CONNECTION_OK)
		return PG_OK;
	disconnect(pg);
	if (now < pg->next_attempt)
		return PG_AWAY;
	pg->conn = attempt(pg);
	if (PQstatus(pg->conn) == CONNECTION_OK &&
	    PQenterPipelineMode(pg->conn)) {
		pg->backoff = BACKOFF_FIRST;
		*fresh = true;
		return PG_OK;
	}
	set_reason(pg, PQerrorMessage(pg->conn));
	disconnect(pg);
	pg->next_attempt =
		now_ms() + pg->backoff / 2 + secret_random(pg->backoff / 2 + 1);
	pg->backoff =
		pg->backoff * 2 > BACKOFF_MOST ? BACKOFF_MOST : pg->backoff * 2;
	return PG_AWAY;
}

static enum pg_status lose(struct pg *pg, enum pg_status status)
{
	set_reason(pg, PQerrorMessage(pg->conn));
	disconnect(pg);
	return status;
}

static bool failed(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

/* Takes one statement's answer, up to its Sync. NULL when the connection broke
 * before it. */
static PGresult *take(PGconn *conn)
{
	PGresult *kept = NULL, *result;

	for (int nothing = 0; nothing < 2;) {
		result = PQgetResult(conn);
		if (!result) {
			nothing++; /* between results; twice: no more come */
			continue;
		}
		nothing = 0;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			return kept;
		}
		if (kept && failed(kept)) {
			PQclear(result);
		} else {
			PQclear(kept);
			kept = result;
		}
	}
	PQclear(kept);
	return NULL;
}

/* The doorbell's answer is taken before the connection is used again: by then
 * it has long arrived. */
static bool settle(struct pg *pg)
{
	if (!pg->ringing)
		return true;
	pg->ringing = false;
	PQclear(take(pg->conn));
	return PQstatus(pg->conn) == CONNECTION_OK;
}

/* Whether the answer says that the connection is over (57P01 and the like come
 * as errors before the socket closes). */
static enum pg_status conclude(struct pg *pg, PGresult *result,
			       struct pg_result **out)
{
	*out = NULL;
	if (!result)
		return lose(pg, PG_UNKNOWN);
	if (failed(result) && PQstatus(pg->conn) == CONNECTION_BAD &&
	    !PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
		PQclear(result);
		return lose(pg, PG_UNKNOWN);
	}
	*out = (struct pg_result *)result;
	return failed(result) ? PG_FAILED : PG_OK;
}

enum pg_status pg_prepare(struct pg *pg, const char *name,
			  const char *statement)
{
	struct pg_result *result;
	enum pg_status status;

	if (!settle(pg))
		return lose(pg, PG_AWAY);
	if (!PQsendPrepare(pg->conn, name, statement, 0, NULL) ||
	    !PQpipelineSync(pg->conn))
		return lose(pg, PG_AWAY);
	status = conclude(pg, take(pg->conn), &result);
	if (status == PG_FAILED)
		set_reason(pg, pg_message(result));
	pg_result_free(result);
	return status == PG_UNKNOWN ? PG_AWAY : status;
}

static bool send(struct pg *pg, const char *name, int n,
		 const struct pg_param *params)
{
	const char *values[PARAMS];
	int lengths[PARAMS], formats[PARAMS];

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
	bool ok;

	*out = NULL;
	if (!settle(pg))
		return lose(pg, PG_AWAY);
	ok = n <= PARAMS && send(pg, name, n, params);
	/* Each Sync ends a transaction: the bell rings after the commit. */
	if (ok && doorbell)
		ok = PQpipelineSync(pg->conn) && send(pg, doorbell, 0, NULL);
	if (!ok || !PQpipelineSync(pg->conn))
		return lose(pg, PG_UNKNOWN);
	pg->ringing = doorbell != NULL;
	return conclude(pg, take(pg->conn), out);
}

enum pg_status pg_script(struct pg *pg, const char *script,
			 struct pg_result **out)
{
	PGresult *result;

	*out = NULL;
	if (!settle(pg) || !PQexitPipelineMode(pg->conn))
		return lose(pg, PG_AWAY);
	result = PQexec(pg->conn, script);
	if (PQstatus(pg->conn) == CONNECTION_OK)
		PQenterPipelineMode(pg->conn);
	return conclude(pg, result, out);
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
