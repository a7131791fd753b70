/* clean: sanitise() for tests in other languages. Reads texts from standard
 * input, each ended by NUL, and writes the results in the same form.
 *
 * usage: clean [-k]
 * -k keeps class and id */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "text/sanitise.h"

static void read_all(struct buf *in)
{
	char chunk[65536];
	size_t len;

	while ((len = fread(chunk, 1, sizeof(chunk), stdin)))
		buf_add(in, chunk, len);
}

int main(int argc, char **argv)
{
	bool keep_class_id = argc > 1 && strcmp(argv[1], "-k") == 0;
	struct buf in = { 0 }, out = { 0 };
	const char *at, *end;

	read_all(&in);
	at = buf_text(&in);
	for (const char *last = at + in.len; at < last; at = end + 1) {
		end = memchr(at, '\0', (size_t)(last - at));
		if (!end) {
			fputs("clean: the last text has no end\n", stderr);
			return 1;
		}
		sanitise(&out, at, (size_t)(end - at), keep_class_id);
		buf_add(&out, "", 1);
	}
	fwrite(out.data, 1, out.len, stdout);
	buf_free(&in);
	buf_free(&out);
	return fflush(stdout) ? 1 : 0;
}
