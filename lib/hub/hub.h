/* hub: the connected clients and the dispatches for each of them. Live delivery
 * and replay work alike: every stream in the audience of a dispatch gets it,
 * unless its position is already beyond. */
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
	uint64_t limited;         /* refused: too many streams */
	uint64_t connects;        /* of the connection for statements */
	uint64_t dispatches;      /* rows with a payload */
	uint64_t deliveries;      /* queued for a stream */
	uint64_t replays;         /* pages read for streams that lag */
	uint64_t signals_dropped; /* notifications that are no valid signal */
	unsigned streams;
};

/* The description of a program. Nothing is copied. */
struct hub_settings {
	const struct config *config;
	const struct identity_rules *rules;
	struct metrics *metrics;
	const char *program;  /* the program's name */
	const char *instance; /* see instance_name() */
	/* No earlier run of this program can be alive, so the sessions that it
	 * left can be ended. */
	bool is_alone;
	/* The process serves one request and ends (CGI): older dispatches are
	 * not kept for others. */
	bool is_brief;
	/* Another process has tested the server a moment ago, and does the
	 * upkeep. */
	bool skips_upkeep;
};

struct hub *hub_create(struct loop *loop, const struct hub_settings *settings)
	__attribute__((malloc));
void hub_free(struct hub *hub);

/* Whether streams can be opened. If not, why holds a sentence. */
bool hub_ready(const struct hub *hub, const char **why);

/* A request for a stream. Strings are not kept. */
struct hub_request {
	enum transport_kind transport;
	const char *since;   /* cursor, or NULL: from the head */
	const char *session; /* uuid of an earlier poll, or NULL */
	bool is_plain;       /* the client did not ask for confab.v1 */
	enum stream_form form;
	int64_t peer;          /* see struct stream */
	identity_param *param; /* reads the request's variables */
	void *context;         /* argument of param */
	const char *id;        /* of the request, for the log */
};

/* Whether the database can't be reached. */
bool hub_is_away(const struct hub *hub);

/* Admits a client: checks the limits and the credential, then opens the stream.
 * ERROR_NONE: ops->opened or ops->refused follows, never before this returns.
 * Any other error: the stream stays closed, and *why is the sentence for the
 * client; NULL: the error's own. */
enum confab_error hub_admit(struct hub *hub, struct stream *stream,
			    const struct hub_request *request,
			    const char **why);

/* Closes a stream for its transport. Safe in any state. */
void hub_close(struct stream *stream);

/* The cursor that acknowledges everything taken from the queue. */
int64_t hub_position(const struct stream *stream);
const char *hub_epoch(const struct hub *hub);

/* Milliseconds until a stream's next heartbeat: a little less than configured,
 * spread over the streams. */
int64_t hub_heartbeat(const struct hub *hub);

/* Ends every stream, or only the share of one of several turns. */
void hub_end_all(struct hub *hub, enum stream_end why);
void hub_end_share(struct hub *hub, enum stream_end why, unsigned turns);

/* Tells the database that this process ends. Runs the loop until that is done,
 * for 1 s at most. */
void hub_leave(struct hub *hub);

/* Writes the counts into the program's metrics. The hub does this each second
 * by itself. */
void hub_report(struct hub *hub);

#endif
