/* result: reads the result of a statement. Used by every caller of the
 * database; owns nothing. */
#include "pg/result.h"

#include <libpq-fe.h>
#include <string.h>

static const PGresult *to_pgresult(const struct pg_result *result)
{
	return (const PGresult *)(const void *)result;
}

int pg_rows(const struct pg_result *result)
{
	return PQntuples(to_pgresult(result));
}

const char *pg_field(const struct pg_result *result, int row, int column)
{
	return PQgetisnull(to_pgresult(result), row, column)
		       ? NULL
		       : PQgetvalue(to_pgresult(result), row, column);
}

static const char *error_field(const struct pg_result *result, int field)
{
	const char *text = PQresultErrorField(to_pgresult(result), field);

	return text ? text : "";
}

const char *pg_sqlstate(const struct pg_result *result)
{
	return error_field(result, PG_DIAG_SQLSTATE);
}

bool pg_is_stale(const struct pg_result *result)
{
	static const char *const states[] = { "57P01", "57P02", "57P03",
					      "25006", "26000", "42P05",
					      "0A000" };

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
