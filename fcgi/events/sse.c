/* sse: Server-Sent Events (HTML standard, 9.2). Everything that waits for a
 * client goes out in one write. */
#include "base/crypto.h"
#include "connection.h"
#include "log/cursor.h"
#include "web/head.h"

enum {
	PART = 32768 /* bytes gathered for one write, roughly */
};

/* Milliseconds until the browser reconnects, spread over the clients. */
static unsigned retry_delay(void)
{
	return 1000 + secret_random(4000);
}

static void arm_heartbeat(struct connection *c)
{
	loop_arm(c->connections->loop, &c->timer,
		 hub_heartbeat(c->connections->hub));
}

static void sse_wake(struct connection *c)
{
	struct buf *content = &c->connections->content;
	struct dispatch *d;

	while (!c->out.len && stream_peek(&c->stream)) {
		content->len = 0;
		while (content->len < PART && (d = stream_take(&c->stream))) {
			buf_add(content, d->text, d->size);
			dispatch_unref(d);
		}
		connection_write(c, content);
	}
}

static void sse_opened(struct connection *c)
{
	static const struct head head = { .status = 200,
					  .type = "text/event-stream",
					  .length = HEAD_NO_LENGTH,
					  .fields = "X-Accel-Buffering: no"
						    "\r\n" };
	struct buf *content = &c->connections->content;

	content->len = 0;
	head_write(content, &head);
	buf_addf(content, "retry: %u\n\n", retry_delay());
	connection_write(c, content);
	arm_heartbeat(c);
}

/* The comment keeps proxies from closing the stream. The id gives a client
 * without dispatches a fresh cursor to return with. */
static void sse_timer(struct connection *c)
{
	struct connections *all = c->connections;
	char cursor[CURSOR_TEXT];

	if (c->out.len) {
		if (loop_now(all->loop) - c->progress >
		    all->config->stall_timeout * 1000) {
			c->kind->end(c, END_SLOW);
			return;
		}
	} else {
		all->content.len = 0;
		buf_addf(&all->content, ": heartbeat\nid: %s\n\n",
			 cursor_print(cursor, hub_epoch(all->hub),
				      hub_position(&c->stream)));
		connection_write(c, &all->content);
	}
	arm_heartbeat(c);
}

static void sse_end(struct connection *c, enum stream_end why)
{
	struct buf *content = &c->connections->content;

	if (why == END_RESTART || why == END_OVERLOAD) {
		content->len = 0;
		buf_addf(content, "retry: %u\n\n", retry_delay());
		connection_write(c, content);
	}
	connection_finish(c);
}

const struct connection_kind CONNECTION_SSE = {
	.path = "events",
	.transport = TRANSPORT_SSE,
	.opened = sse_opened,
	.wake = sse_wake,
	.timer = sse_timer,
	.end = sse_end,
};
