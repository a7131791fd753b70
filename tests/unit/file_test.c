/* Files that an operator names: only files, whole, within a limit, at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "cmocka_tap.h"

static char folder[] = "/tmp/confab-file-XXXXXX";

static void make(struct buf *path, const char *name, const char *bytes,
		 size_t len)
{
	FILE *file;

	buf_addf(path, "%s/%s", folder, name);
	file = fopen(buf_text(path), "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void assert_refused(const char *path, const char *reason)
{
	struct buf out = { 0 }, why = { 0 };

	buf_add_text(&out, "before");
	assert_false(file_read(&out, path, 100, &why));
	assert_string_equal(buf_text(&why), reason);
	assert_string_equal(buf_text(&out), "before");
	buf_free(&out);
	buf_free(&why);
}

static void reads_a_file_within_the_limit(void **state)
{
	struct buf path = { 0 }, out = { 0 }, why = { 0 };

	(void)state;
	make(&path, "file", "\0bytes", 6);
	buf_add_text(&out, "before");
	assert_true(file_read(&out, buf_text(&path), 6, &why));
	assert_int_equal(out.len, 12);
	assert_memory_equal(out.data, "before\0bytes", 12);
	assert_false(file_read(&out, buf_text(&path), 5, &why));
	assert_string_equal(buf_text(&why), "has more than 5 bytes");
	assert_int_equal(out.len, 12);
	buf_free(&path);
	buf_free(&out);
	buf_free(&why);
}

static void a_text_has_no_nul(void **state)
{
	struct buf path = { 0 }, out = { 0 }, why = { 0 };

	(void)state;
	make(&path, "text", "a\0b", 3);
	assert_false(file_read_text(&out, buf_text(&path), 9, &why));
	assert_string_equal(buf_text(&why), "has a NUL byte: it is no text");
	path.len = 0;
	make(&path, "text", "", 0);
	assert_true(file_read_text(&out, buf_text(&path), 9, &why));
	assert_string_equal(out.data, "");
	buf_free(&path);
	buf_free(&out);
	buf_free(&why);
}

static void reads_nothing_but_files(void **state)
{
	static const char other[] =
		"is a device, a pipe or a socket, and has to be a file";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct buf path = { 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_refused("/dev/zero", other);
	assert_refused("/dev/null", other);
	assert_refused(folder, "Is a directory");
	assert_refused("/nonexistent", "No such file or directory");
	buf_addf(&path, "%s/pipe", folder);
	assert_int_equal(mkfifo(buf_text(&path), 0600), 0);
	assert_refused(buf_text(&path), other);
	path.len = 0;
	buf_addf(&path, "%s/socket", folder);
	strncpy(address.sun_path, buf_text(&path),
		sizeof(address.sun_path) - 1);
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&address, sizeof(address)),
		0);
	assert_refused(buf_text(&path), other);
	close(fd);
	buf_free(&path);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "file", "text", "pipe", "socket" };
	struct buf path = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		path.len = 0;
		buf_addf(&path, "%s/%s", folder, names[i]);
		unlink(buf_text(&path));
	}
	buf_free(&path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_file_within_the_limit),
		cmocka_unit_test(a_text_has_no_nul),
		cmocka_unit_test(reads_nothing_but_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
