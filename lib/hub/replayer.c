/* replayer: feeds the streams that lag. A stream is fed from the window as far
 * as that reaches back. For the others it reads one page of the log at a time,
 * from the one furthest back; the page is offered like any other dispatches and
 * serves all of them. Called by the hub.
 *
 * A program that has just started reads the newest older dispatches into the
 * window. When all its clients return, the log has been read once for all of
 * them. */
#include "hub/replayer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/container.h"
#include "base/logger.h"
#include "base/xalloc.h"
#include "hub/hub_internal.h"
#include "hub/replayer_internal.h"

#define PAGE "512" /* rows */

enum {
	PAGE_ROWS = 512,
	LOOKS = 4096, /* dispatches of the window looked at per turn of the loop
		       */
	AGAIN = 1000  /* ms after a failed statement */
};

static const struct pg_statement READ = {
	"page",
	"select seq, room_id, account_ids, payload,"
	" message_ids, recipient_id from confab.log_read($1::bigint, " PAGE ")"
};
static const struct pg_statement READ_BACK = {
	"page_back",
	"select seq, room_id, account_ids, payload,"
	" message_ids, recipient_id from confab.log_read_back($1::bigint, " PAGE
	")"
};
enum page_column {
	PAGE_SEQ,
	PAGE_ROOM,
	PAGE_ACCOUNTS,
	PAGE_PAYLOAD,
	PAGE_MESSAGES,
	PAGE_RECIPIENT,
};

static void on_timer(struct timer *timer);

struct replayer *replayer_create(struct hub *hub, size_t window)
{
	struct replayer *r = xcalloc(1, sizeof(*r));

	r->hub = hub;
	r->window = window_create(window);
	r->timer.fire = on_timer;
	return r;
}

void replayer_free(struct replayer *r)
{
	if (!r)
		return;
	loop_disarm(r->hub->loop, &r->timer);
	deletions_clear(&r->deleted);
	window_free(r->window);
	free(r);
}

void replayer_run_soon(struct replayer *r)
{
	loop_arm(r->hub->loop, &r->timer, 0);
}

void replayer_follow(struct stream *s)
{
	stream_set_state(s, STREAM_REPLAYING);
	replayer_run_soon(s->hub->replayer);
}

void replayer_add(struct replayer *r, struct dispatch *d)
{
	window_add(r->window, d);
}

/* Hands a stream that has caught up to the tail. */
static void leave_to_tail(struct stream *s)
{
	stream_set_state(s, STREAM_LIVE);
	stream_set_due(s);
}

/* Moves the streams that took all of a page from after to to. A stream at the
 * tail's own place becomes live. */
static void advance_streams(struct hub *hub, int64_t after, int64_t to)
{
	struct stream *s, *next;

	for (s = TAILQ_FIRST(&hub->lists.of[STREAM_REPLAYING]); s; s = next) {
		next = TAILQ_NEXT(s, of_state);
		if (s->position < after)
			continue;
		if (s->position < to)
			s->position = to;
		if (s->position >= hub->cursor)
			leave_to_tail(s);
	}
}

/* The lowest position below that of a stream that replays; -1: none. */
static int64_t furthest_behind(const struct hub *hub, int64_t below)
{
	const struct stream *s;
	int64_t least = -1;

	TAILQ_FOREACH (s, &hub->lists.of[STREAM_REPLAYING], of_state)
		if (s->position < below) {
			least = s->position;
			below = least;
		}
	return least;
}

/* Feeds one stream, whose position the window reaches. Returns the number of
 * dispatches that it looked at. */
static size_t feed_from_window(struct replayer *r, struct stream *s,
			       size_t most)
{
	struct window *window = r->window;
	size_t first = window_after(window, s->position), i = first;

	for (; i < window_count(window) && s->state == STREAM_REPLAYING; i++) {
		struct dispatch *d = window_at(window, i);

		if (i - first == most)
			return most;
		if (d->fate == DISPATCH_CHANGED) {
			/* A page brings the remaining part of it. */
			s->position = d->seq - 1;
			return i - first;
		}
		if (d->fate == DISPATCH_WHOLE)
			hub_offer_replayed_to(s, d);
		s->position = d->seq;
	}
	if (s->state == STREAM_REPLAYING)
		leave_to_tail(s);
	return i - first;
}

/* Feeds the streams that the window reaches. False: more are left for the next
 * turn. */
static bool replay_window(struct replayer *r)
{
	struct stream *s, *next;
	size_t left = LOOKS;

	for (s = TAILQ_FIRST(&r->hub->lists.of[STREAM_REPLAYING]); s;
	     s = next) {
		next = TAILQ_NEXT(s, of_state);
		if (s->position < window_floor(r->window))
			continue;
		left -= feed_from_window(r, s, left);
		if (!left)
			return false;
	}
	return true;
}

/* The dispatch of a row of a page, or NULL when it has none. */
static struct dispatch *read_row(const struct hub *hub,
				 const struct pg_result *result, int row,
				 int64_t *seq)
{
	const char *payload = pg_field(result, row, PAGE_PAYLOAD);
	const char *recipient = pg_field(result, row, PAGE_RECIPIENT);
	struct dispatch *d;

	*seq = strtoll(pg_field(result, row, PAGE_SEQ), NULL, 10);
	if (!payload)
		return NULL;
	d = dispatch_create(hub->epoch, *seq, pg_field(result, row, PAGE_ROOM),
			    pg_field(result, row, PAGE_ACCOUNTS),
			    pg_field(result, row, PAGE_MESSAGES), payload);
	if (recipient)
		d->recipient = strtoll(recipient, NULL, 10);
	return d;
}

