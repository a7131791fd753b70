/* statement: a program's prepared statements on its connection. Called by
 * programs that do one request at a time; owns nothing. Each statement is
 * prepared when it is first used on a connection. */
#include "pg/statement.h"

bool statement_connect(struct statements *statements)
{
	bool fresh;

	if (pg_connect(statements->pg, &fresh) != PG_OK)
		return false;
	if (fresh)
		statements->prepared = 0;
	return true;
}

static enum pg_status prepare(struct statements *statements, int which)
{
	const struct statement *statement = &statements->list[which];
	enum pg_status status = PG_OK;

	if (!(statements->prepared & 1U << which))
		status = pg_prepare(statements->pg, statement->name,
				    statement->text);
	if (status == PG_OK)
		statements->prepared |= 1U << which;
	return status;
}

enum pg_status statement_run(struct statements *statements, int which, int n,
			     const struct pg_param *params, int bell,
			     struct pg_result **out)
{
	const char *ring = NULL;
	enum pg_status status;

	*out = NULL;
	if (!statement_connect(statements))
		return PG_AWAY;
	/* A bell that can't be rung is no reason to do nothing. */
	if (bell != STATEMENT_NONE && prepare(statements, bell) == PG_OK)
		ring = statements->list[bell].name;
	status = prepare(statements, which);
	if (status != PG_OK)
		return status;
	status = pg_run(statements->pg, statements->list[which].name, n, params,
			ring, out);
	if (status == PG_FAILED && pg_is_stale(*out))
		pg_drop(statements->pg);
	return status;
}
