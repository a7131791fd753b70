/* Frames of a client: a text is valid UTF-8 and within its limit, the messages
 * are the same however the bytes are cut, and only PONG and CLOSE answer. The
 * first byte chooses the size of the pieces. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "target.h"
#include "ws-bridge/reader.h"

enum {
	LIMIT = 1000
};

/* The outcome of one run of the reader. */
struct seen {
	struct buf texts, answers;
	int binaries;
	enum reader_status status;
};

static void on_text(void *owner, const char *bytes, size_t len)
{
	struct seen *seen = owner;

	CHECK(len <= LIMIT);
	/* U+0000 is a valid character here. */
	CHECK(memchr(bytes, '\0', len) || utf8_valid(bytes, len));
	buf_add(&seen->texts, bytes, len);
	buf_add(&seen->texts, "|", 1);
}

static void on_binary(void *owner)
{
	((struct seen *)owner)->binaries++;
}

static const struct reader_handler HANDLER = { .text = on_text,
					       .binary = on_binary };

static void read_in_pieces(struct seen *seen, const char *bytes, size_t len,
			   size_t piece)
{
	struct reader reader = { .handler = &HANDLER,
				 .owner = seen,
				 .limit = LIMIT,
				 .out = &seen->answers };

	*seen = (struct seen){ .status = READER_OPEN };
	for (size_t at = 0; at < len && seen->status == READER_OPEN;
	     at += piece)
		seen->status = reader_feed(&reader, bytes + at,
					   len - at < piece ? len - at : piece);
	reader_free(&reader);
}

/* Checks for whole, short frames of a server: PONGs, and at most one CLOSE, at
 * the end. */
static void check_answers(const struct seen *seen)
{
	const unsigned char *p = (const unsigned char *)seen->answers.data;
	const unsigned char *end;

	if (!p)
		return;
	end = p + seen->answers.len;
	while (p < end) {
		CHECK(end - p >= 2 && p[1] < 126 && end - p >= 2 + p[1]);
		CHECK(p[0] == 0x8a || (p[0] == 0x88 && p + 2 + p[1] == end));
		p += 2 + p[1];
	}
}

void target_frames(const char *bytes, size_t len)
{
	struct seen whole, pieces;
	size_t piece = len ? 1 + (size_t)(unsigned char)bytes[0] % 64 : 1;

	if (!len)
		return;
	read_in_pieces(&whole, bytes + 1, len - 1, len);
	read_in_pieces(&pieces, bytes + 1, len - 1, piece);
	check_answers(&whole);
	CHECK(whole.binaries == pieces.binaries);
	CHECK(whole.texts.len == pieces.texts.len &&
	      (!whole.texts.len ||
	       !memcmp(whole.texts.data, pieces.texts.data, whole.texts.len)));
	buf_free(&whole.texts);
	buf_free(&whole.answers);
	buf_free(&pieces.texts);
	buf_free(&pieces.answers);
}
