/* hub: who is connected here, and what each of them gets. Live delivery and
 * catching up are one thing: a dispatch of the log is offered to every stream
 * in its audience that has not passed it yet. */
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
	uint64_t signals_dropped; /* notifications that were no signal */
	unsigned streams;
};

/* What a program tells its hub about itself. Nothing is copied. */
struct hub_settings {
	const struct config *config;
	const struct identity_rules *rules;
	struct metrics *metrics;
	const char *program;  /* the application's name */
	const char *instance; /* see instance_name() */
	/* No earlier run of this program can be alive, so the sessions that it
	 * left are gone. */
	bool is_alone;
};

struct hub *hub_create(struct loop *loop, const struct hub_settings *settings)
	__attribute__((malloc));
void hub_free(struct hub *hub);

/* Whether streams can be opened; otherwise why holds a sentence. */
bool hub_ready(const struct hub *hub, const char **why);

/* A request for a stream. Strings are not kept. */
struct hub_request {
	enum transport_kind transport;
	const char *since;     /* cursor, or NULL: from the head */
	const char *session;   /* uuid of the poll before, or NULL */
	bool is_plain;         /* it did not ask for confab.v1 */
	identity_param *param; /* reads its variables, */
	void *context;         /* of this */
};

/* Admits a client: looks at the limits and at the credential, and asks for the
 * stream. ERROR_NONE: ops->opened or ops->refused follows, never before this
 * returns. Otherwise the stream stays closed, and *why is what to tell the
 * client, or NULL for the error's own sentence. */
enum confab_error hub_admit(struct hub *hub, struct stream *stream,
			    const struct hub_request *request,
			    const char **why);

/* The transport is done with it. Safe in any state. */
void hub_close(struct stream *stream);

/* The cursor that acknowledges all that was taken from the queue. */
int64_t hub_position(const struct stream *stream);
const char *hub_epoch(const struct hub *hub);

/* Milliseconds to a stream's next heartbeat: somewhat less than the
 * configuration says, spread over the streams. */
int64_t hub_heartbeat(const struct hub *hub);

/* Ends every stream, or the share of one of so many turns. */
void hub_end_all(struct hub *hub, enum stream_end why);
void hub_end_share(struct hub *hub, enum stream_end why, unsigned turns);

/* Tells the database that this process is gone. Turns the loop until that is
 * done, for a second at most. */
void hub_leave(struct hub *hub);

/* Writes the counts into the program's metrics; the hub does so each second by
 * itself. */
void hub_report(struct hub *hub);

#endif
