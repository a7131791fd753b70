/* Cursors, valid and invalid. */
#include <string.h>

#include "cmocka_tap.h"
#include "log/cursor.h"

static void reads_epoch_and_seq(void **state)
{
	struct cursor c;

	(void)state;
	assert_true(cursor_parse(&c, "k3_-Z:42"));
	assert_string_equal(c.epoch, "k3_-Z");
	assert_int_equal(c.seq, 42);
}

static void reads_seq_alone(void **state)
{
	struct cursor c;

	(void)state;
	assert_true(cursor_parse(&c, "9007199254740991"));
	assert_string_equal(c.epoch, "");
	assert_int_equal(c.seq, INT64_C(9007199254740991));
}

static void refuses_what_is_none(void **state)
{
	static const char *const BAD[] = {
		"",
		":",
		":1",
		"a:",
		"a:b",
		"-1",
		"+1",
		" 1",
		"1 ",
		"a b:1",
		"a:1:2",
		"0x10",
		"1.5",
		"ä:1",
		"9007199254740992",
		"a:99999999999999999999999",
		"123456789012345678901234567890123:1",
	};
	struct cursor c = { .seq = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		if (cursor_parse(&c, BAD[i]))
			fail_msg("accepted \"%s\"", BAD[i]);
	assert_int_equal(c.seq, 7); /* unchanged */
}

static void prints_what_it_reads(void **state)
{
	char text[CURSOR_TEXT];

	(void)state;
	assert_string_equal(cursor_print(text, "e1", 5), "e1:5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_epoch_and_seq),
		cmocka_unit_test(reads_seq_alone),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(prints_what_it_reads),
	};

	return RUN_TAP(tests);
}
