/* witness: see witness.h. Called by the hub; owns nothing. The file is one
 * line: a cursor, a space, the stamp. */
#include "log/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static bool parse_line(struct witness *out, char *line)
{
	char *stamp = strchr(line, ' '), *end;
	struct witness read;

	if (!stamp)
		return false;
	*stamp++ = '\0';
	read.stamp = strtoll(stamp, &end, 10);
	if (end == stamp || *end != '\n' || !cursor_parse(&read.at, line) ||
	    !*read.at.epoch || !read.at.seq)
		return false;
	*out = read;
	return true;
}

bool witness_load(struct witness *out, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[CURSOR_TEXT + 32];
	bool ok;

	if (!file)
		return false;
	ok = fgets(line, sizeof(line), file) && parse_line(out, line);
	fclose(file);
	return ok;
}

void witness_save(const struct witness *witness, const char *path)
{
	char cursor[CURSOR_TEXT];
	struct buf new_path = { 0 };
	FILE *file;

	cursor_print(cursor, witness->at.epoch, witness->at.seq);
	buf_addf(&new_path, "%s.new", path);
	file = fopen(buf_text(&new_path), "we");
	if (file) {
		fprintf(file, "%s %lld\n", cursor, (long long)witness->stamp);
		if (fclose(file) == 0)
			rename(buf_text(&new_path), path);
	}
	buf_free(&new_path);
}
