/* database: blocking connections. */
#include "database.h"

static void ignore_notice(void *context, const PGresult *notice)
{
	(void)context;
	(void)notice;
}

PGconn *database_connect(const char *conninfo, const char *application)
{
	const char *keywords[] = { "application_name", "dbname", NULL };
	const char *values[] = { application, conninfo, NULL };
	PGconn *conn = PQconnectdbParams(keywords, values, 1);

	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	return conn;
}
