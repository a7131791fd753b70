/* replayer: feeds the streams that are behind: each from the window, as far as
 * that reaches back. For the others one page of the log is read from the
 * database at a time, which serves all of them: it starts at the one furthest
 * behind and is offered like any other dispatch.
 *
 * A program that has just started reads the newest of what was before into the
 * window: when everybody comes back to it, the log has been read once, for
 * all. */
#include <stdlib.h>

#include "base/container.h"
#include "base/logger.h"
#include "hub/hub_internal.h"

enum {
	PAGE = 512,   /* rows */
	LOOKS = 4096, /* at dispatches of the window in a turn of the loop */
	AGAIN = 1000  /* ms after a question that failed */
};

static const struct pg_statement READ = {
	"page", "select seq, room_id, account_ids, payload, message_ids"
		" from confab.log_read($1::bigint, $2::int)"
};

static const struct pg_statement READ_BACK = {
	"page_back", "select seq, room_id, account_ids, payload, message_ids"
		     " from confab.log_read_back($1::bigint, $2::int)"
};

void hub_replay_soon(struct hub *hub)
{
	loop_arm(hub->loop, &hub->replay_timer, 0);
}

struct stream_list *hub_list(const struct stream *s)
{
	struct hub *hub = s->hub;

	return s->state == STREAM_LIVE ? &hub->live
	       : s->blocked            ? &hub->blocked
				       : &hub->replaying;
}

void hub_set_replaying(struct stream *s)
{
	s->state = STREAM_REPLAYING;
	TAILQ_INSERT_TAIL(&s->hub->replaying, s, of_hub);
	hub_replay_soon(s->hub);
}

void hub_set_blocked(struct stream *s)
{
	TAILQ_REMOVE(&s->hub->replaying, s, of_hub);
	s->blocked = true;
	TAILQ_INSERT_TAIL(&s->hub->blocked, s, of_hub);
}

void hub_unblock(struct stream *s)
{
	TAILQ_REMOVE(&s->hub->blocked, s, of_hub);
	s->blocked = false;
	hub_set_replaying(s);
}

void hub_set_live(struct stream *s)
{
	if (s->state == STREAM_REPLAYING)
		TAILQ_REMOVE(hub_list(s), s, of_hub);
	s->blocked = false;
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
		if (s->position < after)
			continue;
		if (s->position < to)
			s->position = to;
		if (s->position >= hub->cursor)
			hub_set_live(s);
	}
}

/* The least position below that of the streams that replay; -1: there is
 * none. */
static int64_t furthest_behind(const struct hub *hub, int64_t below)
{
	const struct stream *s;
	int64_t least = -1;

	TAILQ_FOREACH (s, &hub->replaying, of_hub)
		if (s->position < below) {
			least = s->position;
			below = least;
		}
	return least;
}

/* Feeds one stream, whose position the window reaches; returns how many
 * dispatches it has looked at. */
static size_t replay_from_window(struct hub *hub, struct stream *s, size_t most)
{
	size_t first = window_after(hub->window, s->position), i = first;

	for (; i < window_count(hub->window) && !s->blocked; i++) {
		struct dispatch *d = window_at(hub->window, i);

		if (i - first == most)
			return most;
		if (d->fate == DISPATCH_CHANGED) {
			/* A page brings the rest of it. */
			s->position = d->seq - 1;
			return i - first;
		}
		if (d->fate == DISPATCH_WHOLE)
			hub_offer_one(s, d);
		s->position = d->seq;
	}
	if (!s->blocked)
		hub_set_live(s);
	return i - first;
}

/* False: there is more to look at, in the next turn. */
static bool replay_window(struct hub *hub)
{
	struct stream *s, *next;
	size_t left = LOOKS;

	for (s = TAILQ_FIRST(&hub->replaying); s; s = next) {
		next = TAILQ_NEXT(s, of_hub);
		if (s->ending || s->position < window_floor(hub->window))
			continue;
		left -= replay_from_window(hub, s, left);
		if (!left)
			return false;
	}
	return true;
}

/* Offers a row of a page; false where what it shows was deleted since the page
 * was asked for. */
static bool offer_row(struct hub *hub, const struct pg_result *result, int i,
		      int64_t seq)
{
	const char *payload = pg_field(result, i, 3);
	struct dispatch *d;
	bool withdrawn;

	if (!payload)
		return true;
	d = dispatch_create(hub->epoch, seq, pg_field(result, i, 1),
			    pg_field(result, i, 2), pg_field(result, i, 4),
			    payload);
	withdrawn = deletions_meet(&hub->deleted, d);
	if (!withdrawn)
		hub_offer(hub, d, true, hub->page_after);
	dispatch_unref(d);
	return !withdrawn;
}

