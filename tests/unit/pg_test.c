/* pg_test: both drivers without a server. */
#include "cmocka_tap.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "pg/async.h"
#include "pg/sync.h"

static const char NOWHERE[] = "host=/nonexistent dbname=x";

static const struct pg_statement ONE = { "one", "select 1" };

/* The calls that the callbacks have got. */
struct told {
	int answers, ups, downs;
	enum pg_status status;
	const struct pg_result *result;
};

static void on_answer(void *context, enum pg_status status,
		      const struct pg_result *result)
{
	struct told *told = context;

	told->answers++;
	told->status = status;
	told->result = result;
}

static void on_up(void *context)
{
	((struct told *)context)->ups++;
}

static void on_down(void *context, const char *reason)
{
	assert_non_null(reason);
	((struct told *)context)->downs++;
}

static const struct pg_async_handler HANDLER = { .up = on_up, .down = on_down };

static void a_statement_without_a_server_is_away(void **state)
{
	struct pg *pg = pg_create(NOWHERE, "somebody", "test");
	struct pg_result *result = (void *)&result;

	(void)state;
	assert_int_equal(pg_ask(pg, &ONE, 0, NULL, NULL, &result), PG_AWAY);
	assert_null(result);
	assert_non_null(strstr(pg_reason(pg), "/nonexistent"));
	pg_free(pg);
}

/* Requests that come between two attempts don't wait for one. */
static void between_attempts_the_answer_comes_at_once(void **state)
{
	struct pg *pg = pg_create(NOWHERE, "somebody", "test");
	int64_t start;
	bool fresh = true;

	(void)state;
	assert_int_equal(pg_connect(pg, &fresh), PG_AWAY);
	start = clock_ms();
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pg_connect(pg, &fresh), PG_AWAY);
	assert_in_range(clock_ms() - start, 0, 1000);
	assert_false(fresh);
	assert_non_null(strstr(pg_reason(pg), "/nonexistent"));
	pg_free(pg);
}

static void an_answer_comes_from_the_loop_only(void **state)
{
	struct loop *loop = loop_create();
	struct told told = { 0 };
	struct pg_async *pg = pg_async_create(loop, NOWHERE, "somebody", "test",
					      &HANDLER, &told);

	(void)state;
	pg_async_send(pg, &ONE, 0, NULL, on_answer, &told);
	pg_async_send(pg, &ONE, 0, NULL, on_answer, &told);
	assert_int_equal(told.answers, 0);
	for (int i = 0; i < 10 && told.answers < 2; i++)
		loop_turn(loop, 100);
	assert_int_equal(told.answers, 2);
	assert_int_equal(told.status, PG_AWAY);
	assert_null(told.result);
	assert_int_equal(told.ups, 0);
	assert_false(pg_async_is_up(pg));
	pg_async_free(pg);
	loop_free(loop);
}

static void what_is_unanswered_is_told_when_it_is_freed(void **state)
{
	struct loop *loop = loop_create();
	struct told told = { 0 };
	struct pg_async *pg = pg_async_create(loop, NOWHERE, "somebody", "test",
					      &HANDLER, &told);

	(void)state;
	pg_async_send(pg, &ONE, 0, NULL, on_answer, &told);
	pg_async_free(pg);
	assert_int_equal(told.answers, 1);
	assert_int_equal(told.status, PG_AWAY);
	assert_int_equal(told.downs, 0);
	loop_free(loop);
}

static int make(void **state)
{
	(void)state;
	secret_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_statement_without_a_server_is_away),
		cmocka_unit_test(between_attempts_the_answer_comes_at_once),
		cmocka_unit_test(an_answer_comes_from_the_loop_only),
		cmocka_unit_test(what_is_unanswered_is_told_when_it_is_freed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, NULL);
}
