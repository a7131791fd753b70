/* conn_test: the state of a connection: reasons, waits, prepared statements. */
#include "cmocka_tap.h"

#include <string.h>

#include "base/crypto.h"
#include "pg/conn.h"

static int make(void **state)
{
	static struct pg_conn c;

	secret_init();
	pg_conn_init(&c, "dbname=x", "somebody", "test");
	*state = &c;
	return 0;
}

static int unmake(void **state)
{
	pg_conn_free(*state);
	return 0;
}

static void a_reason_is_one_line(void **state)
{
	struct pg_conn *c = *state;

	pg_conn_set_reason(c, "connection failed:\nno such host\n\n");
	assert_string_equal(buf_text(&c->reason),
			    "connection failed: no such host");
	pg_conn_set_reason(c, "");
	assert_string_equal(buf_text(&c->reason), "");
}

static void waits_grow_to_a_bound_and_start_anew(void **state)
{
	struct pg_conn *c = *state;
	unsigned most = PG_BACKOFF_FIRST;

	for (int i = 0; i < 12; i++) {
		unsigned wait = pg_conn_backoff(c);

		assert_in_range(wait, most / 2, most);
		most = most * 2 > PG_BACKOFF_MOST ? PG_BACKOFF_MOST : most * 2;
	}
	pg_conn_backoff_reset(c);
	assert_in_range(pg_conn_backoff(c), 0, PG_BACKOFF_FIRST);
}

static void what_is_prepared_is_known_until_it_closes(void **state)
{
	struct pg_conn *c = *state;
	struct pg_statement statements[40];

	for (int i = 0; i < 40; i++) {
		assert_false(pg_conn_has_prepared(c, &statements[i]));
		pg_conn_add_prepared(c, &statements[i]);
	}
	pg_conn_drop_prepared(c, &statements[7]);
	for (int i = 0; i < 40; i++)
		assert_int_equal(pg_conn_has_prepared(c, &statements[i]),
				 i != 7);
	pg_conn_drop_prepared(c, &statements[7]);
	pg_conn_close(c);
	assert_false(pg_conn_has_prepared(c, &statements[0]));
}

/* Nothing listens there: the attempt fails at once, with a reason. */
static void a_failed_attempt_says_why(void **state)
{
	struct pg_conn c;

	(void)state;
	pg_conn_init(&c, "host=/nonexistent", "somebody", "test");
	pg_conn_open(&c);
	assert_int_equal(PQstatus(c.conn), CONNECTION_BAD);
	pg_conn_set_reason(&c, PQerrorMessage(c.conn));
	assert_non_null(strstr(buf_text(&c.reason), "/nonexistent"));
	assert_null(strchr(buf_text(&c.reason), '\n'));
	pg_conn_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reason_is_one_line, make,
						unmake),
		cmocka_unit_test_setup_teardown(
			waits_grow_to_a_bound_and_start_anew, make, unmake),
		cmocka_unit_test_setup_teardown(
			what_is_prepared_is_known_until_it_closes, make,
			unmake),
		cmocka_unit_test(a_failed_attempt_says_why),
	};

	return RUN_TAP(tests);
}
