/* hub: who is connected here, and what each of them gets. It owns the tail,
 * the window of recent dispatches, the roster and a connection for questions.
 * Live delivery and catching up are one thing: a dispatch of the log is offered
 * to every stream in its audience that has not passed it yet. */
#ifndef CONFAB_HUB_HUB_H
#define CONFAB_HUB_HUB_H

#include "auth/identity.h"
#include "base/config.h"
#include "base/metrics.h"
#include "event/loop.h"
#include "hub/stream.h"

struct hub;

struct hub_counts {
	uint64_t opened, refused, ended_slow;
	uint64_t limited;         /* of the refused: the account has too many */
	uint64_t connects;        /* of the connection for questions */
	uint64_t dispatches;      /* rows with a payload */
	uint64_t deliveries;      /* queued for a stream */
	uint64_t replays;         /* pages read for streams that were behind */
	uint64_t signals_dropped; /* what came by their channel and was none */
	unsigned streams;
};

/* A request for a stream. Strings are not kept; what is external of the
 * identity is taken over. */
struct hub_request {
	struct identity *identity; /* not IDENTITY_NONE */
	const char *since;         /* cursor, or NULL: from the head */
	const char *session;       /* uuid of the poll before, or NULL */
	enum stream_transport transport;
	const char *user_agent; /* or NULL */
	const char *address;    /* or NULL */
	bool ready_frame;       /* begin with session.ready */
	bool notifications;     /* and with chat.notifications */
};

/* program: the application's name; process: see process_name(), not copied;
 * alone: no earlier run of this program can be alive, so that what it has left
 * is gone. */
struct hub *hub_create(struct loop *loop, const struct config *config,
		       struct metrics *metrics, const char *program,
		       const char *process, bool alone) __attribute__((malloc));
void hub_free(struct hub *hub);

/* Whether streams can be opened; otherwise why holds a sentence. */
bool hub_ready(const struct hub *hub, const char **why);

/* Opens a stream: ops->opened or ops->refused follows, never before this
 * returns. */
void hub_open(struct hub *hub, struct stream *stream,
	      const struct hub_request *request);

/* The transport is done with it. Safe in any state. keep_session: a long-poll
 * ends but its chain goes on. */
void hub_close(struct stream *stream, bool keep_session);

/* The stream's queue has emptied: replay may go on. */
void hub_unblock(struct stream *stream);

/* The cursor that acknowledges all that was taken from the queue. */
int64_t hub_position(const struct stream *stream);
const char *hub_epoch(const struct hub *hub);

/* Milliseconds to a stream's next heartbeat: somewhat less than the
 * configuration says, spread over the streams. */
int64_t hub_heartbeat(const struct hub *hub);

/* Ends every stream, or what falls to one of so many turns. */
void hub_end_all(struct hub *hub, enum stream_end why);
void hub_end_share(struct hub *hub, enum stream_end why, unsigned turns);

/* Tells the database that this process is gone. Turns the loop until that is
 * done, for a second at most. */
void hub_leave(struct hub *hub);

const struct hub_counts *hub_counts(const struct hub *hub);

/* Brings what it shows in its program's metrics up to date; it does so each
 * second by itself. */
void hub_report(struct hub *hub);

#endif
