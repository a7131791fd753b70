/* The file in a form, however its bytes are cut. */
#include <string.h>

#include "base/buf.h"
#include "cmocka_tap.h"
#include "web/multipart.h"

static const char TYPE[] = "multipart/form-data; boundary=Bound";

struct taken {
	struct buf bytes;
	size_t most; /* 0: any number */
};

static bool take(void *context, const char *bytes, size_t len)
{
	struct taken *taken = context;

	buf_add(&taken->bytes, bytes, len);
	return !taken->most || taken->bytes.len <= taken->most;
}

/* Feeds the form in pieces of one size. Returns the last result. */
static enum multipart_progress feed(struct multipart *form, const char *text,
				    size_t len, size_t piece)
{
	enum multipart_progress progress = MULTIPART_MORE;

	for (size_t at = 0; at < len && progress == MULTIPART_MORE; at += piece)
		progress = multipart_feed(form, text + at,
					  len - at < piece ? len - at : piece);
	return progress;
}

/* Expects this file in the form, whatever the size of the pieces. content NULL:
 * the form has no file, or is no form. */
static void assert_form(const char *text, enum multipart_progress progress,
			const char *name, const char *content)
{
	for (size_t piece = 1; piece <= strlen(text); piece++) {
		struct taken taken = { 0 };
		struct multipart *form = multipart_create(TYPE, take, &taken);

		assert_int_equal(feed(form, text, strlen(text), piece),
				 progress);
		if (name)
			assert_string_equal(multipart_name(form), name);
		else
			assert_null(multipart_name(form));
		if (content)
			assert_string_equal(buf_text(&taken.bytes), content);
		multipart_free(form);
		buf_free(&taken.bytes);
	}
}

static void finds_the_file(void **state)
{
	(void)state;
	assert_form("--Bound\r\n"
		    "Content-Disposition: form-data; name=\"note\"\r\n\r\n"
		    "not this\r\n"
		    "--Bound\r\n"
		    "Content-Type: text/plain\r\n"
		    "content-disposition: form-data; name=f; "
		    "filename=\"x;=.txt\"\r\n\r\n"
		    "one\r\n--Boun\r\n--Bound two\r\n"
		    "--Bound--\r\n",
		    MULTIPART_MALFORMED, "x;=.txt", NULL);
	assert_form("--Bound\r\n"
		    "Content-Disposition: form-data; name=\"note\"\r\n\r\n"
		    "not this\r\n"
		    "--Bound \t\r\n"
		    "Content-Type: text/plain\r\n"
		    "content-disposition: form-data; name=f; "
		    "filename=\"x;=.txt\"\r\n\r\n"
		    "one\r\n--Boun\r\n--\r\n two\r\n\r\n"
		    "--Bound--epilogue",
		    MULTIPART_DONE, "x;=.txt",
		    "one\r\n--Boun\r\n--\r\n two\r\n");
}

static void takes_the_first_of_several(void **state)
{
	(void)state;
	assert_form("preamble\r\n--Bound\r\n"
		    "Content-Disposition: form-data; filename=\"a\"\r\n\r\n"
		    "1\r\n--Bound\r\n"
		    "Content-Disposition: form-data; filename=\"b\"\r\n\r\n"
		    "2\r\n--Bound--",
		    MULTIPART_DONE, "a", "1");
}

static void takes_empty_files_and_heads(void **state)
{
	(void)state;
	assert_form("--Bound\r\n\r\nx\r\n--Bound--", MULTIPART_DONE, NULL, "");
	assert_form("--Bound\r\n"
		    "Content-Disposition: form-data; filename=\"\"\r\n\r\n"
		    "\r\n--Bound--",
		    MULTIPART_DONE, "", "");
}

static void knows_what_is_no_form(void **state)
{
	(void)state;
	assert_form("--Bound\r\n"
		    "Content-Disposition: form-data; filename=\"a\"\r\n\r\n"
		    "cut off\r\n--Bound",
		    MULTIPART_MORE, "a", NULL);
	assert_form("nothing of the kind", MULTIPART_MORE, NULL, "");
	assert_form("--Boundary\r\n\r\nx", MULTIPART_MALFORMED, NULL, "");
}

static void reads_quoted_names(void **state)
{
	(void)state;
	assert_form("--Bound\r\n"
		    "Content-Disposition: form-data; xfilename=\"no\"; "
		    "x=\"; filename=no\"; filename=\"a\\\"b\\c\"\r\n\r\n"
		    "1\r\n--Bound--",
		    MULTIPART_DONE, "a\"b\\c", "1");
	assert_form("--Bound\r\n"
		    "Content-Disposition: form-data; filename=plain; x=y\r\n"
		    "\r\n1\r\n--Bound--",
		    MULTIPART_DONE, "plain", "1");
}

