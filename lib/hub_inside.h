/* hub_inside: what the files of the hub share; nobody else includes it.
 *   hub.c         follows the tail and offers each dispatch to its audience
 *   hub_open.c    opens and closes streams
 *   hub_replay.c  feeds the streams that are behind */
#ifndef CONFAB_HUB_INSIDE_H
#define CONFAB_HUB_INSIDE_H

#include "buf.h"
#include "hub.h"
#include "pgloop.h"
#include "roster.h"
#include "tail.h"
#include "window.h"

TAILQ_HEAD(stream_list, stream);

/* What a log row did to memberships and log-ins, kept while streams are being
 * opened: their snapshot of the tables may be older than it. */
struct change {
	STAILQ_ENTRY(change) link;
	int64_t seq;
	bool to_room;
	struct uuid room;
	struct json *effect;
};

struct opening; /* see hub_open.c */
TAILQ_HEAD(opening_list, opening);

struct hub {
	struct loop *loop;
	const struct config *config;
	const char *process;
	struct tail *tail;
	struct pgloop *pg; /* questions: opening, closing, replay */
	struct roster *roster;
	struct window *window;
	char *epoch;
	int64_t cursor; /* every row up to it was offered */
	bool started;   /* cursor and epoch are valid */
	bool away;      /* the database is */
	struct stream_list live, replaying, dirty;
	struct opening_list openings;
	STAILQ_HEAD(, change) changes;
	struct buf closed; /* "{uuid,uuid": sessions to be closed */
	struct timer close_timer, replay_timer, upkeep_timer;
	bool page_due; /* a page for replay was asked for */
	int64_t page_after;
	struct hub_counts counts;
};

/* Offers a dispatch to its audience. Live streams get what the tail reads;
 * replaying ones, a page that follows page_after. */
void hub_offer(struct hub *hub, struct dispatch *dispatch, bool replay,
	       int64_t page_after);

/* Puts a stream on the list of those to be woken (or ended). */
void hub_touch(struct stream *stream);
/* Wakes them; transports write now. */
void hub_wake(struct hub *hub);

/* Lets replay go on in the next turn. */
void hub_replay_soon(struct hub *hub);
void hub_replay_fired(struct timer *timer);
/* Marks a stream as behind, or live. */
void hub_set_replaying(struct stream *stream);
void hub_set_live(struct stream *stream);

void hub_close_fired(struct timer *timer);
/* Drops the changes up to seq. */
void hub_forget_changes(struct hub *hub, int64_t seq);

#endif
