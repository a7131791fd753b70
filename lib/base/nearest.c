/* nearest: see nearest.h. Owns nothing. */
#include "base/nearest.h"

#include <string.h>

enum {
	LONGEST = 64, /* bytes; longer names are near to nothing */
	LONG = 10, /* from here on a name may be three edits away, else two */
};

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* The number of bytes to insert, remove or replace (Levenshtein). */
static size_t count_edits(const char *a, size_t a_len, const char *b,
			  size_t b_len)
{
	size_t row[LONGEST + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t kept = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = smallest(kept, row[j] + 1, row[j - 1] + 1);
		}
	}
	return row[b_len];
}

void nearest_begin(struct nearest *nearest, const char *wanted, size_t len)
{
	*nearest = (struct nearest){
		.wanted = wanted,
		.len = len,
		.distance = len < LONG ? 3 : 4,
	};
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	size_t len = strlen(name), distance;

	if (len > LONGEST || nearest->len > LONGEST)
		return;
	distance = count_edits(nearest->wanted, nearest->len, name, len);
	if (distance < nearest->distance && distance < len) {
		nearest->distance = distance;
		nearest->name = name;
	}
}

void nearest_add(const struct nearest *nearest, struct buf *out)
{
	if (nearest->name)
		buf_addf(out, "; did you mean %s?", nearest->name);
}
