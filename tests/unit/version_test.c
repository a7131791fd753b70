/* version_test: the order of versions. */
#include "base/version.h"

#include "cmocka_tap.h"

static void numbers_are_compared_as_numbers(void **state)
{
	(void)state;
	assert_int_equal(version_compare("1.2.3", "1.2.3"), 0);
	assert_true(version_compare("1.2.3", "1.2.4") < 0);
	assert_true(version_compare("1.10.0", "1.9.9") > 0);
	assert_true(version_compare("2.0.0", "1.9.9") > 0);
	assert_int_equal(version_compare("1.2", "1.2.0"), 0);
	assert_true(version_compare("1.2", "1.2.1") < 0);
}

static void what_is_no_version_is_the_oldest(void **state)
{
	(void)state;
	assert_true(version_compare(NULL, "0.1.0") < 0);
	assert_true(version_compare("nonsense", "0.1.0") < 0);
	assert_true(version_compare("", "0.1.0") < 0);
	assert_true(version_compare(version_text(), NULL) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_compared_as_numbers),
		cmocka_unit_test(what_is_no_version_is_the_oldest),
	};

	return RUN_TAP(tests);
}
