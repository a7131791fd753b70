/* witness: see witness.h. Called by the hub; owns nothing. */
#include "log/witness.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

bool witness_load(struct witness *out, const char *path)
{
	FILE *file = fopen(path, "re");
	struct witness read = { .seq = 0 };
	char space[2];
	long long seq, stamp;
	bool ok;

	_Static_assert(CURSOR_EPOCH == 32, "the format below");
	if (!file)
		return false;
	ok = fscanf(file, "%32[A-Za-z0-9_-]%1[ ]%lld %lld", read.epoch, space,
		    &seq, &stamp) == 4 &&
	     seq > 0;
	fclose(file);
	if (!ok)
		return false;
	read.seq = seq;
	read.stamp = stamp;
	*out = read;
	return true;
}

void witness_save(const struct witness *witness, const char *path)
{
	struct buf new_path = { 0 };
	FILE *file;

	buf_addf(&new_path, "%s.new", path);
	file = fopen(buf_text(&new_path), "we");
	if (file) {
		fprintf(file, "%s %lld %lld\n", witness->epoch,
			(long long)witness->seq, (long long)witness->stamp);
		if (fclose(file) == 0)
			rename(buf_text(&new_path), path);
	}
	buf_free(&new_path);
}