static void keeps_no_more_than_it_must(void **state)
{
	struct taken taken = { 0 };
	struct multipart *form = multipart_create(TYPE, take, &taken);
	struct buf head = { 0 };

	(void)state;
	buf_add_text(&head, "--Bound\r\nX: ");
	for (int i = 0; i < 1000; i++)
		buf_add_text(&head, "0123456789");
	assert_int_equal(multipart_feed(form, head.data, head.len),
			 MULTIPART_MALFORMED);
	multipart_free(form);
	buf_free(&head);
	buf_free(&taken.bytes);
}

static void can_be_stopped(void **state)
{
	static const char text[] =
		"--Bound\r\nContent-Disposition: form-data; filename=a\r\n\r\n"
		"0123456789\r\n--Bound--";
	struct taken taken = { .most = 5 };
	struct multipart *form = multipart_create(TYPE, take, &taken);

	(void)state;
	assert_int_equal(feed(form, text, sizeof(text) - 1, sizeof(text)),
			 MULTIPART_STOPPED);
	multipart_free(form);
	buf_free(&taken.bytes);
}

static void is_told_by_the_type(void **state)
{
	static const char *const none[] = { "text/plain", "multipart/mixed",
					    "multipart/form-datax", "" };
	static const char *const bad[] = {
		"multipart/form-data", "multipart/form-data; boundary=",
		"multipart/form-data; boundary="
		"01234567890123456789012345678901234567890123456789"
		"012345678901234567890"
	};
	static const char *const good[] = {
		"Multipart/Form-Data; charset=x; Boundary=\"Bound\"",
		"multipart/form-data;boundary=Bound"
	};

	(void)state;
	assert_null(multipart_create(NULL, take, NULL));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_null(multipart_create(none[i], take, NULL));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct multipart *form = multipart_create(bad[i], take, NULL);

		assert_int_equal(multipart_feed(form, "x", 1),
				 MULTIPART_MALFORMED);
		multipart_free(form);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct multipart *form = multipart_create(good[i], take, NULL);

		assert_int_equal(multipart_feed(form, "--Bound--", 9),
				 MULTIPART_DONE);
		multipart_free(form);
	}
}

/* Writes down a field. Fits multipart_take_fields(). */
static void note(void *context, const char *name, const char *value, size_t len)
{
	struct taken *taken = context;

	buf_addf(&taken->bytes, "[%s=", name);
	buf_add(&taken->bytes, value, len);
	buf_add_text(&taken->bytes, "]");
}

static void takes_the_fields(void **state)
{
	static const char text[] =
		"--Bound\r\nContent-Disposition: form-data; name=a\r\n\r\n"
		"one\r\n--Boun\r\n--Bound\r\n"
		"Content-Disposition: form-data; name=\"b\"; filename=\"f\"\r\n"
		"\r\nfile\r\n--Bound\r\n"
		"Content-Type: text/plain\r\n"
		"content-disposition: form-data; name=\"c d\"\r\n\r\n\r\n"
		"--Bound\r\nX: y\r\n\r\nnameless\r\n--Bound\r\n"
		"Content-Disposition: form-data; name=a\r\n\r\nlast"
		"\r\n--Bound--";

	(void)state;
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		struct taken taken = { 0 };
		struct multipart *form = multipart_create(TYPE, NULL, &taken);

		multipart_take_fields(form, note);
		assert_int_equal(feed(form, text, sizeof(text) - 1, piece),
				 MULTIPART_DONE);
		assert_string_equal(buf_text(&taken.bytes),
				    "[a=one\r\n--Boun][c d=][a=last]");
		assert_string_equal(multipart_name(form), "f");
		multipart_free(form);
		buf_free(&taken.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_file),
		cmocka_unit_test(takes_the_first_of_several),
		cmocka_unit_test(takes_the_fields),
		cmocka_unit_test(takes_empty_files_and_heads),
		cmocka_unit_test(knows_what_is_no_form),
		cmocka_unit_test(reads_quoted_names),
		cmocka_unit_test(keeps_no_more_than_it_must),
		cmocka_unit_test(can_be_stopped),
		cmocka_unit_test(is_told_by_the_type),
	};

	return RUN_TAP(tests);
}
