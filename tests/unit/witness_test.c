/* witness_test: the state that one run of a program leaves for the next. */
#include "log/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_tap.h"

static char path[64];

static int make(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/confab-witness-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_text(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void what_was_saved_is_loaded(void **state)
{
	struct witness witness = { { "ab12_-Z", 9007199254740991 },
				   1764500000123 };
	struct witness read = { .stamp = 1 };

	(void)state;
	witness_save(&witness, path);
	assert_true(witness_load(&read, path));
	assert_string_equal(read.at.epoch, "ab12_-Z");
	assert_int_equal(read.at.seq, witness.at.seq);
	assert_int_equal(read.stamp, witness.stamp);
}

static void anything_else_is_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"abc\n",
		"abc:1\n",
		"abc:1 2",
		"abc:x 1\n",
		"abc:0 1\n",
		"abc:-1 1\n",
		"abc:1 x\n",
		"!:1 1\n",
		"1 1\n",
		"012345678901234567890123456789012:1 1\n"
	};
	struct witness read = { { "kept", 1 }, 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_text(texts[i]);
		assert_false(witness_load(&read, path));
	}
	assert_false(witness_load(&read, "/nonexistent/file"));
	assert_string_equal(read.at.epoch, "kept");
	witness_save(&read, "/nonexistent/file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_saved_is_loaded, make,
						unmake),
		cmocka_unit_test_setup_teardown(anything_else_is_nothing, make,
						unmake),
	};

	return RUN_TAP(tests);
}
