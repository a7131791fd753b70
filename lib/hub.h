/* hub: who is connected here, and what each of them gets. It owns the tail,
 * the window of recent dispatches, the roster and a connection for questions.
 * Live delivery and catching up are one thing: a dispatch of the log is offered
 * to every stream in its audience that has not passed it yet. */
#ifndef CONFAB_HUB_H
#define CONFAB_HUB_H

#include "config.h"
#include "loop.h"
#include "stream.h"

struct hub;

struct hub_counts {
	uint64_t opened, refused, ended_slow;
	uint64_t dispatches; /* rows with a payload */
	uint64_t deliveries; /* queued for a stream */
	uint64_t replays;    /* pages read for streams that were behind */
	unsigned streams;
};

/* A request for a stream. Strings are not kept. */
struct hub_request {
	const unsigned char *token_hash; /* 32 bytes, or NULL */
	const char *since;               /* cursor, or NULL: from the head */
	const char *session;             /* uuid of the poll before, or NULL */
	const char *transport;           /* "websocket", "sse", "poll" */
	const char *user_agent;          /* or NULL */
	const char *address;             /* or NULL */
	bool ready_frame;                /* begin with session.ready */
	bool notifications;              /* and with chat.notifications */
};

/* program: the role's and application's name; process: tells this process from
 * others that run the same program, over restarts. */
struct hub *hub_create(struct loop *loop, const struct config *config,
		       const char *program, const char *process)
	__attribute__((malloc));
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

/* Ends every stream. */
void hub_end_all(struct hub *hub, enum stream_end why);

const struct hub_counts *hub_counts(const struct hub *hub);
struct tail;
const struct tail *hub_tail(const struct hub *hub);

#endif
