/* withdraw: takes back what was deleted from what waits in memory. The log
 * as the database reads it leaves out what is deleted by then
 * (sql/functions/log/deleted.sql); here are the three places that hold what
 * was read earlier:
 *
 *   the window   what shows nothing else is passed over; before what shows
 *                other messages too a replay from the window stops, and goes on
 *                with a page of the log
 *   the queues   a stream that has not taken it yet goes back to before it and
 *                replays from there
 *   a page       that was asked for before: it is used up to there, or comes
 *                into the window like what was there
 *
 * Effects: {"deleted":[ids of messages]}; {"room_deleted":true}, of which no
 * ids are known: the window is emptied. */
#include "hub/hub_internal.h"

void hub_note_deleted(struct hub *hub, const struct dispatch *row,
		      const struct json *effect)
{
	deletions_add(&hub->deleted, json_get(effect, "deleted"));
	if (row->to_room && json_has(effect, "room_deleted"))
		hub->room_deleted = true;
}

/* What a room took along may also be in what was forwarded from it. */
static bool may_be_of_room(const struct dispatch *d)
{
	return d->to_room && d->n_messages;
}

static bool is_withdrawn(struct hub *hub, struct dispatch *d)
{
	return deletions_meet(&hub->deleted, d) ||
	       (hub->room_deleted && may_be_of_room(d));
}

static void rewind_stream(struct hub *hub, struct stream *s, uint32_t n)
{
	int64_t seq = stream_at(s, n)->seq;

	stream_cut(s, n);
	s->position = seq - 1;
	if (s->state == STREAM_LIVE) {
		TAILQ_REMOVE(&hub->live, s, of_hub);
		hub_set_replaying(s);
	}
	hub_replay_soon(hub);
}

static void withdraw_from(struct hub *hub, struct stream *s)
{
	if (s->ending)
		return;
	for (uint32_t i = 0; i < s->count; i++)
		if (is_withdrawn(hub, stream_at(s, i))) {
			rewind_stream(hub, s, i);
			return;
		}
}

static void withdraw_from_all(struct hub *hub, struct stream_list *list)
{
	struct stream *s, *next;

	for (s = TAILQ_FIRST(list); s; s = next) {
		next = TAILQ_NEXT(s, of_hub);
		if (s->count)
			withdraw_from(hub, s);
	}
}

void hub_withdraw(struct hub *hub)
{
	if (!hub->deleted.count && !hub->room_deleted)
		return;
	if (hub->room_deleted)
		window_reset(hub->window, hub->cursor);
	for (size_t i = 0; i < window_count(hub->window); i++)
		deletions_meet(&hub->deleted, window_at(hub->window, i));
	/* Those that replay first: the others come to be among them. */
	withdraw_from_all(hub, &hub->replaying);
	withdraw_from_all(hub, &hub->blocked);
	withdraw_from_all(hub, &hub->live);
	if (hub->room_deleted && hub->page_due)
		hub->page_void = true;
	hub->room_deleted = false;
	hub_forget_deleted(hub);
}

void hub_forget_deleted(struct hub *hub)
{
	if (!hub->page_due && !hub->recall_due)
		deletions_clear(&hub->deleted);
}
