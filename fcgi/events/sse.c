/* sse: Server-Sent Events (HTML standard, 9.2). Everything that waits for a
 * client goes out in one write. */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "connection.h"
#include "log/cursor.h"
#include "web/head.h"

enum {
	PART = 32768,   /* bytes gathered for one write, roughly */
	BEATS = 5,      /* writes of a heartbeat, */
	BEAT_GAP = 1000 /* and at most the ms between two of them */
};

/* Milliseconds until the browser reconnects, spread over the clients. */
static unsigned retry_delay(void)
{
	return 1000 + secret_random(4000);
}

static void arm_heartbeat(struct connection *c)
{
	c->beat = 0;
	loop_arm(c->connections->loop, &c->timer,
		 hub_heartbeat(c->connections->hub));
}

/* The next write of this heartbeat, or the next heartbeat. */
static void arm_beat(struct connection *c)
{
	int64_t gap = c->connections->config->heartbeat * 1000 / BEATS;

	if (++c->beat < BEATS)
		loop_arm(c->connections->loop, &c->timer,
			 gap < BEAT_GAP ? gap : BEAT_GAP);
	else
		arm_heartbeat(c);
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
	char retry[32];

	snprintf(retry, sizeof(retry), "retry: %u\n\n", retry_delay());
	connection_start(c, head, retry, strlen(retry));
	arm_heartbeat(c);
}

/* The comment keeps proxies from closing the stream. The id gives a client
 * without dispatches a fresh cursor to return with. A web server and each proxy
 * before it notice only at a second or third write that a client has gone: the
 * smallest comments follow, a moment apart, so they tell within one heartbeat.
 * In between a phone's radio can sleep. */
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
		arm_heartbeat(c);
		return;
	}
	all->content.len = 0;
	if (c->beat)
		buf_add_text(&all->content, ":\n\n");
	else
		buf_addf(&all->content, ": heartbeat\nid: %s\n\n",
			 cursor_print(cursor, hub_epoch(all->hub),
				      hub_position(&c->stream)));
	connection_write(c, &all->content);
	arm_beat(c);
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
