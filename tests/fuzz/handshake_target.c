/* Handshakes of WebSockets: only well-formed ones are accepted, every answer is
 * one whole head, and the same bytes in two pieces give the same result. */
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "ws-bridge/handshake.h"

static void check_answer(const struct handshake *h, int status)
{
	struct buf out = { 0 };
	const char *text, *end;

	handshake_answer(&out, h, status, "id");
	text = buf_text(&out);
	CHECK(!strncmp(text, "HTTP/1.1 ", 9));
	CHECK(atoi(text + 9) == status);
	end = strstr(text, "\r\n\r\n");
	CHECK(end && end[4] == '\0');
	buf_free(&out);
}

static void check_accepted(struct handshake *h, size_t len)
{
	static const char *const names[] = { "QUERY_STRING", "HTTP_COOKIE",
					     "HTTP_ORIGIN", "HTTP_HOST",
					     "REMOTE_ADDR" };

	CHECK(h->size <= len && h->size <= HANDSHAKE_LIMIT);
	CHECK(!strcmp(h->method, "GET"));
	CHECK(*h->target == '/');
	CHECK(strlen(h->accept) == HANDSHAKE_ACCEPT - 1);
	CHECK(handshake_param(h, "HTTP_HOST"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = handshake_param(h, names[i]);

		CHECK(!value || (*value && !strpbrk(value, "\r\n")));
	}
}

void target_handshake(const char *bytes, size_t len)
{
	char *copy = malloc(len + 1), *half = malloc(len + 1);
	struct handshake h, part;
	int status;

	CHECK(copy && half);
	memcpy(copy, bytes, len);
	memcpy(half, bytes, len);
	status = handshake_parse(&h, copy, len, "127.0.0.1 ::1", NULL);
	if (!status) {
		CHECK(len < HANDSHAKE_LIMIT);
	} else {
		check_answer(&h, status);
		/* Half a head is incomplete, and its bytes stay unchanged. */
		if (handshake_parse(&part, half, len / 2, "", NULL) == 0)
			CHECK(!memcmp(half, bytes, len));
	}
	if (status == 101)
		check_accepted(&h, len);
	free(copy);
	free(half);
}
