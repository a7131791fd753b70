/* withdraw: takes back what was deleted from what waits in memory. The log as
 * the database reads it leaves out what is deleted by then
 * (sql/functions/log/deleted.sql). Four places hold what was read earlier:
 *
 *   the window   a dispatch that shows nothing else is passed over; at one that
 *                shows other messages too, a replay from the window stops and
 *                goes on with a page of the log
 *   the queues   a stream that has not taken it yet goes back to before it and
 *                replays from there; with notifications that wait, it ends,
 *                and its client gets others when it comes back
 *   a page       that was asked for before is used up to there
 *   an opening   whose notifications show it is refused (opening.c)
 *
 * Effects: {"deleted":[ids of messages]}; {"room_deleted":true}, which names no
 * messages: the window is emptied; {"rewritten":seq}: rows up to this seq say
 * something else now, so none of them stays. */
#include "hub/hub_internal.h"
#include "hub/replayer_internal.h"

void replayer_note_deleted(struct replayer *r, const struct dispatch *row,
			   const struct json *effect)
{
	int64_t rewritten;

	deletions_add(&r->deleted, effect, row->to_room ? &row->room : NULL);
	if (row->to_room && json_has(effect, "room_deleted"))
		r->room_deleted = true;
	if (json_integer(json_get(effect, "rewritten"), &rewritten) &&
	    rewritten > r->rewritten)
		r->rewritten = rewritten;
}

/* Of a deleted room any message may be, also in what goes to other rooms or to
 * some accounts: as a forwarded one, or as one that was delivered. */
static bool is_withdrawn(struct replayer *r, struct dispatch *d)
{
	if (d->is_notifications)
		return deletions_meet_json(&r->deleted, d->text + d->json_at,
					   d->json_len);
	return deletions_meet(&r->deleted, d) ||
	       (d->seq && d->seq <= r->rewritten) ||
	       (r->room_deleted && d->n_messages);
}

/* Moves the stream back to the position before place n of its queue. */
static void rewind_stream(struct stream *s, uint32_t n)
{
	int64_t seq = stream_at(s, n)->seq;

	stream_cut(s, n);
	s->position = seq - 1;
	if (s->state == STREAM_LIVE)
		replayer_follow(s);
}

static void withdraw_from(struct replayer *r, struct stream *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct dispatch *d = stream_at(s, i);

		if (!is_withdrawn(r, d))
			continue;
		if (d->is_notifications) {
			hub_end(s, END_OVERLOAD);
		} else {
			rewind_stream(s, i);
			replayer_run_soon(r);
		}
		return;
	}
}

static void withdraw_from_all(struct replayer *r, enum stream_state state)
{
	struct stream *s, *next;

	for (s = TAILQ_FIRST(&r->hub->lists.of[state]); s; s = next) {
		next = TAILQ_NEXT(s, of_state);
		if (s->count)
			withdraw_from(r, s);
	}
}

void replayer_withdraw(struct replayer *r)
{
	if (!r->deleted.count && !r->room_deleted && !r->rewritten)
		return;
	if (r->room_deleted)
		window_reset(r->window, r->hub->cursor);
	window_drop(r->window, r->rewritten);
	for (size_t i = 0; i < window_count(r->window); i++)
		deletions_meet(&r->deleted, window_at(r->window, i));
	/* Streams that replay come first, because the others become such
	 * streams. */
	withdraw_from_all(r, STREAM_REPLAYING);
	withdraw_from_all(r, STREAM_BLOCKED);
	withdraw_from_all(r, STREAM_LIVE);
	if ((r->room_deleted || r->rewritten) && r->page.is_due)
		r->page.is_void = true;
	if (r->rewritten)
		r->recall.to = -1; /* ignore what is on its way */
	r->room_deleted = false;
	r->rewritten = 0;
	replayer_forget_deleted(r);
}

void replayer_forget_deleted(struct replayer *r)
{
	if (!r->page.is_due && !r->recall.is_due)
		deletions_clear(&r->deleted);
}
