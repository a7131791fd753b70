/* replayer_internal: shared by replayer.c and withdraw.c. */
#ifndef CONFAB_HUB_REPLAYER_INTERNAL_H
#define CONFAB_HUB_REPLAYER_INTERNAL_H

#include "event/loop.h"
#include "hub/replayer.h"
#include "log/deletions.h"
#include "log/window.h"

struct replayer {
	struct hub *hub;
	struct window *window;
	struct timer timer;
	struct {
		bool is_due;       /* it has been asked for */
		int64_t after, to; /* it holds the rows above after, up to to */
		bool is_void;      /* it was asked before a room was deleted, or
				      rows of it were rewritten */
	} page;
	struct {
		bool is_wanted; /* the window does not reach back far enough */
		bool is_due;    /* a page has been asked for, */
		int64_t to;     /* which ends here */
	} recall;
	struct deletions
		deleted;   /* in this batch, or since a page was asked for */
	bool room_deleted; /* in this batch */
	int64_t rewritten; /* rows up to this seq, in this batch; 0: none */
};

/* Goes on in the next turn of the loop. */
void replayer_run_soon(struct replayer *replayer);
/* Forgets the deletions, unless a page that was asked for earlier is due. */
void replayer_forget_deleted(struct replayer *replayer);

#endif
