/* hub_replay: feeds the streams that are behind. One page of the log, from the
 * window or read from the database, serves all of them: it starts at the one
 * furthest behind and is offered like any other dispatch. */
#include <stdlib.h>

#include "hub_inside.h"
#include "logger.h"

enum {
	PAGE = 512 /* rows */
};

static const struct pgloop_statement READ = {
	"page", "select seq, room_id, account_ids, payload"
		" from confab.log_read($1::bigint, $2::int)"
};

void hub_replay_soon(struct hub *hub)
{
	loop_arm(hub->loop, &hub->replay_timer, 0);
}

void hub_unblock(struct stream *s)
{
	s->blocked = false;
	hub_replay_soon(s->hub);
}

void hub_set_replaying(struct stream *s)
{
	s->state = STREAM_REPLAYING;
	TAILQ_INSERT_TAIL(&s->hub->replaying, s, of_hub);
	hub_replay_soon(s->hub);
}

void hub_set_live(struct stream *s)
{
	if (s->state == STREAM_REPLAYING)
		TAILQ_REMOVE(&s->hub->replaying, s, of_hub);
	s->state = STREAM_LIVE;
	TAILQ_INSERT_TAIL(&s->hub->live, s, of_hub);
	hub_touch(s);
}

/* Behind a page that followed after and reached to: who took all of it stands
 * there now, and is live when that is the tail's own place. */
static void advance(struct hub *hub, int64_t after, int64_t to)
{
	struct stream *s, *next;

	for (s = TAILQ_FIRST(&hub->replaying); s; s = next) {
		next = TAILQ_NEXT(s, of_hub);
		if (s->blocked || s->position < after)
			continue;
		if (s->position < to)
			s->position = to;
		if (s->position >= hub->cursor)
			hub_set_live(s);
	}
}

/* Least position of the unblocked streams at or above floor; -1: none. */
static int64_t furthest_behind(const struct hub *hub, int64_t floor)
{
	const struct stream *s;
	int64_t least = -1;

	TAILQ_FOREACH (s, &hub->replaying, of_hub)
		if (!s->blocked && s->position >= floor &&
		    (least < 0 || s->position < least))
			least = s->position;
	return least;
}

static void replay_window(struct hub *hub)
{
	int64_t after = furthest_behind(hub, window_floor(hub->window));

	if (after < 0)
		return;
	for (size_t i = window_after(hub->window, after);
	     i < window_count(hub->window); i++)
		hub_offer(hub, window_at(hub->window, i), true, after);
	advance(hub, after, hub->cursor);
}

static void on_page(void *context, enum pg_status status,
		    const struct pg_result *result)
{
	struct hub *hub = context;
	int64_t to = hub->cursor;
	int n;

	hub->page_due = false;
	if (status != PG_OK) {
		if (status == PG_FAILED)
			logger(LEVEL_ERROR, "replay", "why=\"%s\"",
			       pg_message(result));
		return; /* again when the connection is back */
	}
	n = pg_rows(result);
	hub->counts.replays++;
	for (int i = 0; i < n; i++) {
		int64_t seq = strtoll(pg_field(result, i, 0), NULL, 10);
		const char *payload = pg_field(result, i, 3);
		struct dispatch *d;

		/* Above the cursor nothing is settled yet. */
		if (seq > hub->cursor)
			break;
		if (i == PAGE - 1)
			to = seq;
		if (!payload)
			continue;
		d = dispatch_create(hub->epoch, seq, pg_field(result, i, 1),
				    pg_field(result, i, 2), payload);
		hub_offer(hub, d, true, hub->page_after);
		dispatch_unref(d);
	}
	advance(hub, hub->page_after, to);
	hub_replay_soon(hub);
	hub_wake(hub);
}

static void ask_for_page(struct hub *hub)
{
	struct buf after = { 0 };
	struct pg_param params[] = { { 0 }, { .data = "512" } };
	int64_t least = furthest_behind(hub, 0);

	_Static_assert(PAGE == 512, "the parameter above");
	if (least < 0 || hub->page_due || !pgloop_is_up(hub->pg))
		return;
	buf_addf(&after, "%lld", (long long)least);
	params[0].data = buf_text(&after);
	hub->page_due = true;
	hub->page_after = least;
	pgloop_send(hub->pg, &READ, 2, params, on_page, hub);
	buf_free(&after);
}

void hub_replay_fired(struct timer *timer)
{
	struct hub *hub =
		(void *)((char *)timer - offsetof(struct hub, replay_timer));

	replay_window(hub);
	ask_for_page(hub);
	hub_wake(hub);
}
