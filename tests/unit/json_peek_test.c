/* json_peek_test: the id of a refused command. */
#include "base/json_peek.h"

#include <string.h>

#include "cmocka_tap.h"

static void finds(const char *text, const char *wanted)
{
	const char *value = NULL;
	size_t len = 0;
	bool found = json_peek(text, strlen(text), "id", &value, &len);

	assert_int_equal(found, wanted != NULL);
	if (!wanted)
		return;
	assert_int_equal(len, strlen(wanted));
	assert_memory_equal(value, wanted, len);
}

static void a_member_of_the_outermost_object_is_found(void **state)
{
	(void)state;
	finds("{\"id\":7}", "7");
	finds("{\"id\" : \"a\\\"b\" , \"x\":1}", "\"a\\\"b\"");
	finds("{\"data\":{\"id\":1},\"id\":-2}", "-2");
	finds("{\"data\":[{\"id\":1}],\"id\":3,\"x\"", "3");
}

static void what_is_malformed_beside_it_does_no_harm(void **state)
{
	(void)state;
	finds("{\"data\":{\"content\":\"\\ud83d\"},\"id\":\"c1\"}", "\"c1\"");
	finds("{\"data\":{\"content\":\"\\u0000\"},\"id\":\"c1\"}", "\"c1\"");
	finds("{\"id\":5,\"data\":{\"content\":\"", "5");
	finds("{\"x\":'q',\"id\":5}", "5");
}

static void other_places_are_not_it(void **state)
{
	(void)state;
	finds("", NULL);
	finds("\"id\":7", NULL);
	finds("{\"x\":\"id\"}", NULL);
	finds("{\"x\":\"\\\"id\\\":7\"}", NULL);
	finds("{\"data\":{\"id\":1}}", NULL);
	finds("{\"id\"", NULL);
	finds("{\"id\":", NULL);
	finds("{\"x\":\"never ends, \\\"id\\\":7", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_of_the_outermost_object_is_found),
		cmocka_unit_test(what_is_malformed_beside_it_does_no_harm),
		cmocka_unit_test(other_places_are_not_it),
	};

	return RUN_TAP(tests);
}
