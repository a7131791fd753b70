/* poll: long-poll. Answers with everything that waits as soon as something
 * does, or with nothing when the time is over. */
#include <stdlib.h>
#include <string.h>

#include "auth/query.h"
#include "connection.h"
#include "log/cursor.h"

enum {
	WAIT_DEFAULT = 25, /* s */
	REPLAY_LOOK = 50   /* ms */
};

static void answer_poll(struct connection *c)
{
	struct buf body = { 0 };
	struct dispatch *d;
	char cursor[CURSOR_TEXT];

	buf_add_text(&body, "{\"events\":[");
	for (int n = 0; (d = stream_take(&c->stream)); n++) {
		if (n)
			buf_add_text(&body, ",");
		buf_add(&body, d->text + d->json_at, d->json_len);
		dispatch_unref(d);
	}
	buf_addf(&body, "],\"cursor\":\"%s\"}",
		 cursor_print(cursor, hub_epoch(c->connections->hub),
			      hub_position(&c->stream)));
	connection_respond(c, 200, "application/json", &body);
	buf_free(&body);
}

/* During replay more is coming: give one answer for all of it. */
static void poll_wake(struct connection *c)
{
	if (stream_peek(&c->stream) && c->stream.state != STREAM_REPLAYING)
		answer_poll(c);
}

/* The seconds that the client waits. -1: what it asks for is no number. */
static long read_wait(struct connection *c)
{
	char text[8];
	const char *wait = query_find(connection_param(c, "QUERY_STRING"),
				      "wait", text, sizeof(text));

	if (!wait)
		return WAIT_DEFAULT;
	return *wait && !wait[strspn(wait, "0123456789")]
		       ? strtol(wait, NULL, 10)
		       : -1;
}

static const char *poll_check(struct connection *c)
{
	return read_wait(c) < 0 ? "wait is a number of seconds." : NULL;
}

static void poll_opened(struct connection *c)
{
	long wait = read_wait(c);

	if (wait > c->connections->wait_most)
		wait = c->connections->wait_most;
	loop_arm(c->connections->loop, &c->timer, wait * 1000);
}

/* A client that lags gets the dispatches that it has missed even if it asks not
 * to wait: the log is being read. */
static void poll_timer(struct connection *c)
{
	const char *away;

	if (c->stream.state == STREAM_REPLAYING && !stream_peek(&c->stream) &&
	    hub_ready(c->connections->hub, &away))
		loop_arm(c->connections->loop, &c->timer, REPLAY_LOOK);
	else
		answer_poll(c);
}

/* Nothing waits, or it stays queued for the next poll, which gets the reason
 * that ended this one. */
static void poll_end(struct connection *c, enum stream_end why)
{
	if (why == END_RESTART)
		answer_poll(c);
	else
		connection_fail(c,
				why == END_UNAUTHENTICATED
					? ERROR_UNAUTHENTICATED
					: ERROR_UNAVAILABLE,
				NULL);
}

const struct connection_kind CONNECTION_POLL = {
	.path = "poll",
	.transport = TRANSPORT_POLL,
	.check = poll_check,
	.opened = poll_opened,
	.wake = poll_wake,
	.timer = poll_timer,
	.end = poll_end,
};
