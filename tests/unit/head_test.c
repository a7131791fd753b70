/* The head of an HTTP response: its constant and its optional lines. */
#include <string.h>

#include "cmocka_tap.h"
#include "web/head.h"

static void assert_head(const struct head *head, const char *expected)
{
	struct buf out = { 0 };

	head_write(&out, head);
	assert_string_equal(buf_text(&out), expected);
	buf_free(&out);
}

static void has_type_and_length(void **state)
{
	(void)state;
	assert_head(&(struct head){ .status = 200,
				    .type = "application/json",
				    .length = 2 },
		    "Status: 200 OK\r\nCache-Control: no-store\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "Content-Type: application/json\r\n"
		    "Content-Length: 2\r\n\r\n");
}

static void has_fields_of_a_refusal(void **state)
{
	(void)state;
	assert_head(&(struct head){ .status = 405,
				    .allow = "GET, HEAD",
				    .request_id = "a-1",
				    .retry_after = 7,
				    .fields = "X-One: 1\r\nX-Two: 2\r\n" },
		    "Status: 405 Method Not Allowed\r\n"
		    "Cache-Control: no-store\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "Content-Length: 0\r\nRetry-After: 7\r\n"
		    "Allow: GET, HEAD\r\nX-Request-Id: a-1\r\n"
		    "X-One: 1\r\nX-Two: 2\r\n\r\n");
}

static void has_no_body_where_http_has_none(void **state)
{
	static const int statuses[] = { 204, 304 };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		out.len = 0;
		head_write(&out, &(struct head){ .status = statuses[i],
						 .type = "text/plain",
						 .length = 3 });
		assert_null(strstr(buf_text(&out), "Content-Type:"));
		assert_null(strstr(buf_text(&out), "Content-Length:"));
	}
	buf_free(&out);
}

static void keeps_the_cache_it_was_given(void **state)
{
	(void)state;
	assert_head(&(struct head){ .status = 206,
				    .length = HEAD_NO_LENGTH,
				    .cache = "private" },
		    "Status: 206 Partial Content\r\n"
		    "Cache-Control: private\r\n"
		    "X-Content-Type-Options: nosniff\r\n\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_type_and_length),
		cmocka_unit_test(has_fields_of_a_refusal),
		cmocka_unit_test(has_no_body_where_http_has_none),
		cmocka_unit_test(keeps_the_cache_it_was_given),
	};

	return RUN_TAP(tests);
}
