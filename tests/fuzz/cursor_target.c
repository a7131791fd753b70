/* A cursor that was read prints as text that reads as the same cursor. */
#include <stdlib.h>
#include <string.h>

#include "log/cursor.h"
#include "target.h"

void target_cursor(const char *bytes, size_t len)
{
	char *text = target_text(bytes, len);
	char printed[CURSOR_TEXT];
	struct cursor cursor, again;

	if (cursor_parse(&cursor, text)) {
		CHECK(cursor.seq >= 0 && cursor.seq < INT64_C(1) << 53);
		CHECK(strlen(cursor.epoch) <= CURSOR_EPOCH);
		cursor_print(printed, cursor.epoch, cursor.seq);
		/* Without an epoch the text starts with the colon. */
		CHECK(cursor_parse(&again, printed + !*cursor.epoch));
		CHECK(again.seq == cursor.seq);
		CHECK(strcmp(again.epoch, cursor.epoch) == 0);
	}
	free(text);
}