/* Offers the rows of a page; up to where all of it was offered. */
static int64_t offer_page(struct hub *hub, const struct pg_result *result)
{
	int n = pg_rows(result);

	for (int i = 0; i < n; i++) {
		int64_t seq = strtoll(pg_field(result, i, 0), NULL, 10);

		/* Above it nothing was settled when the page was read. */
		if (seq > hub->page_to)
			break;
		if (!offer_row(hub, result, i, seq))
			return seq - 1;
		if (i == PAGE - 1)
			return seq;
	}
	return hub->page_to;
}

static void on_page(void *context, enum pg_status status,
		    const struct pg_result *result)
{
	struct hub *hub = context;
	bool useless = hub->page_void || status != PG_OK;

	hub->page_due = false;
	hub->page_void = false;
	if (!useless) {
		hub->counts.replays++;
		advance(hub, hub->page_after, offer_page(hub, result));
	}
	hub_forget_deleted(hub);
	if (status != PG_OK) {
		/* Again when the connection is back; where it is there, soon.
		 */
		if (status == PG_FAILED) {
			logger(LEVEL_ERROR, "replay", "why=\"%s\"",
			       pg_message(result));
			loop_arm(hub->loop, &hub->replay_timer, AGAIN);
		}
		return;
	}
	hub_replay_soon(hub);
	hub_wake(hub);
}

/* False: there is no room for it. */
static bool recall(struct hub *hub, const struct pg_result *r, int row)
{
	int64_t seq = strtoll(pg_field(r, row, 0), NULL, 10);
	const char *payload = pg_field(r, row, 3);
	struct dispatch *d =
		payload ? dispatch_create(hub->epoch, seq, pg_field(r, row, 1),
					  pg_field(r, row, 2),
					  pg_field(r, row, 4), payload)
			: NULL;
	bool added;

	/* It may have been deleted while the page was on its way. */
	if (d)
		deletions_meet(&hub->deleted, d);
	added = window_add_before(hub->window, seq, d);
	if (d)
		dispatch_unref(d);
	return added;
}

static void on_page_back(void *context, enum pg_status status,
			 const struct pg_result *r)
{
	struct hub *hub = context;
	int n;

	hub->recall_due = false;
	if (status == PG_FAILED)
		logger(LEVEL_ERROR, "recall", "why=\"%s\"", pg_message(r));
	if (status != PG_OK) {
		hub_forget_deleted(hub);
		return; /* again when the connection is back */
	}
	/* A window that has started anew meanwhile, or has let go of its
	 * oldest, has its floor elsewhere. */
	if (window_floor(hub->window) == hub->recall_to) {
		n = pg_rows(r);
		for (int i = 0; i < n && hub->recalling; i++)
			hub->recalling = recall(hub, r, i);
		/* Below the log's beginning there is nothing. */
		if (hub->recalling && n < PAGE)
			hub->recalling =
				!window_add_before(hub->window, 1, NULL);
		hub_replay_soon(hub);
	}
	hub_forget_deleted(hub);
	hub_recall(hub);
}

void hub_recall(struct hub *hub)
{
	struct buf to = { 0 };
	struct pg_param params[] = { { 0 }, { .data = "512" } };

	_Static_assert(PAGE == 512, "the parameter above");
	/* Half of the window is left for what will come. */
	if (window_bytes(hub->window) > (size_t)hub->config->window / 2)
		hub->recalling = false;
	if (!hub->recalling || hub->recall_due || !pg_async_is_up(hub->pg))
		return;
	hub->recall_due = true;
	hub->recall_to = window_floor(hub->window);
	buf_addf(&to, "%lld", (long long)hub->recall_to);
	params[0].data = buf_text(&to);
	pg_async_send(hub->pg, &READ_BACK, 2, params, on_page_back, hub);
	buf_free(&to);
}

static void ask_for_page(struct hub *hub, int64_t below)
{
	struct buf after = { 0 };
	struct pg_param params[] = { { 0 }, { .data = "512" } };
	int64_t least = furthest_behind(hub, below);

	_Static_assert(PAGE == 512, "the parameter above");
	if (least < 0 || hub->page_due || !pg_async_is_up(hub->pg))
		return;
	buf_addf(&after, "%lld", (long long)least);
	params[0].data = buf_text(&after);
	hub->page_due = true;
	hub->page_after = least;
	/* The tail may be further when the answer comes; the page is not. */
	hub->page_to = hub->cursor;
	pg_async_send(hub->pg, &READ, 2, params, on_page, hub);
	buf_free(&after);
}

void hub_replay_fired(struct timer *timer)
{
	struct hub *hub = container_of(timer, struct hub, replay_timer);

	/* Who is still behind after that needs a page. */
	if (replay_window(hub)) {
		ask_for_page(hub, INT64_MAX);
	} else {
		ask_for_page(hub, window_floor(hub->window));
		hub_replay_soon(hub);
	}
	hub_wake(hub);
}
