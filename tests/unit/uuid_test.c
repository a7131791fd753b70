/* Identifiers as PostgreSQL prints them, and nothing else. */
#include "base/uuid.h"
#include "cmocka_tap.h"

static void reads_either_case(void **state)
{
	struct uuid a, b;

	(void)state;
	assert_true(uuid_parse(&a, "01234567-89ab-cdef-0011-223344556677"));
	assert_true(uuid_parse(&b, "01234567-89AB-CDEF-0011-223344556677"));
	assert_int_equal(a.hi, UINT64_C(0x0123456789abcdef));
	assert_int_equal(a.lo, UINT64_C(0x0011223344556677));
	assert_true(a.hi == b.hi && a.lo == b.lo);
}

static void refuses_what_is_none(void **state)
{
	static const char *const BAD[] = {
		"",
		"0",
		"0123456789abcdef0011223344556677",
		"01234567-89ab-cdef-0011-22334455667",
		"01234567-89ab-cdef-0011-2233445566778",
		"01234567-89ab-cdef-0011_223344556677",
		"g1234567-89ab-cdef-0011-223344556677",
		"{01234567-89ab-cdef-0011-22334455667",
	};
	struct uuid id;

	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		if (uuid_parse(&id, BAD[i]))
			fail_msg("accepted \"%s\"", BAD[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_either_case),
		cmocka_unit_test(refuses_what_is_none),
	};

	return RUN_TAP(tests);
}
