/* closing: closes streams, and tells the database of those that have ended, a
 * few at a time. */
#include <string.h>

#include "base/container.h"
#include "base/logger.h"
#include "hub/hub_internal.h"

enum {
	CLOSE_DELAY = 100 /* ms in which ended sessions are gathered */
};

static const struct pg_statement CLOSE = {
	"close", "select confab.stream_close($1::uuid[])"
};

void hub_close_session(struct hub *hub, const char *session)
{
	buf_add_text(&hub->closed, hub->closed.len ? "," : "{");
	buf_add_text(&hub->closed, session);
	if (!hub->close_timer.place)
		loop_arm(hub->loop, &hub->close_timer, CLOSE_DELAY);
}

void hub_close(struct stream *s, bool keep_session)
{
	struct hub *hub = s->hub;

	if (!hub)
		return;
	if (s->state == STREAM_OPENING) {
		hub_abandon_opening(s);
	} else {
		TAILQ_REMOVE(hub_list(s), s, of_hub);
		LIST_REMOVE(s, of_account);
		roster_leave(hub->roster, s->account);
		if (!keep_session)
			hub_close_session(hub, s->session);
	}
	if (s->dirty)
		TAILQ_REMOVE(&hub->dirty, s, of_dirty);
	stream_empty(s);
	s->dirty = false;
	s->ending = 0;
	s->state = STREAM_CLOSED;
	s->hub = NULL;
	hub->counts.streams--;
}

static void on_closed(void *context, enum pg_status status,
		      const struct pg_result *result)
{
	(void)context;
	if (status == PG_FAILED)
		logger(LEVEL_ERROR, "stream_close", "why=\"%s\"",
		       pg_message(result));
}

void hub_close_fired(struct timer *timer)
{
	struct hub *hub = container_of(timer, struct hub, close_timer);
	struct pg_param list;

	/* Kept for later while the database is away. */
	if (!pg_async_is_up(hub->pg)) {
		loop_arm(hub->loop, &hub->close_timer, CLOSE_DELAY * 10);
		return;
	}
	buf_add_text(&hub->closed, "}");
	list = (struct pg_param){ .data = buf_text(&hub->closed) };
	pg_async_send(hub->pg, &CLOSE, 1, &list, on_closed, hub);
	buf_free(&hub->closed);
}
