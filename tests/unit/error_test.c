/* A failed statement as a client sees it: its error, status, Retry-After and
 * body. */
#include <stdbool.h>

#include "base/error.h"
#include "cmocka_tap.h"

static void assert_answer(const char *sqlstate, const char *detail,
			  int http_status, int retry_after, bool made)
{
	struct error_answer answer = error_answer_statement(sqlstate, detail);

	assert_int_equal(answer.http_status, http_status);
	assert_int_equal(answer.retry_after, retry_after);
	if (made)
		assert_ptr_equal(answer.body, detail);
	else
		assert_null(answer.body);
}

static void passes_on_what_sql_made(void **state)
{
	(void)state;
	assert_answer("C4003", "{\"error\":{\"code\":4003,\"detail\":[\"x\"]}}",
		      422, 0, true);
	assert_answer("C4053",
		      "{\"error\":{\"code\":4053,\"detail\":\"Later.\"}}", 503,
		      2, true);
}

static void takes_the_seconds_from_the_detail(void **state)
{
	static const struct {
		const char *detail;
		int seconds;
	} cases[] = {
		{ "{\"error\":{\"code\":4029,\"detail\":\"7\"}}", 7 },
		{ "{\"error\": {\"code\": 4029, \"detail\": 7}, \"x\": 1}", 7 },
		{ "{\"error\":{\"code\":4029,\"detail\":\"soon\"}}", 10 },
		{ "{\"error\":{\"code\":4029,\"detail\":\"0\"}}", 10 },
		{ "{\"error\":{\"code\":4029,\"detail\":\"-7\"}}", 10 },
		{ "{\"error\":{\"code\":4029,\"detail\":\"99999999999\"}}",
		  10 },
		{ "{\"error\":{\"code\":4029}}", 10 },
		{ "{", 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_answer("C4029", cases[i].detail, 429, cases[i].seconds,
			      true);
}

static void makes_the_rest_itself(void **state)
{
	(void)state;
	assert_answer(NULL, NULL, 503, 2, false);
	assert_answer("08006", "the detail of another", 503, 2, false);
	assert_answer("23505", "Key (id)=(1) already exists.", 409, 0, false);
	assert_answer("22P02", "{", 422, 0, false);
	assert_answer("XX000", NULL, 500, 0, false);
	assert_answer("C4002", NULL, 403, 0, false);
	assert_answer("C9999", "{}", 500, 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_on_what_sql_made),
		cmocka_unit_test(takes_the_seconds_from_the_detail),
		cmocka_unit_test(makes_the_rest_itself),
	};

	return RUN_TAP(tests);
}
