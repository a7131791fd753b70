/* Names of strangers' files: how they are cleaned and sent. */
#include <string.h>

#include "base/utf8.h"
#include "cmocka_tap.h"
#include "fcgi/media/filename.h"

static void assert_clean(const char *given, const char *expected)
{
	struct buf out = { 0 };

	filename_clean(&out, given);
	assert_string_equal(buf_text(&out), expected);
	buf_free(&out);
}

static void keeps_what_is_harmless(void **state)
{
	(void)state;
	assert_clean("holiday photo.jpg", "holiday photo.jpg");
	assert_clean("Grüße (1).tar.gz", "Grüße (1).tar.gz");
	assert_clean("写真.png", "写真.png");
	assert_clean("x:y;z\"'%20", "x:y;z\"'%20");
}

static void has_no_folders(void **state)
{
	(void)state;
	assert_clean("/etc/passwd", "passwd");
	assert_clean("..\\..\\boot.ini", "boot.ini");
	assert_clean("a/b\\c", "c");
	assert_clean("x/", "file");
	assert_clean("..", "file");
	assert_clean(".bashrc", "bashrc");
	assert_clean("x. . ", "x");
	assert_clean("", "file");
	assert_clean(NULL, "file");
}

static void has_no_control_characters(void **state)
{
	(void)state;
	assert_clean("a\r\nb\tc\x7f\x1b.txt", "abc.txt");
	assert_clean("a\xc2\x85z\xc2\xa0z", "az\xc2\xa0z");
	assert_clean("fdp\xe2\x80\xae"
		     "exe.pdf",
		     "fdpexe.pdf");
	assert_clean("\xe2\x81\xa6x\xe2\x81\xa9\xe2\x80\x8f", "x");
	/* Dashes and the euro have codes close to them. */
	assert_clean("5\xe2\x82\xac \xe2\x80\x93.txt",
		     "5\xe2\x82\xac \xe2\x80\x93.txt");
}

static void can_be_seen(void **state)
{
	(void)state;
	assert_clean("\u200b", "file");
	assert_clean("\u2800.txt", "file.txt");
	assert_clean("\u3164\u115f.txt", "txt");
	assert_clean("\u0301\u200d", "file");
	assert_clean("\u3000.\u00a0.png", "file.png");
	assert_clean("a\u200bb\u00ad.txt", "ab.txt");
	assert_clean("\U0001d159.txt", "file.txt");
	assert_clean("\u2764\ufe0f.txt", "\u2764\ufe0f.txt");
	assert_clean("\u0645\u06cc\u200c\u062e.txt",
		     "\u0645\u06cc\u200c\u062e.txt");
	assert_clean("\U0001f468\u200d\U0001f469",
		     "\U0001f468\u200d\U0001f469");
}

static void cuts_between_characters_before_the_extension(void **state)
{
	char name[1024];

	(void)state;
	for (int shift = 0; shift < 4; shift++) {
		struct buf out = { 0 };

		memset(name, 'x', (size_t)shift);
		name[shift] = '\0';
		for (int i = 0; i < 200; i++)
			strcat(name, "\xf0\x9f\x98\x80");
		strcat(name, ".jpeg");
		filename_clean(&out, name);
		assert_true(out.len <= FILENAME_LIMIT);
		assert_true(out.len > FILENAME_LIMIT - 4);
		assert_true(utf8_valid(out.data, out.len));
		assert_string_equal(filename_extension(buf_text(&out)), "jpeg");
		buf_free(&out);
	}
}

static void assert_disposition(bool shown, const char *name,
			       const char *expected)
{
	struct buf out = { 0 };

	filename_disposition(&out, shown, name);
	assert_string_equal(buf_text(&out), expected);
	buf_free(&out);
}

static void is_sent_in_two_ways(void **state)
{
	(void)state;
	assert_disposition(true, "x.png",
			   "inline; filename=\"x.png\"; "
			   "filename*=UTF-8''x.png");
	assert_disposition(false,
			   "Gr\xc3\xbc\xc3\x9f"
			   "e \"x\" 1%.txt",
			   "attachment; filename=\"Gr__e _x_ 1_.txt\"; "
			   "filename*=UTF-8''Gr%C3%BC%C3%9F"
			   "e%20%22x%22%201%25.txt");
}

static void is_a_segment_of_a_url(void **state)
{
	struct buf out = { 0 };

	(void)state;
	filename_url(&out, "a b?#%/\xc3\xbc-._~");
	assert_string_equal(buf_text(&out), "a%20b%3F%23%25%2F%C3%BC-._~");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_harmless),
		cmocka_unit_test(has_no_folders),
		cmocka_unit_test(has_no_control_characters),
		cmocka_unit_test(can_be_seen),
		cmocka_unit_test(cuts_between_characters_before_the_extension),
		cmocka_unit_test(is_sent_in_two_ways),
		cmocka_unit_test(is_a_segment_of_a_url),
	};

	return RUN_TAP(tests);
}
