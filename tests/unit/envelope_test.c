/* The members around a command and around its answer. */
#include <string.h>

#include "cmocka_tap.h"
#include "fcgi/command/envelope.h"

/* Reads a valid command. */
static void parse(struct envelope *envelope, const char *text)
{
	struct buf out = { 0 };

	*envelope = (struct envelope){ .root = NULL };
	assert_int_equal(envelope_parse(envelope, text, strlen(text), 16, &out),
			 ERROR_NONE);
	assert_int_equal(out.len, 0);
}

static void reads_its_members(void **state)
{
	struct envelope envelope;
	struct buf out = { 0 };

	(void)state;
	parse(&envelope, "{\"event_type\":\"x.y\",\"data\":{\"a\":[1,2.50]},"
			 "\"id\":\"q\"}");
	assert_string_equal(envelope.event_type, "x.y");
	envelope_print(&envelope, &out);
	assert_string_equal(buf_text(&out), "{\"a\":[1,2.50]}");
	out.len = 0;
	envelope_answer(&envelope, "{\"status\":\"success\"}", &out);
	assert_string_equal(buf_text(&out),
			    "{\"status\":\"success\",\"id\":\"q\"}");
	out.len = 0;
	envelope_answer(&envelope, "{ }", &out);
	assert_string_equal(buf_text(&out), "{ \"id\":\"q\"}");
	out.len = 0;
	envelope_acknowledge(&envelope, "7", &out);
	assert_string_equal(buf_text(&out),
			    "{\"id\":\"q\",\"status\":\"success\",\"seq\":7}");
	out.len = 0;
	envelope_fail(&envelope, ERROR_RATE, "7", &out);
	assert_string_equal(
		buf_text(&out),
		"{\"error\":{\"code\":4029,\"detail\":\"7\"},\"id\":\"q\"}");
	buf_free(&out);
	envelope_free(&envelope);
}

static void without_an_id_nothing_is_added(void **state)
{
	struct envelope envelope;
	struct buf out = { 0 };

	(void)state;
	parse(&envelope, "{\"event_type\":\"x\"}");
	envelope_acknowledge(&envelope, "7", &out);
	assert_int_equal(out.len, 0);
	envelope_answer(&envelope, "{\"a\":1}", &out);
	assert_string_equal(buf_text(&out), "{\"a\":1}");
	out.len = 0;
	envelope_print(&envelope, &out);
	assert_string_equal(buf_text(&out), "{}");
	buf_free(&out);
	envelope_free(&envelope);
}

static void cleans_rich_text(void **state)
{
	struct envelope envelope;
	struct buf out = { 0 };

	(void)state;
	parse(&envelope, "{\"event_type\":\"x\",\"data\":{\"content\":"
			 "\" <b>a</b><img> \",\"extra_fields\":{\"content\":"
			 "\"<img>\"},\"n\":1,\"emptied\":1}}");
	envelope_clean(&envelope, "content", false);
	envelope_clean(&envelope, "extra_fields.content", false);
	envelope_clean(&envelope, "n", false);
	envelope_clean(&envelope, "nowhere.content", false);
	envelope_print(&envelope, &out);
	assert_string_equal(buf_text(&out),
			    "{\"content\":\"<b>a</b>\",\"extra_fields\":"
			    "{\"content\":\"\",\"emptied\":\"t\"},\"n\":1}");
	buf_free(&out);
	envelope_free(&envelope);
}

static void refuses_what_is_no_command(void **state)
{
	static const char *const bad[] = { "",
					   "[]",
					   "7",
					   "{\"event_type\":7}",
					   "{\"event_type\":\"x\",\"data\":[]}",
					   "{\"event_type\":\"x\"} x",
					   "{\"event_type\":\"\\ud800\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct envelope envelope = { .root = NULL };
		struct buf out = { 0 };

		if (envelope_parse(&envelope, bad[i], strlen(bad[i]), 16,
				   &out) != ERROR_INVALID)
			fail_msg("accepted %s", bad[i]);
		assert_non_null(strstr(buf_text(&out), "\"code\":4003"));
		buf_free(&out);
		envelope_free(&envelope);
	}
}

/* The commas in a text are no values. */
static void bounds_the_number_of_values(void **state)
{
	struct envelope envelope = { .root = NULL };
	struct buf text = { 0 }, out = { 0 };

	(void)state;
	buf_add_text(&text,
		     "{\"event_type\":\"x\",\"id\":3,\"data\":{\"a\":\"");
	for (int i = 0; i < 30000; i++)
		buf_add_text(&text, ",");
	buf_add_text(&text, "\"}}");
	parse(&envelope, buf_text(&text));
	envelope_free(&envelope);
	text.len = 0;
	buf_add_text(&text,
		     "{\"event_type\":\"x\",\"id\":3,\"data\":{\"a\":[0");
	for (int i = 0; i < 20000; i++)
		buf_add_text(&text, ",1");
	buf_add_text(&text, "]}}");
	envelope = (struct envelope){ .root = NULL };
	assert_int_equal(
		envelope_parse(&envelope, text.data, text.len, 16, &out),
		ERROR_INVALID);
	assert_non_null(strstr(buf_text(&out), "Too many values."));
	assert_non_null(strstr(buf_text(&out), "\"id\":3"));
	envelope_free(&envelope);
	buf_free(&out);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_its_members),
		cmocka_unit_test(without_an_id_nothing_is_added),
		cmocka_unit_test(cleans_rich_text),
		cmocka_unit_test(refuses_what_is_no_command),
		cmocka_unit_test(bounds_the_number_of_values),
	};

	return RUN_TAP(tests);
}
