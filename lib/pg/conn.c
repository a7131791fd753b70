/* conn: the part of a connection that sync.c and async.c share. Owns the
 * PGconn. Single-threaded. */
#include "pg/conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/xalloc.h"

void pg_conn_init(struct pg_conn *c, const char *conninfo, const char *user,
		  const char *application)
{
	*c = (struct pg_conn){ .conninfo = xstrdup(conninfo),
			       .user = xstrdup(user),
			       .application = xstrdup(application),
			       .backoff = PG_BACKOFF_FIRST };
}

void pg_conn_free(struct pg_conn *c)
{
	pg_conn_close(c);
	buf_free(&c->reason);
	free(c->prepared);
	free(c->conninfo);
	free(c->user);
	free(c->application);
}

/* Connects; the only place that does. A keyword overrides those before it, so
 * conninfo may change the keywords above "dbname" and none below it. A standby
 * is refused: no command succeeds there, and nobody holds the lock that the
 * reading rule of the log asks about. */
static PGconn *connect_with(const struct pg_conn *c,
			    PGconn *(*how)(const char *const *keywords,
					   const char *const *values, int))
{
	const struct {
		const char *keyword, *value;
	} settings[] = {
		{ "user", c->user },
		{ "fallback_application_name", c->application },
		{ "connect_timeout", "2" },
		{ "keepalives_idle", "15" },
		{ "keepalives_interval", "5" },
		{ "keepalives_count", "3" },
		{ "tcp_user_timeout", "10000" },
		{ "target_session_attrs", "read-write" },
		{ "dbname", c->conninfo },
		{ "client_encoding", "UTF8" },
		{ NULL, NULL },
	};
	enum {
		N = sizeof(settings) / sizeof(settings[0])
	};
	const char *keywords[N], *values[N];

	for (int i = 0; i < N; i++) {
		keywords[i] = settings[i].keyword;
		values[i] = settings[i].value;
	}
	return how(keywords, values, 1);
}

/* Notices are only useful at a terminal. */
static void ignore_notice(void *context, const PGresult *notice)
{
	(void)context;
	(void)notice;
}

void pg_conn_open(struct pg_conn *c)
{
	c->conn = connect_with(c, PQconnectdbParams);
	PQsetNoticeReceiver(c->conn, ignore_notice, NULL);
}

void pg_conn_start(struct pg_conn *c)
{
	c->conn = connect_with(c, PQconnectStartParams);
	PQsetNoticeReceiver(c->conn, ignore_notice, NULL);
}

void pg_conn_close(struct pg_conn *c)
{
	PQfinish(c->conn);
	c->conn = NULL;
	c->n_prepared = 0;
}

unsigned pg_conn_backoff(struct pg_conn *c)
{
	unsigned wait = c->backoff / 2 + secret_random(c->backoff / 2 + 1);

	c->backoff *= 2;
	if (c->backoff > PG_BACKOFF_MOST)
		c->backoff = PG_BACKOFF_MOST;
	return wait;
}

void pg_conn_backoff_reset(struct pg_conn *c)
{
	c->backoff = PG_BACKOFF_FIRST;
}

void pg_conn_set_reason(struct pg_conn *c, const char *reason)
{
	/* libpq's sentences have line feeds and tabs in them. */
	size_t len = strlen(reason);

	while (len && reason[len - 1] == '\n')
		len--;
	c->reason.len = 0;
	buf_add(&c->reason, reason, len);
	for (size_t i = 0; i < len; i++)
		if (c->reason.data[i] == '\n' || c->reason.data[i] == '\t')
			c->reason.data[i] = ' ';
}

void pg_conn_set_reason_of(struct pg_conn *c, const PGresult *result)
{
	const struct pg_result *r = (const void *)result;

	pg_conn_set_reason(c, pg_message(r));
	/* Another client prepared such a statement, or it has vanished. */
	if (!strcmp(pg_sqlstate(r), "42P05") ||
	    !strcmp(pg_sqlstate(r), "26000"))
		buf_add_text(&c->reason, " (connect directly, or through a "
					 "pooler in session mode)");
}

static int find_prepared(const struct pg_conn *c,
			 const struct pg_statement *statement)
{
	for (int i = 0; i < c->n_prepared; i++)
		if (c->prepared[i] == statement)
			return i;
	return -1;
}

bool pg_conn_has_prepared(const struct pg_conn *c,
			  const struct pg_statement *statement)
{
	return find_prepared(c, statement) >= 0;
}

void pg_conn_add_prepared(struct pg_conn *c,
			  const struct pg_statement *statement)
{
	if (c->n_prepared == c->cap_prepared) {
		c->cap_prepared = c->cap_prepared ? c->cap_prepared * 2 : 16;
		c->prepared = xrealloc(c->prepared, (size_t)c->cap_prepared *
							    sizeof(statement));
	}
	c->prepared[c->n_prepared++] = statement;
}

void pg_conn_drop_prepared(struct pg_conn *c,
			   const struct pg_statement *statement)
{
	int i = find_prepared(c, statement);

	if (i >= 0)
		c->prepared[i] = c->prepared[--c->n_prepared];
}

bool pg_conn_send(struct pg_conn *c, const struct pg_statement *statement,
		  int n, const struct pg_param *params)
{
	const char *values[PG_PARAMS];
	int lengths[PG_PARAMS], formats[PG_PARAMS];

	if (n > PG_PARAMS)
		return false;
	for (int i = 0; i < n; i++) {
		values[i] = params[i].data;
		lengths[i] = (int)params[i].len;
		formats[i] = params[i].binary;
	}
	if (!statement->name)
		return PQsendQueryParams(c->conn, statement->text, n, NULL,
					 values, lengths, formats, 0);
	return PQsendQueryPrepared(c->conn, statement->name, n, values, lengths,
				   formats, 0);
}

bool pg_conn_is_failure(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}
