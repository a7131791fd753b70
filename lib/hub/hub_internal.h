/* hub_internal: what the files of the hub share; nobody else includes it.
 *   hub.c         follows the tail and offers each dispatch to its audience
 *   opener.c     asks for streams that are to be opened
 *   opening.c    makes streams of the answers
 *   closing.c   closes them
 *   replayer.c  feeds the streams that are behind
 *   signal.c  offers what is not stored
 *   withdraw.c  takes back what was deleted
 *   report.c  says how all of it goes */
#ifndef CONFAB_HUB_HUB_INTERNAL_H
#define CONFAB_HUB_HUB_INTERNAL_H

#include "base/buf.h"
#include "hub/hub.h"
#include "hub/roster.h"
#include "hub/turns.h"
#include "log/deletions.h"
#include "log/tail.h"
#include "log/window.h"
#include "pg/async.h"

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

struct hub_report; /* see report.c */
struct opening;    /* see opening.h */
TAILQ_HEAD(opening_list, opening);

struct hub {
	struct loop *loop;
	const struct config *config;
	const char *process;
	struct tail *tail;
	struct pg_async *pg; /* questions: opening, closing, replay */
	struct roster *roster;
	struct window *window;
	char *epoch;
	int64_t cursor;  /* every row up to it was offered */
	bool started;    /* cursor and epoch are valid */
	unsigned starts; /* of the tail: openings asked before are of another */
	bool away;       /* the database is */
	bool alone;      /* and what is left of an earlier run not swept yet */
	struct stream_list live, replaying, blocked, dirty;
	struct turns *turns;          /* of openings that have not asked */
	struct opening_list openings; /* that are asked for in one question */
	struct opening_list singles;  /* each to be asked for by itself */
	int together;                 /* as many as may be */
	int64_t asked_on;             /* loop_now() then */
	STAILQ_HEAD(, change) changes;
	struct buf closed; /* "{uuid,uuid": sessions to be closed */
	struct timer close_timer, replay_timer, upkeep_timer, report_timer;
	struct hub_report *report;
	unsigned upkeeps;            /* so far */
	bool recalling;              /* what was before the start is read */
	bool recall_due;             /* a page of it was asked for, */
	int64_t recall_to;           /* which ends there */
	bool page_due;               /* a page for replay was asked for */
	int64_t page_after, page_to; /* it holds what is between them */
	bool page_void;              /* it is from before a room's deletion */
	struct deletions deleted; /* in this batch, or since page was asked */
	bool room_deleted;        /* in this batch */
	struct hub_counts counts;
};

/* Offers a dispatch to its audience. Live streams get what the tail reads;
 * replaying ones, a page that follows page_after. */
void hub_offer(struct hub *hub, struct dispatch *dispatch, bool replay,
	       int64_t page_after);
/* The same to one stream that replays, if it is of the audience. */
void hub_offer_one(struct stream *stream, struct dispatch *dispatch);

/* Puts a stream on the list of those to be woken (or ended). */
void hub_touch(struct stream *stream);
/* Wakes them; transports write now. */
void hub_wake(struct hub *hub);

/* Offers a signal to its audience. */
void hub_signal(struct hub *hub, const char *text);

/* Keeps what a log row says was deleted; behind a batch of rows, takes it back
 * from whatever waits in memory. */
void hub_note_deleted(struct hub *hub, const struct dispatch *row,
		      const struct json *effect);
void hub_withdraw(struct hub *hub);
/* No page that was asked for before is on its way any more, or one still is. */
void hub_forget_deleted(struct hub *hub);

/* Lets replay go on in the next turn. */
void hub_replay_soon(struct hub *hub);
void hub_replay_fired(struct timer *timer);
/* Goes on reading what was before the start, as far as it is not done. */
void hub_recall(struct hub *hub);
/* Marks a stream as behind, or live, or as one that replays no further before
 * its queue is empty. */
void hub_set_replaying(struct stream *stream);
void hub_set_live(struct stream *stream);
void hub_set_blocked(struct stream *stream);
/* The one of the lists that an open stream is on. */
struct stream_list *hub_list(const struct stream *stream);

struct hub_report *hub_report_create(struct metrics *metrics);
void hub_report_fired(struct timer *timer);

/* A session that has ended; the database is told soon. */
void hub_close_session(struct hub *hub, const char *session);
void hub_close_fired(struct timer *timer);
/* The transport of a stream that is being opened has gone away. */
void hub_abandon_opening(struct stream *stream);
/* At the end: who has not asked yet, does not. */
void hub_forget_waiting(struct hub *hub);
/* Drops the changes up to seq. */
void hub_forget_changes(struct hub *hub, int64_t seq);

#endif
