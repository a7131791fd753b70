/* cursor: see cursor.h. Stateless. */
#include "log/cursor.h"

#include <stdio.h>
#include <string.h>

#define EPOCH_CHARACTERS                                                       \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
#define SEQ_LIMIT                                                              \
	(INT64_C(1) << 53) /* the largest exact integer of JavaScript */

static bool read_seq(int64_t *out, const char *text)
{
	int64_t seq = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		seq = seq * 10 + (*text - '0');
		if (seq >= SEQ_LIMIT)
			return false;
	}
	*out = seq;
	return true;
}

bool cursor_parse(struct cursor *out, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	struct cursor cursor = { .epoch = "" };

	if (colon && (len == 0 || len > CURSOR_EPOCH ||
		      strspn(text, EPOCH_CHARACTERS) != len))
		return false;
	memcpy(cursor.epoch, text, len);
	if (!read_seq(&cursor.seq, colon ? colon + 1 : text))
		return false;
	*out = cursor;
	return true;
}

const char *cursor_print(char text[CURSOR_TEXT], const char *epoch, int64_t seq)
{
	snprintf(text, CURSOR_TEXT, "%.*s:%lld", CURSOR_EPOCH, epoch,
		 (long long)seq);
	return text;
}
