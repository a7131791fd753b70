/* connection: one FastCGI connection to confab-events: a request that is
 * answered at once, an SSE stream, or a long-poll. Non-blocking throughout. */
#ifndef CONFAB_FCGI_EVENTS_CONNECTION_H
#define CONFAB_FCGI_EVENTS_CONNECTION_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/config.h"
#include "event/loop.h"
#include "hub/hub.h"

struct held;
LIST_HEAD(held_list, held);

/* What all connections of the program share. */
struct held_shared {
	struct loop *loop;
	const struct config *config;
	const struct identity_rules *rules;
	struct hub *hub;
	struct held_list all;
	unsigned count;
	struct buf content, wire; /* scratch, empty between uses */
};

enum held_state {
	HELD_READING,   /* the request arrives */
	HELD_OPENING,   /* the hub opens the stream */
	HELD_OPEN,      /* an SSE stream, or a poll that waits */
	HELD_FINISHING, /* the last bytes are being written */
};

/* How a kind of stream behaves; see sse.c and poll.c. */
struct held_kind {
	enum stream_transport transport;
	void (*opened)(struct held *held);
	void (*wake)(struct held *held);
	void (*timer)(struct held *held);
	/* The hub ends it: say goodbye and held_finish(). */
	void (*end)(struct held *held, enum stream_end why);
};

struct held {
	struct stream stream;
	struct held_shared *shared;
	const struct held_kind *kind;
	enum held_state state;
	unsigned id;     /* FastCGI request */
	bool params_end; /* the request is complete */
	struct watch watch;
	struct timer timer;
	int64_t progress; /* loop_now() when bytes last went out */
	struct buf in, params, out;
	LIST_ENTRY(held) of_all;
};

extern const struct held_kind HELD_SSE, HELD_POLL;

/* Takes over an accepted, non-blocking connection. */
void held_accept(struct held_shared *shared, int fd);

/* Writes response bytes as FastCGI; keeps what does not fit. */
void held_write(struct held *held, const struct buf *content);

/* Writes a whole response and ends it. */
void held_respond(struct held *held, int status, const char *type,
		  const struct buf *body);

/* The same with an error; detail as for error_body(). */
void held_fail(struct held *held, enum confab_error error, const char *detail);

/* Ends the response; the connection closes when all is written. */
void held_finish(struct held *held);

/* Closes every connection at once. */
void held_close_all(struct held_shared *shared);

/* A parameter of the request, or NULL; gone once the stream is open. */
const char *held_param(void *held, const char *name);

/* /healthz, /readyz, /metrics; false for other names. */
bool held_report(struct held *held, const char *name);

#endif
