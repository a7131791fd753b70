/* Runs the finds and the corpora of fuzzing through the same checks
 * (tests/fuzz/target.h). */
#include "cmocka_tap.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/fuzz/target.h"

static char replaying[512]; /* the current file */

void target_fail(const char *file, int line, const char *what)
{
	fail_msg("%s: %s:%d: %s", replaying, file, line, what);
	abort();
}

static void read_file(struct buf *out)
{
	FILE *file = fopen(replaying, "rb");
	char chunk[4096];
	size_t len;

	assert_non_null(file);
	while ((len = fread(chunk, 1, sizeof(chunk), file)))
		buf_add(out, chunk, len);
	assert_false(ferror(file));
	fclose(file);
}

/* Runs the target on a copy of exactly the file's size, so a sanitizer notices
 * reads beyond it. */
static void replay(void (*target)(const char *, size_t))
{
	struct buf bytes = { 0 };
	char *exact;

	read_file(&bytes);
	exact = malloc(bytes.len ? bytes.len : 1);
	assert_non_null(exact);
	if (bytes.len)
		memcpy(exact, bytes.data, bytes.len);
	target(exact, bytes.len);
	free(exact);
	buf_free(&bytes);
}

static int replay_folder(const char *folder, const char *name,
			 void (*target)(const char *, size_t))
{
	char path[256];
	struct dirent *entry;
	DIR *dir;
	int n = 0;

	snprintf(path, sizeof(path), "tests/fuzz/%s/%s", folder, name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(replaying, sizeof(replaying), "%s/%s", path,
			 entry->d_name);
		replay(target);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

#define REPLAY(name)                                                           \
	static void replays_##name(void **state)                               \
	{                                                                      \
		(void)state;                                                   \
		assert_true(replay_folder("corpus", #name, target_##name) >    \
			    0);                                                \
		replay_folder("regression", #name, target_##name);             \
	}

REPLAY(cursor)
REPLAY(envelope)
REPLAY(fastcgi)
REPLAY(frames)
REPLAY(handshake)
REPLAY(jwt)
REPLAY(multipart)
REPLAY(query)
REPLAY(richtext)
REPLAY(utf8)
REPLAY(uuid)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replays_cursor),
		cmocka_unit_test(replays_envelope),
		cmocka_unit_test(replays_fastcgi),
		cmocka_unit_test(replays_frames),
		cmocka_unit_test(replays_handshake),
		cmocka_unit_test(replays_jwt),
		cmocka_unit_test(replays_multipart),
		cmocka_unit_test(replays_query),
		cmocka_unit_test(replays_richtext),
		cmocka_unit_test(replays_utf8),
		cmocka_unit_test(replays_uuid),
	};

	return RUN_TAP(tests);
}