/* Offers the rows of a page. Returns how far it was offered completely: a row
 * with a message that was deleted since the page was asked ends it. */
static int64_t offer_page(struct replayer *r, const struct pg_result *result)
{
	int n = pg_rows(result);

	for (int i = 0; i < n; i++) {
		int64_t seq;
		struct dispatch *d = read_row(r->hub, result, i, &seq);
		/* Rows above it were not yet settled when the page was read. */
		bool is_beyond = seq > r->page.to;
		bool withdrawn =
			!is_beyond && d && deletions_meet(&r->deleted, d);

		if (d && !is_beyond && !withdrawn)
			hub_offer_replayed(r->hub, d, r->page.after);
		if (d)
			dispatch_unref(d);
		if (is_beyond)
			break;
		if (withdrawn)
			return seq - 1;
		if (i == PAGE_ROWS - 1)
			return seq;
	}
	return r->page.to;
}

static void on_page(void *context, enum pg_status status,
		    const struct pg_result *result)
{
	struct replayer *r = context;
	struct hub *hub = r->hub;
	bool is_void = r->page.is_void;

	r->page.is_due = false;
	r->page.is_void = false;
	if (status == PG_OK && !is_void) {
		hub->counts.replays++;
		advance_streams(hub, r->page.after, offer_page(r, result));
	}
	replayer_forget_deleted(r);
	if (status == PG_FAILED) {
		logger(LEVEL_ERROR, "replay", "why=\"%s\"", pg_message(result));
		loop_arm(hub->loop, &r->timer, AGAIN);
	}
	/* Otherwise it is asked again when the connection is back. */
	if (status != PG_OK)
		return;
	replayer_run_soon(r);
	hub_wake(hub);
}

/* Reads rows back into the window. False when there is no more room. */
static bool recall_rows(struct replayer *r, const struct pg_result *result)
{
	int n = pg_rows(result);
	bool added = true;

	for (int i = 0; i < n && added; i++) {
		int64_t seq;
		struct dispatch *d = read_row(r->hub, result, i, &seq);

		/* It may have been deleted while the page was being read. */
		if (d)
			deletions_meet(&r->deleted, d);
		added = window_add_before(r->window, seq, d);
		if (d)
			dispatch_unref(d);
	}
	/* The log has nothing below its beginning. */
	if (added && n < PAGE_ROWS)
		added = !window_add_before(r->window, 1, NULL);
	return added;
}

static void ask_recall(struct replayer *r);

static void on_page_back(void *context, enum pg_status status,
			 const struct pg_result *result)
{
	struct replayer *r = context;

	r->recall.is_due = false;
	if (status == PG_FAILED)
		logger(LEVEL_ERROR, "recall", "why=\"%s\"", pg_message(result));
	/* A window that was reset, or that dropped its oldest rows, has another
	 * floor by now. */
	if (status == PG_OK && window_floor(r->window) == r->recall.to) {
		r->recall.is_wanted = recall_rows(r, result);
		replayer_run_soon(r);
	}
	replayer_forget_deleted(r);
	/* Otherwise it is asked again when the connection is back. */
	if (status == PG_OK)
		ask_recall(r);
}

/* Asks for the next older page, unless all are there. */
static void ask_recall(struct replayer *r)
{
	char to[24];
	struct pg_param param = { .data = to };

	/* Leave half of the window to new dispatches. */
	if (window_bytes(r->window) > (size_t)r->hub->config->window / 2)
		r->recall.is_wanted = false;
	if (!r->recall.is_wanted || r->recall.is_due ||
	    !pg_async_is_up(r->hub->pg))
		return;
	r->recall.is_due = true;
	r->recall.to = window_floor(r->window);
	snprintf(to, sizeof(to), "%lld", (long long)r->recall.to);
	pg_async_send(r->hub->pg, &READ_BACK, 1, &param, on_page_back, r);
}

void replayer_start(struct replayer *r, int64_t head)
{
	window_reset(r->window, head);
	r->recall.is_wanted = !r->hub->is_brief;
	ask_recall(r);
}

void replayer_connected(struct replayer *r)
{
	ask_recall(r);
	replayer_run_soon(r);
}

static void ask_for_page(struct replayer *r, int64_t below)
{
	char after[24];
	struct pg_param param = { .data = after };
	int64_t least = furthest_behind(r->hub, below);

	if (least < 0 || r->page.is_due || !pg_async_is_up(r->hub->pg))
		return;
	snprintf(after, sizeof(after), "%lld", (long long)least);
	r->page.is_due = true;
	r->page.after = least;
	/* The tail may be further when the answer comes; the page is not. */
	r->page.to = r->hub->cursor;
	pg_async_send(r->hub->pg, &READ, 1, &param, on_page, r);
}

static void on_timer(struct timer *timer)
{
	struct replayer *r = container_of(timer, struct replayer, timer);

	/* A stream that still lags needs a page. */
	if (replay_window(r)) {
		ask_for_page(r, INT64_MAX);
	} else {
		ask_for_page(r, window_floor(r->window));
		replayer_run_soon(r);
	}
	hub_wake(r->hub);
}
