/* Records and parameters, whole, in pieces, and broken. */
#include <string.h>

#include "cmocka_tap.h"
#include "web/fastcgi.h"

static void reads_what_it_writes(void **state)
{
	struct buf wire = { 0 };
	struct fastcgi_record r;

	(void)state;
	fastcgi_write(&wire, FASTCGI_STDOUT, 513, "hello", 5);
	assert_int_equal(fastcgi_read(&r, wire.data, wire.len), FASTCGI_RECORD);
	assert_int_equal(r.type, FASTCGI_STDOUT);
	assert_int_equal(r.id, 513);
	assert_int_equal(r.size, wire.len);
	assert_memory_equal(r.content, "hello", r.len);
	buf_free(&wire);
}

static void waits_for_every_byte(void **state)
{
	struct buf wire = { 0 };
	struct fastcgi_record r;

	(void)state;
	fastcgi_begin(&wire, 1);
	for (size_t len = 0; len < wire.len; len++)
		assert_int_equal(fastcgi_read(&r, wire.data, len),
				 FASTCGI_MORE);
	assert_int_equal(fastcgi_read(&r, wire.data, wire.len), FASTCGI_RECORD);
	buf_free(&wire);
}

static void refuses_another_version(void **state)
{
	struct fastcgi_record r;

	(void)state;
	assert_int_equal(fastcgi_read(&r, "GET / HTTP/1.1", 14),
			 FASTCGI_MALFORMED);
}

static void splits_long_content(void **state)
{
	static char content[200000];
	struct buf wire = { 0 }, joined = { 0 };
	struct fastcgi_record r;
	size_t used = 0;
	int records = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (char)('a' + i % 26);
	fastcgi_write(&wire, FASTCGI_STDOUT, 1, content, sizeof(content));
	while (fastcgi_read(&r, wire.data + used, wire.len - used) ==
	       FASTCGI_RECORD) {
		buf_add(&joined, r.content, r.len);
		used += r.size;
		records++;
	}
	assert_int_equal(used, wire.len);
	assert_int_equal(records, 4);
	assert_int_equal(joined.len, sizeof(content));
	assert_memory_equal(joined.data, content, sizeof(content));
	buf_free(&wire);
	buf_free(&joined);
}

static void unpacks_parameters(void **state)
{
	struct buf packed = { 0 }, params = { 0 };
	char value[300];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	fastcgi_pair(&packed, "SHORT", "1");
	fastcgi_pair(&packed, "EMPTY", "");
	fastcgi_pair(&packed, "LONG", value);
	assert_true(fastcgi_unpack(&params, &packed));
	assert_string_equal(fastcgi_value(&params, "SHORT"), "1");
	assert_string_equal(fastcgi_value(&params, "EMPTY"), "");
	assert_string_equal(fastcgi_value(&params, "LONG"), value);
	assert_null(fastcgi_value(&params, "NONE"));
	buf_free(&packed);
	buf_free(&params);
}

static void refuses_lying_lengths(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} BAD[] = {
		{ "\x05", 1 },
		{ "\x05\x05"
		  "ab",
		  4 },
		{ "\x80\x00", 2 },
		{ "\xff\xff\xff\xff\x01"
		  "a",
		  6 },
		{ "\x01\xff\xff\xff\xff"
		  "a",
		  6 },
		{ "\x01\x01"
		  "a\0",
		  4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct buf packed = { 0 }, params = { 0 };

		buf_add(&packed, BAD[i].bytes, BAD[i].len);
		if (fastcgi_unpack(&params, &packed))
			fail_msg("accepted number %zu", i);
		buf_free(&packed);
		buf_free(&params);
	}
}

static void assert_answer(unsigned type, const struct buf *content,
			  const char *expected, size_t len)
{
	struct fastcgi_record record = { .type = type,
					 .content = content->data,
					 .len = content->len };
	struct buf answer = { 0 };

	fastcgi_answer(&answer, &record);
	assert_int_equal(answer.len, len);
	assert_memory_equal(answer.data, expected, len);
	buf_free(&answer);
}

static void answers_about_the_connection(void **state)
{
	static const char RESULT[] = "\1\12\0\0\0\22\0\0"
				     "\17\1FCGI_MPXS_CONNS0";
	struct buf asked = { 0 };

	(void)state;
	assert_answer(FASTCGI_GET_VALUES, &asked, "\1\12\0\0\0\0\0\0", 8);
	fastcgi_pair(&asked, "FCGI_MAX_REQS", "");
	assert_answer(FASTCGI_GET_VALUES, &asked, "\1\12\0\0\0\0\0\0", 8);
	for (int i = 0; i < 20; i++)
		fastcgi_pair(&asked, "FCGI_MPXS_CONNS", "");
	assert_answer(FASTCGI_GET_VALUES, &asked, RESULT, 26);
	buf_add(&asked, "\377", 1);
	assert_answer(FASTCGI_GET_VALUES, &asked, "\1\12\0\0\0\0\0\0", 8);
	assert_answer(200, &asked, "\1\13\0\0\0\10\0\0\310\0\0\0\0\0\0\0", 16);
	buf_free(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(waits_for_every_byte),
		cmocka_unit_test(refuses_another_version),
		cmocka_unit_test(splits_long_content),
		cmocka_unit_test(unpacks_parameters),
		cmocka_unit_test(refuses_lying_lengths),
		cmocka_unit_test(answers_about_the_connection),
	};

	return RUN_TAP(tests);
}
