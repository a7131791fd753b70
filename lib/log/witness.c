/* witness: see witness.h. Called by the hub; owns nothing. The file is one
 * line: a cursor, a space, the stamp. */
#include "log/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"

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
	struct buf text = { 0 }, why = { 0 };
	bool ok = file_read_text(&text, path, CURSOR_TEXT + 32, &why) &&
		  parse_line(out, text.data);

	buf_free(&text);
	buf_free(&why);
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
