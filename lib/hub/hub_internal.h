/* hub_internal: what the parts of the hub share; nobody else includes it. The
 * hub itself follows the tail and offers each dispatch to its audience. Its
 * parts own their state:
 *   opener.h    opens streams: asks the database who they are
 *   replayer.h  feeds the streams that are behind
 *   liveness.h  tells the database which sessions there are
 *   report.h    shows in metrics how all of it goes */
#ifndef CONFAB_HUB_HUB_INTERNAL_H
#define CONFAB_HUB_HUB_INTERNAL_H

#include "base/address_budget.h"
#include "hub/hub.h"
#include "hub/liveness.h"
#include "hub/opener.h"
#include "hub/replayer.h"
#include "hub/report.h"
#include "hub/roster.h"
#include "log/tail.h"
#include "pg/async.h"

struct hub {
	struct loop *loop;
	const struct config *config;
	const struct identity_rules *rules;
	struct tail *tail;
	struct pg_async *pg; /* for opening, replay and liveness */
	struct roster *roster;
	struct opener *opener;
	struct replayer *replayer;
	struct liveness *liveness;
	struct report *report;
	char *epoch;
	int64_t cursor;  /* every row up to it has been offered */
	bool is_brief;   /* see struct hub_settings */
	bool started;    /* cursor and epoch are valid */
	unsigned starts; /* of the tail */
	bool away;       /* the database is */
	struct buf witness_path;
	int64_t witnessed; /* the seq that is in that file */
	struct stream_lists lists;
	struct hub_counts counts;
	struct address_budget strangers; /* streams without a valid log-in */
	char wait[16]; /* s until the next, for the last that was refused */
};

/* Offers a dispatch to the live streams of its audience. */
void hub_offer_live(struct hub *hub, struct dispatch *dispatch);
/* Offers a dispatch of a page that follows after to the streams in its audience
 * that replay and have reached that place. */
void hub_offer_replayed(struct hub *hub, struct dispatch *dispatch,
			int64_t after);
/* As hub_offer_replayed(), to one stream if it is in the audience. */
void hub_offer_replayed_to(struct stream *stream, struct dispatch *dispatch);

/* Offers a signal in confab.signal()'s form to its audience. */
void hub_offer_signal(struct hub *hub, const char *text);

/* Makes the budgets of addresses, and frees them. */
void admission_open(struct hub *hub);
void admission_close(struct hub *hub);
/* A client at this address, or NULL, has shown no valid log-in. */
void admission_charge(struct hub *hub, const char *address);

/* Refuses a stream that is being opened. body: JSON, or NULL for the error's
 * own. */
void hub_refuse(struct stream *stream, enum confab_error error,
		const char *body);

/* Ends a stream in the next hub_wake(). */
void hub_end(struct stream *stream, enum stream_end why);

/* Writes the row that was read last to a file, for the program's next run. */
void hub_save_witness(struct hub *hub);

/* Wakes the streams that are due, which write now, and closes those that
 * end. */
void hub_wake(struct hub *hub);

#endif
