/* sse: Server-Sent Events (HTML standard, 9.2). Everything that waits for
 * a client goes out in one write. */
#include "base/crypto.h"
#include "connection.h"
#include "log/cursor.h"
#include "web/head.h"

enum {
	PART = 32768 /* bytes gathered for one write, about */
};

/* Milliseconds after which the browser comes back, spread over its clients. */
static unsigned retry(void)
{
	return 1000 + secret_random(4000);
}

static void arm(struct held *held)
{
	loop_arm(held->shared->loop, &held->timer,
		 hub_heartbeat(held->shared->hub));
}

static void sse_wake(struct held *held)
{
	struct buf *content = &held->shared->content;
	struct dispatch *d;

	while (!held->out.len && stream_peek(&held->stream)) {
		content->len = 0;
		while (content->len < PART &&
		       (d = stream_take(&held->stream))) {
			buf_add(content, d->text, d->size);
			dispatch_unref(d);
		}
		held_write(held, content);
	}
}

static void sse_opened(struct held *held)
{
	static const struct head head = { .status = 200,
					  .type = "text/event-stream",
					  .length = HEAD_NO_LENGTH,
					  .fields = "X-Accel-Buffering: no"
						    "\r\n" };
	struct buf *content = &held->shared->content;

	content->len = 0;
	head_write(content, &head);
	buf_addf(content, "retry: %u\n\n", retry());
	held_write(held, content);
	arm(held);
}

/* The comment keeps proxies from closing the stream; the id lets a reader that
 * nobody writes to come back with a young cursor. */
static void sse_timer(struct held *held)
{
	struct held_shared *shared = held->shared;
	char cursor[CURSOR_TEXT];

	if (held->out.len) {
		if (loop_now(shared->loop) - held->progress >
		    shared->config->stall_timeout * 1000) {
			held->kind->end(held, END_SLOW);
			return;
		}
	} else {
		shared->content.len = 0;
		buf_addf(&shared->content, ": heartbeat\nid: %s\n\n",
			 cursor_print(cursor, hub_epoch(shared->hub),
				      hub_position(&held->stream)));
		held_write(held, &shared->content);
	}
	arm(held);
}

static void sse_end(struct held *held, enum stream_end why)
{
	struct buf *content = &held->shared->content;

	if (why == END_RESTART || why == END_OVERLOAD) {
		content->len = 0;
		buf_addf(content, "retry: %u\n\n", retry());
		held_write(held, content);
	}
	held_finish(held);
}

const struct held_kind HELD_SSE = {
	.transport = STREAM_SSE,
	.opened = sse_opened,
	.wake = sse_wake,
	.timer = sse_timer,
	.end = sse_end,
};
